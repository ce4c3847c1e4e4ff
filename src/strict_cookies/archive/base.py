"""
The contract of an archive; memory, SQLite and Redis keep it, and one suite of tests holds all of
them to it.

An archive keeps three kinds of things, each under names of the caller's: logs, whose entries are
numbered and never change; shelves, of small values that may; tallies, which only grow. It knows
nothing of what they mean, and no clock. The audit trail and the published versions of a declaration
are logs; so is whatever else must be seen in one order by all processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """
    One entry of a log.

    Attributes:
        number: 1 for the first that was ever appended; each later one is one more, whatever has
            been cut since.
        data: Opaque octets.
    """

    number: int
    data: bytes


class Archive(Protocol):
    """
    Where logs, shelves and tallies are kept; safe for many threads and processes.

    Every method raises :class:`~strict_cookies.errors.StoreUnavailableError` where the archive
    can't be had. What was acknowledged is kept: appended entries survive a crash of the machine.
    """

    def append(self, log: str, make: Callable[[Entry | None], bytes]) -> Entry:
        """
        Append one entry that depends on the last.

        Args:
            log: Its name: letters, digits, ``-``.
            make: Gets the last entry, None in an empty log, and gives the data of the next. Called
                again where another process was first, so it must have no effect of its own.
        """
        ...

    def last(self, log: str) -> Entry | None:
        """Give the last entry."""
        ...

    def read(self, log: str, *, after: int = 0, limit: int = 500) -> list[Entry]:
        """Give entries in order, from the one behind number ``after``; at most ``limit``."""
        ...

    def cut(self, log: str, before: int) -> int:
        """
        Remove the entries below number ``before``; the last always stays.

        Returns:
            How many went.
        """
        ...

    def put(self, shelf: str, key: str, value: bytes) -> None:
        """Keep a value in place of any that was there."""
        ...

    def put_new(self, shelf: str, key: str, value: bytes) -> bytes:
        """Keep a value where there is none, and give what is there now."""
        ...

    def get(self, shelf: str, key: str) -> bytes | None:
        """Give a value."""
        ...

    def delete(self, shelf: str, key: str) -> bool:
        """Remove a value for good, and tell whether there was one."""
        ...

    def items(self, shelf: str) -> dict[str, bytes]:
        """Give all values of a shelf by key."""
        ...

    def add(self, tally: str, amounts: Mapping[str, int]) -> None:
        """Add to counters; one that is not there begins at nought."""
        ...

    def amounts(self, tally: str) -> dict[str, int]:
        """Give all counters of a tally by key."""
        ...

    def clear_tally(self, tally: str, keys: frozenset[str]) -> None:
        """Remove counters."""
        ...

    def close(self) -> None:
        """Let go of files and connections; they are opened again when used."""
        ...
