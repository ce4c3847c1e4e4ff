"""
Durations as people write and read them: ``"30 minutes"``, ``"4 hours"``, ``"30 days"``.

Months and years are not understood on purpose: a limit that is enforced must be exact.
"""

from __future__ import annotations

import re
from datetime import timedelta

from .text import format_count

_UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_DURATION = r"(?ai)\s*(\d{1,9})\s*(second|minute|hour|day)s?\s*"


def read_duration(text: str) -> timedelta:
    """
    Read a whole number and a unit.

    Args:
        text: For example ``"90 minutes"``; units are second, minute, hour and day.

    Raises:
        ValueError: It is no such text; the message says what to write.
    """
    found = re.fullmatch(_DURATION, text)
    if found is None:
        raise ValueError(
            f"{text!r} is no duration. Write a whole number and seconds, minutes, hours or days, "
            "for example '4 hours'; or 'session'."
        )
    return timedelta(seconds=int(found[1]) * _UNITS[found[2].lower()])


def say_duration(duration: timedelta | None) -> str:
    """
    Say a duration in the largest unit that divides it; the inverse of :func:`read_duration`.

    Args:
        duration: Whole seconds; None means until the browser closes.
    """
    if duration is None:
        return "until the browser closes"
    seconds = int(duration.total_seconds())
    unit = next(unit for unit, size in _UNITS.items() if seconds % size == 0)
    count = seconds // _UNITS[unit]
    return format_count(count, unit)
