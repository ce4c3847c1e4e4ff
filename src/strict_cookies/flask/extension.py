"""
The Flask extension: joins the stages for one application, at its first request.

``init_app`` registers and checks what it can; the configuration may still change. At the first
request policy, headers and firewall are compiled and frozen. State lives in
``app.extensions["strict_cookies"]``; the extension object itself holds none, so that one object can
serve several applications.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from flask import current_app, has_request_context, request, request_started, session

from .._util.templates import register_template_names
from ..declaration.pages.blueprint import create_blueprint
from ..declaration.pages.sessions import pages
from ..declaration.pages.well_known import add_gpc
from ..declaration.sources import Sources
from ..errors import ConfigurationError, StoreUnavailableError
from ..firewall.clear_site_data import erasing_headers
from ..report.pages import report_pages
from ..sessions.interface import answer_unavailable
from ..sessions.preferences import preferences
from ..sessions.session import ServerSession
from ..trail.head_page import add_head
from .config import DEFAULTS
from .state import AppState

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response

    from ..headers.options import Layer
    from ..headers.scopes import Decorated, View

R = TypeVar("R", bound="Response")


class StrictCookies:
    """
    Declare, enforce, secure and publish an application's cookies.

    Args:
        app: The application; None where :meth:`init_app` is called later.
    """

    def __init__(self, app: Flask | None = None) -> None:
        #: What :meth:`talisman` decorated; the same for each application.
        self._decorated: list[Decorated] = []
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """
        Protect an application; call it after other middleware was added.

        Raises:
            ConfigurationError: It is protected already.
            PolicyError: All that is wrong with ``cookies.toml``.
        """
        if "strict_cookies" in app.extensions:
            raise ConfigurationError(
                "StrictCookies was initialised twice on one application. Remove one call."
            )
        for key, default in DEFAULTS.items():
            app.config.setdefault(key, copy.copy(default))
        protection = AppState(app, self._decorated)
        app.extensions["strict_cookies"] = protection
        app.register_error_handler(StoreUnavailableError, answer_unavailable)
        app.wsgi_app = protection  # type: ignore[method-assign]
        request_started.connect(protection.notice_bypass, app)
        app.jinja_env.globals["csp_nonce"] = protection.nonce
        register_template_names(
            app.jinja_env, {"strict_cookies_guard": protection.guard, "preferences": preferences}
        )
        sources = Sources(
            snapshot=protection.snapshot,
            status=protection.publication_status,
            processing=protection.processing,
            versions=lambda: protection.versions,
            erase=erase,
        )
        declaration = create_blueprint(sources)
        add_head(declaration, lambda: protection.trail)
        app.register_blueprint(declaration, url_prefix=protection.url_prefix)
        if protection.policy.site.honours_gpc:
            add_gpc(app, sources)
        app.register_blueprint(pages, url_prefix=protection.url_prefix)
        app.register_blueprint(report_pages, url_prefix=protection.url_prefix)

    def talisman(self, *misplaced: object, **options: Any) -> Callable[[View], View]:
        """
        Give a view options of its own for the security headers, over the application's.

        ::

            @app.get("/map")
            @strict.talisman(content_security_policy_add={"img-src": "https://tiles.example.com"})
            def show_map(): ...

        Args:
            options: As in ``STRICT_COOKIES_HEADERS``, but for those of the whole host.

        Raises:
            ConfigurationError: An option is wrong. If the decorator does nothing where it stands,
                the first request, or the view itself, raises.
        """
        if misplaced:
            raise ConfigurationError("@strict.talisman takes options: @strict.talisman(...).")
        from ..headers.scopes import give_options

        return give_options(self._decorated, _check_reached, options)


def _check_reached(layer: Layer) -> None:
    if has_request_context():
        protection = current_app.extensions.get("strict_cookies")
        if protection is None:
            raise ConfigurationError(
                f"{layer.where} does nothing: StrictCookies is not added to the application "
                f"{current_app.name!r}."
            )
        protection.talisman.check_reached(layer)


def csp_nonce() -> str:
    """
    Give this request's nonce for the Content-Security-Policy, as ``csp_nonce()`` in templates.

    Call it in a view before a template is streamed, so that it goes into the headers.

    Raises:
        RuntimeError: There is no request, or its headers have gone.
        KeyError: StrictCookies is not added to the application.
    """
    protection: AppState = current_app.extensions["strict_cookies"]
    return protection.nonce()


def erase(response: R, *, cookies: bool = False) -> R:
    """
    Erase what the site has stored in this browser: at logout, or when a visitor asks for it.

    The session is cleared, every declared cookie is expired, and ``Clear-Site-Data`` empties what
    scripts keep. What a view sets on the response afterwards stays.

    Args:
        response: What the view is going to return.
        cookies: Whether the browser is told to drop all cookies of the registrable domain, those of
            sibling hosts included; nothing that this response sets stays then.

    Returns:
        The same response.

    Raises:
        RuntimeError: There is no request.
        KeyError: StrictCookies is not added to the application.
    """
    protection: AppState = current_app.extensions["strict_cookies"]
    found = session._get_current_object()  # type: ignore[attr-defined]
    # One of Flask's own without anything in it may be one that can't be written to.
    if isinstance(found, ServerSession) or found:
        found.clear()
    for name, value in erasing_headers(protection.policy, request.environ, cookies=cookies):
        if name == "Set-Cookie":
            response.headers.add(name, value)
        else:
            response.headers[name] = value
    return response
