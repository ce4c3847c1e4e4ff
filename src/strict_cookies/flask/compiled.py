"""
What is compiled from an application's configuration at the first request, and frozen from then on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ..archive.open import open_archive
from ..declaration.pages.this_browser import exempt_from_csrf
from ..declaration.processing import list_processing
from ..declaration.sources import PolicySnapshot
from ..errors import ConfigurationError
from ..firewall.endpoints import REPORTS_PATH
from ..firewall.guard.script import Guard
from ..headers.talisman import HeaderContext, StrictTalisman
from ..sessions.app_sessions import choose_store
from ..sessions.flask_login import connect_flask_login
from ..sessions.interface import ServerSessionInterface
from ..sessions.limits import PURGE_AFTER
from ..trail.app_trail import AppRecorder, open_trail
from .config import FrozenKeys, find_policy, find_url_prefix
from .middleware_order import inspect_chain, out_of_order
from .recorded_settings import describe_settings
from .settings import Settings
from .stack import WsgiStack

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from flask import Flask
    from flask.sessions import SessionInterface

    from ..archive.base import Archive
    from ..declaration.processing import Processing
    from ..firewall.browser_reports import ReportTable
    from ..headers.scopes import Decorated
    from ..policy.policy import CookiePolicy
    from ..reasons import Reason
    from ..sessions.stores.base import SessionStore
    from ..trail.app_trail import Trail
    from .session_cookie import SessionCookie


class Pending(NamedTuple):
    """
    What ``init_app`` leaves for the first request.

    Args:
        app: The configuration may still change.
        outermost: The callable that Strict Cookies puts at ``app.wsgi_app``.
        inner: What was there before.
        session_cookie: Flask's session settings, and what they were before.
        session_interface: What opens sessions if Flask's own are used.
        decorated: What ``@strict.headers`` decorated.
        reports: What browsers report.
        url_prefix: Where the library's pages were registered.
    """

    app: Flask
    outermost: WSGIApplication
    inner: WSGIApplication
    session_cookie: SessionCookie
    session_interface: SessionInterface
    decorated: list[Decorated]
    reports: ReportTable
    url_prefix: str

    def read_policy(self) -> CookiePolicy:
        """
        Read the policy and declare the session cookie in it.

        Raises:
            PolicyError: All mistakes in the policy.
        """
        return self.session_cookie.prepare(find_policy(self.app))

    def read_settings(self) -> Settings:
        """
        Read the settings.

        Raises:
            ConfigurationError: A setting is wrong.
        """
        settings = Settings.from_app(self.app)
        if find_url_prefix(self.app) != self.url_prefix:
            raise ConfigurationError(
                "STRICT_COOKIES_URL_PREFIX was changed after StrictCookies(app), when the pages "
                "were already registered. Set it before."
            )
        return settings

    def find_misplaced_middleware(self, settings: Settings) -> list[tuple[Reason, str]]:
        """
        Find middleware in the wrong order.

        Raises:
            ConfigurationError: In tests, the first problem.
        """
        problems = self.inspect_middleware(settings)
        if problems and self.app.testing:
            raise out_of_order(*problems[0])
        return problems

    def inspect_middleware(self, settings: Settings) -> list[tuple[Reason, str]]:
        """Return what is wrong with the order of middleware now."""
        return inspect_chain(
            self.app.wsgi_app,
            self.outermost,
            self.inner,
            settings.trusted_middleware,
            own_fix=settings.trusted_proxies > 0,
        )

    def compile_headers(self, settings: Settings, policy: CookiePolicy) -> StrictTalisman:
        """
        Compile the security headers.

        Raises:
            ConfigurationError: An option that would not do what it seems to.
        """
        root = str(self.app.config["APPLICATION_ROOT"]).rstrip("/")
        return StrictTalisman(
            HeaderContext(
                app=self.app,
                parts=settings.header_scopes,
                decorated=self.decorated,
                extra_sources=policy.csp_sources,
                reports=f"{root}{self.url_prefix}{REPORTS_PATH}",
                report_only=settings.mode == "report-only",
            ),
            **settings.headers,
        )

    def choose_sessions(self, settings: Settings) -> SessionStore | None:
        """
        Open the session store; None if Flask's own session is used, as in report-only mode.

        Raises:
            ConfigurationError: A store is configured, and another session interface is in use.
        """
        app, options = self.app, settings.sessions
        if not isinstance(app.session_interface, ServerSessionInterface):
            if options.store is not None and not options.is_flask:
                kind = type(app.session_interface).__name__
                raise ConfigurationError(
                    f"STRICT_COOKIES_SESSIONS is set, but {kind} opens the sessions. Remove one."
                )
            return None
        if options.is_flask or settings.mode == "report-only":
            app.session_interface = self.session_interface
            return None
        store = choose_store(app, options)
        connect_flask_login(app)
        return store

    def compile(self, *, inspect: bool) -> tuple[Compiled, list[tuple[Reason, str]]]:
        """
        Compile everything.

        Args:
            inspect: Whether the order of middleware is inspected.

        Returns:
            What is compiled, and the problems with the order of middleware.

        Raises:
            ConfigurationError: A setting or, in tests, the order of middleware is wrong.
            PolicyError: All mistakes in the policy.
        """
        settings = self.read_settings()
        policy = self.read_policy()
        talisman = self.compile_headers(settings, policy)
        guard = Guard(policy, report_only=settings.mode == "report-only", csp=_csp_of(talisman))
        problems = self.find_misplaced_middleware(settings) if inspect else []
        store = self.choose_sessions(settings)
        exempt_from_csrf(self.app)
        archive = open_archive(store, self.app.instance_path, testing=self.app.testing)
        compiled = Compiled(
            app=self.app,
            frozen=FrozenKeys(self.app),
            settings=settings,
            policy=policy,
            talisman=talisman,
            guard=guard,
            stack=WsgiStack(self, settings, policy, talisman=talisman, guard=guard),
            session_store=store,
            archive=archive,
            trail=open_trail(self.app, settings.trail, archive),
        )
        return compiled, problems


class Compiled(NamedTuple):
    """
    What serves requests, from the first one on.

    Args:
        app: With its final configuration.
        frozen: Finds a later change of it.
        settings: Read from it.
        policy: With the session cookie in it.
        talisman: The security headers.
        guard: The scripts that pages load.
        stack: What a request passes.
        session_store: None if Flask's own session is used.
        archive: What outlives a request and is not a session.
        trail: Recording does nothing if it is off.
    """

    app: Flask
    frozen: FrozenKeys
    settings: Settings
    policy: CookiePolicy
    talisman: StrictTalisman
    guard: Guard
    stack: WsgiStack
    session_store: SessionStore | None
    archive: Archive
    trail: Trail

    def create_recorder(self) -> AppRecorder | None:
        """Create what records in the trail; None if there is no trail."""
        if not self.trail.kept:
            return None
        return AppRecorder(
            self.app,
            self.trail,
            lambda: self.stack.firewall.recorder.counts,
            self.describe_settings,
            self.settings.trail.timestamps,
        )

    def describe_settings(self) -> dict[str, dict[str, object]]:
        """Return the settings as the trail compares them, by part and name."""
        return describe_settings(
            self.settings,
            headers=self.talisman.resolved,
            policy_hash=self.build_document()["hash"],
        )

    def snapshot(self) -> PolicySnapshot:
        """Return the policy and how it is enforced, as the declaration shows it."""
        return PolicySnapshot(
            self.policy,
            enforced=self.settings.mode != "report-only",
            credentialless=self.talisman.resolved.embedder_policy == "credentialless",
        )

    def processing(self) -> tuple[Processing, ...]:
        """List what the library itself stores."""
        sessions = None
        if self.session_store is not None:
            sessions = self.settings.sessions.limits.absolute + timedelta(seconds=PURGE_AFTER)
        return list_processing(
            sessions=sessions, trail=self.trail.retention if self.trail.kept else None
        )

    def build_document(self) -> Mapping[str, Any]:
        """Build the declaration's document, without the publication status."""
        # Babel's data and the templates' texts are loaded with it, which most processes never need.
        from ..declaration.document import build_document

        snapshot = self.snapshot()
        return build_document(
            snapshot.policy,
            enforced=snapshot.enforced,
            credentialless=snapshot.credentialless,
            processing=self.processing(),
        )


def _csp_of(talisman: StrictTalisman) -> str:
    """Return the Content-Security-Policy of an ordinary page; empty if there is none."""
    headers = talisman.headers_for({"wsgi.url_scheme": "https", "SERVER_NAME": ""}, "200 OK")
    return next((text for name, text in headers if name.startswith("Content-Security-P")), "")
