"""
The chain of the trail's entries: what is hashed, how, and whether a chain is whole. Pure.

**The rule.** An entry is a JSON object with the members ``details``, ``event``, ``hash``,
``number``, ``previous`` and ``time``. Its canonical form has the members sorted by name, no white
space, and UTF-8; ``hash`` is the SHA-256, in lower-case hexadecimal digits, of the canonical form
without ``hash`` itself; ``previous`` is the hash of the entry before, and 64 zeros in the first.
Texts hold printable ASCII only and numbers are integers below 2**53, so that every JSON library
gives the same octets.

Who can write to the store can still make a new chain from any entry on. What he can't do is make it
end in a hash that somebody else noted before.

Source: RFC 8785, which this is a part of; FIPS 180-4.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

_write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
#: What stands for the hash before the first entry.
NO_HASH = "0" * 64
#: Longest text in an entry, in characters.
MAX_TEXT = 128
#: Largest number that every JSON library keeps. Source: RFC 8259 section 6.
MAX_NUMBER = 2**53 - 1

_MEMBERS = {"details", "event", "hash", "number", "previous", "time"}


class TrailEntry(NamedTuple):
    """
    One event.

    Attributes:
        number: 1 for the first of all.
        time: UTC, for example ``"2027-03-31T09:30:00Z"``.
        event: What happened; see :mod:`~strict_cookies.trail.events`.
        details: Texts and integers by name.
        previous: Hash of the entry before.
        hash: Of this one.
    """

    number: int
    time: str
    event: str
    details: Mapping[str, str | int]
    previous: str
    hash: str

    @property
    def moment(self) -> datetime:
        """The time, aware."""
        return datetime.fromisoformat(self.time)


class Point(NamedTuple):
    """
    A place in a chain: the number and the hash of an entry; 0 and zeros before the first.

    It is written ``17:3f5c...``.
    """

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


START = Point(0, NO_HASH)


def canonical(value: object) -> bytes:
    """
    Write JSON in the one form that is hashed and signed.

    Source: RFC 8785, for what the trail holds.
    """
    return _write(value).encode("utf-8")


def write_entry(
    last: Point, moment: datetime, event: str, details: Mapping[str, str | int]
) -> bytes:
    """
    Write the entry that follows another.

    Args:
        last: The one before.
        moment: Aware.
        event: What happened.
        details: As :func:`plain` gives them.
    """
    content: dict[str, object] = {
        "details": dict(details),
        "event": event,
        "number": last.number + 1,
        "previous": last.hash,
        "time": say_time(moment),
    }
    content["hash"] = hashlib.sha256(canonical(content)).hexdigest()
    return canonical(content)


def read_entry(data: bytes) -> TrailEntry:
    """
    Read an entry as it was written.

    Raises:
        ValueError: It is none, or its hash is not that of what it holds; the message says which.
    """
    try:
        content = json.loads(data)
    except ValueError:
        raise ValueError("it is no JSON: it was changed") from None
    if not isinstance(content, dict) or set(content) != _MEMBERS:
        raise ValueError("its members are not those of an entry: it was changed")
    if canonical(content) != data:
        raise ValueError("it is not in canonical form: it was changed")
    entry = TrailEntry(**content)
    # In canonical form taking the member out is all; no text can hold its own entry's hash.
    hashed = data.replace(b'"hash":"%s",' % str(entry.hash).encode(), b"", 1)
    if hashlib.sha256(hashed).hexdigest() != entry.hash:
        raise ValueError("its hash is not that of what it holds: it was changed")
    return entry


def find_breaks(
    rows: Iterable[tuple[int, bytes]], start: Point = START
) -> Iterator[tuple[TrailEntry | None, str | None]]:
    """
    Follow a chain.

    Args:
        rows: Numbers as the store has them, with the octets of each entry, in order.
        start: What the first of them follows.

    Yields:
        Each entry, None where it can't be read, with what is wrong there, None where nothing is.
    """
    last, known = start, True
    for number, data in rows:
        where = f"Entry {number}"
        missing = ""
        if number != last.number + 1:
            missing = f"{where}: {_gap(last.number + 1, number - 1)} before it. "
        try:
            entry = read_entry(data)
        except ValueError as error:
            yield None, f"{missing}{where}: {error}."
            last, known = Point(number, ""), False
            continue
        problem = missing
        if entry.number != number:
            problem += f"{where}: it says that it is number {entry.number}: entries were reordered."
        elif not missing and known and entry.previous != last.hash:
            problem += (
                f"{where}: it does not follow the entry before it: one of the two was replaced."
            )
        yield entry, problem.strip() or None
        last, known = Point(number, entry.hash), entry.number == number


def plain(value: object) -> str | int:
    """Make a text or an integer of what is to be recorded; texts are escaped and cut."""
    if isinstance(value, int):
        number = int(value)
        return number if abs(number) <= MAX_NUMBER else str(number)[:MAX_TEXT]
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        text = text[:MAX_TEXT].encode("unicode_escape").decode("ascii")
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


def say_time(moment: datetime) -> str:
    """Write a time as entries have it: UTC, whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def read_point(text: str) -> Point:
    """
    Read ``number:hash``, or a head or checkpoint as it is published.

    Raises:
        ValueError: It is neither.
    """
    try:
        content: Any = json.loads(text)
        point = Point(content["number"], content["hash"])
    except (ValueError, TypeError, KeyError):
        number, _, digits = text.strip().partition(":")
        point = Point(int(number) if number.isdecimal() else -1, digits.lower())
    valid = isinstance(point.hash, str) and len(point.hash) == len(NO_HASH)
    if not isinstance(point.number, int) or point.number < 0 or not valid:
        raise ValueError("it is neither 'number:hash' nor a head")
    return point


def _gap(first: int, last: int) -> str:
    if first > last:
        return "entries are out of order"
    return (
        f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
    )
