"""
A session store in Redis or Valkey, for sites that run on several machines.

Reading is one ``GET``, and each write one script. In a Cluster all sessions of one prefix are in
one slot, so that a session, its user's list and its tombstone change together.

Redis acknowledges a write before it is on a disk or on a replica. A server that restarts from an
old file, or a replica that takes over too early, has lost the last writes, ends among them;
``appendonly yes`` with ``appendfsync always`` narrows that. Set ``maxmemory-policy noeviction``:
another one may evict the list of a user's sessions, which comes back only with the next write of
each.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

from __future__ import annotations

import secrets
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from random import uniform
from typing import NoReturn

from redis import Redis, RedisCluster

from ..._storage.redis_server import RedisServer
from ..._util.locks import KeyedLock, lock_timeout
from ...errors import StoreUnavailableError
from . import redis_scripts as scripts
from .base import StoredSession, Update

#: Seconds that a transaction is tried while other processes write the same row.
TRANSACT_SECONDS = 5.0
#: Rows that one script ends, so that no script keeps Redis from others for long.
BATCH = 500

#: Version, created, seen, ends, and the length of the user's name, -1 for a visitor.
_HEADER = struct.Struct(">4qi")
_WRITTEN = Update(True)


class RedisStore(RedisServer):
    """
    Rows in Redis or Valkey.

    Args:
        server: A URL (``redis://``, ``rediss://``, ``unix://``), or a client of redis-py:
            ``Redis``, ``RedisCluster``, or what ``Sentinel.master_for`` gives. A client keeps its
            own timeouts and retries, must not decode responses, and is not to be used by other
            threads while the process forks, since redis-py may then hang in the child.
        prefix: Begins every key; sites that share one database need one each.

    Raises:
        ConfigurationError: The URL, the client or the prefix can't be used.
    """

    def __init__(
        self, server: str | Redis | RedisCluster, *, prefix: str = "strict_cookies"
    ) -> None:
        super().__init__(server, prefix=prefix)
        self._rows = f"{self._prefix}:s:"
        self._locks = KeyedLock()
        self._tag: str | None = None

    def __repr__(self) -> str:
        return f"<RedisStore {self._prefix} in {self._where}>"

    @property
    def tag(self) -> str:
        """Names this very store: made with the first row, or when first asked for."""
        if self._tag is None:
            self._tag = self.run(scripts.TAG, secrets.token_hex(4)).decode()
        return self._tag

    def read(self, key: bytes) -> StoredSession | None:
        return _unpack(self.call("GET", self._rows + key.hex()))

    def create(self, key: bytes, session: StoredSession) -> None:
        self._created(self.run(scripts.CREATE, key.hex(), self.tag, _pack(session)))

    def update(self, key: bytes, session: StoredSession) -> Update:
        answer = self.run(scripts.UPDATE, key.hex(), _pack(session))
        return _WRITTEN if answer == 1 else Update(False, _unpack(answer))

    def transact(
        self, key: bytes, change: Callable[[StoredSession], StoredSession]
    ) -> StoredSession | None:
        """Read, change and write, again where another process was faster; threads take turns."""
        deadline = time.monotonic() + TRANSACT_SECONDS
        with self._locks.acquire(b"transact" + key, TRANSACT_SECONDS):
            current = self.read(key)
            while current is not None:
                changed = change(current)._replace(
                    version=current.version + 1, created_at=current.created_at
                )
                written, other = self.update(key, changed)
                if written:
                    return changed
                if time.monotonic() > deadline:
                    raise StoreUnavailableError(
                        self.describe(
                            "others keep writing one session. Change under session.locked() what "
                            "many requests change at once"
                        )
                    )
                current = other
        return None

    def touch(self, key: bytes, seen_at: int, ends_at: int) -> bool:
        return bool(self.run(scripts.TOUCH, key.hex(), seen_at, ends_at))

    def replace(self, old: bytes | None, new: bytes, session: StoredSession) -> bool:
        if old is None:
            self.create(new, session)
            return True
        answer = self.run(scripts.REPLACE, old.hex(), new.hex(), self.tag, _pack(session))
        if answer == 0:
            return False
        self._created(answer)
        return True

    def end(self, keys: Sequence[bytes]) -> int:
        names = [key.hex() for key in keys]
        batches = (names[start : start + BATCH] for start in range(0, len(names), BATCH))
        return sum(self.run(scripts.END, *batch) for batch in batches)

    def list_user(self, user: str) -> list[tuple[bytes, StoredSession]]:
        found = self.run(scripts.LIST, f"={user}")
        rows = zip(found[::2], map(_unpack, found[1::2]), strict=True)
        live = [(bytes.fromhex(key.decode()), row) for key, row in rows if row is not None]
        return sorted(live, key=lambda row: (row[1].created_at, row[0]))

    def end_user(self, user: str, *, but: bytes | None = None) -> int:
        return int(self.run(scripts.END_USER, f"={user}", but.hex() if but else ""))

    def end_all(self) -> int:
        count, more = 0, True
        while more:
            ended, more = self.run(scripts.END_SOME, BATCH)
            count += ended
        return count

    def purge(self, before: int, limit: int) -> int:
        return int(self.run(scripts.PURGE, before, max(limit, 0)))

    @contextmanager
    def lock(self, key: bytes, *, timeout: float) -> Iterator[None]:
        """Keep others out for the same key: threads by turns, processes by a key that expires."""
        deadline = time.monotonic() + timeout
        name, holder = f"{self._prefix}:l:{key.hex()}", secrets.token_hex(8)
        lease = max(int(timeout * 1000), 1)
        with self._locks.acquire(key, timeout):
            while not self.call("SET", name, holder, "NX", "PX", lease):
                if time.monotonic() > deadline:
                    raise lock_timeout(timeout)
                time.sleep(uniform(0.001, 0.01))  # noqa: S311 - no secret
            try:
                yield
            finally:
                # Where it can't be given back now, it runs out.
                with suppress(StoreUnavailableError):
                    self.run(scripts.UNLOCK, key.hex(), holder)

    def _created(self, tag: bytes | None) -> None:
        if tag is None:
            raise ValueError("the key exists")
        self._tag = tag.decode()

    def _fail(self, error: BaseException) -> NoReturn:
        """Forget the tag: the server may come back empty, with another one."""
        self._tag = None
        super()._fail(error)


def _pack(session: StoredSession) -> bytes:
    version, user, *times, payload = session
    if user is None:
        return _HEADER.pack(version, *times, -1) + payload
    name = user.encode()
    return _HEADER.pack(version, *times, len(name)) + name + payload


def _unpack(row: bytes | None) -> StoredSession | None:
    """Return the session of a row; None if there is none, or this library did not write it."""
    if row is None:
        return None
    try:
        version, created_at, seen_at, ends_at, length = _HEADER.unpack_from(row)
        end = _HEADER.size + max(length, 0)
        user = None if length < 0 else row[_HEADER.size : end].decode()
    except (struct.error, UnicodeDecodeError):
        return None
    if end > len(row):
        return None
    return StoredSession(version, user, created_at, seen_at, ends_at, row[end:])
