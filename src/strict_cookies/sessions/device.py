"""
Recognise browser and platform, so that users recognise their own sessions.

Only the family and the platform are read from ``User-Agent``, never a version, and only the label
is stored. Source: Mozilla, "Browser detection using the user agent string", for the order of
tokens.
"""

from __future__ import annotations

from typing import NamedTuple

#: Longest ``User-Agent`` that is looked at, in characters.
MAX_USER_AGENT = 512
UNKNOWN = "Unknown"

#: Token and family; the first that is found counts, since most browsers name others after it.
_FAMILIES = (
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
)
_PLATFORMS = (
    ("Android", "Android"),
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
)


class Device(NamedTuple):
    """Family and platform of a browser, for example ``"Firefox"`` and ``"Windows"``."""

    family: str
    platform: str

    @property
    def known(self) -> bool:
        """Whether the family or the platform is known."""
        return self != (UNKNOWN, UNKNOWN)

    @property
    def label(self) -> str:
        """The label, for example ``"Firefox on Windows"``."""
        if not self.known:
            return "Unknown browser"
        if self.platform == UNKNOWN:
            return self.family
        return f"{'Browser' if self.family == UNKNOWN else self.family} on {self.platform}"


def read_label(label: str) -> Device | None:
    """Return the device of a label of :attr:`Device.label`; None for any other text."""
    return _LABELS.get(label)


def read_device(user_agent: str) -> Device:
    """Recognise the device by the ``User-Agent``, which may be empty."""
    text = user_agent[:MAX_USER_AGENT]
    family = next((name for token, name in _FAMILIES if token in text), UNKNOWN)
    platform = next((name for token, name in _PLATFORMS if token in text), UNKNOWN)
    return Device(family, platform)


#: Every label, with what it was made from.
_LABELS = {
    Device(family, platform).label: Device(family, platform)
    for family in (UNKNOWN, *(name for _, name in _FAMILIES))
    for platform in (UNKNOWN, *(name for _, name in _PLATFORMS))
}
