"""
The trail itself: record events, read them, give heads, remove what is past its time.

**Recording never changes a response.** An event is on the disk when :meth:`AuditTrail.record`
returns, so that a crash after it loses nothing. Where it can't be written, that is logged as
``SC905``, and the next event that can be is preceded by one named ``gap`` that says how many are
missing.

**Removing leaves a checkpoint**: number and hash of the last entry that went, signed like a head.
The chain is verified from there on, and the removal is an event of its own.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .chain import START, Point, TrailEntry, canonical, plain, read_entry, say_time, write_entry
from .counts import DailyCounts
from .events import check_event
from .gaps import report_gap
from .options import HEAD_SECONDS, RETENTION
from .pseudonyms import Pseudonyms
from .signing import CHECKPOINT_FORMAT, HEAD_FORMAT, Signer, load_signer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..archive.base import Archive, Entry
    from .verification import Walk

#: The log in the archive.
LOG = "trail"
#: The shelf of the checkpoints, by number.
CHECKPOINTS = "trail-checkpoints"
#: Most events that are counted as lost.
MAX_LOST = 1_000_000
#: Entries that are read at a time.
BATCH = 500


class NoTrail:
    """What stands in the place of a trail that was switched off: it records nothing."""

    kept: Literal[False] = False

    def record(self, event: str, /, **details: object) -> None:
        """Do nothing."""
        check_event(event)

    def flush(self) -> None:
        """Do nothing."""


class AuditTrail:
    """
    The trail of one site.

    Args:
        archive: Where it is.
        people_keys: Keys derived from the application's secret, newest first, under which users'
            own keys are found.
        key: Path of the private key that signs heads; None where they are not signed.
        retention: How long entries are kept.
        clock: Seconds since the epoch, UTC.
    """

    kept: Literal[True] = True

    def __init__(
        self,
        archive: Archive,
        *,
        people_keys: Sequence[bytes] = (),
        key: Path | None = None,
        retention: timedelta = RETENTION,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.archive = archive
        self.retention = retention
        self.people = Pseudonyms(archive, people_keys)
        self.counts = DailyCounts(archive, self.record, self.today)
        self._clock = clock
        self._key = key
        #: One for each event that could not be written since the last one that could; a deque
        #: needs no lock, which a fork might leave shut.
        self._lost: deque[None] = deque(maxlen=MAX_LOST)
        self._head: tuple[float, dict[str, Any]] | None = None
        self._signer: tuple[int, Signer] | None = None
        #: How far this process has verified it; see :mod:`~strict_cookies.trail.review`.
        self.walk: Walk | None = None

    def __repr__(self) -> str:
        return f"<AuditTrail in {self.archive!r}>"

    # Recording

    def record(self, event: str, /, **details: object) -> int | None:
        """
        Record an event, at once and for good.

        Args:
            event: What happened: lower-case words with ``-`` between them.
            details: Texts and integers by name; never values, identifiers or names of people.
                ``user`` is a user's id, of which only a code is kept; one that is None is left out.

        Returns:
            The number of the entry; None where it could not be written.

        Raises:
            ValueError: The event's name is none.
        """
        check_event(event)
        try:
            facts = self._facts(details)
            if self._lost:
                self._append_gap()
            return self._append(event, facts)
        except Exception as error:  # noqa: BLE001 - observers never change a response
            self._lost.append(None)
            report_gap(error)
            return None

    def flush(self) -> None:
        """Write what was counted since the last time; a fault is logged and tried again later."""
        self.counts.flush()

    # Reading

    def entries(self, *, after: int = 0) -> Iterator[TrailEntry]:
        """
        Give the entries in order.

        Args:
            after: The number behind which to begin.

        Raises:
            ValueError: One was changed; see :mod:`~strict_cookies.trail.verification`.
            StoreUnavailableError: The store can't be read.
        """
        for _, data in self.rows(after=after):
            yield read_entry(data)

    def rows(self, *, after: int = 0) -> Iterator[Entry]:
        """Give the entries as they are stored."""
        while rows := self.archive.read(LOG, after=after, limit=BATCH):
            yield from rows
            after = rows[-1].number

    def last(self) -> Point:
        """Say where the trail ends now."""
        return _point_of(self.archive.last(LOG))

    def checkpoints(self) -> list[dict[str, Any]]:
        """Give the checkpoints that removals left, oldest first."""
        found = sorted(self.archive.items(CHECKPOINTS).items())
        return [json.loads(data) for _, data in found]

    # Heads

    @property
    def is_signed(self) -> bool:
        """Whether heads are signed."""
        return self._key is not None

    def head(self) -> dict[str, Any]:
        """
        Give the head, signed where there is a key; it may be some seconds old.

        Raises:
            ConfigurationError: The key can't be used.
            StoreUnavailableError: The store can't be read.
        """
        now = self._clock()
        known = self._head
        if known is not None and 0 <= now - known[0] < HEAD_SECONDS:
            return known[1]
        head = self.make_head()
        self._head = now, head
        return head

    def make_head(self) -> dict[str, Any]:
        """Give the head as it is now."""
        return self._sign(HEAD_FORMAT, self.last())

    def signer(self) -> Signer | None:
        """
        Give what signs; read anew where the file has changed.

        Raises:
            ConfigurationError: The key can't be used.
        """
        if self._key is None:
            return None
        known = self._signer
        try:
            changed_at = self._key.stat().st_mtime_ns
        except OSError:
            changed_at = -1
        if known is None or known[0] != changed_at:
            known = changed_at, load_signer(self._key)
            self._signer = known
        return known[1]

    # Removing

    def prune(self, before: datetime | None = None) -> int:
        """
        Remove entries and counters that are older than the retention, and leave a checkpoint.

        Args:
            before: What was recorded before goes; by default what is past the retention.

        Returns:
            How many entries went.

        Raises:
            ConfigurationError: The key can't be used.
            StoreUnavailableError: The store can't be read or written.
        """
        if before is None:
            before = self.now() - self.retention
        limit, last = say_time(before), START
        for number, data in self.rows():
            entry = json.loads(data)
            if entry["time"] >= limit:
                break
            last = Point(number, entry["hash"])
        self.counts.clear_before(before.date())
        self.people.forget_before(before.date())
        if last is START:
            return 0
        checkpoint = self._sign(CHECKPOINT_FORMAT, last)
        # In this order: whatever comes between, the chain can be verified.
        self.archive.put(CHECKPOINTS, f"{last.number:016}", canonical(checkpoint))
        self.record("pruned", upto=last.number, hash=last.hash)
        return self.archive.cut(LOG, last.number + 1)

    def erase_user(self, user_id: str | int) -> bool:
        """
        Delete a user's key, so that nobody can tell any more which entries are his.

        Returns:
            Whether there was one.

        Raises:
            StoreUnavailableError: The store can't be written.
        """
        found = self.people.forget(user_id)
        if found:
            # Without his code: it would say whose the other entries with it are.
            self.record("user-erased")
        return found

    # Helpers

    def now(self) -> datetime:
        """Give the present, aware."""
        return datetime.fromtimestamp(self._clock(), UTC)

    def today(self) -> str:
        """Give the day, UTC."""
        return self.now().date().isoformat()

    def _facts(self, details: Mapping[str, object]) -> dict[str, str | int]:
        facts = {name: plain(value) for name, value in details.items() if value is not None}
        user = details.get("user")
        if user is not None:
            user_id = user if isinstance(user, str | int) else str(user)
            facts["user"] = self.people.code(user_id, self.now().date())
        return facts

    def _append(self, event: str, facts: Mapping[str, str | int]) -> int:
        def make(last: Entry | None) -> bytes:
            return write_entry(_point_of(last), self.now(), event, facts)

        return self.archive.append(LOG, make).number

    def _append_gap(self) -> None:
        lost: list[None] = []
        with suppress(IndexError):
            while True:
                lost.append(self._lost.popleft())
        try:
            if lost:
                self._append("gap", {"lost": len(lost)})
        except BaseException:
            self._lost.extend(lost)
            raise

    def _sign(self, form: str, point: Point) -> dict[str, Any]:
        content = {
            "format": form,
            "hash": point.hash,
            "number": point.number,
            "time": say_time(self.now()),
        }
        signer = self.signer()
        return content if signer is None else signer.sign(content)


def _point_of(entry: Entry | None) -> Point:
    """Read no more of the last entry than the next one needs; verifying is another's task."""
    if entry is None:
        return START
    try:
        found = json.loads(entry.data)["hash"]
    except (ValueError, TypeError, KeyError):
        # Somebody changed it. The chain goes on, and whoever verifies it finds the place.
        found = START.hash
    return Point(entry.number, str(found))
