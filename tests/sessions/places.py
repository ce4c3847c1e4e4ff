"""Where the store of a test is, so that another process can open it, and rows to put there."""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from redis import RedisCluster

from strict_cookies.sessions.stores import memory, redis_scripts, sqlite
from strict_cookies.sessions.stores.base import SessionStore, StoredSession, Update
from strict_cookies.sessions.stores.memory import MemoryStore
from strict_cookies.sessions.stores.redis import RedisStore
from strict_cookies.sessions.stores.sqlite import SQLiteStore

NOW = 1_800_000_000
HOUR = 3600
_numbers = itertools.count()


class Place(NamedTuple):
    """
    A store's kind and address.

    Attributes:
        kind: ``memory``, ``sqlite``, ``redis`` or ``cluster``.
        address: A path, a URL, or the port of a node.
        prefix: Of Redis.
    """

    kind: str
    address: str
    prefix: str = "test"

    def open(self) -> SessionStore:
        """Make a store object of its own; in memory, that is a store of its own."""
        if self.kind == "memory":
            return MemoryStore()
        if self.kind == "sqlite":
            return SQLiteStore(self.address)
        if self.kind == "redis":
            return RedisStore(self.address, prefix=self.prefix)
        client = RedisCluster(host="127.0.0.1", port=int(self.address), max_connections=1000)
        return RedisStore(client, prefix=self.prefix)


@contextmanager
def opened(place: Place):
    """Open a store for as long as a block lasts."""
    store = place.open()
    try:
        yield store
    finally:
        close(store)


def close(store: SessionStore) -> None:
    """Close a store, and the client that a test handed in."""
    store.close()
    if isinstance(store, RedisStore):
        store._client.close()


def new_key() -> bytes:
    """Give a key that no test of this process has used."""
    return make_key(next(_numbers))


def make_key(number: int | str) -> bytes:
    """Give the key of a number, in every process the same."""
    return hashlib.sha256(str(number).encode()).digest()


def make_row(**changes: object) -> StoredSession:
    """Give a row that was just created, with some changes."""
    row = StoredSession(
        version=1, user="alice", created_at=NOW, seen_at=NOW, ends_at=NOW + HOUR, payload=b"{}"
    )
    return row._replace(**changes)


def put(store: SessionStore, key: bytes, row: StoredSession, name: str) -> None:
    """Write one name into a row that was read before, as a request does: merged if it lost."""

    def patch(current: StoredSession) -> StoredSession:
        values = json.loads(current.payload)
        values[name] = 1
        return current._replace(payload=json.dumps(values).encode())

    if not store.update(key, patch(row)._replace(version=row.version + 1)).written:
        store.transact(key, patch)


def names_in(store: SessionStore, key: bytes) -> set[str]:
    """Tell which names a row has."""
    row = store.read(key)
    assert row is not None
    return set(json.loads(row.payload))


def take_out_compare_and_set(patch: pytest.MonkeyPatch, kind: str) -> None:
    """Break a kind of store on purpose: an update no longer looks at the version."""
    if kind == "memory":

        def update(self, key, session):
            with self._lock:
                self._rows[key] = session
            return Update(True)

        patch.setattr(memory.MemoryStore, "update", update)
    elif kind == "sqlite":
        for name in ("_UPDATE", "_UPDATE_INDEXED"):
            patch.setattr(
                sqlite, name, _swap(getattr(sqlite, name), "AND version = ?", "AND ? IS NOT NULL")
            )
    else:
        text = _swap(redis_scripts.UPDATE.text, "new.version - 1", "found.version")
        patch.setattr(redis_scripts.UPDATE, "text", text)
        patch.setattr(redis_scripts.UPDATE, "sha", hashlib.sha1(text.encode()).hexdigest())


def _swap(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def wait_until(condition, seconds: float = 20.0) -> None:
    """Wait for something that another thread or process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


def add(store, **changes):
    """Create a row and give its key."""
    key = new_key()
    store.create(key, make_row(**changes))
    return key


def keys_of(store, user):
    """List the keys of a user's rows."""
    return [key for key, _ in store.list_user(user)]


def in_threads(count, task):
    """Run a task for each number at the same moment, and give what they return."""
    barrier = threading.Barrier(count)

    def begin(number):
        barrier.wait()
        return task(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))
