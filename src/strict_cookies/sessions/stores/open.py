"""Create the session store that a setting names: a word, a path, a URL, a store or a client."""

from __future__ import annotations

import inspect
import os
import re
from pathlib import Path
from typing import cast

from ...errors import ConfigurationError
from .base import SessionStore
from .sqlite import SQLiteStore

#: The file of the default store, in the application's instance directory.
SQLITE_FILE = "sessions.sqlite"

_REDIS_SCHEMES = ("redis", "rediss", "unix")
_CHOICES = (
    "Give 'sqlite', a path such as 'sessions.sqlite', a URL such as 'redis://localhost:6379/0', a "
    "store, or a client of redis-py."
)
_METHODS = [
    name for name, _ in inspect.getmembers(SessionStore, inspect.isfunction) if name[0] != "_"
]


def open_store(named: object, instance_path: str | os.PathLike[str], app_name: str) -> SessionStore:
    """
    Create the store that a setting names; it is not opened before its first use.

    Args:
        named: None or ``"sqlite"`` for the default file; a path, relative to the instance
            directory; a URL of Redis; a client of redis-py; or a store, which is returned as it is.
        instance_path: The application's instance directory.
        app_name: Begins the keys in Redis, so that applications on one server do not meet.

    Raises:
        ConfigurationError: The setting is anything else, or redis-py is missing.
    """
    if named is None or named == "sqlite":
        named = Path(SQLITE_FILE)
    if isinstance(named, str):
        scheme = re.match(r"([A-Za-z][\w+.-]+):", named)
        if scheme is None and re.search(r"[/\\.]", named):
            named = Path(named)
        elif scheme is None or scheme[1] not in _REDIS_SCHEMES:
            # What follows a scheme may be a password.
            shown = f"{scheme[0]}..." if scheme else named
            raise ConfigurationError(f"The session store is {shown!r}. {_CHOICES}")
    if isinstance(named, os.PathLike):
        return SQLiteStore(Path(instance_path, named))
    packages = {kind.__module__.partition(".")[0] for kind in type(named).__mro__}
    if isinstance(named, str) or "redis" in packages:
        return _open_redis(named, app_name)
    missing = [name for name in _METHODS if not callable(getattr(type(named), name, None))]
    if missing:
        raise ConfigurationError(
            f"The session store is of type {type(named).__name__}, which has no "
            f"{', '.join(missing)}. {_CHOICES}"
        )
    return cast("SessionStore", named)


def _open_redis(named: object, app_name: str) -> SessionStore:
    try:
        from .redis import RedisStore
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise ConfigurationError(
            "The session store is in Redis, and redis-py is not installed. "
            "Run: pip install 'strict-cookies[redis]'"
        ) from None
    # The names of applications are not always prefixes.
    prefix = re.sub(r"[^\w.-]", "_", app_name, flags=re.ASCII)
    return RedisStore(named, prefix=f"strict_cookies:{prefix}")  # type: ignore[arg-type]
