"""
What befalls a file: killed processes, a full or failing disk, other programs, damage.

Each fault is the real one where the machine lets us have it. Whatever it is, a message says what to
mend, nothing that was acknowledged is lost, and the store goes on by itself once it is mended.
"""

from __future__ import annotations

import logging
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from strict_cookies.errors import StoreCorruptError, StoreUnavailableError
from strict_cookies.sessions.stores.base import Update
from strict_cookies.sessions.stores.sqlite import SQLiteStore

from ..places import NOW, Place, make_key, make_row, new_key, opened, wait_until
from ..workers import FRESH, answer, running, write_for_ever


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


def filled(place, count=200):
    """Make a store with some rows, closed again, and give their keys."""
    keys = [make_key(f"row{number}") for number in range(count)]
    with opened(place) as store:
        for key in keys:
            store.create(key, make_row(payload=b"p" * 500))
    return keys


def fails(store, key, error, text):
    """See that reading and writing say the same."""
    for call in (
        lambda: store.read(key),
        lambda: store.list_user("alice"),
        lambda: store.create(new_key(), make_row()),
        lambda: store.update(key, make_row(version=2)),
        lambda: store.end([key]),
        lambda: store.purge(NOW, 1),
        lambda: store.lock(key, timeout=1).__enter__(),
    ):
        with pytest.raises(error, match=text):
            call()


# --- Processes that die ---


def test_killed_writers_lose_nothing_that_they_acknowledged(place):
    """kill -9 at any moment: what was created, updated or ended before is so for the next one."""
    names = ("one", "two")
    for attempt in range(3):
        pipes = {f"{name}{attempt}-": FRESH.Pipe(duplex=False) for name in names}
        with running(
            *((write_for_ever, place, theirs, name) for name, (_, theirs) in pipes.items())
        ) as processes:
            acknowledged = {
                name: [ours.recv() for _ in range(100)] for name, (ours, _) in pipes.items()
            }
            for process in processes:
                process.kill()
                process.join()
        for name, (ours, theirs) in pipes.items():
            theirs.close()
            acknowledged[name] += all_that_comes(ours)
        with opened(place) as store:
            for name, acks in acknowledged.items():
                for number, last in {number: state for state, number in acks}.items():
                    check_state(store, make_key(f"{name}{number}"), last, number)
            with store._reading as handle:
                assert handle.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def all_that_comes(pipe):
    """Read a pipe to its end."""
    found = []
    with suppress(EOFError):
        while True:
            found.append(pipe.recv())
    return found


def check_state(store, key, state, number):
    """See that a row is in the state that was acknowledged, or in the next one."""
    row = store.read(key)
    if state == "ended":
        assert row is None
        assert store.update(key, make_row(version=3)) == Update(False, None)
    elif state == "updated":
        assert row.payload == b"updated" if row else number % 2
    else:
        assert row is not None or number % 2


# --- Space ---


@contextmanager
def limited_files(folder):
    """Let no file of this process grow beyond some size: the kernel then refuses with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        yield folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def small_disk(folder):
    """Mount a disk of some size: it is full with ENOSPC. Where none may be mounted, limit files."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600k", "none", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        with limited_files(folder) as limited:
            yield limited
        return
    try:
        more = ["mount", "-o", "remount,size=20m", str(disk)]
        yield disk, lambda: subprocess.run(more, check=True)
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("limit", [limited_files, small_disk])
def test_full_disk(tmp_path, limit):
    """Writes fail with a message, reads go on, and all goes on when there is space again."""
    with (
        limit(tmp_path) as (folder, make_room),
        opened(Place("sqlite", str(folder / "sessions.sqlite"))) as store,
    ):
        written = {}

        def create_without_end():
            for number in range(10_000):
                key = make_key(f"full{number}")
                store.create(key, make_row(payload=b"p" * 2000))
                written[key] = 1

        def update_without_end():
            for version in range(2, 10_000):
                for key in written:
                    if written[key] < version:
                        store.update(key, make_row(version=version, payload=b"q" * 2000))
                        written[key] = version

        for act in (create_without_end, update_without_end):
            with pytest.raises(StoreUnavailableError, match="space") as caught:
                act()
            assert str(folder / "sessions.sqlite") in str(caught.value)
            assert not isinstance(caught.value, StoreCorruptError)
        assert 5 < len(written) < 500
        assert {key: store.read(key).version for key in written} == written
        make_room()
        for key in written:
            store.touch(key, NOW + 1, NOW)
        store.create(make_key("after"), make_row(payload=b"p" * 2000))
        assert len(store.list_user("alice")) == len(written) + 1
        assert store.end(list(written)) == len(written)


