"""
Timestamps of heads, as they are stored and exported: which head existed, and since when.

An authority (TSA) that the operator does not control has signed the text ``17:3f5c...`` of a head
with the time. From then on not even the holder of all keys can rewrite what precedes that head
without a contradiction to the timestamp. Source: RFC 3161.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from .chain import NO_HASH, Point, canonical, format_time

if TYPE_CHECKING:
    from ..archive.base import Archive

TIMESTAMP_FORMAT = "strict-cookies-trail-timestamp-1"
#: The shelf of the timestamps, by the number of the head.
SHELF = "trail-timestamps"


class Timestamp(NamedTuple):
    """
    A timestamp of one head.

    Attributes:
        number: Of the head's entry.
        hash: Of that entry.
        time: When the authority signed, by its clock; aware.
        response: What the authority answered: a TimeStampResp in DER, with the token.
    """

    number: int
    hash: str
    time: datetime
    response: bytes

    @property
    def point(self) -> Point:
        """The head."""
        return Point(self.number, self.hash)

    def to_json(self) -> bytes:
        """Write it as one line of an export."""
        return canonical(
            {
                "format": TIMESTAMP_FORMAT,
                "hash": self.hash,
                "number": self.number,
                "response": base64.b64encode(self.response).decode(),
                "time": format_time(self.time),
            }
        )


def read_timestamp(text: str | bytes) -> Timestamp:
    """Read a timestamp from a line of an export; raise ValueError if it is not valid."""
    try:
        content: Any = json.loads(text)
        number, digest = content["number"], content["hash"]
        time = datetime.fromisoformat(content["time"]).astimezone(UTC)
        response = base64.b64decode(content["response"], validate=True)
    except (ValueError, TypeError, KeyError):
        raise ValueError("it is not a timestamp of the trail") from None
    valid = isinstance(digest, str) and len(digest) == len(NO_HASH)
    if type(number) is not int or number < 1 or not valid:
        raise ValueError("it is not a timestamp of the trail")
    return Timestamp(number, digest, time, response)


def read_timestamps(text: str) -> list[Timestamp]:
    """
    Read the timestamps among the lines of an export.

    Args:
        text: The lines; others are skipped.

    Raises:
        ValueError: A timestamp is not valid.
    """
    return [read_timestamp(line) for line in text.splitlines() if TIMESTAMP_FORMAT in line]


class Timestamps:
    """The timestamps in an archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def add(self, stamp: Timestamp) -> None:
        """Store a timestamp; the first of a head is kept."""
        self._archive.put_new(SHELF, f"{stamp.number:016}", stamp.to_json())

    def read(self) -> dict[int, Timestamp | None]:
        """Return the timestamps by number, oldest first; None for one that can't be read."""
        stamps: dict[int, Timestamp | None] = {}
        for key, data in sorted(self._archive.items(SHELF).items()):
            number = int(key) if key.isdecimal() else 0
            try:
                stamp = read_timestamp(data)
            except ValueError:
                stamps[number] = None
            else:
                stamps[number] = stamp if stamp.number == number else None
        return stamps

    def get(self, number: int) -> Timestamp | None:
        """Return the timestamp of one head; None if there is none, or if it can't be read."""
        data = self._archive.get(SHELF, f"{number:016}")
        try:
            return None if data is None else read_timestamp(data)
        except ValueError:
            return None

    def forget_before(self, number: int) -> None:
        """Remove the timestamps of heads below a number, whose entries were pruned."""
        for key in self._archive.items(SHELF):
            if key.isdecimal() and int(key) < number:
                self._archive.delete(SHELF, key)
