"""
Validate and parse Permissions-Policy: which features a page may use.

A name that browsers don't know has no effect except for warnings in the console, so it is refused,
as is a name that browsers removed.

Source: W3C Permissions Policy, section 5.2 (header syntax); RFC 9651; names as measured in
Chromium 156 on Linux.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .._util.suggest import did_you_mean
from ..errors import ConfigurationError
from .presets import OPT_OUT

#: Names that Chromium accepts without a warning in the console.
KNOWN = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "clipboard-write",
    "compute-pressure", "cross-origin-isolated", "display-capture", "encrypted-media",
    "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "identity-credentials-get",
    "idle-detection", "keyboard-map", "local-fonts", "local-network-access", "magnetometer",
    "microphone", "midi", "otp-credentials", "payment", "picture-in-picture",
    "private-state-token-issuance", "private-state-token-redemption",
    "publickey-credentials-create", "publickey-credentials-get", "screen-wake-lock", "serial",
    "storage-access", "sync-xhr", "unload", "usb", "window-management", "xr-spatial-tracking",
)  # fmt: skip
#: Names that Chromium accepts on some systems, with a warning on Linux.
ELSEWHERE = ("bluetooth", "web-share")
#: Names that browsers removed, with what to do.
_DROPPED = {
    "ambient-light-sensor": "Remove it: Chromium does not know it",
    "attribution-reporting": "Remove it: browsers removed what it governed",
    "battery": "Remove it: Chromium does not know it",
    "document-domain": "Use the option origin_agent_cluster",
    "interest-cohort": "Use browsing-topics",
    "join-ad-interest-group": "Remove it: browsers removed what it governed",
    "private-aggregation": "Remove it: browsers removed what it governed",
    "run-ad-auction": "Remove it: browsers removed what it governed",
    "shared-storage": "Remove it: browsers removed what it governed",
    "shared-storage-select-url": "Remove it: browsers removed what it governed",
}

_ORIGIN = r'"https?://(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*(?::[0-9]+)?"'
_MEMBER = rf"(?:self|src|{_ORIGIN})"
_ALLOWLIST = rf"\*|self|\( *(?:{_MEMBER}(?: +{_MEMBER})*)? *\)"
_MEMBERS = rf"\*|{_MEMBER}"
#: One valid entry of a header: the name and its allowlist.
_ENTRY = r"\s*([a-z*][a-z0-9_.*-]*)\s*=\s*(\*|self|\([^()]*\))[^,]*(?:,|\Z)"


def validate_permissions(given: object, where: str) -> dict[str, str]:
    """
    Validate a mapping of features to allowlists.

    Args:
        given: An allowlist is ``"()"`` for no origin, ``"(self)"``, ``"*"``, or
            ``'(self "https://maps.example.com")'``; ``OPT_OUT`` removes a feature.
        where: Begins each message.

    Raises:
        ConfigurationError: The first mistake.
    """
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"{where} is not a mapping of features to allowlists. "
            'Write {"camera": "()", "geolocation": "(self)"}.'
        )
    for name, allowlist in given.items():
        if name in _DROPPED:
            raise ConfigurationError(f"{where} has {name}. {_DROPPED[name]}.")
        if name not in KNOWN + ELSEWHERE:
            word = str(name).lower().replace("_", "-")
            hint = did_you_mean(word, KNOWN + ELSEWHERE, otherwise="Remove it.")
            raise ConfigurationError(
                f"{where}: {name!r} is not a feature that browsers know. {hint}"
            )
        if not isinstance(allowlist, str) or (
            allowlist != OPT_OUT and not re.fullmatch(_ALLOWLIST, allowlist)
        ):
            raise ConfigurationError(
                f"{where} {name} is {allowlist!r}. Write '()' for no origin, '(self)', "
                "'(self \"https://maps.example.com\")', or 'off' to remove it."
            )
    return dict(given)


def parse_permissions(field_value: str) -> dict[str, frozenset[str]]:
    """
    Parse a header leniently; never raise.

    Returns:
        The origins that may use each feature, ``"*"`` for all; of a duplicate feature the last.
    """
    return {
        match[1]: frozenset(re.findall(_MEMBERS, match[2]))
        for match in re.finditer(_ENTRY, field_value)
    }
