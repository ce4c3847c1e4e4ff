"""
Secure: sessions on the server, which can be listed and ended, and are never silently lost.

It may import ``archive`` and everything below it. Modules that need Flask say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .control import SessionControl as SessionControl
    from .control import SessionInfo as SessionInfo
    from .loaded_session import LoadedSession as LoadedSession
    from .manager import SessionManager as SessionManager
    from .options import SessionOptions as SessionOptions
    from .preferences import Preferences as Preferences
    from .retention import Kept as Kept
    from .retention import describe_kept as describe_kept
    from .stores.base import SessionStore as SessionStore
    from .stores.base import StoredSession as StoredSession
    from .stores.base import Update as Update
    from .stores.memory import MemoryStore as MemoryStore
    from .stores.open import open_store as open_store
    from .stores.redis import RedisStore as RedisStore
    from .stores.sqlite import SQLiteStore as SQLiteStore

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "control": ("SessionControl", "SessionInfo"),
        "loaded_session": ("LoadedSession",),
        "manager": ("SessionManager",),
        "options": ("SessionOptions",),
        "preferences": ("Preferences",),
        "retention": ("Kept", "describe_kept"),
        "stores.base": ("SessionStore", "StoredSession", "Update"),
        "stores.memory": ("MemoryStore",),
        "stores.open": ("open_store",),
        "stores.redis": ("RedisStore",),
        "stores.sqlite": ("SQLiteStore",),
    },
)
