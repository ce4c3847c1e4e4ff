"""A session store in the memory of one process: for tests, and gone with the process."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from ..._util.locks import KeyedLock
from .base import StoredSession, Update


class MemoryStore:
    """
    Rows in a dict, under one lock; see :class:`~strict_cookies.sessions.stores.base.SessionStore`.
    """

    def __init__(self) -> None:
        self._rows: dict[bytes, StoredSession] = {}
        self._ended: dict[bytes, int] = {}
        self._lock = threading.RLock()
        self._locks = KeyedLock()
        self._tag = secrets.token_hex(4)

    @property
    def tag(self) -> str:
        return self._tag

    def read(self, key: bytes) -> StoredSession | None:
        return self._rows.get(key)

    def create(self, key: bytes, session: StoredSession) -> None:
        with self._lock:
            if key in self._rows or key in self._ended:
                raise ValueError("the key exists")
            self._rows[key] = session

    def update(self, key: bytes, session: StoredSession) -> Update:
        with self._lock:
            current = self._rows.get(key)
            if current is None or current.version != session.version - 1:
                return Update(False, current)
            self._rows[key] = session._replace(created_at=current.created_at)
            return Update(True)

    def transact(
        self, key: bytes, change: Callable[[StoredSession], StoredSession]
    ) -> StoredSession | None:
        with self._lock:
            current = self._rows.get(key)
            if current is None:
                return None
            changed = change(current)._replace(
                version=current.version + 1, created_at=current.created_at
            )
            self._rows[key] = changed
            return changed

    def touch(self, key: bytes, seen_at: int, ends_at: int) -> bool:
        with self._lock:
            row = self._rows.get(key)
            if row is None:
                return False
            self._rows[key] = row._replace(
                seen_at=max(row.seen_at, seen_at), ends_at=max(row.ends_at, ends_at)
            )
            return True

    def replace(self, old: bytes | None, new: bytes, session: StoredSession) -> bool:
        with self._lock:
            if old is not None and old not in self._rows:
                return False
            self.create(new, session)
            if old is not None:
                self.end([old])
            return True

    def end(self, keys: Sequence[bytes]) -> int:
        with self._lock:
            live = [key for key in dict.fromkeys(keys) if key in self._rows]
            for key in live:
                self._ended[key] = self._rows.pop(key).ends_at
            return len(live)

    def list_user(self, user: str) -> list[tuple[bytes, StoredSession]]:
        with self._lock:
            rows = [(key, row) for key, row in self._rows.items() if row.user == user]
        return sorted(rows, key=lambda row: (row[1].created_at, row[0]))

    def end_user(self, user: str, *, but: bytes | None = None) -> int:
        with self._lock:
            return self.end([key for key, _ in self.list_user(user) if key != but])

    def end_all(self) -> int:
        with self._lock:
            return self.end(list(self._rows))

    def purge(self, before: int, limit: int) -> int:
        with self._lock:
            past = [key for key, row in self._rows.items() if row.ends_at < before]
            past += [key for key, ends_at in self._ended.items() if ends_at < before]
            past = past[: max(limit, 0)]
            for key in past:
                self._rows.pop(key, None)
                self._ended.pop(key, None)
            return len(past)

    def lock(self, key: bytes, *, timeout: float) -> AbstractContextManager[None]:
        return self._locks.acquire(key, timeout)

    def close(self) -> None:
        """Nothing is open."""
