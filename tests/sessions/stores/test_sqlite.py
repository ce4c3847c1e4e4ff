"""The default store's file: who may read it, how it is made, and what it holds."""

from __future__ import annotations

import gc
import os
import re
import sqlite3
import stat
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

import strict_cookies.archive.sqlite
import strict_cookies.sessions.stores.sqlite
from strict_cookies._storage.sqlite_file import (
    APPLICATION_ID,
    MAX_WAL_BYTES,
    SCHEMA_VERSION,
    Connection,
    StoreFile,
)
from strict_cookies.errors import StoreUnavailableError
from strict_cookies.sessions.stores import sqlite
from strict_cookies.sessions.stores.sqlite import SQLiteStore

from ..places import HOUR, NOW, Place, make_key, make_row, new_key, opened
from ..workers import FRESH, open_at_once, running


@pytest.fixture
def path(tmp_path):
    """Where the store will be."""
    return tmp_path / "sessions.sqlite"


@pytest.fixture
def place(path):
    """The same, for other processes."""
    return Place("sqlite", str(path))


@pytest.fixture
def store(place):
    """An empty store."""
    with opened(place) as store:
        yield store


def look(path, statement):
    """Read the file as another program would."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def mode(path):
    """Give a file's permissions."""
    return stat.S_IMODE(os.stat(path).st_mode)


# --- The file ---


