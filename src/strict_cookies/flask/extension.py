"""
The Flask extension.

``init_app`` registers everything and checks what it can; the configuration may still change.
Policy, headers and firewall are compiled and frozen at the first request. The state is in
``app.extensions["strict_cookies"]``; the extension object has none, so that one object can serve
several applications.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from flask import current_app, has_request_context, request, request_started, session

from .._util.app_state import EXTENSION
from .._util.templates import register_template_names
from ..declaration.pages.blueprint import create_blueprint
from ..declaration.pages.sessions import pages
from ..declaration.pages.well_known import add_gpc
from ..declaration.sources import Sources
from ..errors import ConfigurationError, StoreUnavailableError
from ..firewall.clear_site_data import erasing_headers
from ..headers.scopes import give_options
from ..report.pages import report_pages
from ..sessions.interface import answer_unavailable
from ..sessions.preferences import preferences
from ..sessions.session import ServerSession
from ..trail.head_page import add_head
from .config import DEFAULTS
from .state import AppState, get_state

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
        #: What :meth:`headers` decorated; the same for each application.
        self._decorated: list[Decorated] = []
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """
        Add the library to an application; call it after other middleware was added.

        Raises:
            ConfigurationError: It was already added.
            PolicyError: All mistakes in ``cookies.toml``.
        """
        if EXTENSION in app.extensions:
            raise ConfigurationError(
                "StrictCookies was added twice to one application. Remove one call."
            )
        for key, default in DEFAULTS.items():
            app.config.setdefault(key, copy.copy(default))
        state = AppState(app, self._decorated)
        app.extensions[EXTENSION] = state
        app.register_error_handler(StoreUnavailableError, answer_unavailable)
        app.wsgi_app = state  # type: ignore[method-assign]
        request_started.connect(state.report_bypass, app)
        app.jinja_env.globals["csp_nonce"] = state.nonce
        register_template_names(
            app.jinja_env, {"strict_cookies_guard": state.guard, "preferences": preferences}
        )
        sources = Sources(
            snapshot=state.snapshot,
            status=state.publication_status,
            processing=state.processing,
            versions=lambda: state.versions,
            erase=erase,
        )
        declaration = create_blueprint(sources)
        add_head(declaration, lambda: state.trail)
        app.register_blueprint(declaration, url_prefix=state.url_prefix)
        if state.policy.site.honours_gpc:
            add_gpc(app, sources)
        app.register_blueprint(pages, url_prefix=state.url_prefix)
        app.register_blueprint(report_pages, url_prefix=state.url_prefix)

    def headers(self, *misplaced: object, **options: Any) -> Callable[[View], View]:
        """
        Set options of the security headers for one view, over the application's.

        ::

            @app.get("/map")
            @strict.headers(content_security_policy_add={"img-src": "https://tiles.example.com"})
            def show_map(): ...

        Args:
            options: As in ``STRICT_COOKIES_HEADERS``, but for those of the whole host.

        Raises:
            ConfigurationError: An option is wrong. If the decorator has no effect in its place, the
                first request, or the view itself, raises.
        """
        if misplaced:
            raise ConfigurationError("@strict.headers takes options: @strict.headers(...).")
        return give_options(self._decorated, _check_reached, options)


def _check_reached(layer: Layer) -> None:
    if has_request_context():
        state = current_app.extensions.get(EXTENSION)
        if state is None:
            raise ConfigurationError(
                f"{layer.where} has no effect: StrictCookies was not added to the application "
                f"{current_app.name!r}."
            )
        state.talisman.check_reached(layer)


def csp_nonce() -> str:
    """
    Return this request's nonce for the Content-Security-Policy, as ``csp_nonce()`` in templates.

    Call it in a view before a template is streamed, so that it goes into the headers.

    Raises:
        RuntimeError: There is no request, or its headers were already sent.
        ConfigurationError: StrictCookies was not added to the application.
    """
    return get_state().nonce()


def erase(response: R, *, cookies: bool = False) -> R:
    """
    Erase what the site has stored in this browser: at logout, or when a visitor asks for it.

    The session is cleared, every declared cookie is expired, and ``Clear-Site-Data`` empties what
    scripts keep. What a view sets on the response afterwards stays.

    Args:
        response: What the view is going to return.
        cookies: Whether the browser deletes all cookies of the registrable domain, including those
            of sibling hosts; cookies that this response sets are deleted too.

    Returns:
        The same response.

    Raises:
        RuntimeError: There is no request.
        ConfigurationError: StrictCookies was not added to the application.
    """
    state = get_state()
    found = session._get_current_object()  # type: ignore[attr-defined]
    # One of Flask's own without anything in it may be one that can't be written to.
    if isinstance(found, ServerSession) or found:
        found.clear()
    for name, value in erasing_headers(state.policy, request.environ, cookies=cookies):
        if name == "Set-Cookie":
            response.headers.add(name, value)
        else:
            response.headers[name] = value
    return response
