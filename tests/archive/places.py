"""Where the archive of a test is, so that another process can open it."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import NamedTuple

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.archive.redis import RedisArchive
from strict_cookies.archive.sqlite import SQLiteArchive
from strict_cookies.sessions.stores.redis import RedisStore


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


@contextmanager
def opened(place: Place):
    """Open an archive for as long as a block lasts; in memory, that is one of its own."""
    if place.kind == "redis":
        with closing(RedisStore(place.address, prefix=place.prefix)) as store:
            yield RedisArchive(store)
        return
    made = MemoryArchive() if place.kind == "memory" else SQLiteArchive(place.address)
    with closing(made) as archive:
        yield archive