def test_only_the_owner_reads_the_file(tmp_path):
    """File, log and shared memory are 0600 and a new folder 0700, whatever the umask."""
    path = tmp_path / "new" / "sessions.sqlite"
    before = os.umask(0)
    try:
        with opened(Place("sqlite", str(path))) as store:
            store.create(new_key(), make_row())
            modes = {each.name: mode(each) for each in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {
        "sessions.sqlite": 0o600,
        "sessions.sqlite-wal": 0o600,
        "sessions.sqlite-shm": 0o600,
    }
    assert mode(path.parent) == 0o700


def test_folder_that_is_there_stays_as_it_is(tmp_path, store):
    """The permissions of an existing folder are its owner's affair."""
    tmp_path.chmod(0o750)
    store.create(new_key(), make_row())
    assert mode(tmp_path) == 0o750


def test_nothing_is_made_before_it_is_needed(tmp_path, store):
    """A store that nobody asks for a session leaves the disk alone."""
    assert repr(store) == f"SQLiteStore({str(tmp_path / 'sessions.sqlite')!r})"
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_path_is_fixed_when_made(tmp_path, monkeypatch):
    """A relative path does not follow the process to another folder."""
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore("sessions.sqlite")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    store.create(new_key(), make_row())
    store.close()
    assert (tmp_path / "sessions.sqlite").exists()


def test_link_leads_to_a_file_for_the_owner_only(tmp_path):
    """A link to a file that is not there yet makes that one, readable by nobody else."""
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with opened(Place("sqlite", str(tmp_path / "link"))) as store:
        store.create(new_key(), make_row())
    assert mode(tmp_path / "target") == 0o600


def test_file_shrinks_after_a_purge(path, store):
    """Pages that are free for long go back to the file system, a few with each purge."""
    for _ in range(12_000):
        store.create(new_key(), make_row(payload=b"x" * 1000))
    (full,) = look(path, "PRAGMA page_count")[0]
    while store.purge(NOW + 99 * 24 * HOUR, 2000):
        pass
    for _ in range(12):
        store.create(new_key(), make_row(ends_at=NOW))
        store.purge(NOW + 99 * 24 * HOUR, 1)
    (left,) = look(path, "PRAGMA page_count")[0]
    assert full > 3000
    assert left < full / 2


@pytest.mark.parametrize("name", ["a?b#c%41 ü.sqlite", "file:x", "-wal"])
def test_any_name_is_a_name(tmp_path, name):
    """No character of a path is taken for an option."""
    with opened(Place("sqlite", str(tmp_path / name))) as store:
        store.create(new_key(), make_row())
        assert len(store.list_user("alice")) == 1
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_file_says_what_it_is(path, store):
    """It carries an application id, a schema version and its tag, and is in WAL mode."""
    tag = store.tag
    assert look(path, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert look(path, "PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert look(path, "SELECT * FROM meta") == [("tag", tag)]
    assert look(path, "PRAGMA journal_mode") == [("wal",)]
    assert look(path, "PRAGMA integrity_check") == [("ok",)]


def test_processes_that_start_at_once_make_one_store(place):
    """Of processes that meet an empty folder together, all have one tag and see all rows."""
    count = 5
    barrier = FRESH.Barrier(count)
    pipes = [FRESH.Pipe() for _ in range(count)]
    with running(*((open_at_once, place, barrier, theirs) for _, theirs in pipes)):
        answers = [ours.recv() for ours, _ in pipes]
    assert len({tag for tag, _ in answers}) == 1
    assert [rows for _, rows in answers] == [count] * count


def test_stores_that_start_at_once_make_one_store(tmp_path):
    """The same among threads with a store object each, many times over."""
    for number in range(20):
        place = Place("sqlite", str(tmp_path / f"{number}.sqlite"))
        barrier = threading.Barrier(8)

        def begin(_, place=place, barrier=barrier):
            with opened(place) as store:
                barrier.wait()
                store.create(new_key(), make_row())
                return store.tag

        with ThreadPoolExecutor(8) as pool:
            tags = set(pool.map(begin, range(8)))
        assert len(tags) == 1
        with opened(place) as store:
            assert len(store.list_user("alice")) == 8


# --- What it holds ---


def test_ended_session_leaves_nothing_in_the_file(path, store):
    """Once the log is written back, neither user nor payload of an ended row is in the file."""
    keys = [new_key() for _ in range(20)]
    for key in keys:
        store.create(key, make_row(user="canary-user", payload=b"canary-payload" * 50))
    store.end(keys)
    store.close()
    assert b"canary" not in path.read_bytes()


def test_unreadable_row_is_not_found(path, store):
    """A row that was tampered with counts as none, alone and in a list, and does not come back."""
    good, *bad = (new_key() for _ in range(4))
    for key in (good, *bad):
        store.create(key, make_row())
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        changes = ("user = CAST (X'616cff' AS TEXT)", "version = 'x'", "payload = 'text'")
        for key, change in zip(bad, changes, strict=True):
            connection.execute(f"UPDATE sessions SET {change} WHERE key = ?", (key,))
    for key in bad:
        assert store.read(key) is None
        assert store.transact(key, lambda row: pytest.fail("it is unreadable")) is None
        assert store.update(key, make_row(version=9)).current is None
    assert store.list_user("alice") == [(good, make_row())]


def test_statements_use_indexes(path, store):
    """Neither a read nor a list nor a purge goes through all rows."""
    store.create(new_key(), make_row())
    for statement, index in (
        (sqlite._READ, "sqlite_autoindex_sessions_1"),
        (sqlite._LIST, "sessions_user"),
        (sqlite._PURGE.replace("?1", "1").replace("?2", "1"), "sessions_due_at"),
        (sqlite._PUT_OFF.replace("?1", "1").replace("?2", "1"), "sessions_due_at"),
        (sqlite._UPDATE, "sqlite_autoindex_sessions_1"),
    ):
        plan = str(look(path, f"EXPLAIN QUERY PLAN {statement.replace('?', 'NULL')}"))
        assert f"USING INDEX {index}" in plan or f"USING COVERING INDEX {index}" in plan
        assert "SCAN" not in plan


@pytest.mark.parametrize(
    ("action", "lasting"),
    [
        (lambda store, key: store.end([key]), True),
        (lambda store, key: store.end_user("alice"), True),
        (lambda store, key: store.end_all(), True),
        (lambda store, key: store.replace(key, new_key(), make_row()), True),
        (lambda store, key: store.replace(None, new_key(), make_row()), False),
        (lambda store, key: store.update(key, make_row(version=2)), False),
        (lambda store, key: store.transact(key, lambda row: row), False),
        (lambda store, key: store.touch(key, NOW, NOW), False),
        (lambda store, key: store.purge(NOW, 9), False),
    ],
    ids=[
        *("end", "end_user", "end_all", "replace"),
        *("create", "update", "transact", "touch", "purge"),
    ],
)
def test_ends_wait_for_the_disk(store, action, lasting):
    """An end is committed with synchronous=FULL, and only an end; afterwards it is NORMAL again."""
    key = new_key()
    store.create(key, make_row())
    statements = []
    with store._writing as handle:
        handle.set_trace_callback(statements.append)
    action(store, key)
    full, commit, normal = (
        [number for number, text in enumerate(statements) if text == wanted]
        for wanted in ("PRAGMA synchronous = FULL", "COMMIT", "PRAGMA synchronous = NORMAL")
    )
    if lasting:
        assert full < commit < normal
    else:
        assert full == []
    with store._writing as handle:
        assert handle.execute("PRAGMA synchronous").fetchone() == (1,)


def test_error_in_an_end_does_not_leave_it_slow(store):
    """Also where nothing came of it, ordinary writes are ordinary again."""
    old, known = new_key(), new_key()
    store.create(old, make_row())
    store.create(known, make_row())
    with pytest.raises(ValueError, match="the key exists"):
        store.replace(old, known, make_row())
    with store._writing as handle:
        assert handle.execute("PRAGMA synchronous").fetchone() == (1,)


def test_log_stays_small(path, store):
    """Under writes and reads without a pause, the write-ahead log is written back and reused."""
    log = path.with_name("sessions.sqlite-wal")
    key, largest = new_key(), 0
    store.create(key, make_row())
    stop = threading.Event()
    with opened(Place("sqlite", str(path))) as reader:

        def read():
            while not stop.is_set():
                assert reader.read(key) is not None

        thread = threading.Thread(target=read)
        thread.start()
        try:
            for version in range(2, 2000):
                payload = os.urandom(20_000)
                assert store.update(key, make_row(version=version, payload=payload)).written
                largest = max(largest, log.stat().st_size)
        finally:
            stop.set()
            thread.join()
    assert largest < 2 * MAX_WAL_BYTES
    store.close()
    assert not log.exists()


def test_reads_go_on_beside_a_writer(store):
    """While a thread is in a transaction, another reads what was before."""
    key = new_key()
    store.create(key, make_row())
    inside, go_on = threading.Event(), threading.Event()

    def change(row):
        inside.set()
        assert go_on.wait(20)
        return row._replace(payload=b"changed")

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(store.transact, key, change)
        assert inside.wait(20)
        assert store.read(key) == make_row()
        assert store.list_user("alice") == [(key, make_row())]
        go_on.set()
        assert done.result() == make_row(version=2, payload=b"changed")
    assert store.read(key).payload == b"changed"


def test_thread_that_waits_too_long_is_told(place):
    """A thread that a slow transaction keeps out gets an error, not a hang."""
    store = SQLiteStore(place.address, timeout=0.05)
    key = new_key()
    store.create(key, make_row())

    def change(row):
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(store.touch, key, NOW + 1, NOW)
            with pytest.raises(StoreUnavailableError, match="other threads of this process"):
                late.result()
        return row

    assert store.transact(key, change).version == 2
    assert store.touch(key, NOW + 1, NOW)
    store.close()


@pytest.mark.parametrize(
    ("taken_at", "until"),
    [
        pytest.param(-20, -10, id="it ran out"),
        pytest.param(86_400, 86_405, id="the clock was set back by a day"),
    ],
)
def test_lock_of_another_time_is_taken_over(path, store, taken_at, until):
    """Who died with a lock does not keep it, wherever the clock has gone since."""
    key = new_key()
    store.create(key, make_row())
    now = time.time()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO locks VALUES (?, X'00', ?, ?)", (key, now + taken_at, now + until)
        )
    with store.lock(key, timeout=0.01):
        pass


def test_purge_removes_locks_of_the_dead(path, store):
    """What a process left behind when it died goes with the rows."""
    store.tag  # noqa: B018 - it opens the store
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO locks VALUES (X'01', X'00', 1, 2)")
    assert store.purge(NOW, 10) == 0
    assert look(path, "SELECT count(*) FROM locks") == [(0,)]


def test_many_rows_end_and_go_in_bounded_steps(store):
    """Ten thousand rows are purged in steps, and what is live stays found."""
    with store._writing as handle:
        handle.execute("BEGIN IMMEDIATE")
        for number in range(10_000):
            ends_at = NOW + (HOUR if number % 100 == 0 else -HOUR)
            sqlite._insert(handle, make_key(f"many{number}"), make_row(ends_at=ends_at))
        handle.execute("COMMIT")
    removed = [store.purge(NOW, 4000) for _ in range(4)]
    assert removed == [4000, 4000, 1900, 0]
    assert len(store.list_user("alice")) == 100


@pytest.mark.parametrize(
    "module", [strict_cookies.archive.sqlite, strict_cookies.sessions.stores.sqlite]
)
def test_no_statement_numbers_its_placeholders(module):
    """Python 3.12 warns where ``?1`` is given a sequence, and 3.14 raises."""
    statements = [
        text for name, text in vars(module).items() if isinstance(text, str) and " WHERE " in text
    ]
    assert len(statements) >= 4
    assert [text for text in statements if re.search(r"\?\d", text)] == []


def test_file_is_closed_where_nobody_has_the_store_any_more(path):
    """In a cycle as well, before Python 3.13 and later warn of a database that is left open."""
    connection = Connection(StoreFile(path, timeout=1))
    with connection as handle:
        handle.execute("SELECT 1")
    connection.itself = connection
    del connection
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        handle.execute("SELECT 1")
    assert caught == []
