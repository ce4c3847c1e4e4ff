"""
Security headers: Talisman compiles, the firewall emits. The one module that imports Talisman.

:class:`StrictTalisman` takes Talisman's options and checks them, lets Talisman's own code write
each header once, when the application is put together, and keeps the resulting pairs. None of its
per-request hooks is registered: at ``start_response`` a request costs a look-up, plus a nonce where
a template asked for one.

What is stricter here than in Talisman: https is what ``wsgi.url_scheme`` says (``ProxyFix`` decides
about proxies), the default Content-Security-Policy is closed, a nonce source is there only where a
nonce was asked for, no view function is written to, and HSTS never goes to localhost, where it
would stick to every port.

Source: CSP Level 3; RFC 6797 for HSTS; RFC 9111 section 4.3.4 for what a 304 replaces.
"""

from __future__ import annotations

import difflib
import inspect
import secrets
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import flask
from flask_talisman import Talisman
from flask_talisman.talisman import DENY

from .errors import ConfigurationError
from .grammar import has_control_character
from .hosts import is_local, request_host

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    Pairs = tuple[tuple[str, str], ...]

#: The closed policy: nothing is loaded from, sent to or framed by another origin.
CLOSED_CSP: Mapping[str, str] = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
#: What Talisman is given unless the application says otherwise.
DEFAULT_OPTIONS: Mapping[str, Any] = {
    "content_security_policy": CLOSED_CSP,
    "content_security_policy_nonce_in": ("script-src", "style-src"),
    "frame_options": DENY,
    "strict_transport_security_max_age": 31_536_000,
}
#: Random octets of a nonce; CSP Level 3 section 7.1 asks for at least 16.
NONCE_OCTETS = 16

#: Options of Talisman that have no effect here, with what does the work.
_NOT_OURS = {
    "force_https": "the server or proxy in front",
    "force_https_permanent": "the server or proxy in front",
    "session_cookie_secure": "the firewall",
    "session_cookie_http_only": "SESSION_COOKIE_HTTPONLY",
    "session_cookie_samesite": "SESSION_COOKIE_SAMESITE",
    "feature_policy": "permissions_policy",
    "x_xss_protection": "nothing: browsers removed it",
}
_OPTIONS = tuple(
    name
    for name in inspect.signature(Talisman.init_app).parameters
    if name not in {"self", "app", *_NOT_OURS}
)
_CSP_REPORT_ONLY = "Content-Security-Policy-Report-Only"
_CSP_NAMES = ("Content-Security-Policy", _CSP_REPORT_ONLY)
_KEYWORDS = frozenset(
    {"self", "none", "unsafe-inline", "unsafe-eval", "strict-dynamic", "wasm-unsafe-eval"}
)
_NONCE = "strict_cookies.nonce"
_SENT = "strict_cookies.headers_sent"
_SENTINEL = "STRICT-COOKIES-NONCE"


