"""
Named profiles: the default values of the security headers.

A profile is a set of options for :class:`~strict_cookies.headers.talisman.StrictTalisman`, with its
source. Options of the application replace those of the profile: directive by directive for
``content_security_policy``, name by name for ``permissions_policy``. :data:`OPT_OUT` removes one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

#: Turns off one header, directive or feature. It is a text, for configuration files.
OPT_OUT: Final = "off"

#: A year in seconds: the minimum of browsers' preload list and of ASVS 5.0.
YEAR = 31_536_000

#: The closed policy: no loading from, sending to or framing by another origin.
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
#: Features that some pages use routinely.
_COMMON = (
    "autoplay", "clipboard-read", "cross-origin-isolated", "encrypted-media",
    "picture-in-picture", "sync-xhr",
)  # fmt: skip
CLOSED_PERMISSIONS: Mapping[str, str] = dict.fromkeys(_RARE, "()")


class Profile(NamedTuple):
    """
    A named set of options.

    Args:
        name: The value for ``STRICT_COOKIES_HEADERS = {"profile": name}``.
        about: Which applications it is for, in a sentence.
        source: The standards that it follows.
        options: Options of :class:`~strict_cookies.headers.talisman.StrictTalisman`; others keep
            their defaults.
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
    about="Pages that list each type of resource, and whose scripts write no HTML.",
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
        # With no-referrer a form would send "Origin: null" and be treated as cross-site.
        "referrer_policy": "same-origin",
        "permissions_policy": dict.fromkeys((*_RARE, *_COMMON), "()"),
    },
)
API = Profile(
    name="api",
    about="JSON for programs; if a browser shows it, it can do nothing.",
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
