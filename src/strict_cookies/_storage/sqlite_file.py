"""
The SQLite file of the sessions and the archive: create, check and open it, and explain its errors.

The file and its ``-wal`` and ``-shm`` have mode 0600. Every connection is closed before a fork: a
child would regard its parent's locks as its own, and a later checkpoint could corrupt the file
(https://sqlite.org/howtocorrupt.html section 2.6). If the file was deleted or replaced under a
running process, that is logged, and the process continues with the file that is at the path now.
"""

from __future__ import annotations

import errno
import logging
import os
import secrets
import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from .._util.forks import ForkAware, ForkOrder, register_forks
from ..errors import StoreCorruptError, StoreUnavailableError
from .permissions import restrict

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger("strict_cookies")

#: "SCKS", in the header of the file: a session store of this library.
APPLICATION_ID = 0x53434B53
#: The schema below; a change of it takes the next number.
SCHEMA_VERSION = 1
#: Largest ``-wal`` file that remains after a checkpoint, in bytes.
MAX_WAL_BYTES = 16 * 1024 * 1024
#: Seconds after which a read looks whether the file is still the same; a write always looks.
LOOK_SECONDS = 1.0

#: Key and user are found by index. ``due_at`` is no later than ``ends_at`` and moves only when a
#: purge meets it, so that an ordinary write changes no index. An ended row has no payload.
SCHEMA = (
    "CREATE TABLE sessions (key BLOB NOT NULL PRIMARY KEY, version INTEGER NOT NULL, user TEXT, "
    "created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, "
    "payload BLOB, due_at INTEGER NOT NULL)",
    "CREATE INDEX sessions_user ON sessions (user) WHERE user IS NOT NULL",
    "CREATE INDEX sessions_due_at ON sessions (due_at)",
    "CREATE TABLE locks (key BLOB NOT NULL PRIMARY KEY, holder BLOB NOT NULL, "
    "taken_at REAL NOT NULL, until REAL NOT NULL)",
    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
)

_DAMAGED = "it is damaged. Restore it, or move it away: a new one is made, and all sign in again"
_FOREIGN = "it is not a session store of this library. Set another path"
#: What to say by SQLite's primary result code. Source: https://sqlite.org/rescode.html
_REMEDIES = {
    sqlite3.SQLITE_BUSY: "another process kept it locked for too long. See who has it open",
    sqlite3.SQLITE_FULL: "the disk or the quota is full. Free some space",
    sqlite3.SQLITE_READONLY: "it can't be written. See that this user owns the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened. See that this user owns the file and its folder",
    sqlite3.SQLITE_PERM: "access to it was refused. See that this user owns the file",
    sqlite3.SQLITE_IOERR: "its disk failed or a limit was met. See the disk, its space and quotas",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _FOREIGN,
    # A statement of ours that does not fit the tables that are there.
    sqlite3.SQLITE_ERROR: _DAMAGED,
}
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Identity = tuple[int, int]


