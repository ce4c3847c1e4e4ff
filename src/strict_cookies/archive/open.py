"""Create the archive that belongs to a session store: in the same file, on the same server, or in memory."""

from __future__ import annotations

import os
from pathlib import Path

from .base import Archive

#: The default file of the sessions. If a site stores its sessions elsewhere, its archive is still in
#: this file, so that it continues when the site moves its sessions.
DEFAULT_FILE = "sessions.sqlite"


def open_archive(
    store: object, instance_path: str | os.PathLike[str], *, testing: bool = False
) -> Archive:
    """
    Create the archive that belongs to a session store; it is not opened before its first use.

    Args:
        store: The session store; None for Flask's own sessions. If it is neither in SQLite nor in
            Redis, the archive is a SQLite file.
        instance_path: The application's instance directory.
        testing: Whether to use memory instead of that file.
    """
    # Imported here, so that unused kinds cost nothing.
    modules = {kind.__module__ for kind in type(store).__mro__}
    if "strict_cookies.sessions.stores.redis" in modules:
        from ..sessions.stores.redis import RedisStore
        from .redis import RedisArchive

        assert isinstance(store, RedisStore)
        return RedisArchive(store)
    if testing and "strict_cookies.sessions.stores.sqlite" not in modules:
        from .memory import MemoryArchive

        return MemoryArchive()
    from ..sessions.stores.sqlite import SQLiteStore
    from .sqlite import SQLiteArchive

    path = store.path if isinstance(store, SQLiteStore) else Path(instance_path, DEFAULT_FILE)
    return SQLiteArchive(path)


def is_there(archive: Archive) -> bool:
    """
    Return whether an archive can contain data, without creating its file.

    A user who only reads may not be the one who must own the file.
    """
    path = getattr(archive, "path", None)
    return path is None or path.exists()