class StrictTalisman(Talisman):  # type: ignore[misc]
    """
    Talisman's options, compiled to header pairs.

    Args:
        report_only: Send the Content-Security-Policy for the browser to report on, and nothing
            else: a trial changes no page.
        options: As for Talisman, over :data:`DEFAULT_OPTIONS`.

    Raises:
        ConfigurationError: An option or a source expression that would not do what it seems to.
    """

    def __init__(self, *, report_only: bool = False, **options: Any) -> None:
        _check_options(options)
        merged = {**DEFAULT_OPTIONS, **options}
        try:
            super().__init__(_StandIn(), **merged)
        except (AttributeError, TypeError, ValueError) as error:
            raise ConfigurationError(f"STRICT_COOKIES_TALISMAN: {error}.") from None
        throw_away = flask.Flask(__name__)
        self._report_only = report_only
        #: Header pairs by whether the wire is https.
        self._pairs = {https: self._compile(throw_away, https) for https in (False, True)}
        #: Likewise with a nonce: the pairs without one, and names with the parts around it.
        self._nonce_pairs = {
            https: _split_at_nonce(self._compile(throw_away, https, _SENTINEL))
            for https in (False, True)
        }

    def headers_for(self, environ: WSGIEnvironment, status: str) -> Iterable[tuple[str, str]]:
        """
        Give the headers of one response; the firewall leaves out those it already has.

        Args:
            environ: Of the request; that the headers have gone is noted in it.
            status: For example ``"200 OK"``. A 304 gets no policy with a nonce: it would replace
                the one that the cached page's nonces belong to.
        """
        environ[_SENT] = True
        https = environ["wsgi.url_scheme"] == "https" and not _is_local(environ)
        without, with_nonce = self._nonce_pairs[https]
        if status.startswith("304"):
            return without
        nonce = environ.get(_NONCE)
        if nonce is None:
            return self._pairs[https]
        return [*without, *((name, nonce.join(parts)) for name, parts in with_nonce)]

    def nonce(self) -> str:
        """
        Make this request's nonce when it is first asked for; ``csp_nonce()`` in templates.

        Raises:
            RuntimeError: The headers have gone, so that a browser would never learn of it.
        """
        environ = flask.request.environ
        nonce = environ.get(_NONCE)
        if nonce is None:
            if environ.get(_SENT):
                raise RuntimeError(
                    "csp_nonce() was called for the first time after the headers had gone, as a "
                    "streamed template does. Call strict_cookies.csp_nonce() in the view."
                )
            nonce = environ[_NONCE] = secrets.token_hex(NONCE_OCTETS)
        return str(nonce)

    def _compile(self, throw_away: flask.Flask, https: bool, nonce: str | None = None) -> Pairs:
        """Let Talisman write its headers on a throw-away response."""
        base_url = f"{'https' if https else 'http'}://localhost"
        with throw_away.test_request_context(base_url=base_url):
            if nonce is not None:
                flask.request.csp_nonce = nonce  # type: ignore[attr-defined]
            written = self._set_response_headers(flask.Response())
        pairs = [
            pair for pair in written.headers if pair[0] not in ("Content-Type", "Content-Length")
        ]
        if self._report_only:
            return tuple((_CSP_REPORT_ONLY, text) for name, text in pairs if name in _CSP_NAMES)
        return tuple(pairs)


class _StandIn:
    """What Talisman needs of an application, so that nothing is registered on a real one."""

    def __init__(self) -> None:
        self.config: dict[str, object] = {}
        self.debug = False
        self.jinja_env = self
        self.globals: dict[str, object] = {}

    def before_request(self, hook: Callable[..., object]) -> None:
        """Register nothing."""

    after_request = before_request


def _split_at_nonce(pairs: Pairs) -> tuple[Pairs, tuple[tuple[str, list[str]], ...]]:
    without = tuple(pair for pair in pairs if _SENTINEL not in pair[1])
    return without, tuple(
        (name, value.split(_SENTINEL)) for name, value in pairs if _SENTINEL in value
    )


def _is_local(environ: WSGIEnvironment) -> bool:
    host = environ.get("HTTP_HOST")
    return is_local(request_host(environ)) if host is None else _is_local_host(host)


@lru_cache(maxsize=256)
def _is_local_host(host: str) -> bool:
    return is_local(request_host({"HTTP_HOST": host}))


def _check_options(options: Mapping[str, Any]) -> None:
    for name, value in options.items():
        if name in _NOT_OURS:
            raise ConfigurationError(
                f"STRICT_COOKIES_TALISMAN: {name!r} has no effect here; {_NOT_OURS[name]} does its "
                "work. Remove it."
            )
        if name not in _OPTIONS:
            close = difflib.get_close_matches(name, _OPTIONS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(_OPTIONS)}."
            raise ConfigurationError(f"STRICT_COOKIES_TALISMAN: {name!r} is not known. {hint}")
        if isinstance(value, str) and has_control_character(value):
            raise ConfigurationError(
                f"STRICT_COOKIES_TALISMAN: {name} has a control character. Remove it."
            )
    policy = options.get("content_security_policy")
    if policy is not None and not isinstance(policy, Mapping):
        raise ConfigurationError(
            "STRICT_COOKIES_TALISMAN: content_security_policy is no mapping of directives to "
            'sources. Write {"default-src": "\'self\'", ...}.'
        )
    for directive, sources in (policy or {}).items():
        listed = sources.split() if isinstance(sources, str) else list(sources)
        for source in listed:
            problem = _source_problem(source)
            if problem:
                raise ConfigurationError(
                    f"STRICT_COOKIES_TALISMAN: content_security_policy {directive}: "
                    f"{source!r} {problem}"
                )


def _source_problem(source: str) -> str | None:
    if ";" in source or "," in source or has_control_character(source):
        return "would begin another directive. Remove ';', ',' and control characters."
    if source.lower() in _KEYWORDS:
        return f"is a keyword without its quotes. Write \"'{source}'\"."
    return None