def test_no_space_for_a_new_store(tmp_path):
    """A store that can't even be made says so."""
    with limited_files(tmp_path) as (folder, make_room):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        with opened(Place("sqlite", str(folder / "sessions.sqlite"))) as store:
            with pytest.raises(StoreUnavailableError, match="space"):
                store.create(new_key(), make_row())
            make_room()
            store.create(new_key(), make_row())


# --- Permissions ---

_AS_NOBODY = """
import os, sys
from strict_cookies.errors import StoreUnavailableError
from strict_cookies.sessions.stores.sqlite import SQLiteStore
from tests.sessions.places import make_key, make_row
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
store = SQLiteStore(sys.argv[1])
try:
    store.create(make_key(os.getpid()), make_row())
except StoreUnavailableError as error:
    print(type(error).__name__, error)
else:
    print("written")
"""


@contextmanager
def owned_by_nobody():
    """Make a folder that belongs to the user who tries: root is asked for no permissions."""
    folder = Path(tempfile.mkdtemp(prefix="strict-cookies-"))
    if os.getuid() == 0:
        os.chown(folder, 65534, 65534)
    try:
        yield folder
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


def try_as_nobody(path):
    """Write to a store as somebody whom permissions bind."""
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_read_only_file():
    """A file that may not be written is told, and written to when it may be."""
    with owned_by_nobody() as folder:
        path = folder / "sessions.sqlite"
        assert try_as_nobody(path) == "written"
        path.chmod(0o400)
        assert try_as_nobody(path) == (
            f"StoreUnavailableError Session store '{path}': it can't be opened. See that this "
            "user owns the file and its folder (EACCES)."
        )
        path.chmod(0o600)
        assert try_as_nobody(path) == "written"


def test_read_only_folder():
    """A folder in which nothing may be made is told, with a store in it and without one."""
    with owned_by_nobody() as folder:
        path = folder / "sessions.sqlite"
        folder.chmod(0o500)
        said = f"StoreUnavailableError Session store '{path}': it can't be opened. See that this"
        assert try_as_nobody(path) == f"{said} user owns the file and its folder (EACCES)."
        folder.chmod(0o700)
        assert try_as_nobody(path) == "written"
        folder.chmod(0o500)
        assert try_as_nobody(path).startswith(f"StoreUnavailableError Session store '{path}': it ")
        folder.chmod(0o700)
        assert try_as_nobody(path) == "written"


def test_folder_of_a_stranger():
    """A folder that may not even be entered is told."""
    with owned_by_nobody() as folder:
        path = folder / "inner" / "sessions.sqlite"
        path.parent.mkdir(mode=0o700)
        folder.chmod(0o000)
        assert try_as_nobody(path).startswith(f"StoreUnavailableError Session store '{path}': it ")


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to(path)])
def test_path_that_is_no_file(tmp_path, make):
    """A folder or an endless link in the place of the file is told."""
    path = tmp_path / "taken"
    store = SQLiteStore(path)
    make(path)
    fails(store, new_key(), StoreUnavailableError, "it can't be opened")
    store.close()


# --- Other programs ---