class StoreFile:
    """
    The file of a store, and how it is opened.

    ``named`` is its name in messages; ``lost`` is logged when the file was replaced.
    """

    named = "Session store"
    lost = (
        "Sessions that are not in the file that is there now are gone, and who had them signs in "
        "again."
    )

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self.timeout = timeout
        #: Made with the file; None until this process has opened it.
        self.tag: str | None = None
        self._opened: Identity | None = None

    def find(self) -> Identity | None:
        """Return the identity of the file at the path; None if there is none."""
        try:
            found = os.stat(self.path)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def open(self) -> tuple[sqlite3.Connection, Identity | None]:
        """Open the file at the path, or create it; return its identity too."""
        if self.find() is None:
            self._make()
        elif not os.access(self.path, os.R_OK | os.W_OK):
            # SQLite would open it all the same, and leave a log next to it that can't be written.
            raise PermissionError(errno.EACCES, "it can't be written")
        self._restrict()
        identity = self.find()
        connection = self._connect()
        if self._opened not in (None, identity):
            logger.error(
                "%s '%s' was deleted or replaced while in use. %s", self.named, self.path, self.lost
            )
        self._opened = identity
        return connection, identity

    def _connect(self, *, made: bool = False) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(self.path))}?mode=rw",
            uri=True,
            timeout=self.timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            # What was deleted is overwritten: an ended session leaves nothing in the file.
            connection.execute("PRAGMA secure_delete = ON")
            self._check(connection, made=made)
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {MAX_WAL_BYTES}")
            (self.tag,) = connection.execute("SELECT value FROM meta WHERE name = 'tag'").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection

    def _restrict(self) -> None:
        """Keep other users from reading or changing the file."""
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                problem = restrict(Path(f"{self.path}{ending}"), self.named)
                if problem is not None:
                    raise StoreUnavailableError(self.say(problem))

    def _make(self) -> None:
        """Create the file, readable only by its owner, unless another process just did."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone_in(self.path.parent):
            if self.find() is not None:
                return
            # Left by a file that was deleted alone; who still has that open would share them.
            for ending in ("-journal", "-wal", "-shm"):
                Path(f"{self.path}{ending}").unlink(missing_ok=True)
            # A descriptor of a file that is in use would drop this process's locks when closed.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            self._connect(made=True).close()

    def _check(self, connection: sqlite3.Connection, *, made: bool) -> None:
        """Check that the file belongs to the library; fill it if it is empty."""
        found = _header(connection)
        if found == (0, 0) and made:
            found = self._fill(connection)
        elif found == (0, 0):
            # Another process is about to fill it, or was killed before it did.
            with _alone_in(self.path.parent):
                found = _header(connection)
                if found == (0, 0) and not _tables(connection):
                    logger.error(
                        "Session store '%s' was empty and is created again. If it held sessions, "
                        "find out who emptied it.",
                        self.path,
                    )
                    found = self._fill(connection)
        application_id, version = found
        if application_id != APPLICATION_ID:
            raise StoreCorruptError(self.say(_FOREIGN))
        if version != SCHEMA_VERSION:
            raise StoreCorruptError(
                self.say(
                    f"its schema is of version {version}, and this release reads {SCHEMA_VERSION}. "
                    "Install the release that wrote it, or set another path"
                )
            )

    def _fill(self, connection: sqlite3.Connection) -> tuple[int, int]:
        # Before the first table, so that a purge can make the file smaller.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if not _tables(connection):
            for statement in SCHEMA:
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('tag', ?)", (secrets.token_hex(4),))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
        return _header(connection)

    def say(self, what: str) -> str:
        """Format a message that names the file."""
        return f"{self.named} '{self.path}': {what}."

    def explain(self, error: sqlite3.Error | OSError) -> StoreUnavailableError:
        """Return the error of the library that says what to fix."""
        if isinstance(error, OSError):
            code = sqlite3.SQLITE_FULL if error.errno in _NO_SPACE else sqlite3.SQLITE_CANTOPEN
            name = errno.errorcode.get(error.errno or 0, "OSError")
        else:
            code = primary_code(error)
            name = getattr(error, "sqlite_errorname", type(error).__name__)
        remedy = _REMEDIES.get(code, "SQLite failed. It is tried again with the next request")
        kind = StoreCorruptError if code in _CORRUPT else StoreUnavailableError
        return kind(self.say(f"{remedy} ({name})"))


class Connection(ForkAware):
    """
    One connection of this process to the file, for one thread at a time.

    ``with connection as handle`` waits for it, opens it if needed, returns SQLite's own object, and
    converts exceptions to errors of the library. After an exception the next use opens it again.
    """

    def __init__(self, file: StoreFile) -> None:
        self.lock = threading.RLock()
        self._file = file
        self._handle: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._looked_at = 0.0
        register_forks(self, ForkOrder.STORE)

    def __enter__(self) -> sqlite3.Connection:
        self.wait()
        try:
            return self._open()
        except BaseException as error:
            self._leave(error)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.lock.release()
        else:
            self._leave(error)

    def wait(self) -> None:
        """Keep other threads out, until :meth:`select` or the end of a block."""
        lock = self.lock
        if not (lock.acquire(blocking=False) or lock.acquire(timeout=self._file.timeout)):
            raise StoreUnavailableError(
                self._file.say("other threads of this process kept it for too long")
            )

    def select(self, statement: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """Read in as few steps as possible; the caller holds the lock, which is released."""
        try:
            handle = self._handle
            if handle is None or time.monotonic() > self._looked_at + LOOK_SECONDS:
                handle = self._open()
            rows = handle.execute(statement, parameters).fetchall()
        except BaseException as error:
            self._leave(error)
            raise
        self.lock.release()
        return rows

    def close(self) -> None:
        """Close it until it is next used."""
        with self.lock, suppress(sqlite3.Error):
            handle, self._handle = self._handle, None
            if handle is not None:
                self._collected.detach()
                handle.close()

    def _before_fork(self) -> None:
        """Wait until no thread uses the connection, close it, and keep threads out."""
        self.lock.acquire()
        self.close()

    def _after_fork_in_parent(self) -> None:
        """Release the lock; the next use opens the connection again."""
        self.lock.release()

    _after_fork_in_child = _after_fork_in_parent

    def _open(self) -> sqlite3.Connection:
        try:
            if self._handle is None or self._identity != self._file.find():
                self.close()
                self._handle, self._identity = self._file.open()
                # In a cycle a __del__ of ours may come after Python's word on an open database.
                self._collected = weakref.finalize(self, self._handle.close)
                self._collected.atexit = False
        except OSError as error:
            raise self._file.explain(error) from error
        self._looked_at = time.monotonic()
        return self._handle

    def _leave(self, error: BaseException) -> None:
        """Release the lock; roll back an open transaction, and close after an exception."""
        handle = self._handle
        if handle is not None and handle.in_transaction:
            with suppress(sqlite3.Error):
                handle.rollback()
        fault = error if isinstance(error, sqlite3.Error) else None
        if fault is not None and primary_code(fault) != sqlite3.SQLITE_BUSY:
            self.close()
        self.lock.release()
        if fault is not None:
            raise self._file.explain(fault) from fault


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; 0 for an error of the Python module itself."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _header(connection: sqlite3.Connection) -> tuple[int, int]:
    """Read application id and schema version in one transaction."""
    connection.execute("BEGIN")
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute("COMMIT")
    return application_id, version


def _tables(connection: sqlite3.Connection) -> int:
    """Count the tables and indexes in a file of any origin."""
    (count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return int(count)


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """Allow one process at a time to create a file in a directory, if the system can."""
    if sys.platform == "win32":  # pragma: no cover - no file in use can be deleted there
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
