"""
Permissions-Policy: which features a page may use, by the names that browsers know; pure.

A name that browsers don't know does nothing but fill the console of everybody who looks there, so
it is refused, as is one that they dropped.

Source: W3C Permissions Policy, section 5.2 (header syntax); RFC 9651; names as measured in
Chromium 156 on Linux.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from ..errors import ConfigurationError
from .presets import OPT_OUT

#: Names that Chromium takes without a message in the console.
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
#: Names that Chromium takes on some systems, and complains of on Linux.
ELSEWHERE = ("bluetooth", "web-share")
#: Names that browsers dropped, with what to do.
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
#: One entry of a header: the name, and where it is well-formed its allowlist.
_ENTRY = r"\s*([a-z*][a-z0-9_.*-]*)\s*=\s*(\*|self|\([^()]*\))[^,]*(?:,|\Z)"


def read_permissions(given: object, where: str) -> dict[str, str]:
    """
    Read and check a mapping of features to allowlists.

    Args:
        given: An allowlist is ``"()"`` for nobody, ``"(self)"``, ``"*"``, or
            ``'(self "https://maps.example.com")'``; ``OPT_OUT`` takes a feature out.
        where: Begins each message.

    Raises:
        ConfigurationError: The first mistake: where, what arrived, what to do.
    """
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"{where} is no mapping of features to allowlists. "
            'Write {"camera": "()", "geolocation": "(self)"}.'
        )
    for name, allowlist in given.items():
        if name in _DROPPED:
            raise ConfigurationError(f"{where} has {name}. {_DROPPED[name]}.")
        if name not in KNOWN + ELSEWHERE:
            close = difflib.get_close_matches(
                str(name).lower().replace("_", "-"), KNOWN + ELSEWHERE, n=1
            )
            hint = f"Did you mean {close[0]!r}?" if close else "Remove it."
            raise ConfigurationError(f"{where}: {name!r} is no feature that browsers know. {hint}")
        if not isinstance(allowlist, str) or (
            allowlist != OPT_OUT and not re.fullmatch(_ALLOWLIST, allowlist)
        ):
            raise ConfigurationError(
                f"{where} {name} is {allowlist!r}. Write '()' for nobody, '(self)', "
                "'(self \"https://maps.example.com\")', or OPT_OUT to leave it out."
            )
    return dict(given)


def parse_permissions(field_value: str) -> dict[str, frozenset[str]]:
    """
    Read a header leniently; never fails.

    Returns:
        Who may use each feature, ``"*"`` for all; of one that occurs twice the last.
    """
    return {
        found[1]: frozenset(re.findall(_MEMBERS, found[2]))
        for found in re.finditer(_ENTRY, field_value)
    }
