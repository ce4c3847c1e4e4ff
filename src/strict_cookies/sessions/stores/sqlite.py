"""
The default session store: one SQLite file on a local disk, shared by all processes of one machine.

Reading is one ``SELECT``, writing one ``UPDATE``; a second connection reads while the first writes.
Ordinary writes survive a killed process (``synchronous = NORMAL``), ends also a power cut
(``FULL``).
"""

from __future__ import annotations

import os
import random
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..._storage.sqlite_file import Connection, StoreFile
from ..._util.locks import KeyedLock, lock_timeout
from ...errors import StoreUnavailableError
from .base import StoredSession, Update

#: Seconds that a call waits for other processes and threads.
TIMEOUT = 5.0

_READ = (
    "SELECT version, CAST (user AS BLOB), created_at, seen_at, ends_at, payload FROM sessions "
    "WHERE key = ? AND payload IS NOT NULL"
)
_LIST = (
    "SELECT key, version, CAST (user AS BLOB), created_at, seen_at, ends_at, payload FROM sessions "
    "WHERE user = ? AND payload IS NOT NULL ORDER BY created_at, key"
)
_CREATE = (
    "INSERT INTO sessions (key, version, user, created_at, seen_at, ends_at, payload, due_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
#: Of a row whose user stays and whose end does not come nearer: it changes no index.
_UPDATE = (
    "UPDATE sessions SET version = ?, seen_at = ?, ends_at = ?, payload = ? WHERE key = ? "
    "AND version = ? AND payload IS NOT NULL AND user IS ? AND due_at <= ?"
)
_UPDATE_INDEXED = (
    "UPDATE sessions SET version = ?, seen_at = ?, ends_at = ?, payload = ?, user = ?, "
    "due_at = min(due_at, ?) WHERE key = ? AND version = ? AND payload IS NOT NULL"
)
_TOUCH = (
    "UPDATE sessions SET seen_at = max(seen_at, ?), ends_at = max(ends_at, ?) "
    "WHERE key = ? AND payload IS NOT NULL"
)
_END = "UPDATE sessions SET user = NULL, payload = NULL WHERE payload IS NOT NULL"
_PURGE = (
    "DELETE FROM sessions WHERE rowid IN "
    "(SELECT rowid FROM sessions WHERE due_at < ? AND ends_at < ? LIMIT ?)"
)
_PUT_OFF = (
    "UPDATE sessions SET due_at = ends_at WHERE rowid IN "
    "(SELECT rowid FROM sessions WHERE due_at < ? AND ends_at >= ? LIMIT ?)"
)
#: It is free, or was held for too long; a clock that was set back must not hold it.
_LOCK = (
    "INSERT INTO locks VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "
    "holder = excluded.holder, taken_at = excluded.taken_at, until = excluded.until "
    "WHERE excluded.taken_at NOT BETWEEN locks.taken_at AND locks.until"
)
_WRITTEN = Update(True)
#: Free pages that stay in the file, and how many a purge returns beyond them, 4 KiB each.
FREE_PAGES, SHRINK_PAGES = 1024, 256


class SQLiteStore:
    """
    Rows in one SQLite file.

    Args:
        path: The file; it and its directory are created when first used, readable by this user
            only.
        timeout: Seconds that a call waits for other processes and threads.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = TIMEOUT) -> None:
        self._file = StoreFile(Path(path).resolve(), timeout)
        self._writing = Connection(self._file)
        self._reading = Connection(self._file)
        self._locks = KeyedLock()

    def __repr__(self) -> str:
        return f"SQLiteStore({str(self._file.path)!r})"

    @property
    def file(self) -> StoreFile:
        """The file, which the archive shares."""
        return self._file

    @property
    def path(self) -> Path:
        """The absolute path of the file."""
        return self._file.path

    @property
    def tag(self) -> str:
        """Names this very file; made with it."""
        if self._file.tag is None:
            with self._reading:
                pass
        return str(self._file.tag)

    def read(self, key: bytes) -> StoredSession | None:
        rows = self._select(_READ, key)
        return _session(rows[0]) if rows else None

    def create(self, key: bytes, session: StoredSession) -> None:
        with self._writing as handle:
            _insert(handle, key, session)

    def update(self, key: bytes, session: StoredSession) -> Update:
        with self._writing as handle:
            written = _update(handle, key, session)
        return _WRITTEN if written else Update(False, self.read(key))

    def transact(
        self, key: bytes, change: Callable[[StoredSession], StoredSession]
    ) -> StoredSession | None:
        with self._transaction() as handle:
            row = handle.execute(_READ, (key,)).fetchone()
            current = None if row is None else _session(row)
            if current is None:
                return None
            changed = change(current)._replace(
                version=current.version + 1, created_at=current.created_at
            )
            _update(handle, key, changed)
            return changed

    def touch(self, key: bytes, seen_at: int, ends_at: int) -> bool:
        with self._writing as handle:
            return handle.execute(_TOUCH, (seen_at, ends_at, key)).rowcount > 0

    def replace(self, old: bytes | None, new: bytes, session: StoredSession) -> bool:
        if old is None:
            self.create(new, session)
            return True
        with self._transaction(lasting=True) as handle:
            ended = handle.execute(f"{_END} AND key = ?", (old,)).rowcount > 0
            if ended:
                _insert(handle, new, session)
            return ended

    def end(self, keys: Sequence[bytes]) -> int:
        with self._transaction(lasting=True) as handle:
            return sum(handle.execute(f"{_END} AND key = ?", (key,)).rowcount for key in keys)

    def list_user(self, user: str) -> list[tuple[bytes, StoredSession]]:
        found = ((row[0], _session(row[1:])) for row in self._select(_LIST, user))
        return [(key, session) for key, session in found if session is not None]

    def end_user(self, user: str, *, but: bytes | None = None) -> int:
        with self._transaction(lasting=True) as handle:
            return handle.execute(f"{_END} AND user = ? AND key IS NOT ?", (user, but)).rowcount

    def end_all(self) -> int:
        with self._transaction(lasting=True) as handle:
            return handle.execute(_END).rowcount

    def purge(self, before: int, limit: int) -> int:
        limits = (before, before, max(limit, 0))
        with self._transaction() as handle:
            removed = handle.execute(_PURGE, limits).rowcount
            handle.execute(_PUT_OFF, limits)
            handle.execute("DELETE FROM locks WHERE until < ?", (before,))
        if removed:
            self._shrink()
        return removed

    def _shrink(self) -> None:
        """Return some of the free pages to the file system, if there are many."""
        with self._writing as handle:
            (free,) = handle.execute("PRAGMA freelist_count").fetchone()
            if free > FREE_PAGES:
                # It frees one page a step, and execute() makes one step.
                handle.executescript(f"PRAGMA incremental_vacuum({SHRINK_PAGES})")

    @contextmanager
    def lock(self, key: bytes, *, timeout: float) -> Iterator[None]:
        """Keep others out for the same key: threads by turns, processes by a row."""
        deadline = time.monotonic() + timeout
        holder = secrets.token_bytes(8)
        with self._locks.acquire(key, timeout):
            while not self._take_lock(key, holder, timeout):
                if time.monotonic() > deadline:
                    raise lock_timeout(timeout)
                time.sleep(random.uniform(0.001, 0.01))  # noqa: S311 - no secret
            try:
                yield
            finally:
                # Where it can't be given back now, it runs out.
                with suppress(StoreUnavailableError), self._writing as handle:
                    handle.execute("DELETE FROM locks WHERE key = ? AND holder = ?", (key, holder))

    def close(self) -> None:
        self._writing.close()
        self._reading.close()

    def _take_lock(self, key: bytes, holder: bytes, timeout: float) -> bool:
        with self._transaction() as handle:
            # Not before the turn to write is had: a process that had it meanwhile would seem to
            # come from a clock that was set back since.
            now = time.time()
            return handle.execute(_LOCK, (key, holder, now, now + timeout)).rowcount > 0

    def _select(self, statement: str, parameter: bytes | str) -> list[tuple[Any, ...]]:
        """Read by the writing connection, whose cache is warm, unless another thread uses it."""
        connection = self._writing
        if not connection.lock.acquire(blocking=False):
            connection = self._reading
            connection.wait()
        return connection.select(statement, (parameter,))

    @contextmanager
    def _transaction(self, *, lasting: bool = False) -> Iterator[sqlite3.Connection]:
        """Write atomically; ``lasting`` is on the disk before it returns."""
        with self._writing as handle:
            if lasting:
                handle.execute("PRAGMA synchronous = FULL")
            try:
                handle.execute("BEGIN IMMEDIATE")
                yield handle
                handle.execute("COMMIT")
            finally:
                if handle.in_transaction:
                    handle.rollback()
                if lasting:
                    handle.execute("PRAGMA synchronous = NORMAL")


def _insert(handle: sqlite3.Connection, key: bytes, session: StoredSession) -> None:
    try:
        handle.execute(_CREATE, (key, *session, session.ends_at))
    except sqlite3.IntegrityError:
        raise ValueError("the key exists") from None


def _update(handle: sqlite3.Connection, key: bytes, session: StoredSession) -> bool:
    version, user, _, seen_at, ends_at, payload = session
    values = (version, seen_at, ends_at, payload)
    below = version - 1
    return (
        handle.execute(_UPDATE, (*values, key, below, user, ends_at)).rowcount > 0
        or handle.execute(_UPDATE_INDEXED, (*values, user, ends_at, key, below)).rowcount > 0
    )


def _session(row: tuple[Any, ...]) -> StoredSession | None:
    """Return the session of a row; None if this library did not write its columns."""
    version, user, created_at, seen_at, ends_at, payload = row
    if type(payload) is not bytes or type(version) is not int:
        return None
    try:
        name = None if user is None else user.decode()
    except UnicodeDecodeError:
        return None
    return StoredSession(version, name, created_at, seen_at, ends_at, payload)
