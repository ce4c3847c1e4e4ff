"""
Security headers: Talisman compiles, the firewall emits. The one module that imports Talisman.

:class:`StrictTalisman` takes Talisman's options and those it lacks, lets Talisman's own code write
each header once for each distinct set of options, and keeps the resulting pairs. None of its
per-request hooks is registered: at ``start_response`` a request costs a look-up, plus a nonce where
a template asked for one.

What is stricter here than in Talisman: https is what ``wsgi.url_scheme`` says (``ProxyFix`` decides
about proxies), the default Content-Security-Policy is closed, a nonce source is there only where a
nonce was asked for, no view function is written to, and what a browser would ignore or complain of
on a wire is not sent over it.

Source: CSP Level 3; RFC 6797 for HSTS; RFC 9111 section 4.3.4 for what a 304 replaces; W3C
Reporting API for Reporting-Endpoints.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import flask
from flask_talisman import Talisman

from .._util.urls import is_address, is_local, request_host
from ..errors import ConfigurationError
from ..http.compare import HeaderSet, Pairs
from ..http.csp import ENFORCED_ONLY, UPGRADE, validate_directives
from ..reasons import Reason
from .merge import HeaderOptions, resolve
from .nonces import NONCE, make_nonce
from .options import Layer, check_layer
from .scopes import Parts

if TYPE_CHECKING:
    from types import FrameType

    from _typeshed.wsgi import WSGIEnvironment

    from .scopes import Decorated

logger = logging.getLogger("strict_cookies")

#: Most Host headers that are remembered.
MAX_HOSTS = 256
#: The name by which a policy refers to the address for reports.
REPORT_GROUP = "strict-cookies"

_CSP = "Content-Security-Policy"
_CSP_REPORT_ONLY = f"{_CSP}-Report-Only"
_ENDPOINTS = "Reporting-Endpoints"
_SENTINEL = "STRICT-COOKIES-NONCE"
_CACHING = "flask_caching"


class HeaderContext(NamedTuple):
    """
    What the headers are for, besides their options.

    Args:
        app: The application whose views, blueprints and paths may have options of their own; None
            for any other WSGI application.
        parts: Options by path prefix, which begins with a slash, or by a blueprint's name.
        decorated: Views that were given options.
        extra_sources: Origins that the policy declares, by directive.
        reports: The path that browsers report to; None for no reports.
        report_only: Send the Content-Security-Policy for the browser to report on, and nothing
            else: a trial changes no page.
    """

    app: flask.Flask | None = None
    parts: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    decorated: Sequence[Decorated] = ()
    extra_sources: Mapping[str, Sequence[str]] = MappingProxyType({})
    reports: str | None = None
    report_only: bool = False


class StrictTalisman(Talisman):  # type: ignore[misc]
    """
    Talisman's options and ours, compiled to header pairs.

    Args:
        context: What the headers are for.
        options: See ``docs/configuration.md``; they are laid over
            :data:`~strict_cookies.http.presets.DEFAULT`.

    Raises:
        ConfigurationError: An option that would not do what it seems to.
    """

    def __init__(self, context: HeaderContext | None = None, /, **options: Any) -> None:
        context = HeaderContext() if context is None else context
        if not isinstance(context, HeaderContext):
            raise _not_an_extension()
        self._report_only = context.report_only
        self._extra = validate_directives(context.extra_sources, "[[external_origin]]")
        self._reports = context.reports
        #: Indices of ``_WIRES`` by scheme and by Host header as it came.
        self._wires: dict[str, dict[str, int]] = {"http": {}, "https": {}}
        #: Makes this request's nonce when it is first asked for.
        self.nonce = make_nonce(
            # The proxy itself would look up each attribute, which takes ten times as long.
            flask.request._get_current_object,  # type: ignore[attr-defined]
            self._refuse_cached if _CACHING in sys.modules else None,
        )
        self._scratch_app = flask.Flask(__name__)
        self._own = check_layer("STRICT_COOKIES_HEADERS", options)
        self._sets: dict[tuple[int, ...], tuple[_Compiled, ...]] = {}
        #: What the application's own options come to.
        self.resolved = self._resolve(())
        self._default = self._compile_layers(())
        super().__init__()
        Talisman.init_app(self, _StandIn(), **_talisman_options(self.resolved, _WIRES[-1]))
        #: None where no part has options of its own.
        self._parts: Parts | None = None
        if context.app is not None:
            parts = Parts(context.app, context.parts, context.decorated)
            for layers in parts:
                self._compile_layers(layers)
            self._parts = parts if any(parts) else None

    def init_app(self, app: object, **options: object) -> None:
        """
        Refuse what would register Talisman's own hooks.

        Raises:
            ConfigurationError: Always.
        """
        raise _not_an_extension()

    def __call__(self, **options: object) -> object:
        """
        Refuse to be a decorator.

        Raises:
            ConfigurationError: Always.
        """
        raise ConfigurationError(
            "StrictTalisman decorates no view. Use @strict.headers(...) of your StrictCookies()."
        )

    def headers_for(self, environ: WSGIEnvironment, status: str) -> HeaderSet:
        """
        Return the headers of one response; the firewall leaves out those it already has.

        Args:
            environ: Of the request; that the headers have gone is noted in it.
            status: For example ``"200 OK"``. A 304 gets no policy with a nonce: it would replace
                the one that the cached page's nonces belong to.
        """
        try:
            wire = self._wires[environ["wsgi.url_scheme"]][environ["HTTP_HOST"]]
        except KeyError:
            wire = self._find_wire(environ)
        if self._parts is None:
            compiled = self._default[wire]
        else:
            compiled = self._compile_layers(self._parts.find(environ))[wire]
        nonce = environ.get(NONCE)
        if nonce is None:
            environ[NONCE] = ""
        if status[:3] == "304":
            return compiled.unchanged
        return compiled.with_nonce(nonce) if nonce else compiled.plain

    def check_reached(self, layer: Layer) -> None:
        """
        Check that the options of the running view apply to its response.

        Raises:
            ConfigurationError: They don't: something hides them, or another view calls this one.
        """
        endpoint = flask.request.endpoint
        if self._parts is None or self._parts.views.get(endpoint) is not layer:
            raise ConfigurationError(
                f"{layer.where} does nothing at {endpoint!r}: a decorator above hides it, or "
                "another view calls this one. Give that decorator functools.wraps, or that view "
                "the options."
            )

    def resolve_all(self) -> Iterator[tuple[str, HeaderOptions]]:
        """Return the resolved options by where the last of them was set; the general ones first."""
        yield self._own.where, self.resolved
        for layers in self._parts or ():
            if layers:
                yield layers[-1].where, self._resolve(layers)

    def _refuse_cached(self) -> None:
        """Refuse a nonce that would go into what Flask-Caching keeps for others."""
        if not _is_being_cached():
            return
        error = ConfigurationError(
            f"csp_nonce() was called at {flask.request.endpoint!r} inside what Flask-Caching "
            f"keeps. {Reason.CACHED_NONCE.remedy}",
            reason_id=Reason.CACHED_NONCE.id,
        )
        if not self._report_only:
            raise error
        logger.error("%s", error)

    def _find_wire(self, environ: WSGIEnvironment) -> int:
        """Find a request's wire by its scheme and host, and remember it."""
        host, field = request_host(environ), environ.get("HTTP_HOST")
        is_https = environ["wsgi.url_scheme"] == "https"
        if is_https:
            wire = 2 if is_local(host) or is_address(host) else 3
        else:
            wire = 1 if is_local(host) else 0
        known = self._wires["https" if is_https else "http"]
        if field is not None and len(known) < MAX_HOSTS:
            known[field] = wire
        return wire

    def _resolve(self, layers: tuple[Layer, ...]) -> HeaderOptions:
        found = resolve((self._own, *layers), extra_sources=self._extra, reports=self._reports)
        if not self._report_only or found.csp is None:
            return found
        heeded = {name: said for name, said in found.csp.items() if name not in ENFORCED_ONLY}
        return found._replace(csp=heeded)

    def _compile_layers(self, layers: tuple[Layer, ...]) -> tuple[_Compiled, ...]:
        """Return the headers for each kind of connection; each set of layers is compiled once."""
        key = tuple(map(id, layers))
        found = self._sets.get(key)
        if found is None:
            options = self._resolve(layers)
            found = self._sets[key] = tuple(
                _Compiled(self._write(options, wire), self._write(options, wire, _SENTINEL))
                for wire in _WIRES
            )
        return found

    def _write(self, options: HeaderOptions, wire: _Wire, nonce: str | None = None) -> Pairs:
        """Have Talisman write its headers on a scratch response, and add ours."""
        talisman = Talisman(_StandIn(), **_talisman_options(options, wire))
        with self._scratch_app.test_request_context(base_url=wire.base_url):
            if nonce is not None:
                flask.request.csp_nonce = nonce  # type: ignore[attr-defined]
            response = flask.Response()
            response.headers.clear()
            written = talisman._set_response_headers(response).headers
            tried = options.csp_report_only and talisman._parse_policy(options.csp_report_only)
        reporting = _write_reporting(options, wire)
        pairs = []
        for name, value in written:
            if name == _CSP:
                pairs.append((name, f"{_tidy(value)}{reporting}"))
            elif name != "Referrer-Policy" or options.referrer_policy is not None:
                pairs.append((name, value))
        if tried:
            pairs.append((_CSP_REPORT_ONLY, f"{_tidy(tried)}{reporting}"))
        pairs += _write_ours(options, wire)
        if self._report_only:
            return tuple(
                (_CSP_REPORT_ONLY if name == _CSP else name, value)
                for name, value in pairs
                if name in (_CSP, _CSP_REPORT_ONLY, _ENDPOINTS)
            )
        return tuple(pairs)


