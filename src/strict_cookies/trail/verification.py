"""
Verify a trail: whether its chain is intact, whether it contains a saved head, and who signed it.

The same is possible without this package: see ``docs/verify.md``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from .chain import START, Point, SavedHead, TrailEntry, find_breaks, read_entry
from .signing import is_checkpoint, is_rotation, is_signed
from .timestamp_checks import (
    StampedHeads,
    compare_timestamps,
    find_missing,
    gather_timestamps,
)

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from cryptography.x509 import Certificate

    from ..archive.base import Entry
    from .signing import Signer
    from .timestamps import Timestamp, Timestamps

#: Entries that are read between two looks at the clock.
BATCH = 100
_KEY_EVENTS = ("key-made", "key-rotated")


class VerifiableTrail(Protocol):
    """The part of :class:`~strict_cookies.trail.AuditTrail` that the verification reads."""

    @property
    def is_signed(self) -> bool: ...
    def rows(self, *, after: int = 0) -> Iterator[Entry]: ...
    def checkpoints(self) -> list[dict[str, Any]]: ...
    @property
    def retention(self) -> timedelta: ...
    def signer(self) -> Signer | None: ...
    def find_rewrite(self) -> str | None: ...
    @property
    def timestamps(self) -> Timestamps: ...
    def now(self) -> datetime: ...


class Verification(NamedTuple):
    """
    The result of a verification.

    Attributes:
        problems: What is wrong and where, one sentence each; empty if the trail is intact.
        checked: How many entries were read.
        first: The point that the first of them follows.
        last: The end of the trail.
        unknown: Why the trail can't be compared with the saved head; None if it was compared, or no
            head was given.
        signed: Whether heads are signed, so that others can save them with proof.
        stamped: The timestamps of heads, and whether their signatures were verified.
    """

    problems: tuple[str, ...]
    checked: int
    first: Point
    last: Point
    unknown: str | None
    signed: bool
    stamped: StampedHeads = StampedHeads()

    @property
    def is_intact(self) -> bool:
        """Whether there are no problems."""
        return not self.problems


def verify_trail(
    trail: VerifiableTrail,
    *,
    since: Point | SavedHead | None = None,
    public_pem: str | None = None,
    timestamps: Sequence[Timestamp] = (),
    authorities: Sequence[Certificate] | None = None,
) -> Verification:
    """
    Verify the complete trail.

    Args:
        trail: The trail of an application.
        since: A head that was saved before; the trail must still contain it, unless it is older
            than the retention.
        public_pem: The public key that must have signed the checkpoints; by default that of the
            current private key, or a previous key that a rotation replaced.
        timestamps: Timestamps that were saved before, in addition to those in the store.
        authorities: The certificates of the authorities that must have signed the timestamps; by
            default their signatures are not verified.

    Raises:
        ConfigurationError: The key can't be used.
        StoreUnavailableError: The store can't be read.
    """
    heads = gather_timestamps(trail.timestamps.read(), timestamps, authorities)
    verifier = ChainVerifier(trail, since=since, heads=heads)
    verifier.run()
    return verifier.conclude(public_pem)


class ChainVerifier:
    """A verification of the chain that can be interrupted and resumed."""

    def __init__(
        self,
        trail: VerifiableTrail,
        *,
        since: Point | SavedHead | None = None,
        heads: StampedHeads | None = None,
    ) -> None:
        self.trail = trail
        #: When the verification began.
        self.started_at = trail.now()
        #: How many entries were read, in total and by the last :meth:`run`.
        self.checked = self.checked_last = 0
        #: Seconds that this took.
        self.seconds = 0.0
        #: Whether the end was reached.
        self.is_done = False
        self.problems: list[str] = []
        self._checkpoints = trail.checkpoints()
        self._points = {point["number"]: point["hash"] for point in self._checkpoints}
        self._keys: list[TrailEntry] = []
        self._heads = gather_timestamps(trail.timestamps.read()) if heads is None else heads
        self._stampings: list[TrailEntry] = []
        self._since = None if since is None else SavedHead(*since)
        first_row = next(trail.rows(), None)
        self._start = START
        if first_row is not None and first_row.number > 1:
            before = first_row.number - 1
            self._start = Point(before, self._points.get(before, ""))
            if not self._start.hash:
                self.problems.append(
                    f"The trail begins with entry {first_row.number}, and there is no checkpoint "
                    "for the entries before it: the beginning was removed."
                )
        self._last = self._start
        self._next = self._start if self._start.hash else _follow(first_row, self._start)
        self._wanted = set(self._points) | (set() if since is None else {since.number})
        self._wanted |= {stamp.number for stamp in self._heads.stamps}
        self._found = {self._start.number: self._start.hash}

    def can_resume(self) -> bool:
        """Return whether there are no problems so far, and the last entry is still there."""
        if self.problems or self._checkpoints != self.trail.checkpoints():
            return False
        if self._heads != gather_timestamps(self.trail.timestamps.read()):
            return False
        if not self.checked:
            return True
        row = next(self.trail.rows(after=self._last.number - 1), None)
        try:
            return row is not None and read_entry(row.data)[::5] == self._last
        except ValueError:
            return False

    def run(self, seconds: float | None = None) -> None:
        """Read up to the end of the trail, or until the time limit in seconds."""
        start = time.monotonic()
        rows = ((row.number, row.data) for row in self.trail.rows(after=self._last.number))
        before, self.is_done = self.checked, False
        for entry, problem in find_breaks(rows, self._next):
            self.checked += 1
            if problem is not None:
                self.problems.append(problem)
            if entry is not None:
                self._last = self._next = Point(entry.number, entry.hash)
                if entry.number in self._wanted:
                    self._found[entry.number] = entry.hash
                if entry.event in _KEY_EVENTS:
                    self._keys.append(entry)
                if entry.event == "timestamped":
                    self._stampings.append(entry)
            is_due = seconds is not None and not self.checked % BATCH
            if is_due and time.monotonic() - start >= (seconds or 0.0):
                break
        else:
            self.is_done = True
        self.checked_last = self.checked - before
        self.seconds += time.monotonic() - start

    def conclude(self, public_pem: str | None = None) -> Verification:
        """Return the result so far; see :func:`verify_trail`."""
        problems = [*self.problems, *_check_points(self._points, self._found, self._start)]
        is_saved_signed = self._since is not None and self._since.is_signed
        must_sign = self.trail.is_signed or bool(public_pem or self._keys) or is_saved_signed
        problems += _check_signatures(self.trail, self._checkpoints, self._keys, public_pem)
        problems += _check_checkpoints(self._checkpoints, public_pem, must_sign=must_sign)
        rewrite = self.trail.find_rewrite()
        if rewrite is not None:
            problems.append(rewrite)
        limit = self.trail.now() - self.trail.retention
        problems += self._heads.problems
        problems += find_missing(self._stampings, self._heads, self._start, self.trail.timestamps)
        if self.is_done:
            ends = self._start, self._last
            problems += compare_timestamps(self._heads, self._found, ends, limit)
            problems += _check_keys(self.trail, self._checkpoints, self._keys)
        unknown = None
        if self._since is not None:
            said, unknown = _compare(
                self._since, self._found, self._points, self._start, self._last
            )
            if unknown is not None and self._since.time is not None and self._since.time > limit:
                said, unknown = [_too_early(self._since, self.trail.retention)], None
            problems += said
        return Verification(
            tuple(problems),
            self.checked,
            self._start,
            self._last,
            unknown,
            self.trail.is_signed,
            self._heads,
        )


def _follow(row: Any, start: Point) -> Point:
    """Return the start that the first entry claims, so that its absence is reported only once."""
    try:
        return Point(start.number, str(json.loads(row.data)["previous"]))
    except (ValueError, TypeError, KeyError):
        return start


def _compare(
    since: SavedHead, found: dict[int, str], points: dict[int, str], start: Point, last: Point
) -> tuple[list[str], str | None]:
    """Compare with a saved head; return problems, and why the comparison is impossible."""
    if since.number > last.number:
        return [
            f"The saved head is entry {since.number}, but the trail ends with entry "
            f"{last.number}: its end was removed."
        ], None
    if since.number == 0:
        return [], None
    there = found.get(since.number, points.get(since.number))
    if there is None:
        if since.number < start.number:
            return [], (
                f"The saved head is entry {since.number}, but the trail was pruned up to entry "
                f"{start.number}. Compare with a newer head."
            )
        return [f"Entry {since.number}, the saved head, can't be read."], None
    if there != since.hash:
        return [
            f"Entry {since.number} does not match the saved head: it or an earlier entry was "
            "rewritten."
        ], None
    return [], None


def _check_points(points: dict[int, str], found: dict[int, str], start: Point) -> Iterator[str]:
    for number, digest in points.items():
        if number >= start.number and found.get(number) not in (None, digest):
            yield f"The hash in the checkpoint for entry {number} is not that of the entry."


def _check_signatures(
    trail: VerifiableTrail,
    checkpoints: list[dict[str, Any]],
    entries: list[TrailEntry],
    public_pem: str | None,
) -> Iterator[str]:
    for entry in entries:
        if entry.event == "key-rotated" and not is_rotation(entry.details):
            yield f"Entry {entry.number}: the key rotation is not signed by both keys."
    signer = trail.signer()
    if public_pem is None and signer is not None and checkpoints:
        known = {signer.public_hex} | {str(entry.details.get("old_key")) for entry in entries}
        for point in checkpoints:
            if "signature" in point and _key_of(point) not in known:
                yield (
                    f"The checkpoint for entry {point['number']} is signed by a key that does not "
                    "belong to this site."
                )


def _check_checkpoints(
    checkpoints: list[dict[str, Any]], public_pem: str | None, *, must_sign: bool
) -> Iterator[str]:
    for point in checkpoints:
        if "signature" not in point and must_sign:
            yield (
                f"The checkpoint for entry {point['number']} is not signed, although this site "
                "signs: the entries before it were not removed by its own retention."
            )
        elif must_sign and not is_checkpoint(point, public_pem):
            yield f"The checkpoint for entry {point['number']} has an invalid signature."


def _too_early(since: SavedHead, retention: timedelta) -> str:
    return (
        f"The saved head is entry {since.number}, made at {since.time:%Y-%m-%d}, and the trail "
        f"begins after it: entries were removed before the retention of {retention.days} days."
    )


def _check_keys(
    trail: VerifiableTrail, checkpoints: list[dict[str, Any]], entries: list[TrailEntry]
) -> Iterator[str]:
    """Follow the rotations: each key but the first must be signed by the previous one."""
    key = None
    for entry in entries:
        if key is not None and entry.event == "key-made":
            yield (
                f"Entry {entry.number}: a new key was created without a rotation from the previous "
                "one, so its origin can't be verified. Compare it with the public key that you "
                "saved elsewhere."
            )
        if entry.event == "key-rotated" and not is_rotation(entry.details):
            continue
        if entry.event == "key-rotated" and key not in (None, entry.details["old_key"]):
            yield (
                f"Entry {entry.number}: the key was rotated from one that was not the site's key "
                "at that time."
            )
        key = entry.details.get("new_key")
    signer = trail.signer()
    if signer is None:
        return
    if key is None:
        # The entry with the key may have been pruned; then there is a signed checkpoint.
        signed = [point for point in checkpoints if "signature" in point]
        if signed and not is_signed(signed[-1]):
            # That is already reported.
            return
        key = _key_of(signed[-1]) if signed else None
    if key is None:
        yield (
            f"Heads are signed by the key {signer.public_hex[:16]}..., but no entry records it. "
            "Run 'flask cookies trail key', which records it."
        )
    elif key != signer.public_hex:
        yield (
            f"Heads are signed by the key {signer.public_hex[:16]}..., but the last recorded key "
            f"is {str(key)[:16]}...: the key was replaced without 'flask cookies trail key "
            "--rotate'. Restore the previous key, then rotate."
        )


def _key_of(point: dict[str, Any]) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(str(point["public_key"]).encode())
    except (ValueError, KeyError):
        return ""
    return key.public_bytes_raw().hex() if isinstance(key, Ed25519PublicKey) else ""
