"""
Connections to Redis, each lent to one thread at a time.

redis-py's pool checks before each command whether the server has closed the connection, which takes
a third of a command. Here only an idle connection is checked, and none needs a lock. A connection
whose command was interrupted is closed: the next command would read the previous answer.

Source: measured with redis-py 8.1; CVE-2023-28858.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from redis import BusyLoadingError, ConnectionError, Redis, RedisError

#: Seconds after which an idle connection is asked whether it is still open.
ASK_AFTER = 1.0


class ConnectionLoans:
    """Run commands over connections of a client's pool, which is used only here."""

    def __init__(self, client: Redis) -> None:
        self._pool = client.connection_pool
        #: Clients of one connection each, with the time of their last command.
        self._idle: deque[tuple[Redis, float]] = deque()
        #: Of connections that were used no later than this, nothing is believed.
        self._ask_before = 0.0

    def execute_command(self, *command: str | int | bytes) -> Any:
        """Run one command; errors are redis-py's."""
        try:
            return self._run(command)
        except BusyLoadingError:
            raise
        except ConnectionError:
            # Closed by now, and with it all that are idle. What only reads can be asked again.
            if command[0] != "GET":
                raise
        return self._run(command)

    def _run(self, command: tuple[str | int | bytes, ...]) -> Any:
        client = self._take()
        try:
            answer = client.execute_command(*command)
        except RedisError as error:
            now = time.monotonic()
            if isinstance(error, ConnectionError):
                self._ask_before = now
            self._idle.append((client, now))
            raise
        except BaseException:
            _close(client)
            raise
        self._idle.append((client, time.monotonic()))
        return answer

    def _take(self) -> Any:
        try:
            client, last = self._idle.pop()
        except IndexError:
            return Redis(connection_pool=self._pool, single_connection_client=True)
        if last <= self._ask_before or time.monotonic() - last > ASK_AFTER:
            _close_if_stale(client)
        return client

    def close(self) -> None:
        """Close every connection; they are opened again when used."""
        self._pool.disconnect()


def _close_if_stale(client: Redis) -> None:
    """Close a connection that the server closed, or that has an unexpected answer."""
    connection: Any = client.connection
    try:
        stale = bool(connection.can_read())
    except (RedisError, OSError):
        stale = True
    if stale:
        connection.disconnect()


def _close(client: Redis) -> None:
    connection: Any = client.connection
    if connection is not None:
        connection.disconnect()
    client.close()
