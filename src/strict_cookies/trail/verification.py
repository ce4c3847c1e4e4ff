"""
Verify a trail: is its chain whole, does it fit a head that somebody noted, who signed it.

Nothing here is needed to do the same without this package: see ``docs/verify.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .chain import START, Point, TrailEntry, find_breaks
from .signing import is_rotation, is_signed

if TYPE_CHECKING:
    from .audit_trail import AuditTrail


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
    checkpoints = trail.checkpoints()
    points = {point["number"]: point["hash"] for point in checkpoints}
    first_row = next(trail.rows(), None)
    problems: list[str] = []
    start = START
    if first_row is not None and first_row.number > 1:
        before = first_row.number - 1
        if before in points:
            start = Point(before, points[before])
        else:
            start = Point(before, "")
            problems.append(
                f"The trail begins with entry {first_row.number}, and there is no checkpoint for "
                f"what was before: its beginning was cut off."
            )
    wanted = dict(points) if since is None else {**points, since.number: since.hash}
    found = {start.number: start.hash}
    entries: list[TrailEntry] = []
    last, checked = start, 0
    rows = ((row.number, row.data) for row in trail.rows())
    for entry, problem in find_breaks(rows, start if start.hash else _follow(first_row, start)):
        checked += 1
        if problem is not None:
            problems.append(problem)
        if entry is None:
            continue
        last = Point(entry.number, entry.hash)
        if entry.number in wanted:
            found[entry.number] = entry.hash
        if entry.event in ("key-rotated", "key-made"):
            entries.append(entry)
    problems += _check_points(points, found, start)
    problems += _check_signatures(trail, checkpoints, entries, public_pem)
    unknown = None
    if since is not None:
        said, unknown = _compare(since, found, points, start, last)
        problems += said
    return Verification(tuple(problems), checked, start, last, unknown, trail.is_signed)


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


def _key_of(point: dict[str, Any]) -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(str(point["public_key"]).encode())
    except (ValueError, KeyError):
        return ""
    return key.public_bytes_raw().hex() if isinstance(key, Ed25519PublicKey) else ""
