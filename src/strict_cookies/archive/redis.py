"""
An archive in Redis or Valkey: streams, hashes and counters next to the sessions.

A log is a stream whose ids are the numbers of its entries (``17-0``), so that Redis itself refuses
a duplicate number. All keys are in one slot of a Cluster. What Redis acknowledges is on a disk only
as its ``appendfsync`` says: set ``always`` if the last second counts. Nothing here expires, so
``maxmemory-policy`` must be ``noeviction`` or one that evicts only what expires.

Source: https://redis.io/docs/latest/develop/data-types/streams/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._storage.redis_server import RedisServer, Script
from .._util.locks import KeyedLock
from ..errors import StoreUnavailableError
from .base import Entry

#: Seconds that appending is tried while other processes append to the same log.
APPEND_SECONDS = 5.0
#: Most entries, or arguments, of one script.
BATCH = 500

_LOGS = """
local function log(name) return p .. ':a:log:' .. name end
local function number(id) return tonumber(string.match(id, '^%d+')) end
local function tail(name) return redis.call('XREVRANGE', log(name), '+', '-', 'COUNT', 1)[1] end
"""
#: ARGV: log. Gives number and data, or nil.
_LAST = Script(
    _LOGS
    + """
local found = tail(ARGV[1])
return found and {number(found[1]), found[2][2]}
"""
)
#: ARGV: log, number of the last entry, data. Gives 1, or number and data of another last entry.
_APPEND = Script(
    _LOGS
    + """
local found = tail(ARGV[1])
local last = found and number(found[1]) or 0
if last ~= tonumber(ARGV[2]) then return {last, found and found[2][2] or ''} end
redis.call('XADD', log(ARGV[1]), string.format('%d-0', last + 1), 'd', ARGV[3])
return 1
"""
)
#: ARGV: log, after, limit. Gives numbers and data by turns.
_READ = Script(
    _LOGS
    + """
local from = string.format('%d', ARGV[2] + 1)
local rows = {}
for _, row in ipairs(redis.call('XRANGE', log(ARGV[1]), from, '+', 'COUNT', ARGV[3])) do
  table.insert(rows, number(row[1]))
  table.insert(rows, row[2][2])
end
return rows
"""
)
#: ARGV: log, before, how many at most. Gives how many went.
_CUT = Script(
    _LOGS
    + """
local found = tail(ARGV[1])
local top = found and math.min(tonumber(ARGV[2]), number(found[1])) - 1 or 0
if top < 1 then return 0 end
local upto = string.format('%d', top)
local rows = redis.call('XRANGE', log(ARGV[1]), '-', upto, 'COUNT', ARGV[3])
for _, row in ipairs(rows) do redis.call('XDEL', log(ARGV[1]), row[1]) end
return #rows
"""
)
#: ARGV: shelf, key, value. Gives what is there now.
_PUT_NEW = Script("""
local shelf = p .. ':a:shelf:' .. ARGV[1]
redis.call('HSETNX', shelf, ARGV[2], ARGV[3])
return redis.call('HGET', shelf, ARGV[2])
""")
#: ARGV: tally, then alternating keys and amounts.
_ADD = Script("""
for place = 2, #ARGV, 2 do
  redis.call('HINCRBY', p .. ':a:tally:' .. ARGV[1], ARGV[place], ARGV[place + 1])
end
return 1
""")
#: ARGV: command, kind and name of a hash, arguments.
_HASH = Script("""
return redis.call(ARGV[1], p .. ':a:' .. ARGV[2], unpack(ARGV, 3))
""")


class RedisArchive:
    """Logs, shelves and tallies in Redis; see :class:`~strict_cookies.archive.base.Archive`."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._locks = KeyedLock()

    def __repr__(self) -> str:
        return f"<RedisArchive in {self._server!r}>"

    def append(self, log: str, make: Callable[[Entry | None], bytes]) -> Entry:
        """Append one entry that depends on the last; again if another process was faster."""
        deadline = time.monotonic() + APPEND_SECONDS
        with self._locks.acquire(log.encode(), APPEND_SECONDS):
            last = self.last(log)
            while True:
                entry = Entry(last.number + 1 if last else 1, make(last))
                answer = self._server.run(_APPEND, log, entry.number - 1, entry.data)
                if answer == 1:
                    return entry
                if time.monotonic() > deadline:
                    raise StoreUnavailableError(
                        self._server.describe(
                            "others keep appending to a log. Record less, or see why it is slow"
                        )
                    )
                last = Entry(*answer) if answer[0] else None

    def last(self, log: str) -> Entry | None:
        found = self._server.run(_LAST, log)
        return Entry(*found) if found else None

    def read(self, log: str, *, after: int = 0, limit: int = 500) -> list[Entry]:
        if limit <= 0:
            return []
        found = self._server.run(_READ, log, after, limit)
        return list(map(Entry, found[::2], found[1::2]))

    def cut(self, log: str, before: int) -> int:
        total = 0
        while count := int(self._server.run(_CUT, log, before, BATCH)):
            total += count
        return total

    def put(self, shelf: str, key: str, value: bytes) -> None:
        self._hash("HSET", f"shelf:{shelf}", key, value)

    def put_new(self, shelf: str, key: str, value: bytes) -> bytes:
        return bytes(self._server.run(_PUT_NEW, shelf, key, value))

    def get(self, shelf: str, key: str) -> bytes | None:
        found: bytes | None = self._hash("HGET", f"shelf:{shelf}", key)
        return found

    def delete(self, shelf: str, key: str) -> bool:
        return bool(self._hash("HDEL", f"shelf:{shelf}", key))

    def items(self, shelf: str) -> dict[str, bytes]:
        return self._pairs(f"shelf:{shelf}")

    def add(self, tally: str, amounts: Mapping[str, int]) -> None:
        for part in _parts([text for pair in amounts.items() for text in pair]):
            self._server.run(_ADD, tally, *part)

    def amounts(self, tally: str) -> dict[str, int]:
        return {key: int(amount) for key, amount in self._pairs(f"tally:{tally}").items()}

    def clear_tally(self, tally: str, keys: frozenset[str]) -> None:
        for part in _parts(list(keys)):
            self._hash("HDEL", f"tally:{tally}", *part)

    def close(self) -> None:
        """Do nothing; the connections are those of the sessions."""

    def _hash(self, command: str, name: str, *arguments: str | int | bytes) -> Any:
        return self._server.run(_HASH, command, name, *arguments)

    def _pairs(self, name: str) -> dict[str, bytes]:
        found = self._hash("HGETALL", name)
        return {key.decode(): value for key, value in zip(found[::2], found[1::2], strict=True)}


def _parts(arguments: list[Any]) -> Iterator[list[Any]]:
    """Split a list into parts of an even length that a script accepts."""
    for start in range(0, len(arguments), BATCH):
        yield arguments[start : start + BATCH]
