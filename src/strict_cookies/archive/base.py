"""
The contract of an archive. Memory, SQLite and Redis implement it; one test suite covers all three.

An archive stores three kinds of data under names that the caller chooses: logs, whose entries are
numbered and never change; shelves of small values, which may change; tallies of counters, which
only grow. It knows neither their meaning nor the time. The audit trail and the published versions
of a declaration are logs, as is all data that every process must see in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """
    One entry of a log.

    Numbers start at 1 and increase by one, even if earlier entries were removed.
    """

    number: int
    data: bytes


class Archive(Protocol):
    """
    A store of logs, shelves and tallies; safe for many threads and processes.

    Every method raises :class:`~strict_cookies.errors.StoreUnavailableError` if the archive is
    unavailable. Acknowledged writes are durable: appended entries survive a crash of the machine.
    """

    def append(self, log: str, make: Callable[[Entry | None], bytes]) -> Entry:
        """
        Append one entry that depends on the last, which is None in an empty log.

        ``make`` returns its data; it is called again if another process was first, so it must have
        no side effects. The name of a log has letters, digits and ``-``.
        """

    def last(self, log: str) -> Entry | None:
        """Return the last entry."""

    def read(self, log: str, *, after: int = 0, limit: int = 500) -> list[Entry]:
        """Return at most ``limit`` entries in order, beginning after number ``after``."""

    def cut(self, log: str, before: int) -> int:
        """Remove the entries below a number, except the last of all; return how many."""

    def put(self, shelf: str, key: str, value: bytes) -> None:
        """Set a value."""

    def put_new(self, shelf: str, key: str, value: bytes) -> bytes:
        """Set a value if there is none, and return the current one."""

    def get(self, shelf: str, key: str) -> bytes | None:
        """Return a value."""

    def delete(self, shelf: str, key: str) -> bool:
        """Delete a value permanently; return whether there was one."""

    def items(self, shelf: str) -> dict[str, bytes]:
        """Return all values of a shelf by key."""

    def add(self, tally: str, amounts: Mapping[str, int]) -> None:
        """Add to counters; a new one starts at zero."""

    def amounts(self, tally: str) -> dict[str, int]:
        """Return all counters of a tally by key."""

    def clear_tally(self, tally: str, keys: frozenset[str]) -> None:
        """Remove counters."""

    def close(self) -> None:
        """Close files and connections; they are opened again when used."""