def _not_an_extension() -> ConfigurationError:
    return ConfigurationError(
        "StrictTalisman registers nothing on an application. Use StrictCookies(app); its options "
        "are in STRICT_COOKIES_HEADERS."
    )


class _Wire(NamedTuple):
    """What browsers make of the connection."""

    base_url: str
    https: bool
    #: Whether browsers consider it trustworthy: https, or the local machine.
    trusted: bool
    #: Whether the host is one that HSTS can bind: no address, and not every port's localhost.
    named: bool


_WIRES = (
    _Wire("http://localhost", https=False, trusted=False, named=True),
    _Wire("http://localhost", https=False, trusted=True, named=False),
    _Wire("https://localhost", https=True, trusted=True, named=False),
    _Wire("https://localhost", https=True, trusted=True, named=True),
)


class _Compiled:
    """The headers of one set of options on one wire."""

    __slots__ = ("_fixed", "_names", "_split", "plain", "unchanged")

    def __init__(self, pairs: Pairs, with_sentinel: Pairs) -> None:
        #: Where no nonce was asked for.
        self.plain = HeaderSet.of(pairs)
        self._fixed = tuple(pair for pair in with_sentinel if _SENTINEL not in pair[1])
        #: Names with the parts around the nonce.
        self._split = tuple(
            (name, value.split(_SENTINEL)) for name, value in with_sentinel if _SENTINEL in value
        )
        self._names = self.plain.names
        #: For a 304.
        self.unchanged = HeaderSet.of(self._fixed)

    def with_nonce(self, nonce: str) -> HeaderSet:
        pairs = self._fixed
        for name, parts in self._split:
            pairs += ((name, nonce.join(parts)),)
        return HeaderSet(pairs, self._names, nonce)


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


