"""
The purposes for which a cookie can be strictly necessary, and the limit of its lifetime.

A site states a purpose, and the library enforces the limit of that purpose. The site is responsible
for the statement; nothing here is a legal verdict.

Source: ePrivacy Directive 2002/58/EC Article 5(3); Article 29 Working Party, Opinion 04/2012
(WP194), section 3. If WP194 says "a few hours" or "limited" without a figure, the figure here is
this library's own, conservative reading.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from .._util.durations import say_duration
from ..http.cookies import MAX_LIFETIME

#: WP194 sections 3.1 and 3.6 allow "a few hours" beyond the session for these purposes.
A_FEW_HOURS = timedelta(hours=4)
#: WP194 section 3.3 allows security cookies a "limited" persistence.
LIMITED = timedelta(days=30)


class Purpose(StrEnum):
    """
    Why a cookie is strictly necessary, as a site states it in ``cookies.toml``.

    Source: WP194 section 3, scenarios 1 to 6; ``SESSION`` is the identifier under which a server
    keeps a visitor's input, scenario 1.
    """

    SESSION = "session"
    AUTHENTICATION = "authentication"
    PREFERENCES = "preferences"
    SECURITY = "security"
    LOAD_BALANCING = "load_balancing"
    USER_INPUT = "user_input"
    MEDIA_PLAYER = "media_player"

    @property
    def limit(self) -> timedelta | None:
        """The longest lifetime that can be declared; None means until the browser closes."""
        return _LIMITS[self]

    @property
    def scenario(self) -> str:
        """The WP194 scenario to compare, for example ``"2"``."""
        return _SCENARIOS[self]

    @property
    def criterion(self) -> str:
        """
        The exemption of Article 5(3) that the site relies on.

        ``"A"``: solely to carry out a transmission. ``"B"``: strictly necessary for a service
        that the user explicitly requested.
        """
        return "A" if self is Purpose.LOAD_BALANCING else "B"

    @property
    def label(self) -> str:
        """A few words for visitors."""
        return _LABELS[self]


_LIMITS = {
    Purpose.SESSION: None,
    Purpose.AUTHENTICATION: None,
    Purpose.PREFERENCES: A_FEW_HOURS,
    Purpose.SECURITY: LIMITED,
    Purpose.LOAD_BALANCING: None,
    Purpose.USER_INPUT: A_FEW_HOURS,
    Purpose.MEDIA_PLAYER: None,
}

_SCENARIOS = {
    Purpose.SESSION: "1",
    Purpose.AUTHENTICATION: "2",
    Purpose.PREFERENCES: "6",
    Purpose.SECURITY: "3",
    Purpose.LOAD_BALANCING: "5",
    Purpose.USER_INPUT: "1",
    Purpose.MEDIA_PLAYER: "4",
}

_LABELS = {
    Purpose.SESSION: "Session management",
    Purpose.AUTHENTICATION: "Login and authentication",
    Purpose.PREFERENCES: "Preferences within the session",
    Purpose.SECURITY: "Security",
    Purpose.LOAD_BALANCING: "Load balancing",
    Purpose.USER_INPUT: "What you typed in",
    Purpose.MEDIA_PLAYER: "Playing media",
}

#: Words for purposes that need consent. They are refused with an explanation.
NEEDS_CONSENT = frozenset(
    {
        "ab_testing",
        "ads",
        "advertisement",
        "advertising",
        "analytics",
        "marketing",
        "measurement",
        "metrics",
        "performance",
        "personalisation",
        "personalization",
        "profiling",
        "remarketing",
        "remember_me",
        "retargeting",
        "social",
        "social_media",
        "statistics",
        "targeting",
        "telemetry",
        "third_party",
        "tracking",
    }
)

#: Other words for one of the purposes.
ALSO_KNOWN_AS = {
    "auth": Purpose.AUTHENTICATION,
    "basket": Purpose.USER_INPUT,
    "cart": Purpose.USER_INPUT,
    "csrf": Purpose.SECURITY,
    "language": Purpose.PREFERENCES,
    "load-balancing": Purpose.LOAD_BALANCING,
    "login": Purpose.AUTHENTICATION,
    "media": Purpose.MEDIA_PLAYER,
    "preference": Purpose.PREFERENCES,
    "theme": Purpose.PREFERENCES,
    "user-input": Purpose.USER_INPUT,
}


def strictest_limit(purposes: tuple[Purpose, ...]) -> timedelta | None:
    """
    Return the limit that applies to a cookie with several purposes.

    Args:
        purposes: At least one.

    Returns:
        The shortest of their limits; None (until the browser closes) is the shortest of all.

    Source: WP194 section 2.3: a multi-purpose cookie is exempt only if each purpose is.
    """
    limits = [purpose.limit for purpose in purposes]
    known = [limit for limit in limits if limit is not None]
    return min(known) if len(known) == len(limits) else None


def parse_purpose(word: str) -> Purpose:
    """
    Parse a word of ``cookies.toml``.

    Raises:
        ValueError: The word is not a purpose; the message says what to do.
    """
    try:
        return Purpose(word)
    except ValueError:
        pass
    known = f" Known: {', '.join(Purpose)}."
    lowered = word.strip().lower()
    if lowered in NEEDS_CONSENT:
        raise ValueError(
            f"purpose {word!r} is not strictly necessary and would need consent, which this "
            "library does not support. Remove the entry and what sets it."
        ) from None
    if lowered in ALSO_KNOWN_AS or lowered in set(Purpose):
        meant = ALSO_KNOWN_AS.get(lowered) or Purpose(lowered)
        known = f" Did you mean {meant.value!r}?{known}"
    raise ValueError(f"purpose {word!r} is not known.{known}") from None


def parse_purposes(given: str | Iterable[object]) -> tuple[tuple[Purpose, ...], list[str]]:
    """
    Parse the words of an entry.

    Args:
        given: One word, or several.

    Returns:
        The purposes without duplicates, and the mistakes.
    """
    words = (given,) if isinstance(given, str) else tuple(given)
    purposes: list[Purpose] = []
    mistakes: list[str] = []
    for word in words:
        try:
            purposes.append(parse_purpose(str(word)))
        except ValueError as error:
            mistakes.append(str(error))
    if not words:
        mistakes.append(f"purposes is empty. Name at least one of {', '.join(Purpose)}.")
    return tuple(dict.fromkeys(purposes)), mistakes


def check_lifetime(
    lifetime: timedelta | None, purposes: tuple[Purpose, ...], thing: str
) -> list[str]:
    """
    Return the mistakes of a lifetime, compared with the limit of its purposes.

    Args:
        lifetime: None means until the browser closes, which every purpose allows.
        purposes: Without purposes, which are reported themselves, any lifetime is allowed.
        thing: What has the lifetime, for messages: ``"a cookie"``.
    """
    if lifetime is None or not purposes:
        return []
    if lifetime <= timedelta(0) or lifetime.microseconds:
        return [
            f"lifetime is {lifetime.total_seconds():g} seconds. Use whole seconds above zero, or "
            "'session'."
        ]
    limit = strictest_limit(purposes)
    named = " and ".join(purposes)
    if limit is None:
        return [
            f"lifetime is {say_duration(lifetime)}, but {thing} for {named} may live only "
            'until the browser closes (WP194 section 3). Use lifetime = "session".'
        ]
    if lifetime > limit or lifetime.total_seconds() > MAX_LIFETIME:
        return [
            f"lifetime is {say_duration(lifetime)}, but {thing} for {named} may live at most "
            f"{say_duration(limit)} (WP194 section 3). Shorten it."
        ]
    return []
