"""
The grammars of HTTP fields, without any policy: cookies, CSP, Permissions-Policy, exact paths.

It also has the default values of the security headers. Of this package it imports errors and
helpers only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .cookies import MAX_PAIRS as MAX_PAIRS
    from .cookies import SetCookie as SetCookie
    from .cookies import parse_set_cookie as parse_set_cookie
    from .csp import hash_source as hash_source
    from .paths import validate_paths as validate_paths
    from .presets import CLOSED_CSP as CLOSED_CSP
    from .presets import CLOSED_PERMISSIONS as CLOSED_PERMISSIONS
    from .presets import OPT_OUT as OPT_OUT
    from .presets import PROFILES as PROFILES
    from .presets import Profile as Profile

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "cookies": (
            "MAX_PAIRS",
            "SetCookie",
            "parse_set_cookie",
        ),
        "csp": ("hash_source",),
        "paths": ("validate_paths",),
        "presets": (
            "CLOSED_CSP",
            "CLOSED_PERMISSIONS",
            "OPT_OUT",
            "PROFILES",
            "Profile",
        ),
    },
)
