"""
The state of the extension for one application: ``app.extensions["strict_cookies"]``.

``init_app`` creates it. At the first request policy, headers and the WSGI stack are compiled and
frozen; what stores sessions, trail and versions is opened when it is first used.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from flask import request, request_started
from flask.sessions import SecureCookieSessionInterface

from .._util.app_state import find_state
from .._util.forks import ForkAware, ForkOrder, register_forks
from ..declaration.publishing import notify_published
from ..declaration.versions import Versions
from ..errors import ConfigurationError
from ..firewall.browser_reports import ReportTable
from ..reasons import Reason
from ..sessions.app_sessions import AppSessions, Storage, create_sessions
from ..sessions.interface import ServerSessionInterface
from .compiled import Compiled, Pending
from .config import find_url_prefix
from .middleware_order import out_of_order
from .session_cookie import SessionCookie

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from blinker import NamedSignal
    from flask import Flask
    from markupsafe import Markup

    from ..archive.base import Archive
    from ..declaration.processing import Processing
    from ..declaration.publication import PublicationStatus
    from ..declaration.sources import PolicySnapshot
    from ..declaration.versions import Version
    from ..firewall.cross_origin import OriginGuard
    from ..firewall.middleware import CookieFirewall
    from ..headers.scopes import Decorated
    from ..headers.talisman import StrictTalisman
    from ..policy.policy import CookiePolicy
    from ..sessions.manager import SessionManager
    from ..sessions.options import SessionOptions
    from ..trail.app_trail import AppRecorder, Trail
    from .settings import Settings

logger = logging.getLogger("strict_cookies")


class AppState(ForkAware):
    """
    What Strict Cookies does for one application; also the callable at ``app.wsgi_app``.

    Args:
        app: The application.
        decorated: What ``@strict.headers`` decorates; it may still grow.

    Raises:
        ConfigurationError: A setting that is needed now is wrong.
        PolicyError: All mistakes in the policy.
    """

    def __init__(self, app: Flask, decorated: list[Decorated]) -> None:
        #: What browsers reported to this process.
        self.reports = ReportTable(app)
        self._pending = Pending(
            app=app,
            outermost=self,
            inner=app.wsgi_app,
            session_cookie=SessionCookie(app),
            session_interface=app.session_interface,
            decorated=decorated,
            reports=self.reports,
            url_prefix=find_url_prefix(app),
        )
        # Read now as well, so that a wrong policy stops the start.
        self._first_policy = self._pending.read_policy()
        self._compiled: Compiled | None = None
        self._recorder: AppRecorder | None = None
        self._sessions: AppSessions | None = None
        self._versions = Versions(lambda: self.archive)
        self._lock = threading.Lock()
        self._bypassed = False
        self._serve: WSGIApplication = self._start
        if type(app.session_interface) is SecureCookieSessionInterface:
            app.session_interface = ServerSessionInterface(
                self.prepare_sessions, flask=app.session_interface
            )

    def __getattr__(self, name: str) -> Any:
        """
        Return a public attribute of what was at ``app.wsgi_app`` before.

        Some applications read attributes of their own middleware there.
        """
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self._pending.inner, name)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        return self._serve(environ, start_response)

    def _start(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve the first request of this process."""
        compiled = self.compiled
        with self._lock:
            if self._serve == self._start:
                if self._recorder is not None:
                    self._recorder.start()
                self._serve = compiled.frozen.watch(compiled.stack.serve)
        return self._serve(environ, start_response)

    @property
    def compiled(self) -> Compiled:
        """
        What is compiled, at the latest now.

        Raises:
            ConfigurationError: A setting or, in tests, the order of middleware is wrong.
            PolicyError: All mistakes in the policy.
        """
        return self._compiled or self._compile()

    def _compile(self) -> Compiled:
        app = self._pending.app
        with self._lock:
            if self._compiled is not None:
                return self._compiled
            compiled, problems = self._pending.compile(inspect=not self._bypassed)
            self._recorder = compiled.create_recorder()
            if app.jinja_env.globals.get("csp_nonce") == self.nonce:
                app.jinja_env.globals["csp_nonce"] = compiled.talisman.nonce
            register_forks(self, ForkOrder.APP)
            self._compiled = compiled
        enable_log()
        # Outside the lock: a log handler may itself send a request.
        for problem in problems:
            logger.error("%s", out_of_order(*problem))
        return compiled

    def freeze(self) -> CookieFirewall:
        """
        Compile policy, headers and firewall; later changes of our settings are errors.

        Raises:
            ConfigurationError: As for :attr:`compiled`.
            PolicyError: As for :attr:`compiled`.
        """
        return self.compiled.stack.firewall

    @property
    def url_prefix(self) -> str:
        """Where the library's pages are."""
        return self._pending.url_prefix

    @property
    def inner(self) -> WSGIApplication:
        """What is inside the firewall; it can be replaced before the first request."""
        return self._pending.inner

    @inner.setter
    def inner(self, application: WSGIApplication) -> None:
        self._pending = self._pending._replace(inner=application)

    @property
    def policy(self) -> CookiePolicy:
        """The policy, including the session cookie."""
        return self._first_policy if self._compiled is None else self._compiled.policy

    @property
    def settings(self) -> Settings:
        """The settings, compiled at the latest now."""
        return self.compiled.settings

    @property
    def session_options(self) -> SessionOptions:
        """The settings of sessions, compiled at the latest now."""
        return self.compiled.settings.sessions

    @property
    def firewall(self) -> CookieFirewall | None:
        """The firewall; None before the first request."""
        return None if self._compiled is None else self._compiled.stack.firewall

    @property
    def origin_guard(self) -> OriginGuard | None:
        """What refuses cross-origin requests; None before the first request, or if it is off."""
        return None if self._compiled is None else self._compiled.stack.origin_guard

    @property
    def talisman(self) -> StrictTalisman:
        """The security headers, compiled at the latest now."""
        return self.compiled.talisman

    @property
    def archive(self) -> Archive:
        """What outlives a request and is not a session; opened when first used."""
        return self.compiled.archive

    @property
    def trail(self) -> Trail:
        """The audit trail, in which an application can record events; it may be off."""
        return self.compiled.trail

    @property
    def versions(self) -> Versions:
        """The published versions of the declaration."""
        return self._versions

    @property
    def sessions(self) -> SessionManager:
        """
        What lists and ends sessions, for an application's own pages and commands.

        Raises:
            ConfigurationError: Sessions are not stored on the server, or there is no SECRET_KEY.
        """
        return self.prepare_sessions().manager

    def prepare_sessions(self) -> AppSessions:
        """
        Return what sessions need; created when a session is first looked at.

        Raises:
            ConfigurationError: As for :attr:`sessions`.
        """
        if self._sessions is not None:
            return self._sessions
        compiled = self.compiled
        app, store = compiled.app, compiled.session_store
        if store is None or not app.config["SECRET_KEY"]:
            what = "there is no SECRET_KEY" if store else "Flask's own session is in use"
            raise ConfigurationError(
                f"Sessions can't be stored on the server: {what}. Set SECRET_KEY, remove "
                "STRICT_COOKIES_SESSIONS = 'flask', and leave the mode 'report-only' first."
            )
        with self._lock:
            if self._sessions is None:
                self._sessions = create_sessions(
                    app,
                    compiled.settings.sessions,
                    Storage(store, compiled.archive),
                    self.config_before(),
                    record=self._record_event,
                )
        return self._sessions

    def config_before(self) -> dict[str, Any]:
        """Return the application's own configuration, without what the library set in it."""
        return self._pending.session_cookie.config_before()

    def compile_headers(self, settings: Settings) -> StrictTalisman:
        """
        Compile the security headers for other settings than those in force.

        Raises:
            ConfigurationError: An option that would not do what it seems to.
        """
        return self._pending.compile_headers(settings, self.policy)

    def report_bypass(self, app: Flask) -> None:
        """
        Check once, at Flask's first request, that it came through the firewall.

        Raises:
            ConfigurationError: In tests, if ``app.wsgi_app`` was replaced.
        """
        # With the sender named, the signal would look for receivers at each request.
        request_started.disconnect(self.report_bypass)
        if self._compiled is None:
            self._bypassed = True
            error = out_of_order(
                Reason.BYPASSED, "app.wsgi_app was replaced after StrictCookies(app)"
            )
            logger.error("%s", error)
            if app.testing:
                raise error

    def find_bypasses(self) -> list[str]:
        """Return why requests are not checked, or only in part, in a sentence each."""
        problems = self._pending.inspect_middleware(self.settings)
        if self._bypassed:
            problems.append((Reason.BYPASSED, "app.wsgi_app was replaced"))
        return [f"{reason}: {problem}." for reason, problem in problems]

    def snapshot(self) -> PolicySnapshot:
        """Return the policy and how it is enforced, as the declaration shows it."""
        return self.compiled.snapshot()

    def processing(self) -> tuple[Processing, ...]:
        """List what the library itself stores, as the declaration shows it."""
        return self.compiled.processing()

    def publication_status(self, content_hash: str) -> PublicationStatus:
        """Return the publication status of a declaration's content."""
        return self._versions.status_of(content_hash)

    def document(self) -> dict[str, Any]:
        """Build the declaration's document, with its publication status."""
        content = self.compiled.build_document()
        return {**content, "edition": self.publication_status(content["hash"]).to_json()}

    def publish(self, *, effective_from: date | None = None) -> Version:
        """
        Publish the declaration: record a version, and notify the receivers of the signal.

        Args:
            effective_from: The day from which it is in force; None for today, UTC.

        Raises:
            UnchangedDeclarationError: It is already published.
            StoreUnavailableError: Nothing was recorded, as far as can be known.
        """
        version = self._versions.record(self.document(), effective_from=effective_from)
        notify_published(self._pending.app, self._record_event, version)
        return version

    def nonce(self) -> str:
        """Return this request's nonce for the Content-Security-Policy."""
        return self.compiled.talisman.nonce()

    def guard(self, *, erase: bool = False) -> Markup:
        """
        Return the tag that loads the guard, for the beginning of a page's head.

        Args:
            erase: Also erase web storage that is already there under undeclared names.
        """
        root = f"{request.script_root}{self.url_prefix}"
        return self.compiled.guard.tags(root, self.nonce, erase=erase)

    def _record_event(self, signal: NamedSignal, facts: Mapping[str, Any]) -> None:
        """Record in the audit trail what a signal reports; called before its receivers."""
        if self._recorder is not None:
            self._recorder.record(signal, facts)

    def _after_fork_in_child(self) -> None:
        """Start over with the next request of the child."""
        self._lock = threading.Lock()
        self._versions = Versions(lambda: self.archive)
        self._serve = self._start


def enable_log() -> None:
    """
    Switch the library's logger on if it was switched off as a whole, and say so.

    ``logging.config.fileConfig()`` disables each logger that its file does not name; to get
    no lines, set a level.
    """
    if logger.disabled:
        logger.disabled = False
        logger.warning(
            "The logger 'strict_cookies' was disabled, as logging.config.fileConfig() does with "
            "loggers that its file does not name. It is on again. Pass "
            "disable_existing_loggers=False, or give the logger a level."
        )


def get_state(app: Flask | None = None) -> AppState:
    """
    Return the library's state of an application.

    Args:
        app: None for the current application.

    Raises:
        ConfigurationError: StrictCookies was not added to the application.
        RuntimeError: ``app`` is None and there is no application context.
    """
    return cast("AppState", find_state(app))
