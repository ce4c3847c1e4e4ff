"""The contract of an archive, sentence by sentence, on every kind there is."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from redis import RedisCluster

from strict_cookies.archive.base import Entry
from strict_cookies.archive.redis import RedisArchive
from strict_cookies.archive.sqlite import SQLiteArchive
from strict_cookies.errors import StoreCorruptError, StoreUnavailableError
from strict_cookies.sessions.stores.redis import RedisStore
from strict_cookies.sessions.stores.sqlite import SQLiteStore
from tests.sessions.redis_servers import redis_cluster
from tests.sessions.workers import FRESH, run, running

from .places import opened
from .workers import append_for_ever, append_often, chain, fork_and_append

DATA = [
    pytest.param(b"", id="nothing"),
    pytest.param(bytes(range(256)), id="all octets"),
    pytest.param(b"\xff" * 1_000_000, id="a megabyte"),
]
KEYS = ["", "plain", "a b:c{d}", "Zoë 🍪", "'; DROP TABLE x; --", "n" * 5000]


def fill(archive, log="log", count=5):
    """Append some entries."""
    return [archive.append(log, chain("x", number)) for number in range(count)]


# --- Logs ---


def test_empty_log_has_nothing(archive):
    """All that reads gives nothing, and cutting removes nothing."""
    assert archive.last("log") is None
    assert archive.read("log") == []
    assert archive.cut("log", 10) == 0


def test_entries_are_numbered_from_one(archive):
    """Each entry gets the next number and sees the one before it."""
    seen = []
    entries = [
        archive.append("log", lambda last: seen.append(last) or f"{len(seen)}".encode())
        for _ in range(3)
    ]
    assert entries == [Entry(1, b"1"), Entry(2, b"2"), Entry(3, b"3")]
    assert seen == [None, *entries[:2]]
    assert archive.last("log") == entries[-1]
    assert archive.read("log") == entries


@pytest.mark.parametrize("data", DATA)
def test_any_octets_are_data(archive, data):
    """What was appended or put is what is read, as octets."""
    archive.append("log", lambda last: data)
    archive.put("shelf", "key", data)
    assert archive.last("log") == Entry(1, data)
    assert archive.read("log") == [Entry(1, data)]
    assert archive.get("shelf", "key") == data
    assert archive.items("shelf") == {"key": data}


def test_reading_goes_on_behind_a_number(archive):
    """A log is read in parts, and no more than was asked for is given."""
    entries = fill(archive)
    assert archive.read("log", after=2) == entries[2:]
    assert archive.read("log", after=1, limit=2) == entries[1:3]
    assert archive.read("log", after=5) == []
    assert archive.read("log", limit=0) == []


def test_logs_are_apart(archive):
    """Each log has its own numbers."""
    fill(archive, "one", 3)
    assert fill(archive, "two", 1) == [Entry(1, b"x:0:0")]
    archive.cut("one", 3)
    assert [entry.number for entry in archive.read("one")] == [3]
    assert len(archive.read("two")) == 1


def test_cut_removes_what_is_below(archive):
    """The numbers go on as if nothing had been removed."""
    entries = fill(archive)
    assert archive.cut("log", 3) == 2
    assert archive.read("log") == entries[2:]
    assert archive.cut("log", 3) == 0
    assert archive.append("log", chain("y", 0)) == Entry(6, b"y:0:5")


def test_last_entry_is_never_cut(archive):
    """However much is cut, the next entry follows the last."""
    fill(archive, count=1200)
    assert archive.cut("log", 10_000) == 1199
    assert archive.append("log", chain("y", 0)) == Entry(1201, b"y:0:1200")


def test_failing_maker_appends_nothing(archive):
    """An exception is the caller's, and the archive goes on."""
    fill(archive, count=1)
    with pytest.raises(ZeroDivisionError):
        archive.append("log", lambda last: bytes(1 // 0))
    assert archive.append("log", chain("y", 0)).number == 2


# --- Shelves ---


@pytest.mark.parametrize("key", KEYS)
def test_any_text_is_a_key(archive, key):
    """A value is found under its key, and a counter too."""
    archive.put("shelf", key, b"value")
    archive.add("tally", {key: 2})
    assert archive.get("shelf", key) == b"value"
    assert archive.items("shelf") == {key: b"value"}
    assert archive.amounts("tally") == {key: 2}


def test_shelves_keep_the_newest_value(archive):
    """Putting replaces, putting new does not, and what is deleted is gone."""
    assert archive.get("shelf", "key") is None
    assert archive.put_new("shelf", "key", b"1") == b"1"
    assert archive.put_new("shelf", "key", b"2") == b"1"
    archive.put("shelf", "key", b"3")
    assert archive.get("shelf", "key") == b"3"
    assert archive.get("other", "key") is None
    assert archive.items("other") == {}
    assert archive.delete("shelf", "key") is True
    assert archive.delete("shelf", "key") is False
    assert archive.get("shelf", "key") is None


# --- Tallies ---


def test_counters_add_up(archive):
    """Each begins at nought; those that are cleared begin anew."""
    archive.add("tally", {})
    assert archive.amounts("tally") == {}
    archive.add("tally", {"a": 1, "b": 2})
    archive.add("tally", {"a": 10, "c": 3})
    archive.add("other", {"a": 5})
    assert archive.amounts("tally") == {"a": 11, "b": 2, "c": 3}
    archive.clear_tally("tally", frozenset({"a", "z"}))
    archive.add("tally", {"a": 1})
    assert archive.amounts("tally") == {"a": 1, "b": 2, "c": 3}
    assert archive.amounts("other") == {"a": 5}


def test_many_counters_at_once(archive):
    """A batch may be of any size."""
    archive.add("tally", {f"key {number}": number for number in range(3000)})
    found = archive.amounts("tally")
    assert (len(found), sum(found.values())) == (3000, 3000 * 2999 // 2)
    archive.clear_tally("tally", frozenset(found))
    assert archive.amounts("tally") == {}


# --- Threads, processes, faults ---


def test_threads_append_one_after_another(archive):
    """No number is given twice, and each entry names the one before."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: archive.append("log", chain("x", number)), range(200)))
    entries = archive.read("log")
    assert [int(entry.data.split(b":")[2]) + 1 for entry in entries] == list(range(1, 201))
    assert [entry.number for entry in entries] == list(range(1, 201))


def test_processes_append_one_after_another(shared_place):
    """Two processes make one log, in one order, and count together."""
    barrier = FRESH.Barrier(2)
    run(*((append_often, shared_place, name, 100, barrier) for name in "ab"))
    with opened(shared_place) as archive:
        entries = archive.read("log")
        amounts = archive.amounts("tally")
        first = archive.get("shelf", "first")
    assert [entry.number for entry in entries] == list(range(1, 201))
    assert [int(entry.data.split(b":")[2]) for entry in entries] == list(range(200))
    assert amounts == {"all": 200, "a": 100, "b": 100}
    assert first in (b"a", b"b")


def test_killed_process_loses_nothing_acknowledged(shared_place):
    """What was appended is there after the process was killed, and the log goes on."""
    here, there = FRESH.Pipe(duplex=False)
    with running((append_for_ever, shared_place, there)) as (process,):
        numbers = [here.recv() for _ in range(50)]
        process.kill()
    with opened(shared_place) as archive:
        found = [entry.number for entry in archive.read("log")]
        assert found[:50] == numbers == list(range(1, 51))
        assert archive.append("log", chain("y", 0)).number == len(found) + 1


def test_archive_goes_through_a_fork(shared_place):
    """Parent and child go on with one log."""
    run((fork_and_append, shared_place))
    with opened(shared_place) as archive:
        names = [entry.data.decode() for entry in archive.read("log")]
    assert names == ["parent:0:0", "child:0:1", "parent:1:2"]


def test_file_is_shared_with_the_sessions(tmp_path):
    """Sessions and archive find each other's file in order, whoever made it; nobody else reads."""
    for name, kinds in (("a", (SQLiteStore, SQLiteArchive)), ("b", (SQLiteArchive, SQLiteStore))):
        path = tmp_path / name
        objects = [kind(path) for kind in kinds]
        for each in objects:
            assert each.read("log" if isinstance(each, SQLiteArchive) else b"key") in ([], None)
        with closing(SQLiteArchive(path)) as archive:
            assert fill(archive, count=1) == [Entry(1, b"x:0:0")]
        for each in objects:
            each.close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_is_written_through_to_the_disk(tmp_path):
    """SQLite waits for the disk before it acknowledges, so that a power cut loses nothing."""
    full = 2
    with closing(SQLiteArchive(tmp_path / "file")) as archive, archive._connection as handle:
        assert handle.execute("PRAGMA synchronous").fetchone() == (full,)
        assert handle.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_deleted_value_is_not_in_the_file(tmp_path):
    """Of what was deleted nothing is left, neither in the file nor beside it."""
    with closing(SQLiteArchive(tmp_path / "file")) as archive:
        archive.put("shelf", "key", b"VALUE-TO-FORGET")
        assert archive.delete("shelf", "key")
        left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"VALUE-TO-FORGET" not in left


def test_foreign_file_is_left_alone(tmp_path):
    """What is no file of this library is neither read nor written, and the message says so."""
    path = tmp_path / "file"
    path.write_bytes(b"somebody's notes" * 100)
    with (
        closing(SQLiteArchive(path)) as archive,
        pytest.raises(StoreCorruptError, match=f"Archive '{path}'"),
    ):
        archive.last("log")


def test_missing_server_is_told():
    """An archive that can't be reached says where it is, never the password."""
    archive = RedisArchive(RedisStore("redis://user:hidden@127.0.0.1:1/0"))
    with pytest.raises(
        StoreUnavailableError, match=r"127\.0\.0\.1:1/0: it can't be reached"
    ) as told:
        archive.last("log")
    assert "hidden" not in f"{told.value}{archive!r}"


def test_server_is_shared_with_the_sessions(archive_server):
    """An archive uses the connections of its store and leaves them open."""
    store = RedisStore(archive_server.url, prefix="shared")
    archive = RedisArchive(store)
    fill(archive, count=1)
    archive.close()
    assert store.read(b"key") is None
    store.close()


def test_archive_lives_in_a_cluster():
    """Every kind of thing is kept where each key has its slot."""
    with redis_cluster() as nodes:
        client = RedisCluster(host="127.0.0.1", port=nodes[0].port)
        archive = RedisArchive(RedisStore(client, prefix="test"))
        entries = fill(archive, count=3)
        assert archive.read("log", after=1) == entries[1:]
        assert archive.cut("log", 3) == 2
        assert archive.put_new("shelf", "key", b"value") == b"value"
        assert archive.items("shelf") == {"key": b"value"}
        archive.add("tally", {"key": 2})
        assert archive.amounts("tally") == {"key": 2}
        client.close()


def test_keys_are_in_one_slot(archive_server):
    """Each key has the hash tag of its prefix, so that a Cluster keeps them together."""
    with closing(RedisStore(archive_server.url, prefix="slot")) as store:
        archive = RedisArchive(store)
        fill(archive, count=1)
        archive.put("shelf", "key", b"")
        archive.add("tally", {"key": 1})
    with archive_server.client() as client:
        assert sorted(client.keys("*slot*")) == [
            b"{slot}:a:log:log",
            b"{slot}:a:shelf:shelf",
            b"{slot}:a:tally:tally",
        ]
