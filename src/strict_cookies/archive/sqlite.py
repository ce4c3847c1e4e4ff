"""
An archive in SQLite: tables of its own in the file of the sessions.

Every write is on disk before it returns (``synchronous = FULL``). Appending first takes the file's
write lock, so that the last entry is the latest. Deleting or restoring the file does the same to
the logs.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .._storage.sqlite_file import Connection, Identity, StoreFile
from .base import Entry

#: Seconds that a call waits for other processes and threads.
TIMEOUT = 5.0
#: What is acknowledged survives a power cut. Source: https://sqlite.org/pragma.html#pragma_synchronous
SYNCHRONOUS = "FULL"

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS archive_logs (log TEXT NOT NULL, number INTEGER NOT NULL, "
    "data BLOB NOT NULL, PRIMARY KEY (log, number))",
    "CREATE TABLE IF NOT EXISTS archive_shelves (shelf TEXT NOT NULL, key TEXT NOT NULL, "
    "value BLOB NOT NULL, PRIMARY KEY (shelf, key))",
    "CREATE TABLE IF NOT EXISTS archive_tallies (tally TEXT NOT NULL, key TEXT NOT NULL, "
    "amount INTEGER NOT NULL, PRIMARY KEY (tally, key))",
)
_THERE = (
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 8) = 'archive_'"
)
_LAST = "SELECT number, data FROM archive_logs WHERE log = ? ORDER BY number DESC LIMIT 1"
_READ = "SELECT number, data FROM archive_logs WHERE log = ? AND number > ? ORDER BY number LIMIT ?"
_CUT = (
    "DELETE FROM archive_logs WHERE log = ? AND number < ? "
    "AND number < (SELECT max(number) FROM archive_logs WHERE log = ?)"
)
_PUT = "INSERT INTO archive_shelves VALUES (?, ?, ?) ON CONFLICT (shelf, key) DO "
_GET = "SELECT value FROM archive_shelves WHERE shelf = ? AND key = ?"
_ADD = (
    "INSERT INTO archive_tallies VALUES (?, ?, ?) "
    "ON CONFLICT (tally, key) DO UPDATE SET amount = amount + excluded.amount"
)


class ArchiveFile(StoreFile):
    """The file of the sessions, with the tables of the archive in it."""

    named = "Archive"
    lost = "What its logs held and the file that is there now does not is gone."

    def open(self) -> tuple[sqlite3.Connection, Identity | None]:
        """Open the file at the path, or create it."""
        connection, identity = super().open()
        try:
            connection.execute(f"PRAGMA synchronous = {SYNCHRONOUS}")
            if connection.execute(_THERE).fetchone() != (len(_SCHEMA),):
                connection.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    connection.execute(statement)
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection, identity


class SQLiteArchive:
    """
    Logs, shelves and tallies in a SQLite file; see :class:`~strict_cookies.archive.base.Archive`.

    ``timeout`` is how many seconds a call waits for other processes and threads.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = TIMEOUT) -> None:
        self._file = ArchiveFile(Path(path).resolve(), timeout)
        self._connection = Connection(self._file)

    def __repr__(self) -> str:
        return f"SQLiteArchive({str(self._file.path)!r})"

    @property
    def path(self) -> Path:
        """The path of the file, which may not exist yet."""
        return self._file.path

    def append(self, log: str, make: Callable[[Entry | None], bytes]) -> Entry:
        with self._transaction() as handle:
            row = handle.execute(_LAST, (log,)).fetchone()
            last = None if row is None else Entry(*row)
            entry = Entry(last.number + 1 if last else 1, make(last))
            handle.execute("INSERT INTO archive_logs VALUES (?, ?, ?)", (log, *entry))
            return entry

    def last(self, log: str) -> Entry | None:
        rows = self._select(_LAST, log)
        return Entry(*rows[0]) if rows else None

    def read(self, log: str, *, after: int = 0, limit: int = 500) -> list[Entry]:
        return [Entry(*row) for row in self._select(_READ, log, after, max(limit, 0))]

    def cut(self, log: str, before: int) -> int:
        with self._transaction() as handle:
            return handle.execute(_CUT, (log, before, log)).rowcount

    def put(self, shelf: str, key: str, value: bytes) -> None:
        with self._transaction() as handle:
            handle.execute(f"{_PUT} UPDATE SET value = excluded.value", (shelf, key, value))

    def put_new(self, shelf: str, key: str, value: bytes) -> bytes:
        with self._transaction() as handle:
            handle.execute(f"{_PUT} NOTHING", (shelf, key, value))
            return bytes(handle.execute(_GET, (shelf, key)).fetchone()[0])

    def get(self, shelf: str, key: str) -> bytes | None:
        rows = self._select(_GET, shelf, key)
        return rows[0][0] if rows else None

    def delete(self, shelf: str, key: str) -> bool:
        with self._connection as handle:
            statement = "DELETE FROM archive_shelves WHERE shelf = ? AND key = ?"
            found = handle.execute(statement, (shelf, key)).rowcount > 0
            if found:
                # It is overwritten in the file, but its former pages are in the write-ahead log.
                handle.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return found

    def items(self, shelf: str) -> dict[str, bytes]:
        return dict(self._select("SELECT key, value FROM archive_shelves WHERE shelf = ?", shelf))

    def add(self, tally: str, amounts: Mapping[str, int]) -> None:
        rows = [(tally, key, amount) for key, amount in amounts.items()]
        with self._transaction() as handle:
            handle.executemany(_ADD, rows)

    def amounts(self, tally: str) -> dict[str, int]:
        return dict(self._select("SELECT key, amount FROM archive_tallies WHERE tally = ?", tally))

    def clear_tally(self, tally: str, keys: frozenset[str]) -> None:
        statement = "DELETE FROM archive_tallies WHERE tally = ? AND key = ?"
        with self._transaction() as handle:
            handle.executemany(statement, [(tally, key) for key in keys])

    def close(self) -> None:
        self._connection.close()

    def _select(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._connection as handle:
            return handle.execute(statement, parameters).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Write in one transaction, which is on disk at the end of the block."""
        with self._connection as handle:
            handle.execute("BEGIN IMMEDIATE")
            yield handle
            handle.execute("COMMIT")
