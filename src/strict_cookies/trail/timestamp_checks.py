"""Compare timestamps with the chain that they should confirm."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.x509 import Certificate

    from .chain import Point, TrailEntry
    from .timestamps import Timestamp, Timestamps


class StampedHeads(NamedTuple):
    """
    The timestamps that a verification compares with the chain.

    Attributes:
        stamps: Those in the store and those that were saved elsewhere, oldest first.
        problems: What is wrong with others, one sentence each.
        is_verified: Whether the signatures were verified.
    """

    stamps: tuple[Timestamp, ...] = ()
    problems: tuple[str, ...] = ()
    is_verified: bool = False


def gather_timestamps(
    stored: Mapping[int, Timestamp | None],
    saved: Sequence[Timestamp] = (),
    authorities: Sequence[Certificate] | None = None,
) -> StampedHeads:
    """
    Collect timestamps, and verify them if there are certificates.

    Args:
        stored: Those in the store, by number.
        saved: Those that were saved elsewhere.
        authorities: Certificates that the auditor trusts; None if signatures are not verified.
    """
    problems = [
        f"The timestamp of entry {number} can't be read: it was changed."
        for number, stamp in stored.items()
        if stamp is None
    ]
    known = dict.fromkeys([*(stamp for stamp in stored.values() if stamp is not None), *saved])
    stamps = []
    for stamp in sorted(known):
        if authorities is None:
            stamps.append(stamp)
            continue
        from .timestamp_authority import verify_timestamp

        try:
            stamps.append(verify_timestamp(stamp, authorities))
        except ValueError as error:
            problems.append(f"The timestamp of entry {stamp.number} is not valid: {error}.")
    return StampedHeads(tuple(stamps), tuple(problems), authorities is not None)


def compare_timestamps(
    heads: StampedHeads, found: Mapping[int, str], ends: tuple[Point, Point], limit: datetime
) -> Iterator[str]:
    """
    Return how a chain contradicts the timestamps.

    Args:
        heads: The timestamps.
        found: The hashes that were read, by number.
        ends: The point that the first entry follows, and the last.
        limit: Entries that were recorded before are removed.
    """
    first, last = ends
    for stamp in heads.stamps:
        where = f"Entry {stamp.number}, stamped at {stamp.time:%Y-%m-%d %H:%M:%S} UTC,"
        if stamp.number > last.number:
            yield f"{where} is missing: the trail ends with entry {last.number}."
        elif stamp.number < first.number:
            # Entries are removed in order, and those after a stamped head are younger than it.
            if stamp.time > limit:
                yield f"{where} was removed before the retention ended."
        elif found.get(stamp.number) != stamp.hash:
            yield f"{where} has another hash: it or an earlier entry was rewritten."


def find_missing(
    entries: Iterable[TrailEntry], heads: StampedHeads, first: Point, stored: Timestamps
) -> Iterator[str]:
    """Return which timestamps the trail has recorded, but the store does not have."""
    known = {stamp.number for stamp in heads.stamps}
    for entry in entries:
        number = entry.details.get("number")
        # It may have been added since the verification began.
        is_there = number in known or (isinstance(number, int) and stored.get(number) is not None)
        if isinstance(number, int) and number >= first.number and not is_there:
            yield (
                f"The timestamp of entry {number}, which entry {entry.number} records, is missing: "
                "it was removed."
            )
