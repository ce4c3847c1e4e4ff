"""
Strict Cookies: declare the few cookies a site strictly needs; enforce, secure and publish them.

Names are loaded when first used, so that a plain WSGI application imports no Flask.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cookie import DeclaredCookie
    from .errors import (
        ConfigurationError,
        CookieDroppedError,
        FrozenConfigurationError,
        PolicyError,
        StrictCookiesError,
        WeakenedHeaderError,
    )
    from .extension import StrictCookies, csp_nonce, erase
    from .external_origin import ExternalOrigin
    from .firewall import CookieFirewall
    from .headers import StrictTalisman
    from .origin import is_cross_origin
    from .policy import CookiePolicy, Site
    from .preference import DeclaredPreference
    from .purposes import Purpose
    from .reasons import Reason
    from .recipient import Recipient
    from .signals import (
        browser_reported,
        cookie_dropped,
        cookie_hardened,
        request_refused,
        stray_cookie_seen,
    )
    from .storage import DeclaredStorage

__version__ = "0.1.0"

_HOMES = {
    "ConfigurationError": "errors",
    "CookieDroppedError": "errors",
    "CookieFirewall": "firewall",
    "CookiePolicy": "policy",
    "DeclaredCookie": "cookie",
    "DeclaredPreference": "preference",
    "DeclaredStorage": "storage",
    "ExternalOrigin": "external_origin",
    "FrozenConfigurationError": "errors",
    "PolicyError": "errors",
    "Purpose": "purposes",
    "Reason": "reasons",
    "Recipient": "recipient",
    "Site": "policy",
    "StrictCookies": "extension",
    "StrictCookiesError": "errors",
    "StrictTalisman": "headers",
    "WeakenedHeaderError": "errors",
    "browser_reported": "signals",
    "cookie_dropped": "signals",
    "csp_nonce": "extension",
    "cookie_hardened": "signals",
    "erase": "extension",
    "is_cross_origin": "origin",
    "request_refused": "signals",
    "stray_cookie_seen": "signals",
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
    "PolicyError",
    "Purpose",
    "Reason",
    "Recipient",
    "Site",
    "StrictCookies",
    "StrictCookiesError",
    "StrictTalisman",
    "WeakenedHeaderError",
    "browser_reported",
    "cookie_dropped",
    "cookie_hardened",
    "csp_nonce",
    "erase",
    "is_cross_origin",
    "request_refused",
    "stray_cookie_seen",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
