"""Make the archive that belongs to a session store: the same file, the same server, or memory."""

from __future__ import annotations

import os
from pathlib import Path

from .base import Archive

#: Where sessions are if nothing else is said. The archive of a site that keeps them elsewhere is
#: there too, so that it goes on where the site moves its sessions.
DEFAULT_FILE = "sessions.sqlite"


def open_archive(
    store: object, instance_path: str | os.PathLike[str], *, testing: bool = False
) -> Archive:
    """
    Make the archive that belongs to a session store; nothing is opened before it is used.

    Args:
        store: Where the sessions are; None for Flask's own. Beside one that is neither in SQLite
            nor in Redis the archive is a SQLite file.
        instance_path: The application's instance folder.
        testing: Whether that file is in memory, so that a test leaves nothing behind.
    """
    # Imported here, so that nobody pays for a kind that is not used.
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
    Tell whether an archive can hold anything yet, without making its file.

    Whoever only looks need not be the user whose file that will be.
    """
    path = getattr(archive, "path", None)
    return path is None or path.exists()
