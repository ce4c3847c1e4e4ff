"""Where the archive of a test is, so that another process can open it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import NamedTuple

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.archive.redis import RedisArchive
from strict_cookies.archive.sqlite import SQLiteArchive
from strict_cookies.archive.store import Archive


class Place(NamedTuple):
    """
    An archive's kind and address.

    Attributes:
        kind: ``memory``, ``sqlite`` or ``redis``.
        address: A path or a URL.
        prefix: Of Redis.
    """

    kind: str
    address: str
    prefix: str = "test"

    def open(self) -> Archive:
        """Make an archive object of its own; in memory, that is an archive of its own."""
        if self.kind == "memory":
            return MemoryArchive()
        if self.kind == "sqlite":
            return SQLiteArchive(self.address)
        return RedisArchive(self.address, prefix=self.prefix)


@contextmanager
def opened(place: Place):
    """Open an archive for as long as a block lasts."""
    archive = place.open()
    try:
        yield archive
    finally:
        archive.close()
