"""
Answer plain http with a redirect to https, to a pinned host only.

A redirect to the ``Host`` of the request could lead a visitor anywhere. So the target
is :data:`~strict_cookies.flask.config.DEFAULTS` ``STRICT_COOKIES_CANONICAL_HOST``, or else the
request's own host if Flask's ``TRUSTED_HOSTS`` has it. Without a pinned host nothing is redirected,
and one log line says so. https is what ``wsgi.url_scheme`` says, and nothing else: a proxy that
ends TLS must be declared.

The status is 308, which keeps the method and the body; path and query are kept verbatim. A
WebSocket over plain ``ws:`` gets the same answer, which ends it, as browsers follow no redirect
there. The user's own machine is left alone: browsers keep Secure cookies there.

Source: RFC 9110 section 15.4.9; RFC 6797 section 7.2.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote_to_bytes

from werkzeug.sansio.utils import host_is_trusted

from .._util.urls import is_local, request_host
from ..errors import ConfigurationError
from ..http.paths import is_listed, request_path
from ..reasons import Reason
from .interceptors import Interception, plain_text

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Https = Literal["redirect", "off"]

logger = logging.getLogger("strict_cookies")

#: Where servers hand over the path as it was sent: gunicorn and Werkzeug; uWSGI, waitress, others.
_RAW_PATHS = ("RAW_URI", "REQUEST_URI")
#: A path that may stand in a URL as it is.
_URL_PATH = r"/[!$-;=@-\[\]-~]*"
#: Characters of a path that need no escape. RFC 3986 section 3.3.
_PATH_SAFE = "/-._~!$&'()*+,;=:@"
#: All visible characters but ``#``, which would end a query.
_QUERY_SAFE = "".join(map(chr, range(0x21, 0x7F))).replace("#", "")
_AUTHORITY = r"(?i)(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::[0-9]{1,5})?"


class HttpsRedirect:
    """
    Redirect requests over plain http; an :data:`~strict_cookies.firewall.interceptors.Interceptor`.

    Args:
        canonical_host: Where to, for example ``"erp.example.com"``; a port only where https is not
            on 443. None means the request's own host, without its port.
        trusted_hosts: Hosts to which their own requests are redirected, as in Flask's
            ``TRUSTED_HOSTS``: exact names, or with a leading dot a name and all below it. Of no
            account where there is a canonical host.
        exempt: Exact paths that are answered over plain http, such as a health check's.

    Raises:
        ConfigurationError: The canonical host is not a valid host, or it is the local machine.
    """

    def __init__(
        self,
        *,
        canonical_host: str | None = None,
        trusted_hosts: Collection[str] = (),
        exempt: frozenset[str] = frozenset(),
    ) -> None:
        self._canonical_host = None if canonical_host is None else read_host(canonical_host)
        self._trusted_hosts = trusted_hosts
        self._exempt = exempt
        self._logged: set[Reason] = set()

    def __call__(self, environ: WSGIEnvironment) -> Interception | None:
        """Redirect one request, or let it through."""
        if environ["wsgi.url_scheme"] == "https":
            return None
        host = request_host(environ)
        if is_local(host) or is_listed(environ, self._exempt):
            return None
        if environ.get("HTTP_X_FORWARDED_PROTO", "").lower() == "https":
            self._tell_once(Reason.UNDECLARED_PROXY)
        target = self._canonical_host
        if target is None and host and self._trusted_hosts:
            target = host if host_is_trusted(host, self._trusted_hosts) else None
        if target is None:
            if not self._trusted_hosts:
                self._tell_once(Reason.NO_PINNED_HOST)
            return None
        location = f"https://{target}{_sent_path(environ)}"
        return Interception(
            plain_text("308 Permanent Redirect", "Use https.\n", ("Location", location))
        )

    def _tell_once(self, reason: Reason) -> None:
        if reason in self._logged:
            return
        self._logged.add(reason)
        try:
            logger.warning("%s: a page was asked for over plain http. %s", reason, reason.remedy)
        except Exception:  # noqa: BLE001 - observers never change a response
            return


def read_host(host: object) -> str:
    """
    Check the canonical host.

    Returns:
        Lower case, with its port where it has one.

    Raises:
        ConfigurationError: It is not a valid host, or it is the local machine.
    """
    if not isinstance(host, str) or not re.fullmatch(_AUTHORITY, host):
        raise ConfigurationError(
            f"STRICT_COOKIES_CANONICAL_HOST is {host!r}. Write a host such as 'erp.example.com', "
            "with a port where https is not on 443, and without a scheme or path."
        )
    name = request_host({"HTTP_HOST": host})
    if not name or is_local(name):
        raise ConfigurationError(
            f"STRICT_COOKIES_CANONICAL_HOST is {host!r}, which other machines can't reach. Write "
            "the name that visitors use, or leave it out: localhost is never redirected."
        )
    return host.lower()


def _sent_path(environ: WSGIEnvironment) -> str:
    """Return path and query as they were sent, so that they mean the same when sent again."""
    decoded = request_path(environ).encode("latin-1")
    path = ""
    for key in _RAW_PATHS:
        sent = environ.get(key)
        if isinstance(sent, str):
            path = sent.partition("?")[0]
            break
    # A proxy's prefix, or a whole URL in the request line, makes the two differ.
    if not re.fullmatch(_URL_PATH, path) or unquote_to_bytes(path) != decoded:
        path = quote(decoded, safe=_PATH_SAFE)
    if not path.startswith("/"):
        path = f"/{path}"
    query = quote(environ.get("QUERY_STRING", "").encode("latin-1"), safe=_QUERY_SAFE)
    return f"{path}?{query}" if query else path
