"""
Strict Cookies: declare the few cookies a site strictly needs; enforce, secure and publish them.

Names are loaded when first used, so that a plain WSGI application imports no Flask.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .errors import (
        ConfigurationError,
        CookieDroppedError,
        FrozenConfigurationError,
        PolicyError,
        PreferenceValueError,
        SessionLimitError,
        StoreUnavailableError,
        StrictCookiesError,
        UnchangedDeclarationError,
        UnknownPreferenceError,
        WeakenedHeaderError,
    )
    from .firewall.cross_origin import is_cross_origin
    from .firewall.middleware import CookieFirewall
    from .flask.extension import StrictCookies, csp_nonce, erase
    from .headers.talisman import StrictTalisman
    from .policy.cookie import DeclaredCookie
    from .policy.external_origin import ExternalOrigin
    from .policy.policy import CookiePolicy, Site
    from .policy.preference import DeclaredPreference
    from .policy.purposes import Purpose
    from .policy.recipient import Recipient
    from .policy.web_storage import DeclaredStorage
    from .reasons import Reason
    from .sessions.access import (
        Login,
        background_request,
        current_login,
        login,
        logout,
        reauthenticate,
        requires_fresh_login,
        requires_login,
        requires_role,
    )
    from .sessions.preferences import preferences
    from .signals import (
        browser_reported,
        cookie_dropped,
        cookie_hardened,
        declaration_published,
        request_refused,
        role_denied,
        session_alarm,
        sessions_ended,
        signed_in,
        signed_out,
        undeclared_cookie_received,
    )
    from .trail.prepared import erase_user


_HOMES = {
    "ConfigurationError": "errors",
    "CookieDroppedError": "errors",
    "CookieFirewall": "firewall.middleware",
    "CookiePolicy": "policy.policy",
    "DeclaredCookie": "policy.cookie",
    "DeclaredPreference": "policy.preference",
    "DeclaredStorage": "policy.web_storage",
    "ExternalOrigin": "policy.external_origin",
    "FrozenConfigurationError": "errors",
    "Login": "sessions.access",
    "PolicyError": "errors",
    "PreferenceValueError": "errors",
    "Purpose": "policy.purposes",
    "Reason": "reasons",
    "Recipient": "policy.recipient",
    "SessionLimitError": "errors",
    "Site": "policy.policy",
    "StoreUnavailableError": "errors",
    "StrictCookies": "flask.extension",
    "StrictCookiesError": "errors",
    "StrictTalisman": "headers.talisman",
    "UnchangedDeclarationError": "errors",
    "UnknownPreferenceError": "errors",
    "WeakenedHeaderError": "errors",
    "background_request": "sessions.access",
    "browser_reported": "signals",
    "cookie_dropped": "signals",
    "cookie_hardened": "signals",
    "csp_nonce": "flask.extension",
    "current_login": "sessions.access",
    "declaration_published": "signals",
    "erase": "flask.extension",
    "erase_user": "trail.prepared",
    "is_cross_origin": "firewall.cross_origin",
    "login": "sessions.access",
    "logout": "sessions.access",
    "preferences": "sessions.preferences",
    "reauthenticate": "sessions.access",
    "request_refused": "signals",
    "requires_fresh_login": "sessions.access",
    "requires_login": "sessions.access",
    "requires_role": "sessions.access",
    "role_denied": "signals",
    "session_alarm": "signals",
    "sessions_ended": "signals",
    "signed_in": "signals",
    "signed_out": "signals",
    "undeclared_cookie_received": "signals",
}

__all__ = [
    "ConfigurationError",
    "CookieDroppedError",
    "CookieFirewall",
    "CookiePolicy",
    "DeclaredCookie",
    "DeclaredPreference",
    "DeclaredStorage",
    "ExternalOrigin",
    "FrozenConfigurationError",
    "Login",
    "PolicyError",
    "PreferenceValueError",
    "Purpose",
    "Reason",
    "Recipient",
    "SessionLimitError",
    "Site",
    "StoreUnavailableError",
    "StrictCookies",
    "StrictCookiesError",
    "StrictTalisman",
    "UnchangedDeclarationError",
    "UnknownPreferenceError",
    "WeakenedHeaderError",
    "background_request",
    "browser_reported",
    "cookie_dropped",
    "cookie_hardened",
    "csp_nonce",
    "current_login",
    "declaration_published",
    "erase",
    "erase_user",
    "is_cross_origin",
    "login",
    "logout",
    "preferences",
    "reauthenticate",
    "request_refused",
    "requires_fresh_login",
    "requires_login",
    "requires_role",
    "role_denied",
    "session_alarm",
    "sessions_ended",
    "signed_in",
    "signed_out",
    "undeclared_cookie_received",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