def test_locked_by_another_program(path, place):
    """Where another program keeps it locked, writes say so after a while and reads go on."""
    key = filled(place)[0]
    store = SQLiteStore(path, timeout=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(3):
            with pytest.raises(StoreUnavailableError, match=r"locked for too long.*SQLITE_BUSY"):
                store.update(key, make_row(version=2))
            with pytest.raises(StoreUnavailableError, match="locked for too long"):
                store.end([key])
            with (
                pytest.raises(StoreUnavailableError, match="locked for too long"),
                store.lock(key, timeout=0.01),
            ):
                pytest.fail("it can't be had")
            assert store.read(key).version == 1
        other.execute("ROLLBACK")
        assert store.update(key, make_row(version=2)).written
    store.close()


def test_kept_by_another_program(path, place):
    """Where another program shares it with nobody, all says so, and goes on when it ends."""
    key = filled(place)[0]
    store = SQLiteStore(path, timeout=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE sessions SET version = version")
        fails(store, key, StoreUnavailableError, "locked for too long")
    assert store.read(key).version == 1
    store.close()


def test_lock_is_given_back_or_runs_out(path, place):
    """Where a lock can't be given back, the request that had it does not fail for that."""
    key = filled(place)[0]
    store = SQLiteStore(path, timeout=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        with store.lock(key, timeout=0.2):
            other.execute("BEGIN EXCLUSIVE")
        other.execute("ROLLBACK")
    with store.lock(key, timeout=5):
        pass
    store.close()


# --- What is no store of ours ---


def foreign_database(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE sessions (id TEXT)")


def foreign_with_an_id(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 7")
        connection.execute("CREATE TABLE sessions (id TEXT)")


def newer_version(path):
    filled(Place("sqlite", str(path)), 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")


def lost_table(path):
    filled(Place("sqlite", str(path)), 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE meta")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (foreign_database, "it is not a session store of this library. Set another path"),
        (foreign_with_an_id, "it is not a session store of this library. Set another path"),
        (newer_version, "its schema is of version 2, and this release reads 1. Install the"),
        (lost_table, "it is damaged. Restore it, or move it away: a new one is made"),
        (lambda path: path.write_text("Dear diary, " * 100), "it is not a session store of this"),
        (lambda path: path.write_bytes(os.urandom(8192)), "it is not a session store of this"),
    ],
    ids=["foreign", "foreign with an id", "newer", "lost table", "text", "noise"],
)
def test_what_is_no_store_is_left_alone(path, store, make, text):
    """Somebody else's file is told, and not changed by an octet."""
    make(path)
    before = path.read_bytes()
    fails(store, new_key(), StoreCorruptError, text)
    store.close()
    assert path.read_bytes() == before
    path.unlink()
    store.create(new_key(), make_row())


@pytest.mark.parametrize("octets", [b"", b"S"])
def test_empty_file_becomes_a_store(path, store, caplog, octets):
    """A file that was emptied, or that a killed process left, is filled, and that is told."""
    path.write_bytes(octets)
    path.chmod(0o600)
    key = new_key()
    store.create(key, make_row())
    assert store.read(key) == make_row()
    assert [record.getMessage() for record in caplog.records] == [
        f"Session store '{path}' was empty and is created again. "
        "If it held sessions, find out who emptied it."
    ]


# --- Damage ---


def overwrite(path, start, octets):
    """Damage a closed file in its middle."""
    with path.open("r+b") as file:
        file.seek(start)
        file.write(octets)


def answer_of(call, *arguments):
    """Give what a call returns, or what it says of damage."""
    try:
        return call(*arguments)
    except StoreCorruptError as error:
        return str(error)


def test_damaged_pages_are_told(path, place, store):
    """Where pages were overwritten, the damage is told; no row is ever other than it was."""
    keys = filled(place)
    whole = path.read_bytes()
    overwrite(path, 4096 * 2, os.urandom(len(whole) - 4096 * 4))
    answers = [answer_of(store.read, key) for key in keys]
    told = f"Session store '{path}': it is damaged. Restore it, or move it away: a new one is made"
    assert all(
        answer in (None, make_row(payload=b"p" * 500)) or answer.startswith(told)
        for answer in answers
    )
    assert any(isinstance(answer, str) for answer in answers)
    store.close()
    path.write_bytes(whole)
    assert all(store.read(key) is not None for key in keys)


@pytest.mark.parametrize("length", [30, 100, 1000, 4096, 9000])
def test_truncated_file_is_told(path, place, store, length):
    """A file that was cut off, wherever, is told to be damaged or no store."""
    key = filled(place)[0]
    with path.open("r+b") as file:
        file.truncate(length)
    fails(store, key, StoreCorruptError, "it is damaged|it is no session store")


def test_damaged_log_loses_no_older_row(path, place, store):
    """Where the write-ahead log was overwritten, what was written back before is still there."""
    keys = filled(place)
    copy = path.with_name("copy.sqlite")
    with store._writing as handle:
        handle.execute("PRAGMA wal_autocheckpoint = 0")
    late = new_key()
    store.create(late, make_row())
    shutil.copy(path, copy)
    (path.parent / "copy.sqlite-wal").write_bytes(os.urandom(20_000))
    with opened(Place("sqlite", str(copy))) as other:
        assert all(other.read(key) is not None for key in keys)
        assert other.read(late) is None


# --- A file that goes away ---


@pytest.mark.parametrize(
    "remove",
    [
        pytest.param(lambda path: path.unlink(), id="file"),
        pytest.param(
            lambda path: [each.unlink() for each in path.parent.glob("sessions.sqlite*")],
            id="file and log",
        ),
        pytest.param(lambda path: shutil.rmtree(path.parent), id="folder"),
    ],
)
def test_deleted_file_is_told_and_made_anew(tmp_path, caplog, remove):
    """Processes that had it open log that it is gone, and meet again in one new store."""
    path = tmp_path / "folder" / "sessions.sqlite"
    place = Place("sqlite", str(path))
    ours, theirs = FRESH.Pipe()

    def ask(*order):
        ours.send(order)
        return ours.recv()

    key, late, later = new_key(), new_key(), new_key()
    with opened(place) as store, running((answer, place, theirs)):
        store.create(key, make_row())
        tag = store.tag
        assert ask("read", key) == make_row()
        with caplog.at_level(logging.ERROR, "strict_cookies"):
            remove(path)
            store.create(late, make_row())
        assert [record.getMessage() for record in caplog.records] == [
            f"Session store '{path}' was deleted or replaced while in use. Sessions that are not "
            "in the file that is there now are gone, and who had them signs in again."
        ]
        assert store.tag != tag
        assert store.read(key) is None
        # The other one looks before it writes, and at the latest after a while when it reads.
        ask("create", later, make_row())
        assert ask("tag") == store.tag
        assert ask("read", late) == store.read(late) == make_row()
        assert store.read(later) == make_row()
        for number in range(50):
            store.create(make_key(f"here{number}"), make_row(user="both"))
            ask("create", make_key(f"there{number}"), make_row(user="both"))
        ours.send(None)
    with opened(place) as store:
        assert len(store.list_user("both")) == 100


def test_reader_end_markers_a_deleted_file(path, store):
    """A process that only reads sees within a second or so that the file is another."""
    key = new_key()
    store.create(key, make_row())
    path.unlink()
    wait_until(lambda: store.read(key) is None, 10)


def test_replaced_file_counts(path, place, store, caplog):
    """A backup that is moved into place is the store from then on, and that is logged."""
    key, late = new_key(), new_key()
    store.create(key, make_row())
    store.close()
    backup = path.with_name("backup.sqlite")
    shutil.copy(path, backup)
    store.create(late, make_row())
    store.close()
    store.read(late)
    backup.rename(path)
    store.touch(key, NOW + 1, NOW)
    assert "deleted or replaced while in use" in caplog.text
    assert store.read(key) == make_row(seen_at=NOW + 1)
    assert store.read(late) is None


def test_message_of_an_unknown_fault(store, path):
    """A fault of SQLite that has no advice of its own is told by its name, and passes."""
    key = new_key()
    store.create(key, make_row())
    with store._writing as handle:
        handle.set_progress_handler(lambda: 1, 1)
    with pytest.raises(StoreUnavailableError) as caught:
        store.update(key, make_row(version=2))
    assert str(caught.value) == (
        f"Session store '{path}': SQLite failed. It is tried again with the next request "
        "(SQLITE_INTERRUPT)."
    )
    assert store.update(key, make_row(version=2)).written
