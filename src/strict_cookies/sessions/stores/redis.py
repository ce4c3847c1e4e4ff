"""
A session store in Redis or Valkey, for sites that run on several machines.

Reading is one ``GET``, and each write is one script (see
:mod:`~strict_cookies.sessions.stores.redis_scripts`): one round trip each. In a Cluster all sessions of
one prefix live in one slot, so that a session, its user's list and its tombstone change together;
the Cluster keeps them available, and one of its nodes does the work.

**What Redis has to promise.** It acknowledges a write before it is on a disk or on a replica. A
server that restarts from an old file, or a replica that takes over too early, has lost the last
writes, ends among them; ``appendonly yes`` with ``appendfsync always`` narrows that. Set
``maxmemory-policy noeviction``: another one may evict the list of a user's sessions, which comes
back only with the next write of each.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

from __future__ import annotations

# Looking up a host imports this; a thread that is about it while the process forks would leave the
# import's lock shut in the child.
import encodings.idna  # noqa: F401
import re
import secrets
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from random import uniform
from typing import Any, NoReturn

from redis import Redis, RedisCluster, RedisError
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..._storage.redis_client import ConnectionLoans
from ..._util.forks import ForkAware, ForkOrder, register_forks
from ..._util.locks import KeyedLock, lock_timeout
from ...errors import ConfigurationError, StoreCorruptError, StoreUnavailableError
from . import redis_scripts as scripts
from .base import StoredSession, Update

#: Seconds that a call waits for an answer, where the store makes its own connections.
TIMEOUT = 2.0
#: Seconds that a transaction is tried while other processes write the same row.
TRANSACT_SECONDS = 5.0
#: Most connections of one process where the store makes them: more than any server has threads.
MAX_CONNECTIONS = 4096
#: Rows that one script ends, so that no script keeps Redis from others for long.
BATCH = 500

#: Version, created, seen, ends, and the length of the user's name, -1 for nobody.
_HEADER = struct.Struct(">4qi")
_WRITTEN = Update(True)
_FAULTS = (RedisError, errors.RedisClusterException, OSError)
_REFUSED = "it refused the user or the password. See those in the URL"
_FULL = "its memory is full. Raise maxmemory; noeviction is right"
_AWAY = "it can't be reached. See that it runs, and the address"
_REPLICA = "it is a read-only replica. Set the address of the primary"
#: What to say by the kind of error, the special ones first.
_REMEDIES: tuple[tuple[type[BaseException], str], ...] = (
    (errors.AuthenticationError, _REFUSED),
    (errors.AuthorizationError, _REFUSED),
    (errors.NoPermissionError, "its ACL refused a command. Allow reads, writes and scripts"),
    (errors.BusyLoadingError, "it is still loading its data. It goes on by itself"),
    (errors.OutOfMemoryError, _FULL),
    (errors.ReadOnlyError, _REPLICA),
    (errors.MaxConnectionsError, "the client's connections are all in use. Raise max_connections"),
    (errors.TimeoutError, "it did not answer in time. See that it runs and is not overloaded"),
    (errors.ClusterDownError, "the Cluster is down. See that each slot has a node"),
    (errors.RedisClusterException, "no node of the Cluster can be reached. See that they run"),
    (errors.ConnectionError, _AWAY),
    (OSError, _AWAY),
)
#: Likewise by the word with which an error of Redis begins; before Redis 7 a script's error is
#: wrapped in another, and the word is in its middle, behind a dash.
_WORDS = {
    "NOAUTH": _REFUSED,
    "WRONGPASS": _REFUSED,
    "OOM": _FULL,
    "READONLY": _REPLICA,
    "MISCONF": "it can't save to its disk and refuses writes. See its log",
    "BUSY": "it is busy with somebody's script. See SLOWLOG",
    "WRONGTYPE": "keys under this prefix are somebody else's. Give RedisStore another prefix",
}


class RedisStore(ForkAware):
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
        if not re.fullmatch(r"[\w.:-]+", prefix, re.ASCII):
            raise ConfigurationError(
                f"RedisStore: prefix is {prefix!r}. Use letters, digits and '_', '.', ':', '-'."
            )
        self._url = server if isinstance(server, str) else None
        self._client: Any = _connect(server) if isinstance(server, str) else _checked(server)
        #: Runs the commands: connections of our own, or the client that was handed in.
        self._runner: Any = self._client if self._url is None else ConnectionLoans(self._client)
        self._prefix = f"{{{prefix}}}"
        self._rows = f"{self._prefix}:s:"
        self._locks = KeyedLock()
        self._tag: str | None = None
        self._where = _locate(self._client)
        register_forks(self, ForkOrder.STORE)

    def __repr__(self) -> str:
        return f"<RedisStore {self._prefix} in {self._where}>"

    @property
    def tag(self) -> str:
        """Names this very store: made with the first row, or when first asked for."""
        if self._tag is None:
            self._tag = self._run(scripts.TAG, secrets.token_hex(4)).decode()
        return self._tag

    def read(self, key: bytes) -> StoredSession | None:
        """Give the live row."""
        return _unpack(self._call("GET", self._rows + key.hex()))

    def create(self, key: bytes, session: StoredSession) -> None:
        """Add a row that was never there."""
        self._created(self._run(scripts.CREATE, key.hex(), self.tag, _pack(session)))

    def update(self, key: bytes, session: StoredSession) -> Update:
        """Replace the live row if its version is one below."""
        answer = self._run(scripts.UPDATE, key.hex(), _pack(session))
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
                        self._say(
                            "others keep writing one session. Change under session.locked() what "
                            "many requests change at once"
                        )
                    )
                current = other
        return None

    def touch(self, key: bytes, seen_at: int, ends_at: int) -> bool:
        """Move the times forward."""
        return bool(self._run(scripts.TOUCH, key.hex(), seen_at, ends_at))

    def replace(self, old: bytes | None, new: bytes, session: StoredSession) -> bool:
        """Create a row in the place of another, which ends."""
        if old is None:
            self.create(new, session)
            return True
        answer = self._run(scripts.REPLACE, old.hex(), new.hex(), self.tag, _pack(session))
        if answer == 0:
            return False
        self._created(answer)
        return True

    def end(self, keys: Sequence[bytes]) -> int:
        """End sessions for good."""
        names = [key.hex() for key in keys]
        batches = (names[start : start + BATCH] for start in range(0, len(names), BATCH))
        return sum(self._run(scripts.END, *batch) for batch in batches)

    def list_user(self, user: str) -> list[tuple[bytes, StoredSession]]:
        """List the live rows of a user, oldest first."""
        found = self._run(scripts.LIST, f"={user}")
        rows = zip(found[::2], map(_unpack, found[1::2]), strict=True)
        live = [(bytes.fromhex(key.decode()), row) for key, row in rows if row is not None]
        return sorted(live, key=lambda row: (row[1].created_at, row[0]))

    def end_user(self, user: str, *, but: bytes | None = None) -> int:
        """End all live rows of a user, except one."""
        return int(self._run(scripts.END_USER, f"={user}", but.hex() if but else ""))

    def end_all(self) -> int:
        """End every live row, it may be with such as are created meanwhile."""
        count, more = 0, True
        while more:
            ended, more = self._run(scripts.END_SOME, BATCH)
            count += ended
        return count

    def purge(self, before: int, limit: int) -> int:
        """Remove rows and tombstones past their end."""
        return int(self._run(scripts.PURGE, before, max(limit, 0)))

    @contextmanager
    def lock(self, key: bytes, *, timeout: float) -> Iterator[None]:
        """Keep others out for the same key: threads by turns, processes by a key that expires."""
        deadline = time.monotonic() + timeout
        name, holder = f"{self._prefix}:l:{key.hex()}", secrets.token_hex(8)
        lease = max(int(timeout * 1000), 1)
        with self._locks.acquire(key, timeout):
            while not self._call("SET", name, holder, "NX", "PX", lease):
                if time.monotonic() > deadline:
                    raise lock_timeout(timeout)
                time.sleep(uniform(0.001, 0.01))  # noqa: S311 - no secret
            try:
                yield
            finally:
                # Where it can't be given back now, it runs out.
                with suppress(StoreUnavailableError):
                    self._run(scripts.UNLOCK, key.hex(), holder)

    def close(self) -> None:
        """Close the connections that the store made; a client that was handed in is not ours."""
        if self._url is not None:
            self._runner.close()

    def run(self, script: scripts.Script, *arguments: str | int | bytes) -> Any:
        """Run a script of another part of the library on the same server, under the same prefix."""
        return self._run(script, *arguments)

    def say(self, what: str) -> str:
        """Make a message that names the server."""
        return self._say(what)

    def _after_fork_in_child(self) -> None:
        """Connect again: another thread of the parent may have held the client's locks."""
        if self._url is not None:
            # The parent's client is kept: collecting it would wait for those locks, too.
            _left_behind.append((self._client, self._runner))
            self._client = _connect(self._url)
            self._runner = ConnectionLoans(self._client)

    def _created(self, tag: bytes | None) -> None:
        if tag is None:
            raise ValueError("the key exists")
        self._tag = tag.decode()

    def _run(self, script: scripts.Script, *arguments: str | int | bytes) -> Any:
        """Run a script by its hash; by its text where Redis does not know it yet."""
        try:
            return self._call("EVALSHA", script.sha, 1, self._prefix, *arguments)
        except errors.NoScriptError:
            return self._call("EVAL", script.text, 1, self._prefix, *arguments)

    def _call(self, *command: str | int | bytes) -> Any:
        try:
            return self._runner.execute_command(*command)
        except errors.NoScriptError:
            raise
        except _FAULTS as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> NoReturn:
        """Say what to mend; never in the server's words, which may repeat what was sent."""
        # It may come back empty, and then with another tag.
        self._tag = None
        words = re.findall(r"(?:^|\s-)([A-Z]{3,16})\b", str(error))
        word = next((word for word in words if word in _WORDS), type(error).__name__)
        remedy = _WORDS.get(word) or next(
            (text for kind, text in _REMEDIES if isinstance(error, kind)),
            "it answered with an error. See its log",
        )
        kind = StoreCorruptError if word == "WRONGTYPE" else StoreUnavailableError
        cause = next((each.strerror for each in _causes(error) if isinstance(each, OSError)), None)
        detail = f"{word}: {cause}" if isinstance(cause, str) else word
        raise kind(self._say(f"{remedy} ({detail})")) from None

    def _say(self, what: str) -> str:
        return f"Session store in {self._where}: {what}."


