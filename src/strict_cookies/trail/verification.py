"""
Verify a trail: is its chain whole, does it fit a head that somebody noted, who signed it.

Nothing here is needed to do the same without this package: see ``docs/verify.md``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .chain import START, Point, TrailEntry, find_breaks, read_entry
from .signing import is_rotation, is_signed

if TYPE_CHECKING:
    from .audit_trail import AuditTrail

#: Entries that are read before somebody looks at the clock.
BATCH = 100
_KEY_EVENTS = ("key-made", "key-rotated")


class Verification(NamedTuple):
    """
    What was found.

    Attributes:
        problems: What is wrong and where, a sentence each; none where the trail is whole.
        checked: How many entries were read.
        first: The point that the first of them follows.
        last: Where the trail ends.
        unknown: Why it can't be told whether the trail fits the head that was noted; None where
            that can be told, or was not asked.
        signed: Whether heads are signed, so that somebody else can note them with proof.
    """

    problems: tuple[str, ...]
    checked: int
    first: Point
    last: Point
    unknown: str | None
    signed: bool

    @property
    def is_whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify_trail(
    trail: AuditTrail, *, since: Point | None = None, public_pem: str | None = None
) -> Verification:
    """
    Verify the whole trail.

    Args:
        trail: Of an application.
        since: A head that was noted before: the trail must still hold it.
        public_pem: The public key that must have signed the checkpoints; by default that of the
            present private key, or one that a rotation handed over from.

    Raises:
        ConfigurationError: The key can't be used.
        StoreUnavailableError: The store can't be read.
    """
    walk = Walk(trail, since=since)
    walk.go()
    return walk.conclude(public_pem)


class Walk:
    """
    A way along the chain, which can be broken off and gone on with.

    Args:
        trail: Of an application.
        since: As for :func:`verify_trail`.

    Raises:
        StoreUnavailableError: The store can't be read, now or on the way.
    """

    def __init__(self, trail: AuditTrail, *, since: Point | None = None) -> None:
        self.trail = trail
        #: When it began.
        self.began = trail.now()
        #: How many entries were read, in all and by the last :meth:`go`.
        self.checked = self.checked_last = 0
        #: Seconds that this took.
        self.spent = 0.0
        #: Whether the end was reached.
        self.is_done = False
        self.problems: list[str] = []
        self._checkpoints = trail.checkpoints()
        self._points = {point["number"]: point["hash"] for point in self._checkpoints}
        self._keys: list[TrailEntry] = []
        self._since = since
        first_row = next(trail.rows(), None)
        self._start = START
        if first_row is not None and first_row.number > 1:
            before = first_row.number - 1
            self._start = Point(before, self._points.get(before, ""))
            if not self._start.hash:
                self.problems.append(
                    f"The trail begins with entry {first_row.number}, and there is no checkpoint "
                    "for what was before: its beginning was cut off."
                )
        self._last = self._start
        self._next = self._start if self._start.hash else _follow(first_row, self._start)
        self._wanted = set(self._points) | (set() if since is None else {since.number})
        self._found = {self._start.number: self._start.hash}

    def can_go_on(self) -> bool:
        """Tell whether nothing was wrong so far, and what it rests on is still there."""
        if self.problems or self._checkpoints != self.trail.checkpoints():
            return False
        if not self.checked:
            return True
        row = next(self.trail.rows(after=self._last.number - 1), None)
        try:
            return row is not None and read_entry(row.data)[::5] == self._last
        except ValueError:
            return False

    def go(self, seconds: float | None = None) -> None:
        """
        Go on to the end.

        Args:
            seconds: After which to break off; None for never.
        """
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
            is_due = seconds is not None and not self.checked % BATCH
            if is_due and time.monotonic() - start >= (seconds or 0.0):
                break
        else:
            self.is_done = True
        self.checked_last = self.checked - before
        self.spent += time.monotonic() - start

    def conclude(self, public_pem: str | None = None) -> Verification:
        """
        Say what was found so far.

        Args:
            public_pem: As for :func:`verify_trail`.

        Raises:
            ConfigurationError: The key can't be used.
        """
        problems = [*self.problems, *_check_points(self._points, self._found, self._start)]
        problems += _check_signatures(self.trail, self._checkpoints, self._keys, public_pem)
        if self.is_done:
            problems += _check_keys(self.trail, self._checkpoints, self._keys)
        unknown = None
        if self._since is not None:
            said, unknown = _compare(
                self._since, self._found, self._points, self._start, self._last
            )
            problems += said
        return Verification(
            tuple(problems), self.checked, self._start, self._last, unknown, self.trail.is_signed
        )


def _follow(row: Any, start: Point) -> Point:
    """Take what the first entry says of the one before for true, so that it is told once."""
    import json

    try:
        return Point(start.number, str(json.loads(row.data)["previous"]))
    except (ValueError, TypeError, KeyError):
        return start


def _compare(
    since: Point, found: dict[int, str], points: dict[int, str], start: Point, last: Point
) -> tuple[list[str], str | None]:
    """Compare with a head that was noted."""
    if since.number > last.number:
        return [
            f"The head that was noted is entry {since.number}, and the trail ends with entry "
            f"{last.number}: its tail was cut off."
        ], None
    if since.number == 0:
        return [], None
    there = found.get(since.number, points.get(since.number))
    if there is None:
        if since.number < start.number:
            return [], (
                f"The head that was noted is entry {since.number}, and the trail was pruned up to "
                f"entry {start.number}. Compare with a head that is younger."
            )
        return [f"Entry {since.number}, which was noted as a head, can't be read."], None
    if there != since.hash:
        return [
            f"Entry {since.number} is not the one that was noted as a head: it, or one before it, "
            "was rewritten."
        ], None
    return [], None


def _check_points(points: dict[int, str], found: dict[int, str], start: Point) -> Iterator[str]:
    for number, digest in points.items():
        if number >= start.number and found.get(number) not in (None, digest):
            yield f"The checkpoint for entry {number} has another hash than that entry."


def _check_signatures(
    trail: AuditTrail,
    checkpoints: list[dict[str, Any]],
    entries: list[TrailEntry],
    public_pem: str | None,
) -> Iterator[str]:
    for entry in entries:
        if entry.event == "key-rotated" and not is_rotation(entry.details):
            yield f"Entry {entry.number}: the change of the key is not signed by both keys."
    signer = trail.signer()
    if public_pem is None and signer is not None and checkpoints:
        known = {signer.public_hex} | {str(entry.details.get("old_key")) for entry in entries}
        for point in checkpoints:
            if "signature" in point and _key_of(point) not in known:
                yield (
                    f"The checkpoint for entry {point['number']} was signed by a key that is not "
                    "this site's."
                )
    for point in checkpoints:
        if ("signature" in point or public_pem is not None) and not is_signed(point, public_pem):
            yield f"The checkpoint for entry {point['number']} has a wrong signature."


def _check_keys(
    trail: AuditTrail, checkpoints: list[dict[str, Any]], entries: list[TrailEntry]
) -> Iterator[str]:
    """Follow the keys from one to the next: each but the first must have been handed over to."""
    key = None
    for entry in entries:
        if key is not None and entry.event == "key-made":
            yield (
                f"Entry {entry.number}: a new key was made, and the one before did not hand over "
                "to it: nobody can tell whether its owner did that. Compare it with the public key "
                "that was noted elsewhere."
            )
        if entry.event == "key-rotated" and not is_rotation(entry.details):
            continue
        if entry.event == "key-rotated" and key not in (None, entry.details["old_key"]):
            yield (
                f"Entry {entry.number}: the key was handed over by one that was not the site's at "
                "that time."
            )
        key = entry.details.get("new_key")
    signer = trail.signer()
    if signer is None:
        return
    if key is None:
        # The entry that named it may have been removed; checkpoints are signed when that happens.
        signed = [point for point in checkpoints if "signature" in point]
        if signed and not is_signed(signed[-1]):
            # That is told already.
            return
        key = _key_of(signed[-1]) if signed else None
    if key is None:
        yield (
            f"Heads are signed by the key {signer.public_hex[:16]}..., and no entry says where it "
            "came from. Run 'flask cookies trail key', which records it."
        )
    elif key != signer.public_hex:
        yield (
            f"Heads are signed by the key {signer.public_hex[:16]}..., and the last that the trail "
            f"knows is {str(key)[:16]}...: the key was replaced without 'flask cookies trail key "
            "--rotate'. Put the former back, then rotate."
        )


def _key_of(point: dict[str, Any]) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(str(point["public_key"]).encode())
    except (ValueError, KeyError):
        return ""
    return key.public_bytes_raw().hex() if isinstance(key, Ed25519PublicKey) else ""
