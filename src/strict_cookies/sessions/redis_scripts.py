"""
What :class:`~strict_cookies.sessions.redis.RedisStore` has Redis do, as Lua scripts: each is one
round trip, and nobody is in between.

All keys begin with the prefix, which is a hash tag, so that a Cluster keeps them in one slot:

``{prefix}:s:HEX``
    A live row: a hash with version ``v``, user ``u`` (``=`` before the name; empty for nobody),
    ``c``, ``s`` and ``e`` for created, seen and ends, payload ``p``.
``{prefix}:u=USER``
    A set of the user's keys.
``{prefix}:live``, ``{prefix}:ended``
    Sorted sets of keys by their end: of the rows, and of the tombstones.
``{prefix}:tag``, ``{prefix}:l:HEX``
    The store's tag; who has a lock.

Every write of a row lists it anew, so that an index that Redis evicted comes back. Everything but
the tag expires by itself a day after the last row in it could have ended, by the server's own
clock: the time to live is what the row has left when it is written, whatever the clock of the
application says.

Nothing here is newer than Redis 6.0. An end deletes before it adds, which Redis allows even when
its memory is full.
"""

from __future__ import annotations

import hashlib

#: How long after its end a row is kept if nobody purges it, in milliseconds.
GRACE_MS = 24 * 60 * 60 * 1000

_COMMON = f"""
local p = KEYS[1]
local live, ended = p .. ':live', p .. ':ended'
local function row(id) return p .. ':s:' .. id end
local function index(user) return p .. ':u' .. user end

-- Keep a key for some milliseconds at least.
local function keep(name, ttl)
  if redis.call('PTTL', name) < ttl then redis.call('PEXPIRE', name, ttl) end
end

local function list(id, user, seen, ends)
  local ttl = math.max(ends - seen, 0) * 1000 + {GRACE_MS}
  redis.call('ZADD', live, ends, id)
  keep(live, ttl)
  keep(row(id), ttl)
  if user ~= '' then
    redis.call('SADD', index(user), id)
    keep(index(user), ttl)
  end
end

local function write(id, version, user, created, seen, ends, payload)
  redis.call('HSET', row(id), 'v', version, 'u', user, 'c', created, 's', seen, 'e', ends,
    'p', payload)
  list(id, user, tonumber(seen), tonumber(ends))
end

local function fetch(id)
  local found = redis.call('HMGET', row(id), 'v', 'u', 'c', 's', 'e', 'p')
  return found[1] and found
end

-- The tag is written again with the first row after all was lost.
local function create(id, tag, ...)
  if redis.call('EXISTS', row(id)) == 1 or redis.call('ZSCORE', ended, id) then return false end
  redis.call('SET', p .. ':tag', tag, 'NX')
  write(id, ...)
  return redis.call('GET', p .. ':tag')
end

local function forget(id, user)
  redis.call('DEL', row(id))
  redis.call('ZREM', live, id)
  if user and user ~= '' then redis.call('SREM', index(user), id) end
end

local function finish(id)
  local found = redis.call('HMGET', row(id), 'u', 'e')
  local ttl = redis.call('PTTL', row(id))
  if not found[2] then return 0 end
  forget(id, found[1])
  redis.call('ZADD', ended, found[2], id)
  keep(ended, ttl)
  return 1
end
"""


class Script:
    """
    One script with what all share.

    Attributes:
        text: Lua.
        sha: By which Redis knows it once it has seen it.
    """

    def __init__(self, text: str) -> None:
        self.text = _COMMON + text
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


#: ARGV: tag. Gives the tag that counts.
TAG = Script("""
redis.call('SET', p .. ':tag', ARGV[1], 'NX')
return redis.call('GET', p .. ':tag')
""")

#: ARGV: id, tag, row. Gives the tag, or nil where the key exists.
CREATE = Script("""
return create(unpack(ARGV))
""")

#: ARGV: id, row. Gives 1, or the row that stands in the way, or nil.
UPDATE = Script("""
local id, version, user, _, seen, ends, payload = unpack(ARGV)
local found = fetch(id)
if not found then return false end
if tonumber(found[1]) ~= tonumber(version) - 1 then return found end
if found[2] ~= '' and found[2] ~= user then redis.call('SREM', index(found[2]), id) end
write(id, version, user, found[3], seen, ends, payload)
return 1
""")

#: ARGV: id, seen, ends. Gives whether the row is live.
TOUCH = Script("""
local id, seen, ends = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local found = fetch(id)
if not found then return 0 end
seen, ends = math.max(found[4], seen), math.max(found[5], ends)
redis.call('HSET', row(id), 's', seen, 'e', ends)
list(id, found[2], seen, ends)
return 1
""")

#: ARGV: old id, new id, tag, row. Gives the tag, 0 where the old one is not live, nil where the
#: new one exists.
REPLACE = Script("""
if not redis.call('HGET', row(ARGV[1]), 'v') then return 0 end
local tag = create(unpack(ARGV, 2))
if tag then finish(ARGV[1]) end
return tag
""")

#: ARGV: ids. Gives how many were live.
END = Script("""
local count = 0
for _, id in ipairs(ARGV) do count = count + finish(id) end
return count
""")

#: ARGV: user. Gives ids with their rows; what dangles is removed.
LIST = Script("""
local rows = {}
for _, id in ipairs(redis.call('SMEMBERS', index(ARGV[1]))) do
  local found = fetch(id)
  if found and found[2] == ARGV[1] then
    table.insert(found, 1, id)
    table.insert(rows, found)
  else
    redis.call('SREM', index(ARGV[1]), id)
  end
end
return rows
""")

#: ARGV: user, id that stays or nothing. Gives how many ended.
END_USER = Script("""
local count = 0
for _, id in ipairs(redis.call('SMEMBERS', index(ARGV[1]))) do
  if id ~= ARGV[2] and redis.call('HGET', row(id), 'u') == ARGV[1] then
    count = count + finish(id)
  end
end
return count
""")

#: ARGV: how many at most. Gives how many ended, and whether there is more.
END_SOME = Script("""
local count = 0
local ids = redis.call('ZRANGE', live, 0, ARGV[1] - 1)
for _, id in ipairs(ids) do
  local was = finish(id)
  if was == 0 then redis.call('ZREM', live, id) end
  count = count + was
end
return {count, #ids}
""")

#: ARGV: before, how many at most. Gives how many were removed.
PURGE = Script("""
local before, limit = '(' .. ARGV[1], tonumber(ARGV[2])
local ids = redis.call('ZRANGEBYSCORE', live, '-inf', before, 'LIMIT', 0, limit)
for _, id in ipairs(ids) do forget(id, redis.call('HGET', row(id), 'u')) end
local past = redis.call('ZRANGEBYSCORE', ended, '-inf', before, 'LIMIT', 0, limit - #ids)
for _, id in ipairs(past) do redis.call('ZREM', ended, id) end
return #ids + #past
""")

#: ARGV: id, holder. Gives a lock back if it is still the holder's.
UNLOCK = Script("""
local name = p .. ':l:' .. ARGV[1]
if redis.call('GET', name) == ARGV[2] then return redis.call('DEL', name) end
return 0
""")
