"""
Verify a trail again and again; a long one at the price of what was added since the last time.

A trail that is walked through in a second is verified from its beginning each time. Of a longer one
a process remembers how far it has come, and goes on from there: what follows an entry has its hash
in it. So an entry that is changed after it was verified is not found by this, only by the next walk
from the beginning, which comes a day later, with each start of a process, and with ``flask cookies
trail verify``. A :class:`Review` says which entries were read when, so that nobody takes it for
more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from .verification import Verification, Walk

if TYPE_CHECKING:
    from .audit_trail import AuditTrail

#: Seconds of a walk that is not worth going on with.
CHEAP_SECONDS = 1.0
#: How long a walk is gone on with before another one begins.
MAX_AGE = timedelta(days=1)


class Review(NamedTuple):
    """
    What is known of a trail.

    Attributes:
        found: Of all entries that were read.
        began: When the first of them was read, aware.
        read_now: How many of them were read just now.
        is_complete: Whether the end was reached in the time that was given.
    """

    found: Verification
    began: datetime
    read_now: int
    is_complete: bool


def review_trail(trail: AuditTrail, seconds: float | None = None) -> Review:
    """
    Go on with the walk of this process, or begin one.

    Args:
        trail: Of an application.
        seconds: After which to break off; the next call goes on. None for never.

    Raises:
        ConfigurationError: The key can't be used.
        StoreUnavailableError: The store can't be read.
    """
    # Whoever else asks meanwhile begins one of his own.
    walk, trail.walk = trail.walk, None
    if walk is None or not _is_worth_it(walk):
        walk = Walk(trail)
    walk.go(seconds)
    found = walk.conclude()
    trail.walk = walk
    return Review(found, walk.began, walk.checked_last, walk.is_done)


def _is_worth_it(walk: Walk) -> bool:
    if walk.is_done and walk.spent < CHEAP_SECONDS:
        return False
    return timedelta(0) <= walk.trail.now() - walk.began < MAX_AGE and walk.can_go_on()
