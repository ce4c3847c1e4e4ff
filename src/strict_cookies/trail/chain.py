"""
The hash chain of the trail's entries: what is hashed, how, and whether a chain is intact. Pure.

**The rule.** An entry is a JSON object with the members ``details``, ``event``, ``hash``,
``number``, ``previous`` and ``time``. Its canonical form has the members sorted by name, no white
space, and UTF-8; ``hash`` is the SHA-256, in lower-case hexadecimal digits, of the canonical form
without ``hash`` itself; ``previous`` is the hash of the preceding entry, and 64 zeros in the first.
Texts contain only printable ASCII and numbers are integers below 2**53, so that every JSON library
writes the same bytes.

Anyone who can write to the store can build a new chain from any entry on, but can't make it end in
a hash that others saved before.

Source: RFC 8785, of which this is a subset; FIPS 180-4.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

_write = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
#: The ``previous`` of the first entry.
NO_HASH = "0" * 64
#: The maximum length of a text in an entry, in characters.
MAX_TEXT = 128
#: The largest number that every JSON library preserves. Source: RFC 8259 section 6.
MAX_NUMBER = 2**53 - 1

_MEMBERS = {"details", "event", "hash", "number", "previous", "time"}


class TrailEntry(NamedTuple):
    """
    One event.

    Attributes:
        number: 1 for the first entry of all.
        time: UTC, for example ``"2027-03-31T09:30:00Z"``.
        event: What happened; see :mod:`~strict_cookies.trail.events`.
        details: Texts and integers by name.
        previous: The hash of the preceding entry.
        hash: The hash of this entry.
    """

    number: int
    time: str
    event: str
    details: Mapping[str, str | int]
    previous: str
    hash: str

    @property
    def timestamp(self) -> datetime:
        """The time, aware."""
        return datetime.fromisoformat(self.time)


class Point(NamedTuple):
    """
    A position in a chain: the number and the hash of an entry; 0 and zeros before the first.

    It is written ``17:3f5c...``.
    """

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


START = Point(0, NO_HASH)


class SavedHead(NamedTuple):
    """
    A head that was saved outside the store.

    Attributes:
        number: Of the entry.
        hash: Of the entry.
        time: When the head was made; None if that is not known.
        is_signed: Whether it carries a signature.
    """

    number: int
    hash: str
    time: datetime | None = None
    is_signed: bool = False


def canonical(value: object) -> bytes:
    """Write JSON in the canonical form that is hashed and signed. Source: RFC 8785, a subset."""
    return _write(value).encode("utf-8")


def write_entry(
    last: Point, timestamp: datetime, event: str, details: Mapping[str, str | int]
) -> bytes:
    """Write the entry that follows another; the details are values of :func:`to_plain`."""
    content: dict[str, object] = {
        "details": dict(details),
        "event": event,
        "number": last.number + 1,
        "previous": last.hash,
        "time": format_time(timestamp),
    }
    content["hash"] = hashlib.sha256(canonical(content)).hexdigest()
    return canonical(content)


def read_entry(data: bytes) -> TrailEntry:
    """Read an entry; raise ValueError if it is invalid or its hash is wrong."""
    try:
        content = json.loads(data)
    except ValueError:
        raise ValueError("it is not valid JSON: it was changed") from None
    if not isinstance(content, dict) or set(content) != _MEMBERS:
        raise ValueError("its members are not those of an entry: it was changed")
    if canonical(content) != data:
        raise ValueError("it is not in canonical form: it was changed")
    entry = TrailEntry(**content)
    # In canonical form it is enough to remove the member; no text can contain its entry's hash.
    hashed = data.replace(b'"hash":"%s",' % str(entry.hash).encode(), b"", 1)
    if hashlib.sha256(hashed).hexdigest() != entry.hash:
        raise ValueError("its hash does not match its content: it was changed")
    return entry


def find_breaks(
    rows: Iterable[tuple[int, bytes]], start: Point = START
) -> Iterator[tuple[TrailEntry | None, str | None]]:
    """
    Follow a chain of numbers and stored entries; yield each entry with its problem.

    The entry is None if it can't be read, the problem None if there is none.
    """
    last, known = start, True
    for number, data in rows:
        where = f"Entry {number}"
        missing = ""
        if number != last.number + 1:
            missing = f"{where}: {_describe_gap(last.number + 1, number - 1)} before it. "
        try:
            entry = read_entry(data)
        except ValueError as error:
            yield None, f"{missing}{where}: {error}."
            last, known = Point(number, ""), False
            continue
        problem = missing
        if entry.number != number:
            problem += f"{where}: its own number is {entry.number}: entries were reordered."
        elif not missing and known and entry.previous != last.hash:
            problem += (
                f"{where}: it does not follow the preceding entry: one of the two was replaced."
            )
        yield entry, problem.strip() or None
        last, known = Point(number, entry.hash), entry.number == number


def to_plain(value: object) -> str | int:
    """Convert a detail to a text or an integer; texts are escaped and truncated."""
    if isinstance(value, int):
        number = int(value)
        return number if abs(number) <= MAX_NUMBER else str(number)[:MAX_TEXT]
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        text = text[:MAX_TEXT].encode("unicode_escape").decode("ascii")
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


def format_time(timestamp: datetime) -> str:
    """Format a time as in entries: UTC, in seconds."""
    return f"{timestamp.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def read_point(text: str) -> Point:
    """
    Read ``number:hash``, or a published head or checkpoint.

    Raises:
        ValueError: The text is neither.
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


def read_saved_head(text: str) -> SavedHead:
    """Read what :func:`read_point` reads, with the time and signature of a published head."""
    point = read_point(text)
    try:
        content = json.loads(text)
        time = datetime.fromisoformat(content["time"])
        return SavedHead(*point, time, "signature" in content)
    except (ValueError, TypeError, KeyError):
        return SavedHead(*point)


def _describe_gap(first: int, last: int) -> str:
    if first > last:
        return "entries are out of order"
    return (
        f"entry {first} is missing" if first == last else f"entries {first} to {last} are missing"
    )
