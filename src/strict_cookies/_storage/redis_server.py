"""
A Redis or Valkey server, a Cluster or a client of redis-py, for sessions and archive.

Every command is one round trip. An error names the server and the remedy, never what was sent, nor
the server's message, which may repeat it.
"""

from __future__ import annotations

# Looking up a host imports this; a thread that does so during a fork would leave the import's lock
# held in the child.
import encodings.idna  # noqa: F401
import hashlib
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from redis import Redis, RedisCluster, RedisError
from redis import exceptions as errors
from redis.backoff import NoBackoff
from redis.retry import Retry

from .._util.forks import ForkAware, ForkOrder, register_forks
from ..errors import ConfigurationError, StoreCorruptError, StoreUnavailableError
from .redis_client import ConnectionLoans

#: Seconds to wait for an answer, for connections that are created here.
TIMEOUT = 2.0
#: Most connections of one process that are created here: more than any server has threads.
MAX_CONNECTIONS = 4096

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
    "BUSY": "it is busy with another script. See SLOWLOG",
    "WRONGTYPE": "keys under this prefix belong to another program. Give RedisStore another prefix",
}
#: Clients and pools of parents, kept because collecting them would wait for locks of another
#: process.
_left_behind: list[tuple[Any, Any]] = []


class Script:
    """A Lua script, run as one step; ``p`` is the prefix of all keys."""

    def __init__(self, text: str) -> None:
        self.text = f"local p = KEYS[1]\n{text}"
        #: The hash by which Redis knows the script after it has run once.
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class RedisServer(ForkAware):
    """
    Run commands and scripts under one prefix, which is a hash tag: in a Cluster one slot.

    Raises:
        ConfigurationError: The URL, the client or the prefix can't be used.
    """

    def __init__(self, server: str | Redis | RedisCluster, *, prefix: str) -> None:
        if not re.fullmatch(r"[\w.:-]+", prefix, re.ASCII):
            raise ConfigurationError(
                f"RedisStore: prefix is {prefix!r}. Use letters, digits and '_', '.', ':', '-'."
            )
        self._url = server if isinstance(server, str) else None
        self._client: Any = _connect(server) if isinstance(server, str) else _checked(server)
        #: Runs the commands: connections of our own, or the client that was handed in.
        self._runner: Any = self._client if self._url is None else ConnectionLoans(self._client)
        self._prefix = f"{{{prefix}}}"
        self._where = _locate(self._client)
        register_forks(self, ForkOrder.STORE)

    def close(self) -> None:
        """Close the connections that were created here; a client that was passed in stays open."""
        if self._url is not None:
            self._runner.close()

    def run(self, script: Script, *arguments: str | int | bytes) -> Any:
        """Run a script by its hash; by its text if Redis does not know it yet."""
        try:
            return self.call("EVALSHA", script.sha, 1, self._prefix, *arguments)
        except errors.NoScriptError:
            return self.call("EVAL", script.text, 1, self._prefix, *arguments)

    def call(self, *command: str | int | bytes) -> Any:
        """
        Run a command; raise StoreUnavailableError if the server does not answer or reports an
        error.
        """
        try:
            return self._runner.execute_command(*command)
        except errors.NoScriptError:
            raise
        except _FAULTS as error:
            self._fail(error)

    def describe(self, what: str) -> str:
        """Return a message that names the server."""
        return f"Session store in {self._where}: {what}."

    def _after_fork_in_child(self) -> None:
        """Connect again: another thread of the parent may have held the client's locks."""
        if self._url is not None:
            _left_behind.append((self._client, self._runner))
            self._client = _connect(self._url)
            self._runner = ConnectionLoans(self._client)

    def _fail(self, error: BaseException) -> NoReturn:
        """Raise with what to do about an error."""
        words = re.findall(r"(?:^|\s-)([A-Z]{3,16})\b", str(error))
        word = next((word for word in words if word in _WORDS), type(error).__name__)
        remedy = _WORDS.get(word) or next(
            (text for kind, text in _REMEDIES if isinstance(error, kind)),
            "it answered with an error. See its log",
        )
        kind = StoreCorruptError if word == "WRONGTYPE" else StoreUnavailableError
        cause = next((each.strerror for each in _causes(error) if isinstance(each, OSError)), None)
        detail = f"{word}: {cause}" if isinstance(cause, str) else word
        raise kind(self.describe(f"{remedy} ({detail})")) from None


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
            "RedisStore got a client that decodes responses, but sessions are bytes. Make one "
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