def _connect(url: str) -> Redis:
    try:
        client: Redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            max_connections=MAX_CONNECTIONS,
            # A write that is sent twice could fail the second time; the visitor tries again.
            retry=Retry(NoBackoff(), 0),
        )
        # It connects to nothing yet, but takes each option.
        client.connection_pool.connection_class(**client.connection_pool.connection_kwargs)
    except (ValueError, TypeError):
        # Its message may repeat the URL, and that a password.
        raise ConfigurationError(
            "The URL of Redis can't be read. Write redis://user:password@host:6379/0, rediss:// "
            "or unix:///path/to/socket; escape '/', '?', '#', '@' and '%' in a password (%2F)."
        ) from None
    # Else a child that forgets its parent's client would close it, and might wait for ever.
    client.auto_close_connection_pool = False
    _checked(client)
    return client


def _checked(client: Any) -> Any:
    if not isinstance(client, Redis | RedisCluster):
        raise ConfigurationError(
            f"RedisStore got a {type(client).__module__}.{type(client).__qualname__}. Give a URL, "
            "or a client of redis-py that is not asynchronous: Redis or RedisCluster."
        )
    if client.get_encoder().decode_responses:
        raise ConfigurationError(
            "RedisStore got a client that decodes responses, but sessions are octets. Make one "
            "without decode_responses=True."
        )
    return client


def _locate(client: Any) -> str:
    """Name the server without user or password."""
    if isinstance(client, RedisCluster):
        return "Redis Cluster"
    options = client.connection_pool.connection_kwargs
    if "path" in options:
        return f"Redis at {options['path']}"
    if "host" not in options:
        return "Redis"
    return f"Redis at {options['host']}:{options.get('port', 6379)}/{options.get('db') or 0}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _pack(session: StoredSession) -> bytes:
    version, user, *times, payload = session
    if user is None:
        return _HEADER.pack(version, *times, -1) + payload
    name = user.encode()
    return _HEADER.pack(version, *times, len(name)) + name + payload


def _unpack(row: bytes | None) -> StoredSession | None:
    """Make a session of a row; None where there is none, or one that no version of ours writes."""
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


#: The parent's clients, which a forked process must not close.
_left_behind: list[Any] = []
