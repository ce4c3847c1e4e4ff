"""
What the library itself keeps about sessions, why, and for how long: from the options that are live.

Beside it stands what the application puts into a session, which is the application's to declare.

Source: GDPR Articles 5(1)(e) and 13(2)(a).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ..durations import say_duration
from .control import PURGE_AFTER
from .notices import NOTICE_SECONDS
from .options import SessionOptions


class Kept(NamedTuple):
    """
    One thing that is kept.

    Attributes:
        what: In words for visitors.
        why: Likewise.
        how_long: Likewise, as a sentence.
    """

    what: str
    why: str
    how_long: str


def describe_kept(options: SessionOptions) -> tuple[Kept, ...]:
    """
    Say what is kept; nothing where Flask's own session stays.

    Rows that are due are removed by and by while the site is used, or by
    ``flask cookies sessions purge``.

    Args:
        options: The application's.
    """
    return () if options.is_flask else tuple(_describe(options))


def _describe(options: SessionOptions) -> Iterator[Kept]:
    after = timedelta(seconds=PURGE_AFTER)
    absolute = options.limits.absolute
    how_long = (
        f"Removed {say_duration(after)} after the session has ended; it lasts "
        f"{say_duration(absolute)} at most."
    )
    yield Kept(
        "A hash of the session's number, and what the site remembers during the session.",
        "To know which pages belong together.",
        how_long,
    )
    yield Kept(
        "Who is signed in, with roles and the level of the sign-in.",
        "To know who may do what.",
        how_long,
    )
    yield Kept(
        "When the session began, and to the minute when it was last used.",
        "To end it in time, and so that you can tell which of your sessions is which.",
        how_long,
    )
    yield Kept(
        "Browser and platform, such as “Firefox on Windows”, or what you called the device; no "
        "version and no address.",
        "So that you can tell which of your sessions is which.",
        how_long,
    )
    if options.binding != "off":
        yield Kept(
            "A keyed hash of browser and platform.",
            "To notice where another kind of browser uses the session.",
            how_long,
        )
    yield Kept(
        "A note that a session has ended, by a hash of its number.",
        "So that nothing that was still under way brings it back.",
        f"Removed {say_duration(timedelta(seconds=NOTICE_SECONDS) + after)} after the end.",
    )
    if options.move_until is not None:
        last = datetime.fromtimestamp(options.move_until, UTC) + after
        yield Kept(
            "A hash of the session that your browser kept before the site did.",
            "So that it is taken over once and not again.",
            f"Removed after {last:%Y-%m-%d}.",
        )
