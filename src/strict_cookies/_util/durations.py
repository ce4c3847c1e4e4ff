"""
Durations as text: ``"30 minutes"``, ``"4 hours"``, ``"30 days"``.

Months and years are rejected: a limit that is enforced must be exact.
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
        ValueError: The text is not a valid duration; the message says what to write.
    """
    match = re.fullmatch(_DURATION, text)
    if match is None:
        raise ValueError(
            f"{text!r} is not a valid duration. Write a whole number and seconds, minutes, hours "
            "or days, "
            "for example '4 hours'; or 'session'."
        )
    return timedelta(seconds=int(match[1]) * _UNITS[match[2].lower()])


def say_duration(duration: timedelta | None) -> str:
    """
    Format a duration in the largest unit that divides it; the inverse of :func:`read_duration`.

    Args:
        duration: A number of seconds without fraction; None means until the browser closes.
    """
    if duration is None:
        return "until the browser closes"
    seconds = int(duration.total_seconds())
    unit = next(unit for unit, size in _UNITS.items() if seconds % size == 0)
    count = seconds // _UNITS[unit]
    return format_count(count, unit)
