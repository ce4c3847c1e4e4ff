"""
Strict Cookies: declare the few cookies a site strictly needs; enforce, secure and publish them.

Names are imported when first used, so that a plain WSGI application imports no Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._util.facade import attach
from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .errors import AuditError as AuditError
    from .errors import BundleError as BundleError
    from .errors import ConfigurationError as ConfigurationError
    from .errors import CookieDroppedError as CookieDroppedError
    from .errors import FrozenConfigurationError as FrozenConfigurationError
    from .errors import JourneyError as JourneyError
    from .errors import PolicyError as PolicyError
    from .errors import PreferenceValueError as PreferenceValueError
    from .errors import SessionLimitError as SessionLimitError
    from .errors import StoreUnavailableError as StoreUnavailableError
    from .errors import StrictCookiesError as StrictCookiesError
    from .errors import UnchangedDeclarationError as UnchangedDeclarationError
    from .errors import UnknownPreferenceError as UnknownPreferenceError
    from .errors import WeakenedHeaderError as WeakenedHeaderError
    from .firewall.cross_origin import is_cross_origin as is_cross_origin
    from .firewall.middleware import CookieFirewall as CookieFirewall
    from .flask.extension import StrictCookies as StrictCookies
    from .flask.extension import csp_nonce as csp_nonce
    from .flask.extension import erase as erase
    from .headers.talisman import StrictTalisman as StrictTalisman
    from .policy.cookie import DeclaredCookie as DeclaredCookie
    from .policy.external_origin import ExternalOrigin as ExternalOrigin
    from .policy.policy import CookiePolicy as CookiePolicy
    from .policy.preference import DeclaredPreference as DeclaredPreference
    from .policy.purposes import Purpose as Purpose
    from .policy.recipient import Recipient as Recipient
    from .policy.site import Site as Site
    from .policy.web_storage import DeclaredStorage as DeclaredStorage
    from .reasons import Reason as Reason
    from .sessions.access import Login as Login
    from .sessions.access import background_request as background_request
    from .sessions.access import current_login as current_login
    from .sessions.access import login as login
    from .sessions.access import logout as logout
    from .sessions.access import reauthenticate as reauthenticate
    from .sessions.access import requires_fresh_login as requires_fresh_login
    from .sessions.access import requires_login as requires_login
    from .sessions.access import requires_role as requires_role
    from .sessions.preferences import preferences as preferences
    from .signals import browser_reported as browser_reported
    from .signals import cookie_dropped as cookie_dropped
    from .signals import cookie_hardened as cookie_hardened
    from .signals import declaration_published as declaration_published
    from .signals import request_refused as request_refused
    from .signals import role_denied as role_denied
    from .signals import session_alarm as session_alarm
    from .signals import sessions_ended as sessions_ended
    from .signals import signed_in as signed_in
    from .signals import signed_out as signed_out
    from .signals import undeclared_cookie_received as undeclared_cookie_received
    from .trail.app_trail import erase_user as erase_user

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "errors": (
            "AuditError",
            "BundleError",
            "ConfigurationError",
            "CookieDroppedError",
            "FrozenConfigurationError",
            "JourneyError",
            "PolicyError",
            "PreferenceValueError",
            "SessionLimitError",
            "StoreUnavailableError",
            "StrictCookiesError",
            "UnchangedDeclarationError",
            "UnknownPreferenceError",
            "WeakenedHeaderError",
        ),
        "firewall.cross_origin": ("is_cross_origin",),
        "firewall.middleware": ("CookieFirewall",),
        "flask.extension": ("StrictCookies", "csp_nonce", "erase"),
        "headers.talisman": ("StrictTalisman",),
        "policy.cookie": ("DeclaredCookie",),
        "policy.external_origin": ("ExternalOrigin",),
        "policy.policy": ("CookiePolicy",),
        "policy.preference": ("DeclaredPreference",),
        "policy.purposes": ("Purpose",),
        "policy.recipient": ("Recipient",),
        "policy.site": ("Site",),
        "policy.web_storage": ("DeclaredStorage",),
        "reasons": ("Reason",),
        "sessions.access": (
            "Login",
            "background_request",
            "current_login",
            "login",
            "logout",
            "reauthenticate",
            "requires_fresh_login",
            "requires_login",
            "requires_role",
        ),
        "sessions.preferences": ("preferences",),
        "signals": (
            "browser_reported",
            "cookie_dropped",
            "cookie_hardened",
            "declaration_published",
            "request_refused",
            "role_denied",
            "session_alarm",
            "sessions_ended",
            "signed_in",
            "signed_out",
            "undeclared_cookie_received",
        ),
        "trail.app_trail": ("erase_user",),
    },
)
