"""
Named profiles: what the security headers say unless an application says otherwise.

A profile is a set of options for :class:`~strict_cookies.headers.talisman.StrictTalisman` with the source it
follows. Options of the application are laid over it: directive by directive for
``content_security_policy``, name by name for ``permissions_policy``. What is not wanted is taken
away by :data:`OPT_OUT`, a name that can be searched for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

#: Switches one header, directive or feature off; a text, so that configuration files can hold it.
OPT_OUT: Final = "OPT_OUT"

#: A year in seconds: the shortest that browsers' preload list takes, and that ASVS 5.0 asks for.
YEAR = 31_536_000

#: The closed policy: nothing is loaded from, sent to or framed by another origin.
CLOSED_CSP: Mapping[str, str] = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "upgrade-insecure-requests": "",
}
#: Powerful features that a site rarely uses; each is known to Chromium 156 (measured).
_RARE = (
    "accelerometer", "browsing-topics", "camera", "compute-pressure", "display-capture", "gamepad",
    "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection",
    "keyboard-map", "local-fonts", "local-network-access", "magnetometer", "microphone", "midi",
    "otp-credentials", "payment", "private-state-token-issuance", "private-state-token-redemption",
    "screen-wake-lock", "serial", "storage-access", "usb", "window-management",
    "xr-spatial-tracking",
)  # fmt: skip
#: Features that some pages use without a thought.
_COMMON = (
    "autoplay", "clipboard-read", "cross-origin-isolated", "encrypted-media",
    "picture-in-picture", "sync-xhr",
)  # fmt: skip
CLOSED_PERMISSIONS: Mapping[str, str] = dict.fromkeys(_RARE, "()")


class Profile(NamedTuple):
    """
    A named set of options.

    Args:
        name: As ``STRICT_COOKIES_HEADERS = {"profile": name}`` has it.
        about: Whom it is for, in a sentence.
        source: What it follows.
        options: For :class:`~strict_cookies.headers.talisman.StrictTalisman`; those that it leaves out stay
            as they were.
    """

    name: str
    about: str
    source: str
    options: Mapping[str, Any]


DEFAULT = Profile(
    name="default",
    about="Pages of an application that loads everything from its own host.",
    source="CSP Level 3; RFC 6797; MDN HTTP Observatory; OWASP ASVS 5.0 V3.4 level 2",
    options={
        "content_security_policy": CLOSED_CSP,
        "strict_transport_security_max_age": YEAR,
        "strict_transport_security_include_subdomains": True,
        "strict_transport_security_preload": False,
        "referrer_policy": "strict-origin-when-cross-origin",
        "permissions_policy": CLOSED_PERMISSIONS,
        "cross_origin_opener_policy": "same-origin",
        "cross_origin_resource_policy": "same-origin",
    },
)
STRICT = Profile(
    name="strict",
    about="Pages that list each kind of thing they load, and whose scripts write no HTML.",
    source="CSP Level 3; Trusted Types; OWASP ASVS 5.0 V3.4 level 3",
    options={
        **DEFAULT.options,
        "content_security_policy": {
            **CLOSED_CSP,
            "default-src": "'none'",
            "connect-src": "'self'",
            "font-src": "'self'",
            "img-src": "'self'",
            "manifest-src": "'self'",
            "worker-src": "'none'",
            "require-trusted-types-for": "'script'",
        },
        "strict_transport_security_max_age": 2 * YEAR,
        # Not no-referrer: a form would send "Origin: null", and count as another site's.
        "referrer_policy": "same-origin",
        "permissions_policy": dict.fromkeys((*_RARE, *_COMMON), "()"),
    },
)
API = Profile(
    name="api",
    about="JSON for programs: should a browser show it after all, it can do nothing.",
    source="OWASP REST Security Cheat Sheet, section Security Headers",
    options={
        "content_security_policy": {
            "default-src": "'none'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        },
        "referrer_policy": "no-referrer",
    },
)

#: Each profile by its name.
PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (DEFAULT, STRICT, API)}
