"""
The Lua scripts of :class:`~strict_cookies.sessions.stores.redis.RedisStore`: each is one round trip
and atomic.

All keys begin with the prefix, which is a hash tag, so that a Cluster keeps them in one slot:

``{prefix}:s:HEX``
    A live row: version, created, seen, ends and the length of the user's name (-1 for a visitor) as
    big-endian integers, then the name, then the payload. One string is read faster than a hash.
``{prefix}:u=USER``
    A set of the user's keys.
``{prefix}:live``, ``{prefix}:ended``
    Sorted sets of keys by their end: of the rows, and of the tombstones.
``{prefix}:tag``, ``{prefix}:l:HEX``
    The store's tag; who has a lock.

Every write of a row lists it again, so that an index that Redis evicted comes back. Everything but
the tag expires by itself a day after the last row in it could have ended, by the server's own
clock: the time to live is what the row has left when it is written, regardless of the application's
clock.

Nothing here is newer than Redis 6.0. An end deletes before it adds, which Redis allows even when
its memory is full.
"""

from __future__ import annotations

from ..._storage.redis_server import Script

#: How long after its end a row is kept if it is not purged, in milliseconds.
GRACE_MS = 24 * 60 * 60 * 1000

_COMMON = f"""
local live, ended = p .. ':live', p .. ':ended'
local function row(id) return p .. ':s:' .. id end
local function index(user) return p .. ':u' .. user end

-- Keep a key for some milliseconds at least.
local function keep(name, ttl)
  if redis.call('PTTL', name) < ttl then redis.call('PEXPIRE', name, ttl) end
end

-- Read a row; the user is '' for a visitor, and '=' before the name otherwise.
local function parse(value)
  if not value or #value < 36 then return nil end
  local version, created, seen, ends, length = struct.unpack('>i8i8i8i8i4', value)
  if length > #value - 36 then return nil end
  local user = length < 0 and '' or '=' .. string.sub(value, 37, 36 + length)
  return {{version = version, created = created, seen = seen, ends = ends, user = user}}
end

local function fetch(id)
  local value = redis.call('GET', row(id))
  return parse(value), value
end

local function write(id, value)
  local new = parse(value)
  local ttl = (new.ends - new.seen) * 1000 + {GRACE_MS}
  ttl = math.max(ttl, 1000)
  redis.call('SET', row(id), value, 'KEEPTTL')
  redis.call('ZADD', live, new.ends, id)
  keep(row(id), ttl)
  keep(live, ttl)
  if new.user ~= '' then
    redis.call('SADD', index(new.user), id)
    keep(index(new.user), ttl)
  end
end

-- The tag is written again with the first row after all was lost.
local function create(id, tag, value)
  if redis.call('EXISTS', row(id)) == 1 or redis.call('ZSCORE', ended, id) then return false end
  redis.call('SET', p .. ':tag', tag, 'NX')
  write(id, value)
  return redis.call('GET', p .. ':tag')
end

local function forget(id, user)
  redis.call('DEL', row(id))
  redis.call('ZREM', live, id)
  if user and user ~= '' then redis.call('SREM', index(user), id) end
end

local function finish(id)
  local found = fetch(id)
  if not found then return 0 end
  local ttl = redis.call('PTTL', row(id))
  forget(id, found.user)
  redis.call('ZADD', ended, found.ends, id)
  keep(ended, ttl)
  return 1
end
"""


def _script(text: str) -> Script:
    """Create a script that can use the common functions."""
    return Script(_COMMON + text)


#: ARGV: tag. Gives the tag that counts.
TAG = _script("""
redis.call('SET', p .. ':tag', ARGV[1], 'NX')
return redis.call('GET', p .. ':tag')
""")

#: ARGV: id, tag, row. Gives the tag, or nil where the key exists.
CREATE = _script("""
return create(ARGV[1], ARGV[2], ARGV[3])
""")

#: ARGV: id, row. Gives 1, or the row that stands in the way, or nil.
UPDATE = _script("""
local id, value = ARGV[1], ARGV[2]
local found, current = fetch(id)
if not found then return false end
local new = parse(value)
if found.version ~= new.version - 1 then return current end
if found.user ~= '' and found.user ~= new.user then redis.call('SREM', index(found.user), id) end
write(id, struct.pack('>i8i8', new.version, found.created) .. string.sub(value, 17))
return 1
""")

#: ARGV: id, seen, ends. Gives whether the row is live.
TOUCH = _script("""
local id, seen, ends = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local found, value = fetch(id)
if not found then return 0 end
seen, ends = math.max(found.seen, seen), math.max(found.ends, ends)
write(id, string.sub(value, 1, 16) .. struct.pack('>i8i8', seen, ends) .. string.sub(value, 33))
return 1
""")

#: ARGV: old id, new id, tag, row. Gives the tag, 0 where the old one is not live, nil where the
#: new one exists.
REPLACE = _script("""
if not fetch(ARGV[1]) then return 0 end
local tag = create(ARGV[2], ARGV[3], ARGV[4])
if tag then finish(ARGV[1]) end
return tag
""")

#: ARGV: ids. Gives how many were live.
END = _script("""
local count = 0
for _, id in ipairs(ARGV) do count = count + finish(id) end
return count
""")

#: ARGV: user. Gives ids and rows by turns; what dangles is removed.
LIST = _script("""
local rows = {}
for _, id in ipairs(redis.call('SMEMBERS', index(ARGV[1]))) do
  local found, value = fetch(id)
  if found and found.user == ARGV[1] then
    table.insert(rows, id)
    table.insert(rows, value)
  else
    redis.call('SREM', index(ARGV[1]), id)
  end
end
return rows
""")

#: ARGV: user, id that stays or nothing. Gives how many ended.
END_USER = _script("""
local count = 0
for _, id in ipairs(redis.call('SMEMBERS', index(ARGV[1]))) do
  local found = fetch(id)
  if id ~= ARGV[2] and found and found.user == ARGV[1] then count = count + finish(id) end
end
return count
""")

#: ARGV: how many at most. Gives how many ended, and whether there is more.
END_SOME = _script("""
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
PURGE = _script("""
local before, limit = '(' .. ARGV[1], tonumber(ARGV[2])
local ids = redis.call('ZRANGEBYSCORE', live, '-inf', before, 'LIMIT', 0, limit)
for _, id in ipairs(ids) do
  local found = fetch(id)
  forget(id, found and found.user)
end
local past = redis.call('ZRANGEBYSCORE', ended, '-inf', before, 'LIMIT', 0, limit - #ids)
for _, id in ipairs(past) do redis.call('ZREM', ended, id) end
return #ids + #past
""")

#: ARGV: id, holder. Gives a lock back if it is still the holder's.
UNLOCK = _script("""
local name = p .. ':l:' .. ARGV[1]
if redis.call('GET', name) == ARGV[2] then return redis.call('DEL', name) end
return 0
""")
