"""Create the archive that belongs to a session store."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from .._storage.sqlite_file import StoreFile
from .base import Archive
from .memory import MemoryArchive
from .sqlite import SQLiteArchive

if TYPE_CHECKING:
    from .._storage.redis_server import RedisServer

#: The default file of the sessions. If a site stores its sessions elsewhere, its archive is still
#: in this file, so that it continues when the site moves its sessions.
DEFAULT_FILE = "sessions.sqlite"


def open_archive(
    store: object, instance_path: str | os.PathLike[str], *, testing: bool = False
) -> Archive:
    """
    Create the archive next to a session store; it is not opened before its first use.

    If the sessions are neither in SQLite nor in Redis, it is a SQLite file, or in memory while
    testing.
    """
    if is_on_redis(store):
        from .redis import RedisArchive

        return RedisArchive(store)
    file = getattr(store, "file", None)
    if isinstance(file, StoreFile):
        return SQLiteArchive(file.path)
    if testing:
        return MemoryArchive()
    return SQLiteArchive(Path(instance_path, DEFAULT_FILE))


def is_on_redis(store: object) -> TypeGuard[RedisServer]:
    """Return whether a session store is on Redis."""
    # redis-py is an optional dependency, imported by the code that created such a store.
    redis_server = sys.modules.get("strict_cookies._storage.redis_server")
    return redis_server is not None and isinstance(store, redis_server.RedisServer)


def is_there(archive: Archive) -> bool:
    """
    Return whether an archive may contain data, without creating its file.

    A user who only reads may not be the one who must own the file.
    """
    path = getattr(archive, "path", None)
    return path is None or path.exists()
