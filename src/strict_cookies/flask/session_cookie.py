"""
Flask's session cookie: its settings, hardened as far as an application's own allow, and its entry.

What was set here is known from what stood there before, so that the configuration can be read, and
hardened again, as the application has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..declaration.i18n.session_texts import former_session_texts, session_texts
from ..errors import PolicyError
from ..policy.cookie import DeclaredCookie
from ..policy.purposes import Purpose

if TYPE_CHECKING:
    from flask import Flask

    from ..policy.policy import CookiePolicy, Transport

#: Flask's own name for its session cookie, which is given a prefix.
FLASK_SESSION_NAME = "session"

_SESSION_PURPOSES = {Purpose.SESSION, Purpose.AUTHENTICATION}


class SessionCookie:
    """
    The session cookie of one application.

    Args:
        app: With its own settings; nothing is changed before :meth:`prepare`.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        #: Flask's session settings: what was set here, and what stood there before.
        self._given: dict[str, Any] = {}
        self._before: dict[str, Any] = {}

    def config_before(self) -> dict[str, Any]:
        """Return the application's own configuration, without what was set here."""
        config = dict(self._app.config)
        for key, given in self._given.items():
            if config[key] == given:
                config[key] = self._before[key]
        return config

    def prepare(self, policy: CookiePolicy) -> CookiePolicy:
        """
        Harden Flask's session settings as far as they allow, and declare its cookie.

        Args:
            policy: As the application named it.

        Raises:
            PolicyError: Settings or the cookie's own entry contradict what a session is.
        """
        config = self._app.config
        before = self.config_before()
        policy = replace(policy, transport=before["STRICT_COOKIES_TRANSPORT"])
        report_only = before["STRICT_COOKIES_MODE"] == "report-only"
        given = {} if report_only else harden_session(before, policy)
        self._before = {key: before[key] for key in (*self._given, *given)}
        self._given = given
        config.update({**self._before, **given})
        return declare_former_session(before, config, declare_session(config, policy))


def session_cookie_name(config: Mapping[str, Any], transport: Transport) -> str:
    """
    Find the best prefix that the application's configuration allows for Flask's session cookie.

    Source: draft-ietf-httpbis-layered-cookies section 4.1.3. A browser that does not know
    ``__Host-Http-`` still treats it as ``__Host-``.
    """
    if transport != "https":
        return FLASK_SESSION_NAME
    path = config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"]
    host_only = not config["SESSION_COOKIE_DOMAIN"] and path == "/"
    httponly = bool(config["SESSION_COOKIE_HTTPONLY"])
    if host_only:
        return f"__Host-{'Http-' if httponly else ''}{FLASK_SESSION_NAME}"
    return f"{'__Http-' if httponly else '__Secure-'}{FLASK_SESSION_NAME}"


def harden_session(config: Mapping[str, Any], policy: CookiePolicy) -> dict[str, Any]:
    """
    Work out Flask's session settings, as strict as the application's own allow.

    Args:
        config: The application's own; a name other than Flask's was chosen by the developer.
        policy: The application's own; where it declares ``session`` itself, that name stays.

    Returns:
        The keys of ``app.config`` to set.
    """
    name = str(config["SESSION_COOKIE_NAME"])
    if name == FLASK_SESSION_NAME and name not in policy.exact:
        name = session_cookie_name(config, policy.transport)
    return {
        "SESSION_COOKIE_NAME": name,
        "SESSION_COOKIE_SECURE": config["SESSION_COOKIE_SECURE"] or policy.transport == "https",
        "SESSION_COOKIE_SAMESITE": config["SESSION_COOKIE_SAMESITE"] or "Lax",
    }


def declare_session(config: Mapping[str, Any], policy: CookiePolicy) -> CookiePolicy:
    """
    Declare Flask's session cookie as the application's configuration has it.

    Args:
        config: The application's, with the cookie's final name.
        policy: The application's own; an entry of that very name stays.

    Raises:
        PolicyError: The settings contradict each other, or the entry would let a login outlive
            the browser's session.
    """
    name = config["SESSION_COOKIE_NAME"]
    own = policy.exact.get(name)
    if own is None:
        try:
            return policy.with_cookie(_session_cookie(config))
        except PolicyError as error:
            raise PolicyError(error.mistakes, source="Flask's SESSION_COOKIE_ settings") from None
    if own.lifetime is not None or not set(own.purposes) <= _SESSION_PURPOSES:
        raise PolicyError(
            [
                f"Cookie {name!r} is Flask's session: it may serve session and authentication "
                "only, and live only until the browser closes. Fix its entry, or remove it: the "
                "session is declared without one."
            ],
            source=policy.source,
        )
    return policy


def declare_former_session(
    former: Mapping[str, Any], config: Mapping[str, Any], policy: CookiePolicy
) -> CookiePolicy:
    """
    Declare the cookie that held Flask's session before, for as long as sessions are moved.

    Args:
        former: The application's own configuration.
        config: With the cookie's final name.
        policy: Where that name is the same, or is declared, it stays as it is.
    """
    name = former["SESSION_COOKIE_NAME"]
    if former["STRICT_COOKIES_SESSION_MIGRATION_UNTIL"] is None or policy.find(name) is not None:
        return policy
    cookie = DeclaredCookie(
        name=name,
        **former_session_texts()._asdict(),
        purposes=(Purpose.SESSION, Purpose.AUTHENTICATION),
        path=config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"],
        domain=config["SESSION_COOKIE_DOMAIN"] or None,
        samesite=config["SESSION_COOKIE_SAMESITE"] or "Lax",
        partitioned=bool(config["SESSION_COOKIE_PARTITIONED"]),
    )
    return replace(policy, cookies=(*policy.cookies, cookie))


def _session_cookie(config: Mapping[str, Any]) -> DeclaredCookie:
    return DeclaredCookie(
        name=config["SESSION_COOKIE_NAME"],
        **session_texts()._asdict(),
        purposes=(Purpose.SESSION, Purpose.AUTHENTICATION),
        path=config["SESSION_COOKIE_PATH"] or config["APPLICATION_ROOT"],
        domain=config["SESSION_COOKIE_DOMAIN"] or None,
        samesite=config["SESSION_COOKIE_SAMESITE"] or "Lax",
        script_readable=not config["SESSION_COOKIE_HTTPONLY"],
        partitioned=bool(config["SESSION_COOKIE_PARTITIONED"]),
    )
