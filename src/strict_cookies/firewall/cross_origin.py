"""
Refuse requests that another origin makes in a visitor's name.

Browsers add a site's cookies to requests that other sites cause, and tell where such a request
comes from: in ``Sec-Fetch-Site``, or in ``Origin``. Checked are requests that can change something
(all but GET, HEAD and OPTIONS) and WebSocket handshakes, and of these only such as carry a declared
cookie. So an API with a bearer token and a server's webhook pass: nothing in them acts in a
visitor's name without their knowledge.

The order is that of Go's ``CrossOriginProtection``: ``Sec-Fetch-Site: same-origin`` or ``none``
passes; any other value is refused, ``same-site`` too, since a sibling host is another origin;
without it ``Origin`` must be the origin addressed, scheme and port included; ``Origin: null`` is
another. A request with neither comes from no current browser, and passes unless proof is
required.

The application must neither turn a GET into another method nor act on one. A view that does
can ask :func:`is_cross_origin` itself.

Source: Fetch standard, section "Origin header"; W3C Fetch Metadata Request Headers; RFC 6454
section 4; OWASP ASVS 5.0.0 3.5.1 and 3.5.3.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal

from .._util.urls import is_local, request_host
from ..errors import ConfigurationError
from ..http.paths import is_listed
from ..reasons import Reason
from .interceptors import Interception, plain_text

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..policy.policy import CookiePolicy

CrossOrigin = Literal["refuse", "require-proof", "off"]

#: Methods that change nothing. RFC 9110 section 9.2.1, without TRACE, which browsers never send.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_ORIGIN = r"(https?)://((?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?)"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_ANSWERS = {
    reason: plain_text(
        "403 Forbidden",
        f"{reason}\n\n"
        "The request carried a cookie of this site, but did not come from a page of it. It was "
        "not carried out.\n\n"
        f"If this is your site: {reason.remedy}\n",
    )
    for reason in (Reason.CROSS_ORIGIN, Reason.UNKNOWN_ORIGIN)
}


class OriginGuard:
    """
    Refuse cross-origin requests; an :data:`~strict_cookies.firewall.interceptors.Interceptor`.

    Args:
        policy: What is declared.
        trusted_origins: Other origins that may act, as :func:`read_origins` returns them.
        exempt: Exact paths that others may address, as
            :func:`~strict_cookies.http.paths.validate_paths` returns them.
        require_proof: Whether a request without an origin is refused too.
    """

    def __init__(
        self,
        policy: CookiePolicy,
        *,
        trusted_origins: Collection[str] = (),
        exempt: frozenset[str] = frozenset(),
        require_proof: bool = False,
    ) -> None:
        self._policy = policy
        self._trusted_origins = frozenset(trusted_origins)
        self._exempt = exempt
        self._require_proof = require_proof

    def __call__(self, environ: WSGIEnvironment) -> Interception | None:
        """Refuse one request, or let it through."""
        if environ["REQUEST_METHOD"] in SAFE_METHODS and "HTTP_UPGRADE" not in environ:
            return None
        return self._judge(environ)

    def objection(self, environ: WSGIEnvironment) -> Reason | None:
        """
        Return why a request is cross-origin, regardless of method and cookies.

        Returns:
            None where it is this site's own, or a trusted or exempt one.
        """
        if is_listed(environ, self._exempt):
            return None
        reason = _relation(environ, self._trusted_origins)
        return None if reason is Reason.UNKNOWN_ORIGIN and not self._require_proof else reason

    def _judge(self, environ: WSGIEnvironment) -> Interception | None:
        upgrade = environ.get("HTTP_UPGRADE", "").lower()
        if environ["REQUEST_METHOD"] in SAFE_METHODS and "websocket" not in upgrade:
            return None
        cookie_name = self._carried(environ)
        reason = self.objection(environ) if cookie_name else None
        if cookie_name is None or reason is None:
            return None
        return Interception(_ANSWERS[reason], reason, cookie_name)

    def _carried(self, environ: WSGIEnvironment) -> str | None:
        """Name the first declared cookie of a request, as its entry does."""
        for pair in environ.get("HTTP_COOKIE", "").split(";"):
            declared = self._policy.find(pair.partition("=")[0].strip(" \t"))
            if declared is not None:
                return declared.name
        return None


def is_cross_origin(
    environ: WSGIEnvironment,
    *,
    trusted_origins: Collection[str] = (),
    require_proof: bool = False,
) -> bool:
    """
    Return whether a browser says that another origin caused a request.

    Method and cookies are not looked at. A link from another site, or the way back from an identity
    provider, is cross-origin too.

    Args:
        environ: Of the request; ``request.environ`` in Flask.
        trusted_origins: Others that may act, for example ``["https://app.example.com"]``.
        require_proof: What to return for a request without an origin: True counts it as
            cross-origin.
    """
    reason = _relation(environ, trusted_origins)
    return reason is Reason.CROSS_ORIGIN or (require_proof and reason is not None)


def read_origins(setting: str, origins: Collection[str]) -> frozenset[str]:
    """
    Check the origins of a setting.

    Returns:
        Lower case, without default ports, as browsers write them.

    Raises:
        ConfigurationError: An entry is not an exact origin, or one that a network can forge.
    """
    found = set()
    for origin in origins:
        parts = re.fullmatch(_ORIGIN, origin.lower()) if isinstance(origin, str) else None
        if parts is None:
            raise ConfigurationError(
                f"{setting} has {origin!r}, which is not a valid origin. Write scheme, host and, "
                "if it "
                "is not the default, port, such as 'https://app.example.com': no path, no "
                "pattern."
            )
        if parts[1] == "http" and not is_local(request_host({"HTTP_HOST": parts[2]})):
            raise ConfigurationError(
                f"{setting} has {origin!r}. An attacker on the network can change its "
                "pages: trust it over https only."
            )
        found.add(_written(parts[1], parts[2]))
    return frozenset(found)


def _relation(environ: WSGIEnvironment, trusted_origins: Collection[str]) -> Reason | None:
    """Return the reason to refuse a request; None if this site caused it."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site in ("same-origin", "none"):
        return None
    origin = environ.get("HTTP_ORIGIN")
    if not origin:
        return Reason.CROSS_ORIGIN if site else Reason.UNKNOWN_ORIGIN
    scheme, _, authority = origin.lower().partition("://")
    written = _written(scheme, authority)
    if written in trusted_origins or (not site and written == _addressed(environ)):
        return None
    return Reason.CROSS_ORIGIN


def _addressed(environ: WSGIEnvironment) -> str:
    """Write the origin that a request was sent to; empty where it names no host."""
    scheme = environ["wsgi.url_scheme"]
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return _written(scheme, host.lower()) if request_host(environ) else ""


def _written(scheme: str, authority: str) -> str:
    return f"{scheme}://{authority.removesuffix(_DEFAULT_PORTS.get(scheme, ':'))}"
