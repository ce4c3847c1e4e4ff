"""
How long a session lives: without activity, and at all.

Presets carry the figures of NIST's authenticator assurance levels. A session that was begun at a
higher level is held to that level's figures as well, whichever is stricter.

Source: NIST SP 800-63B-4, sections 2.1.3, 2.2.3, 2.3.3 and 5.2; OWASP ASVS 5.0.0 7.3.1 and 7.3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

#: Seconds that a row is kept after its end, but for a visitor's that was never used again.
PURGE_AFTER = 24 * 60 * 60
#: Seconds that a visitor's session which was never used again lasts, if there is no idle limit.
UNUSED_SECONDS = 24 * 60 * 60
#: What happens to one session more than a user may have.
AtLimit = Literal["evict", "deny"]
#: What happens where another browser shows a session.
Binding = Literal["log", "challenge", "off"]

#: Seconds by which the clocks of two servers may differ.
MAX_SKEW = 60
#: Seconds between two touches at most; see :attr:`Limits.touch_every`.
MAX_TOUCH_EVERY = 60
#: Of the idle time, the part that may pass between two touches.
TOUCH_PART = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    Two limits, both enforced on the server.

    Args:
        absolute: Longest life since the last authentication, or since the session began.
        idle: Longest time without activity; None for no such limit.

    Raises:
        ValueError: A limit is shorter than a second, or ``idle`` is longer than ``absolute``.
    """

    absolute: timedelta
    idle: timedelta | None = None

    def __post_init__(self) -> None:
        for name in ("absolute", "idle"):
            limit = getattr(self, name)
            if limit is not None and limit < timedelta(seconds=1):
                raise ValueError(f"{name} is {limit}. Use a second or more.")
        if self.idle is not None and self.idle > self.absolute:
            raise ValueError(
                f"idle is {self.idle}, longer than absolute, which is {self.absolute}. Shorten it."
            )

    @property
    def touch_every(self) -> int:
        """Seconds that pass before activity is recorded again."""
        if self.idle is None:
            return MAX_TOUCH_EVERY
        return min(int(self.idle.total_seconds()) // TOUCH_PART, MAX_TOUCH_EVERY)

    def stricter(self, other: Limits) -> Limits:
        """Return the shorter of each limit."""
        idles = [idle for idle in (self.idle, other.idle) if idle is not None]
        absolute = min(self.absolute, other.absolute)
        return Limits(absolute=absolute, idle=min([*idles, absolute]) if idles else None)


#: By name, as the setting has them; the level of a login is the number in the name.
PRESETS: Mapping[str, Limits] = {
    "aal1": Limits(absolute=timedelta(days=30)),
    "aal2": Limits(absolute=timedelta(hours=24), idle=timedelta(hours=1)),
    "aal3": Limits(absolute=timedelta(hours=12), idle=timedelta(minutes=15)),
}
