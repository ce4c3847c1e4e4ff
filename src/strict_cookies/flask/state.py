"""
What Strict Cookies does for one application: the state of the extension, and what is compiled.

It is made by ``init_app``; policy, headers and what stands before the application are compiled and
frozen at the first request, and what keeps sessions, trail and versions is opened when it is used.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask import request, request_started
from flask.sessions import SecureCookieSessionInterface

from .._util.forks import ForkAware, ForkOrder, register_forks
from ..declaration.pages.this_browser import exempt_from_csrf
from ..declaration.sources import PolicySnapshot
from ..errors import ConfigurationError
from ..firewall.browser_reports import ReportTable
from ..reasons import Reason
from ..sessions.interface import ServerSessionInterface
from .config import find_policy, find_url_prefix, freeze_config
from .session_cookie import SessionCookie

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from blinker import NamedSignal
    from flask import Flask
    from markupsafe import Markup

    from ..archive.base import Archive
    from ..declaration.processing import Processing
    from ..declaration.publication import PublicationStatus
    from ..declaration.versions import Version, Versions
    from ..firewall.cross_origin import OriginGuard
    from ..firewall.guard.script import Guard
    from ..firewall.middleware import CookieFirewall
    from ..headers.scopes import Decorated
    from ..headers.talisman import StrictTalisman
    from ..policy.policy import CookiePolicy
    from ..sessions.manager import SessionManager
    from ..sessions.options import SessionOptions
    from ..sessions.prepared import PreparedSessions
    from ..sessions.stores.base import SessionStore
    from ..trail.app_trail import AppRecorder, Trail
    from .settings import Settings
    from .stack import WsgiStack

logger = logging.getLogger("strict_cookies")


class AppState(ForkAware):
    """
    What Strict Cookies does for one application: ``app.extensions["strict_cookies"]``.

    It stands at ``app.wsgi_app`` and hands each request to the firewall, which is made at the
    first one.
    """

    def __init__(self, app: Flask, decorated: list[Decorated]) -> None:
        self._app = app
        self._decorated = decorated
        #: What stands inside the firewall.
        self.inner = app.wsgi_app
        self._session_cookie = SessionCookie(app)
        #: Where the library's pages are, as it stood when they were registered.
        self.url_prefix = find_url_prefix(app)
        self._lock = threading.Lock()
        #: Whether Flask's first request went past the firewall, which says all about the chain.
        self._bypassed = False
        #: What requests pass, made at the first one.
        self._wire: WsgiStack | None = None
        #: Its outermost part, from the first request of this process on.
        self._serve: WSGIApplication | None = None
        self._talisman: StrictTalisman | None = None
        #: What browsers reported; its counts are those of this process.
        self.reports = ReportTable(app)
        self._guard: Guard | None = None
        #: The policy is read here already, so that a wrong one stops the start.
        self._policy = self._session_cookie.prepare(find_policy(app))
        self._settings: Settings | None = None
        self._options: SessionOptions | None = None
        self._store: SessionStore | None = None
        self._sessions: PreparedSessions | None = None
        self._trail: Trail | None = None
        self._recorder: AppRecorder | None = None
        self._archive: Archive | None = None
        self._versions: Versions | None = None
        #: What kept sessions before; it is given back where Flask's own are to stay.
        self._interface_before = app.session_interface
        if type(app.session_interface) is SecureCookieSessionInterface:
            app.session_interface = ServerSessionInterface(
                self.prepare_sessions, flask=app.session_interface
            )

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        serve = self._serve or self._begin()
        return serve(environ, start_response)

    def _begin(self) -> WSGIApplication:
        """Begin to serve in this process."""
        self.freeze()
        assert self._wire is not None
        with self._lock:
            if self._serve is None:
                if self._recorder is not None:
                    self._recorder.start()
                self._serve = self._wire.serve
        return self._wire.serve

    @property
    def policy(self) -> CookiePolicy:
        """The policy, the session cookie included."""
        return self._policy

    @property
    def settings(self) -> Settings:
        """The settings, compiled if they are not yet."""
        if self._settings is None:
            self.freeze()
            assert self._settings is not None
        return self._settings

    @property
    def firewall(self) -> CookieFirewall | None:
        """The firewall; None before the first request."""
        return None if self._wire is None else self._wire.firewall

    @property
    def origin_guard(self) -> OriginGuard | None:
        """What refuses other origins' requests; None before the first one, or where it is off."""
        return None if self._wire is None else self._wire.origin_guard

    @property
    def session_options(self) -> SessionOptions:
        """What the configuration says of sessions; compiled where it is not yet."""
        if self._options is None:
            self.freeze()
            assert self._options is not None
        return self._options

    @property
    def sessions(self) -> SessionManager:
        """
        What lists and ends sessions, for an application's own pages and commands.

        Raises:
            ConfigurationError: Sessions are not kept on the server, or there is no SECRET_KEY.
        """
        return self.prepare_sessions().manager

    @property
    def archive(self) -> Archive:
        """What outlives a request and is no session; kept beside the sessions, opened when used."""
        if self._archive is None:
            self.freeze()
            assert self._archive is not None
        return self._archive

    def prepare_sessions(self) -> PreparedSessions:
        """
        Give what sessions need, put together when one is first looked at.

        Raises:
            ConfigurationError: As for :attr:`sessions`.
        """
        if self._sessions is not None:
            return self._sessions
        options = self.session_options
        if self._store is None or not self._app.config["SECRET_KEY"]:
            what = "there is no SECRET_KEY" if self._store else "Flask's own session is in use"
            raise ConfigurationError(
                f"Sessions can't be kept on the server: {what}. Set SECRET_KEY, remove "
                "STRICT_COOKIES_SESSIONS = 'flask', and leave the mode 'report-only' first."
            )
        # Imported when first needed, as below: a part of the import's time, and not for everybody.
        from ..sessions.prepared import prepare_sessions

        with self._lock:
            if self._sessions is None:
                self._sessions = prepare_sessions(
                    self._app,
                    options,
                    self._store,
                    self.config_before(),
                    record=self._record_event,
                )
        return self._sessions

    @property
    def trail(self) -> Trail:
        """
        The audit trail, in which an application can record events of its own.

        Where it is switched off, recording does nothing.
        """
        if self._trail is None:
            self.freeze()
            assert self._trail is not None
        return self._trail

    def notice_bypass(self, app: Flask) -> None:
        """
        Look once, at Flask's first request, whether it came through the firewall at all.

        Raises:
            ConfigurationError: While testing, where ``app.wsgi_app`` was replaced.
        """
        # With the sender named, the signal would go on looking for receivers at each request.
        request_started.disconnect(self.notice_bypass)
        if self._wire is None:
            from .middleware_order import out_of_order

            self._bypassed = True
            error = out_of_order(
                Reason.BYPASSED, "app.wsgi_app was replaced after StrictCookies(app)"
            )
            logger.error("%s", error)
            if app.testing:
                raise error

    def snapshot(self) -> PolicySnapshot:
        """Return the policy and how far it is enforced, for the declaration."""
        firewall = self.firewall or self.freeze()
        return PolicySnapshot(
            firewall.policy,
            enforced=firewall.mode != "report-only",
            credentialless=self.talisman.resolved.embedder_policy == "credentialless",
        )

    @property
    def versions(self) -> Versions:
        """The versions of the declaration that were published."""
        if self._versions is None:
            from ..declaration.versions import Versions

            self._versions = Versions(lambda: self.archive)
        return self._versions

    def publication_status(self, content_hash: str) -> PublicationStatus:
        """Return the publication status of a content of the declaration."""
        return self.versions.status_of(content_hash)

    def document(self) -> dict[str, Any]:
        """Make the declaration's document as it stands, with its edition."""
        content = self._content()
        return {**content, "edition": self.publication_status(content["hash"]).to_json()}

    def _content(self) -> dict[str, Any]:
        """Make the document without its edition, for which the archive is asked."""
        from ..declaration.document import build_document

        snapshot = self.snapshot()
        return build_document(
            snapshot.policy,
            enforced=snapshot.enforced,
            credentialless=snapshot.credentialless,
            processing=self.processing(),
        )

    def publish(self, *, effective_from: date | None = None) -> Version:
        """
        Publish the declaration as it stands: record a version, and tell who listens.

        Args:
            effective_from: The day from which it counts; None for today, UTC.

        Raises:
            UnchangedDeclarationError: It is published already.
            StoreUnavailableError: Nothing was recorded, as far as can be known.
        """
        from ..declaration.publishing import notify_published

        version = self.versions.record(self.document(), effective_from=effective_from)
        notify_published(self._app, self._record_event, version)
        return version

    @property
    def talisman(self) -> StrictTalisman:
        """The security headers, compiled at the latest now."""
        if self._talisman is None:
            self.freeze()
            assert self._talisman is not None
        return self._talisman

    def processing(self) -> tuple[Processing, ...]:
        """Give what the protection itself keeps, as the declaration tells it."""
        from ..declaration.processing import list_processing

        sessions = None
        if self._store is not None:
            from ..sessions.control import PURGE_AFTER

            sessions = self.session_options.limits.absolute + timedelta(seconds=PURGE_AFTER)
        trail = self.trail
        return list_processing(sessions=sessions, trail=trail.retention if trail.kept else None)

    def nonce(self) -> str:
        """Make or repeat this request's nonce for the Content-Security-Policy."""
        return (self._talisman or self.talisman).nonce()

    def guard(self, *, erase: bool = False) -> Markup:
        """
        Write the tag that loads the guard, for the beginning of a page's head.

        Args:
            erase: Also erase web storage that is there already under undeclared names.
        """
        if self._guard is None:
            self.freeze()
            assert self._guard is not None
        root = f"{request.script_root}{self.url_prefix}"
        return self._guard.tags(root, self.nonce, erase=erase)

    def freeze(self) -> CookieFirewall:
        """
        Compile policy, headers and firewall; later changes of our configuration raise.

        Raises:
            ConfigurationError: A setting, or while testing the order of middleware, is wrong.
            PolicyError: All that is wrong with the policy.
        """
        with self._lock:
            if self._wire is not None:
                return self._wire.firewall
            from ..firewall.guard.script import Guard
            from .middleware_order import inspect_chain, out_of_order
            from .settings import Settings
            from .stack import WsgiStack

            app = self._app
            settings = self._settings = Settings.from_app(app)
            if find_url_prefix(app) != self.url_prefix:
                raise ConfigurationError(
                    "STRICT_COOKIES_URL_PREFIX was changed after StrictCookies(app), when the "
                    "pages had their place already. Set it before."
                )
            self._policy = self._session_cookie.prepare(find_policy(app))
            self._talisman = self.make_talisman(settings)
            if app.jinja_env.globals.get("csp_nonce") == self.nonce:
                app.jinja_env.globals["csp_nonce"] = self._talisman.nonce
            problems = []
            if not self._bypassed:
                problems = inspect_chain(
                    app.wsgi_app,
                    self,
                    self.inner,
                    settings.trusted_middleware,
                    own_fix=settings.trusted_proxies > 0,
                )
            self._guard = Guard(
                self._policy,
                report_only=settings.mode == "report-only",
                csp=_csp_of(self._talisman),
            )
            if problems and app.testing:
                raise out_of_order(*problems[0])
            self._choose_sessions(settings)
            exempt_from_csrf(app)
            freeze_config(app)
            wire = WsgiStack(
                app,
                settings,
                self._policy,
                inner=self.inner,
                talisman=self._talisman,
                guard=self._guard,
                reports=self.reports,
                url_prefix=self.url_prefix,
            )
            self._keep_trail(settings, wire.firewall)
            self._wire = wire
        # Outside the lock: a log handler may itself send a request.
        for problem in problems:
            logger.error("%s", out_of_order(*problem))
        return wire.firewall

    def make_talisman(self, settings: Settings) -> StrictTalisman:
        """
        Compile the security headers for the application as it stands.

        Raises:
            ConfigurationError: An option that would not do what it seems to.
        """
        from ..headers.talisman import HeaderContext, StrictTalisman

        return StrictTalisman(
            HeaderContext(
                app=self._app,
                parts=settings.talisman_parts,
                decorated=self._decorated,
                extra_sources=self._policy.csp_sources,
                reports=self._find_reports(),
                report_only=settings.mode == "report-only",
            ),
            **settings.talisman,
        )

    def _record_event(self, signal: NamedSignal, facts: Mapping[str, Any]) -> None:
        """Record in the audit trail what a signal reports; called before its receivers."""
        if self._recorder is not None:
            self._recorder.record(signal, facts)

    def config_before(self) -> dict[str, Any]:
        """Give the application's own configuration, without what was set here."""
        return self._session_cookie.config_before()

    def _choose_sessions(self, settings: Settings) -> None:
        """Make the store, or give Flask its own session back; report-only leaves it too."""
        app, options = self._app, settings.sessions
        self._options = options
        if not isinstance(app.session_interface, ServerSessionInterface):
            if options.store is not None and not options.is_flask:
                kind = type(app.session_interface).__name__
                raise ConfigurationError(
                    f"STRICT_COOKIES_SESSIONS is set, but sessions are kept by {kind}. Remove one."
                )
        elif options.is_flask or settings.mode == "report-only":
            app.session_interface = self._interface_before
        else:
            from ..sessions.flask_login import connect_flask_login
            from ..sessions.prepared import choose_store

            self._store = choose_store(app, options)
            connect_flask_login(app)

    def _keep_trail(self, settings: Settings, firewall: CookieFirewall) -> None:
        """Make the archive, the trail in it, and what records there."""
        from ..archive.open import open_archive

        app = self._app
        self._archive = open_archive(self._store, app.instance_path, testing=app.testing)
        from ..trail.app_trail import AppRecorder, open_trail
        from .recorded_settings import describe_settings

        def parts() -> dict[str, dict[str, object]]:
            return describe_settings(
                settings, headers=self.talisman.resolved, policy_hash=self._content()["hash"]
            )

        self._trail = open_trail(app, settings.trail, self._archive)
        if self._trail.kept:
            self._recorder = AppRecorder(app, self._trail, lambda: firewall.ledger.counts, parts)
        register_forks(self, ForkOrder.APP)

    def _after_fork_in_child(self) -> None:
        """Start over with the next request of the child."""
        self._lock = threading.Lock()
        self._versions = None
        self._serve = None

    def _find_reports(self) -> str:
        """Give the path that browsers report to."""
        from ..firewall.endpoints import REPORTS_PATH

        root = str(self._app.config["APPLICATION_ROOT"]).rstrip("/")
        return f"{root}{self.url_prefix}{REPORTS_PATH}"


def _csp_of(talisman: StrictTalisman) -> str:
    """Give the Content-Security-Policy of an ordinary page; empty where there is none."""
    headers = talisman.headers_for({"wsgi.url_scheme": "https", "SERVER_NAME": ""}, "200 OK")
    return next((text for name, text in headers if name.startswith("Content-Security-P")), "")
