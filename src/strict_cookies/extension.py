"""
The Flask extension: joins the stages for one application, at its first request.

``init_app`` registers and checks what it can; the configuration may still change. At the first
request policy, headers and firewall are compiled and frozen. State lives in
``app.extensions["strict_cookies"]``; the extension object itself holds none, so that one object can
serve several applications.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import current_app, request_started

from .declaration.blueprint import create_blueprint
from .declaration.well_known import add_gpc
from .errors import ConfigurationError
from .firewall import CookieFirewall
from .headers import StrictTalisman
from .middleware import inspect_chain
from .reasons import Reason
from .settings import (
    DEFAULTS,
    Settings,
    declare_session,
    find_policy,
    find_url_prefix,
    freeze_config,
    harden_session,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from flask import Flask

    from .policy import CookiePolicy

logger = logging.getLogger("strict_cookies")


class StrictCookies:
    """
    Declare, enforce, secure and publish an application's cookies.

    Args:
        app: The application; None where :meth:`init_app` is called later.
    """

    def __init__(self, app: Flask | None = None) -> None:
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
        protection = Protection(app)
        app.extensions["strict_cookies"] = protection
        app.wsgi_app = protection  # type: ignore[method-assign]
        request_started.connect(protection.notice_bypass, app)
        app.jinja_env.globals["csp_nonce"] = protection.nonce
        app.register_blueprint(create_blueprint(protection.stand), url_prefix=protection.url_prefix)
        if protection.policy.site.honours_gpc:
            add_gpc(app, protection.stand)


def csp_nonce() -> str:
    """
    Give this request's nonce for the Content-Security-Policy, as ``csp_nonce()`` in templates.

    Call it in a view before a template is streamed, so that it goes into the headers.

    Raises:
        RuntimeError: There is no request, or its headers have gone.
        KeyError: StrictCookies is not added to the application.
    """
    protection: Protection = current_app.extensions["strict_cookies"]
    return protection.nonce()


class Protection:
    """
    What Strict Cookies does for one application: ``app.extensions["strict_cookies"]``.

    It stands at ``app.wsgi_app`` and hands each request to the firewall, which is made at the
    first one.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        #: What stands inside the firewall.
        self.inner = app.wsgi_app
        #: Flask's session settings: what was set here, and what stood there before.
        self._given: dict[str, Any] = {}
        self._before: dict[str, Any] = {}
        #: Where the library's pages are, as it stood when they were registered.
        self.url_prefix = find_url_prefix(app)
        self._lock = threading.Lock()
        self._firewall: CookieFirewall | None = None
        self._talisman: StrictTalisman | None = None
        #: The policy is read here already, so that a wrong one stops the start.
        self._policy = self._prepare(find_policy(app))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        firewall = self._firewall or self.freeze()
        return firewall(environ, start_response)

    @property
    def policy(self) -> CookiePolicy:
        """The policy, the session cookie included."""
        return self._policy

    @property
    def firewall(self) -> CookieFirewall | None:
        """The firewall; None before the first request."""
        return self._firewall

    def notice_bypass(self, app: Flask) -> None:
        """
        Look once, at Flask's first request, whether it came through the firewall at all.

        Raises:
            ConfigurationError: While testing, where ``app.wsgi_app`` was replaced.
        """
        request_started.disconnect(self.notice_bypass, app)
        if self._firewall is None:
            error = _out_of_order(
                Reason.BYPASSED, "app.wsgi_app was replaced after StrictCookies(app)"
            )
            logger.error("%s", error)
            if app.testing:
                raise error

    def stand(self) -> tuple[CookiePolicy, bool]:
        """Give the policy and whether it is enforced, as the declaration tells it."""
        firewall = self._firewall or self.freeze()
        return firewall.policy, firewall.mode != "report-only"

    def nonce(self) -> str:
        """Make or repeat this request's nonce for the Content-Security-Policy."""
        if self._talisman is None:
            self.freeze()
            assert self._talisman is not None
        return self._talisman.nonce()

    def freeze(self) -> CookieFirewall:
        """
        Compile policy, headers and firewall; later changes of our configuration raise.

        Raises:
            ConfigurationError: A setting, or while testing the order of middleware, is wrong.
            PolicyError: All that is wrong with the policy.
        """
        with self._lock:
            if self._firewall is not None:
                return self._firewall
            app = self._app
            settings = Settings.from_app(app)
            if find_url_prefix(app) != self.url_prefix:
                raise ConfigurationError(
                    "STRICT_COOKIES_URL_PREFIX was changed after StrictCookies(app), when the "
                    "pages had their place already. Set it before."
                )
            self._policy = self._prepare(find_policy(app))
            self._talisman = StrictTalisman(
                **settings.talisman, report_only=settings.mode == "report-only"
            )
            problems = inspect_chain(app.wsgi_app, self, self.inner, settings.trusted_middleware)
            if problems and app.testing:
                raise _out_of_order(*problems[0])
            freeze_config(app)
            self._firewall = CookieFirewall(
                self.inner,
                self._policy,
                mode=settings.mode,
                sweep=settings.sweep,
                headers=self._talisman.headers_for,
                place=self._place,
                sender=app,
                propagate_exceptions=self._propagates(),
            )
        # Outside the lock: a log handler may itself send a request.
        for problem in problems:
            logger.error("%s", _out_of_order(*problem))
        return self._firewall

    def config_before(self) -> dict[str, Any]:
        """Give the application's own configuration, without what was set here."""
        config = dict(self._app.config)
        for key, given in self._given.items():
            if config[key] == given:
                config[key] = self._before[key]
        return config

    def _prepare(self, policy: CookiePolicy) -> CookiePolicy:
        """Harden Flask's session settings as far as they allow, and declare its cookie."""
        config = self._app.config
        before = self.config_before()
        policy = replace(policy, transport=before["STRICT_COOKIES_TRANSPORT"])
        report_only = before["STRICT_COOKIES_MODE"] == "report-only"
        given = {} if report_only else harden_session(before, policy)
        self._before = {key: before[key] for key in (*self._given, *given)}
        self._given = given
        config.update({**self._before, **given})
        return declare_session(config, policy)

    def _propagates(self) -> bool:
        propagate = self._app.config["PROPAGATE_EXCEPTIONS"]
        return self._app.testing or self._app.debug if propagate is None else bool(propagate)

    def _place(self, environ: WSGIEnvironment) -> str:
        """Name the endpoint, or the path where another application answered."""
        rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
        if rule is not None and rule.map is self._app.url_map:
            return str(rule.endpoint)
        return f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"


def _out_of_order(reason: Reason, problem: str) -> ConfigurationError:
    return ConfigurationError(f"{problem}. {reason.remedy}", reason_id=reason.id)