def _talisman_options(options: HeaderOptions, wire: _Wire) -> dict[str, Any]:
    """Return Talisman's own options for its part of the headers."""
    hsts = options.hsts if wire.https and wire.named else None
    csp = options.csp and {
        name: sources
        for name, sources in options.csp.items()
        if name != UPGRADE or (wire.https and wire.named)
    }
    found: dict[str, Any] = {
        "content_security_policy": csp,
        "content_security_policy_nonce_in": options.nonce_in,
        "frame_options": options.frame_options,
        "permissions_policy": options.permissions,
        "referrer_policy": options.referrer_policy,
        "strict_transport_security": hsts is not None,
        "x_content_type_options": options.nosniff,
    }
    if hsts is not None:
        found |= {
            "strict_transport_security_max_age": hsts.max_age,
            "strict_transport_security_include_subdomains": hsts.include_subdomains,
            "strict_transport_security_preload": hsts.preload,
        }
    return found


def _write_ours(options: HeaderOptions, wire: _Wire) -> Iterator[tuple[str, str]]:
    """Write the headers that Talisman lacks."""
    if options.resource_policy:
        yield "Cross-Origin-Resource-Policy", options.resource_policy
    # Elsewhere browsers ignore these, with a message in the console (measured).
    if wire.trusted and options.opener_policy:
        yield "Cross-Origin-Opener-Policy", options.opener_policy
    if wire.trusted and options.embedder_policy:
        yield "Cross-Origin-Embedder-Policy", options.embedder_policy
    if wire.trusted and options.origin_agent_cluster:
        yield "Origin-Agent-Cluster", "?1"
    if wire.https and options.report_uri:
        yield _ENDPOINTS, f'{REPORT_GROUP}="{options.report_uri}"'


def _write_reporting(options: HeaderOptions, wire: _Wire) -> str:
    """Write where to report, for old browsers and new; the new ones report over https only."""
    if not options.report_uri:
        return ""
    group = f"; report-to {REPORT_GROUP}" if wire.https else ""
    return f"; report-uri {options.report_uri}{group}"


def _tidy(policy: str) -> str:
    """Remove the space that Talisman writes after a directive without a value."""
    return "; ".join(part.strip() for part in policy.split(";"))


def _is_being_cached() -> bool:
    """Return whether Flask-Caching called the running code, and will cache its result."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] == _CACHING:
            return True
        frame = frame.f_back
    return False
