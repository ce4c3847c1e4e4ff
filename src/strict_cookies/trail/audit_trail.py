"""
The trail itself: record events, read them, return heads, prune expired entries.

Recording never changes a response: an event that can't be written is logged as ``SC905``, and an
event ``gap`` with the number of missing ones precedes the next. Pruning leaves a checkpoint, signed
like a head, from which the chain is verified on.
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

from ..errors import StoreCorruptError
from .chain import (
    START,
    Point,
    TrailEntry,
    canonical,
    format_time,
    read_entry,
    to_plain,
    write_entry,
)
from .counts import DailyCounts
from .events import check_event
from .gaps import report_gap
from .options import HEAD_SECONDS, RETENTION
from .pseudonyms import Pseudonyms
from .signing import CHECKPOINT_FORMAT, HEAD_FORMAT, Signer, is_checkpoint
from .signing_key import SigningKey
from .timestamps import Timestamps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..archive.base import Archive, Entry
    from .verification import ChainVerifier

#: The name of the log in the archive.
LOG = "trail"
#: The shelf of the checkpoints, by number.
CHECKPOINTS = "trail-checkpoints"
#: The shelf that says whether a key was made; another one is not made without being asked for.
KEYS = "trail-keys"
#: The maximum number of lost events that is counted.
MAX_LOST = 1_000_000
#: Entries that are read at a time.
BATCH = 500


class NoTrail:
    """The trail of an application that switched it off: it records nothing."""

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
        archive: The archive that stores it.
        pseudonym_keys: Keys derived from the application's secret, newest first, by which the keys
            of users' pseudonyms are found.
        key: The path of the private key that signs heads; None if they are not signed.
        creates_key: Whether a key that is missing is created.
        retention: How long entries are kept.
        clock: Seconds since the epoch, UTC.
    """

    kept: Literal[True] = True

    def __init__(
        self,
        archive: Archive,
        *,
        pseudonym_keys: Sequence[bytes] = (),
        key: Path | None = None,
        creates_key: bool = False,
        retention: timedelta = RETENTION,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.archive = archive
        self.retention = retention
        self.pseudonyms = Pseudonyms(archive, pseudonym_keys)
        self.timestamps = Timestamps(archive)
        self.counts = DailyCounts(archive, self.record, self.today)
        self._clock = clock
        self.key = SigningKey(key, creates=creates_key)
        #: One item for each event lost since the last one that was written; a deque needs no lock.
        self._lost: deque[None] = deque(maxlen=MAX_LOST)
        self._head: tuple[float, dict[str, Any]] | None = None
        #: How far this process has verified it; see :mod:`~strict_cookies.trail.review`.
        self.verifier: ChainVerifier | None = None

    def __repr__(self) -> str:
        return f"<AuditTrail in {self.archive!r}>"

    # Recording

    def record(self, event: str, /, **details: object) -> int | None:
        """
        Record an event, immediately and permanently.

        Args:
            event: What happened: lower-case words joined by ``-``.
            details: Texts and integers by name; never values, identifiers or personal names.
                ``user`` is a user's id, of which only a pseudonym is stored. Details that are None
                are omitted.

        Returns:
            The number of the entry; None if it could not be written.

        Raises:
            ValueError: The event's name is invalid.
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
        """Write the counts since the last write; after an exception the next call retries."""
        self.counts.flush()

    # Reading

    def entries(self, *, after: int = 0) -> Iterator[TrailEntry]:
        """
        Return the entries in order.

        Args:
            after: Return only entries with a higher number.

        Raises:
            ValueError: One was changed; see :mod:`~strict_cookies.trail.verification`.
            StoreUnavailableError: The store can't be read.
        """
        for _, data in self.rows(after=after):
            yield read_entry(data)

    def rows(self, *, after: int = 0) -> Iterator[Entry]:
        """Return the entries as they are stored."""
        while rows := self.archive.read(LOG, after=after, limit=BATCH):
            yield from rows
            after = rows[-1].number

    def last(self) -> Point:
        """Return the current end of the trail."""
        return _point_of(self.archive.last(LOG))

    def checkpoints(self) -> list[dict[str, Any]]:
        """Return the checkpoints of all prunings, oldest first."""
        stored = sorted(self.archive.items(CHECKPOINTS).items())
        return [json.loads(data) for _, data in stored]

    # Heads

    @property
    def is_signed(self) -> bool:
        """Whether heads are signed; a key that is created by itself must be there."""
        return self.key.is_there

    def head(self) -> dict[str, Any]:
        """
        Return the head, signed if there is a key; it may be some seconds old.

        Raises:
            ConfigurationError: The key can't be used.
            StoreUnavailableError: The store can't be read.
        """
        now = self._clock()
        cached = self._head
        if cached is not None and 0 <= now - cached[0] < HEAD_SECONDS:
            return cached[1]
        head = self.make_head()
        self._head = now, head
        return head

    def make_head(self) -> dict[str, Any]:
        """
        Return the head as it is now, signed if there is a key, and note it next to the key.

        Raises:
            StoreCorruptError: The trail does not contain the head that was signed last.
        """
        self._prepare_signing()
        last = self.last()
        head = self._sign(HEAD_FORMAT, last)
        if self.key.noted is not None and "signature" in head:
            self.key.noted.write(last)
        return head

    def note_head(self) -> None:
        """Note the head outside the store, if heads are signed."""
        if self.key.path is not None:
            self.make_head()

    def find_rewrite(self) -> str | None:
        """
        Return how the trail contradicts the head that was signed last, in a sentence.

        None if it does not, or if heads are not signed.
        """
        noted = None if self.key.noted is None else self.key.noted.read()
        if noted is None or noted.number == 0:
            return None
        row = next(iter(self.archive.read(LOG, after=noted.number - 1, limit=1)), None)
        if row is not None and row.number == noted.number:
            if _point_of(row) == noted:
                return None
            how = f"entry {noted.number} has another hash"
        elif row is not None and self._is_pruned(noted.number):
            return None
        else:
            how = f"entry {noted.number} is missing"
        return (
            f"The trail does not contain the head that was signed last ({how}): it was rewritten, "
            "or restored from a backup."
        )

    def signer(self) -> Signer | None:
        """Return the signer of heads; raise ConfigurationError if the key can't be used."""
        return self.key.signer()

    # Pruning and erasing

    def prune(self, before: datetime | None = None) -> int:
        """
        Remove entries and counters that are older than the retention, and store a checkpoint.

        Args:
            before: Remove entries that were recorded before; by default those that have expired.

        Returns:
            How many entries were removed.

        Raises:
            ConfigurationError: The key can't be used.
            StoreUnavailableError: The store can't be read or written.
        """
        if before is None:
            before = self.now() - self.retention
        limit, last = format_time(before), START
        for number, data in self.rows():
            entry = json.loads(data)
            if entry["time"] >= limit:
                break
            last = Point(number, entry["hash"])
        self.counts.clear_before(before.date())
        self.pseudonyms.forget_before(before.date())
        if last is START:
            return 0
        self._prepare_signing()
        checkpoint = self._sign(CHECKPOINT_FORMAT, last)
        # In this order the chain can be verified after a crash between any two steps.
        self.archive.put(CHECKPOINTS, f"{last.number:016}", canonical(checkpoint))
        self.record("pruned", upto=last.number, hash=last.hash)
        removed = self.archive.cut(LOG, last.number + 1)
        self.timestamps.forget_before(last.number)
        self.make_head()
        return removed

    def erase_user(self, user_id: str | int) -> bool:
        """
        Delete a user's key, so that their entries can no longer be attributed to them.

        Returns:
            Whether there was one.

        Raises:
            StoreUnavailableError: The store can't be written.
        """
        deleted = self.pseudonyms.forget(user_id)
        if deleted:
            # Without the pseudonym, which would attribute the user's other entries.
            self.record("user-erased")
        return deleted

    # Keys

    def adopt_key(self, signer: Signer) -> None:
        """Record a new key, and sign the checkpoints that are not signed yet."""
        self.record("key-made", new_key=signer.public_hex)
        self.archive.put(KEYS, "made", signer.public_hex.encode())
        for point in self.checkpoints():
            if "signature" not in point:
                self.archive.put(
                    CHECKPOINTS, f"{point['number']:016}", canonical(signer.sign(point))
                )

    # Helpers

    def _prepare_signing(self) -> None:
        """Check the noted head, and create the key if that is due."""
        problem = self.find_rewrite()
        if problem is not None and self.key.noted is not None:
            raise StoreCorruptError(
                f"{problem} No head is signed. Run 'flask cookies trail verify'; if the cause is "
                f"known and harmless, delete '{self.key.noted.path}'."
            )
        if not self.key.is_due():
            return
        is_made = self.archive.get(KEYS, "made") is not None
        # In this order: another process notes the key after it has created it.
        if not self.key.is_due():
            return
        if is_made:
            self.key.give_up(
                "their key is not at '{path}'. Run this as the user who runs the application, or "
                "set STRICT_COOKIES_TRAIL_KEY; if the key is lost, run 'flask cookies trail key'."
            )
            return
        created = self.key.create()
        if created is not None:
            self.adopt_key(created)

    def _is_pruned(self, number: int) -> bool:
        """Return whether a checkpoint of this site's key says that an entry was pruned."""
        signer = self.signer()
        return signer is not None and any(
            point["number"] >= number and is_checkpoint(point, signer.public_pem)
            for point in self.checkpoints()
        )

    def now(self) -> datetime:
        """Return the current time, aware."""
        return datetime.fromtimestamp(self._clock(), UTC)

    def today(self) -> str:
        """Return the current day, UTC."""
        return self.now().date().isoformat()

    def _facts(self, details: Mapping[str, object]) -> dict[str, str | int]:
        facts = {name: to_plain(value) for name, value in details.items() if value is not None}
        user = details.get("user")
        if user is not None:
            user_id = user if isinstance(user, str | int) else str(user)
            facts["user"] = self.pseudonyms.pseudonym(user_id, self.now().date())
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
            "time": format_time(self.now()),
        }
        signer = self.signer()
        return content if signer is None else signer.sign(content)


def _point_of(entry: Entry | None) -> Point:
    """Read only what the next entry needs; the verification checks the rest."""
    if entry is None:
        return START
    try:
        digest = json.loads(entry.data)["hash"]
    except (ValueError, TypeError, KeyError):
        # The entry was changed. The chain continues, and the verification reports it.
        digest = START.hash
    return Point(entry.number, str(digest))
