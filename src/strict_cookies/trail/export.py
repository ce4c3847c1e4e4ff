"""
Export a trail: once, so that others can verify it, or entry by entry as they are recorded.

The numbers of entries grow by one among all processes, and an entry is visible once all before it
are. So a reader that continues after its last number repeats none and skips none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..errors import StoreCorruptError, StoreUnavailableError
from .chain import canonical, read_entry
from .ocsf import to_ocsf

if TYPE_CHECKING:
    from ..archive.base import Entry
    from .audit_trail import AuditTrail
    from .timestamps import Timestamp

#: Seconds between two looks for new entries.
FOLLOW_SECONDS = 1.0

Warn = Callable[[str], object]


class TrailReader:
    """
    Read the entries of a trail in order, and report what is missing among them.

    Args:
        trail: The trail.
        after: The number of the last entry that was read before.
        warn: Called with a sentence about entries that are missing or were rewritten.
    """

    def __init__(self, trail: AuditTrail, *, after: int = 0, warn: Warn) -> None:
        self._trail = trail
        self._warn = warn
        self._hash = ""
        #: The number of the last entry that was read.
        self.number = after

    def read(self) -> Iterator[Entry]:
        """
        Return the entries that were recorded since.

        Raises:
            StoreCorruptError: The trail ends before what was read.
            StoreUnavailableError: The store can't be read.
        """
        for row in self._trail.rows(after=self.number):
            self._compare(row)
            self.number = row.number
            yield row
        end = self._trail.last().number
        if end < self.number:
            raise StoreCorruptError(
                f"The trail ends with entry {end}, but entry {self.number} was exported before: "
                "its end was removed. Run 'flask cookies trail verify'."
            )

    def _compare(self, row: Entry) -> None:
        previous, digest = _hashes(row.data)
        if self.number and row.number > self.number + 1:
            self._warn(
                f"Entries {self.number + 1} to {row.number - 1} are missing. They were pruned "
                "before they were read, or removed: run 'flask cookies trail verify'."
            )
        elif self._hash and previous != self._hash:
            self._warn(
                f"Entry {row.number} does not follow the exported entry {self.number}: one of the "
                "two was rewritten. Run 'flask cookies trail verify'."
            )
        self._hash = digest


def export_trail(trail: AuditTrail, warn: Warn, *, after: int = 0) -> Iterator[bytes]:
    """
    Return the lines of an export: checkpoints, entries, timestamps and the head.

    Args:
        trail: The trail.
        warn: Called with a sentence about what is missing or wrong.
        after: Return only entries with a higher number, without checkpoints.
    """
    start = after
    # Read first, so that the exported entries reach at least as far.
    try:
        head = trail.make_head()
    except StoreCorruptError as error:
        # What is wrong must be exported all the same.
        warn(f"{error} The export has no head.")
        head = None
    last = None if head is None else head["number"]
    for row in _read_up_to(TrailReader(trail, after=after, warn=warn), last):
        if not after:
            yield from checkpoints_before(trail, row)
            after = row.number
        yield row.data
    for stamp in trail.timestamps.read().values():
        # That of entry 17 is recorded by a later one.
        is_new = stamp is not None and stamp.number >= start
        if stamp is not None and is_new and (last is None or stamp.number <= last):
            yield stamp.to_json()
    if head is not None:
        yield canonical(head)


def follow_trail(
    trail: AuditTrail, warn: Warn, pause: Callable[[], object], *, after: int = 0
) -> Iterator[Entry]:
    """
    Return the entries, and then each new one, for ever.

    Args:
        trail: The trail.
        warn: Called with a sentence about what is missing or wrong.
        pause: Called when there is nothing new.
        after: Return only entries with a higher number.

    Raises:
        StoreCorruptError: The trail ends before what was returned.
    """
    reader, is_reported = TrailReader(trail, after=after, warn=warn), False
    while True:
        try:
            yield from reader.read()
            is_reported = False
        except StoreCorruptError:
            raise
        except StoreUnavailableError as error:
            if not is_reported:
                warn(f"{error} The export continues when it is available.")
            is_reported = True
        pause()


def checkpoints_before(trail: AuditTrail, first: Entry) -> Iterator[bytes]:
    """Return the lines of the checkpoints below the first entry that was read."""
    for checkpoint in trail.checkpoints():
        if checkpoint["number"] < first.number:
            yield canonical(checkpoint)


def write_jsonl(trail: AuditTrail, row: Entry, site: str) -> Iterator[bytes]:
    """Return an entry as it is stored, and the timestamp that it records."""
    yield row.data
    stamp = _stamp_of(trail, row)
    if stamp is not None:
        yield stamp.to_json()


def write_ocsf(trail: AuditTrail, row: Entry, site: str) -> Iterator[bytes]:
    """Return an entry as an event of OCSF, with the timestamp that it records."""
    event, stamp = to_ocsf(row, site), _stamp_of(trail, row)
    if stamp is not None:
        event["unmapped"] = {**event.get("unmapped", {}), "timestamp": json.loads(stamp.to_json())}
    yield canonical(event)


def _read_up_to(reader: TrailReader, last: int | None) -> Iterator[Entry]:
    for row in reader.read():
        if last is not None and row.number > last:
            return
        yield row


def _stamp_of(trail: AuditTrail, row: Entry) -> Timestamp | None:
    if b'"event":"timestamped"' not in row.data:
        return None
    try:
        number = read_entry(row.data).details.get("number")
    except ValueError:
        return None
    return trail.timestamps.get(number) if isinstance(number, int) else None


def _hashes(data: bytes) -> tuple[str, str]:
    """Return the previous hash and the hash of an entry; empty if they can't be read."""
    try:
        content = json.loads(data)
        return str(content["previous"]), str(content["hash"])
    except (ValueError, TypeError, KeyError):
        return "", ""
