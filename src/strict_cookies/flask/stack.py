"""
What a request passes on its way to one application, built from its settings.

From outside: ProxyFix, the firewall with what answers instead of the application, the
addresses that browsers ask by themselves, and what was at ``app.wsgi_app`` before.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from .._util.text import OTHER
from ..declaration.pages.this_browser import PATH
from ..firewall.cross_origin import OriginGuard
from ..firewall.endpoints import BrowserEndpoints
from ..firewall.https_redirect import HttpsRedirect
from ..firewall.interceptors import INTERCEPTED
from ..firewall.middleware import CookieFirewall, FirewallHooks
from ..http.paths import request_path

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment
    from flask import Flask

    from ..firewall.browser_reports import ReportTable
    from ..firewall.guard.script import Guard
    from ..headers.talisman import StrictTalisman
    from ..policy.policy import CookiePolicy
    from .settings import Settings


class StackParts(Protocol):
    """What the stack is built around; see :class:`~strict_cookies.flask.compiled.Pending`."""

    @property
    def app(self) -> Flask: ...
    @property
    def inner(self) -> WSGIApplication: ...
    @property
    def reports(self) -> ReportTable: ...
    @property
    def url_prefix(self) -> str: ...


class WsgiStack:
    """
    What stands before one application.

    Args:
        pending: The application with its final configuration, and what is inside the firewall.
        settings: Read from the configuration.
        policy: With the session cookie in it.
        talisman: The security headers.
        guard: The scripts that pages load.
    """

    def __init__(
        self,
        pending: StackParts,
        settings: Settings,
        policy: CookiePolicy,
        *,
        talisman: StrictTalisman,
        guard: Guard,
    ) -> None:
        app, url_prefix = pending.app, pending.url_prefix
        #: Refuses other origins' requests; None where it is off.
        self.origin_guard = _make_origin_guard(settings, policy)
        interceptors = (_make_redirect(app, settings), self.origin_guard)
        propagate = app.config["PROPAGATE_EXCEPTIONS"]
        #: Judges the cookies.
        self.firewall = CookieFirewall(
            BrowserEndpoints(
                pending.inner, prefix=url_prefix, scripts=guard.scripts, reports=pending.reports
            ),
            policy,
            mode=settings.mode,
            expire_undeclared=settings.expire_undeclared,
            headers=talisman.headers_for,
            hooks=FirewallHooks(
                interceptors=[one for one in interceptors if one is not None],
                place=partial(find_place, app),
                sender=app,
                inspector_paths=(f"{url_prefix}{PATH}",),
                propagate_exceptions=(
                    app.testing or app.debug if propagate is None else bool(propagate)
                ),
            ),
        )
        #: The firewall, wrapped in ProxyFix if proxies are trusted.
        self.serve: WSGIApplication = self.firewall
        if settings.trusted_proxies:
            # Proxies append who asked them, and overwrite what they heard it by; they keep Host.
            self.serve = ProxyFix(self.firewall, x_for=settings.trusted_proxies, x_proto=1)


def _make_redirect(app: Flask, settings: Settings) -> HttpsRedirect | None:
    if settings.https != "redirect" or settings.transport != "https":
        return None
    return HttpsRedirect(
        canonical_host=settings.canonical_host,
        trusted_hosts=app.config["TRUSTED_HOSTS"] or (),
        exempt=settings.https_exempt,
    )


def _make_origin_guard(settings: Settings, policy: CookiePolicy) -> OriginGuard | None:
    if settings.cross_origin == "off":
        return None
    return OriginGuard(
        policy,
        trusted_origins=settings.trusted_origins,
        exempt=settings.origin_exempt,
        require_proof=settings.cross_origin == "require-proof",
    )


#: The place of requests whose path has no route.
NO_ROUTE = "(no route)"


def find_place(app: Flask, environ: WSGIEnvironment) -> str:
    """
    Name the endpoint that a request met, or the path where another application answered.

    All paths without a route are one place, since clients choose them. Of a request that Flask
    never saw it is the endpoint it was meant for; any other path is not shown.
    """
    request = environ.get("werkzeug.request")
    rule = getattr(request, "url_rule", None)
    if rule is not None and rule.map is app.url_map:
        return str(rule.endpoint)
    if getattr(request, "routing_exception", None) is not None:
        return NO_ROUTE
    if INTERCEPTED not in environ:
        return request_path(environ)
    try:
        return str(app.url_map.bind_to_environ(environ).match()[0])
    except HTTPException:
        return OTHER
