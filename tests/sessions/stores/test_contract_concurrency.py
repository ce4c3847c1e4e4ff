"""The contract of a session store among threads and processes: locks, races and forks."""

from __future__ import annotations

import json
import time

import pytest

from strict_cookies.errors import StoreUnavailableError
from strict_cookies.sessions.stores.base import Update

from ..places import (
    HOUR,
    NOW,
    add,
    in_threads,
    keys_of,
    make_key,
    make_row,
    names_in,
    new_key,
    opened,
    put,
    take_out_compare_and_set,
)
from ..workers import (
    FRESH,
    answer,
    fork_and_go_on,
    fork_while_threads_write,
    hold_and_die,
    increment,
    merge,
    merge_without,
    run,
    running,
    transact_often,
)

# --- Locks ---


def test_lock_keeps_others_out(store):
    """Of threads that read, wait and write under the lock of one key, none loses a step."""
    key = new_key()
    count = 0

    def step(_):
        nonlocal count
        with store.lock(key, timeout=30):
            before = count
            time.sleep(0.001)
            count = before + 1

    in_threads(30, step)
    assert count == 30


def test_lock_is_not_had_in_time(store):
    """Who waits in vain gets an error that says so, and the holder is not troubled."""
    key = new_key()
    with store.lock(key, timeout=30):
        begin = time.monotonic()

        def wait(_):
            with (
                pytest.raises(StoreUnavailableError, match=r"not acquired within 0\.05 s"),
                store.lock(key, timeout=0.05),
            ):
                pytest.fail("two have it")

        in_threads(3, wait)
        assert time.monotonic() - begin >= 0.05
    with store.lock(key, timeout=0.05):
        pass


def test_lock_hinders_nothing_else(store):
    """Other keys can be locked, and every other method works on the key that is."""
    key, other = new_key(), new_key()
    with store.lock(key, timeout=30), store.lock(other, timeout=30):
        store.create(key, make_row())
        assert store.update(key, make_row(version=2)).written
        assert store.transact(key, lambda row: row) is not None
        assert store.touch(key, NOW, NOW)
        assert len(store.list_user("alice")) == 1
        assert store.replace(key, other, make_row())
        assert store.end_user("alice") == 1
        assert store.purge(NOW + 9 * HOUR, 9) == 2


def test_lock_is_given_back_after_an_error(store):
    """An exception in the block comes out as it is, and the next one has the lock."""
    key = new_key()
    with pytest.raises(KeyError, match="its own"), store.lock(key, timeout=30):
        raise KeyError("its own")
    with store.lock(key, timeout=0.05):
        pass


def test_lock_is_held_no_longer_than_its_timeout(store):
    """Who hangs with a lock loses it, and takes nothing from the next holder by giving it back."""
    key = new_key()
    with store.lock(key, timeout=0.1), store.lock(key, timeout=30):
        pass
    with store.lock(key, timeout=0.1):
        second = store.lock(key, timeout=30)
        second.__enter__()
    with (
        pytest.raises(StoreUnavailableError, match="not acquired"),
        store.lock(key, timeout=0.02),
    ):
        pytest.fail("the first one gave back what was the second one's")
    second.__exit__(None, None, None)


def test_locks_leave_nothing_behind(store):
    """What was locked once costs no memory for ever."""
    for _ in range(50):
        with store.lock(new_key(), timeout=30):
            assert len(store._locks) == 1
    assert len(store._locks) == 0


# --- Threads and processes ---


def test_every_thread_keeps_its_key(store):
    """200 threads that read one row and then write a name of their own each are all in it."""
    key = add(store)
    row = store.read(key)
    in_threads(200, lambda number: put(store, key, row, f"name{number}"))
    assert names_in(store, key) == {f"name{number}" for number in range(200)}


def test_without_compare_and_set_threads_lose_keys(store, kind, monkeypatch):
    """The test above has teeth."""
    take_out_compare_and_set(monkeypatch, kind)
    key = add(store)
    row = store.read(key)
    in_threads(200, lambda number: put(store, key, row, f"name{number}"))
    assert len(names_in(store, key)) < 200


def test_threads_on_rows_of_their_own(store):
    """200 threads, each with a row, do not trouble each other."""
    keys = [add(store, payload=b"{}") for _ in range(200)]

    def task(number):
        for step in range(5):
            put(store, keys[number], store.read(keys[number]), f"step{step}")

    in_threads(200, task)
    for key in keys:
        assert names_in(store, key) == {f"step{step}" for step in range(5)}
        assert store.read(key).version == 6


def test_two_processes_keep_all_keys(shared_place, shared_store):
    """Two processes that read a row, meet, and then write a name each are both in every row."""
    rounds = 25
    for number in range(rounds):
        shared_store.create(make_key(number), make_row())
    barrier = FRESH.Barrier(2)
    run(*((merge, shared_place, name, barrier, rounds) for name in ("one", "two")))
    for number in range(rounds):
        assert names_in(shared_store, make_key(number)) == {"one", "two"}


def test_without_compare_and_set_processes_lose_keys(shared_place, shared_store):
    """The test above has teeth: each row then has one name of the two."""
    rounds = 5
    for number in range(rounds):
        shared_store.create(make_key(number), make_row())
    barrier = FRESH.Barrier(2)
    run(*((merge_without, shared_place, name, barrier, rounds) for name in ("one", "two")))
    for number in range(rounds):
        assert len(names_in(shared_store, make_key(number))) == 1


def test_processes_take_turns_for_a_lock(shared_place, shared_store):
    """Three processes that count under a lock, by a plain read and write, lose no step."""
    key = new_key()
    shared_store.create(key, make_row(payload=b'{"count": 0}'))
    run(*[(increment, shared_place, key, 30)] * 3)
    assert json.loads(shared_store.read(key).payload) == {"count": 90}


def test_processes_take_turns_for_transactions(shared_place, shared_store):
    """Three processes that count by transactions lose no step."""
    key = new_key()
    shared_store.create(key, make_row(payload=b'{"count": 0}'))
    run(*[(transact_often, shared_place, key, 50)] * 3)
    assert json.loads(shared_store.read(key).payload) == {"count": 150}


def test_lock_counts_in_every_store_of_a_place(shared_place, shared_store):
    """What one store has locked, another of the same place can't have until it is given back."""
    key = new_key()
    with opened(shared_place) as other:
        with shared_store.lock(key, timeout=30):
            for _ in range(2):
                with (
                    pytest.raises(StoreUnavailableError, match="not acquired"),
                    other.lock(key, timeout=0.05),
                ):
                    pytest.fail("two have it")
        with other.lock(key, timeout=0.05):
            pass


def test_lock_of_a_dead_process_is_set_free(shared_place, shared_store):
    """A process that is killed while it has the lock keeps it for its timeout at most."""
    key = new_key()
    ours, theirs = FRESH.Pipe()
    with running((hold_and_die, shared_place, key, theirs)):
        assert ours.recv() == "held"
    with shared_store.lock(key, timeout=10):
        pass


def test_processes_see_each_other_at_once(shared_place, shared_store):
    """What one process has done, another sees from then on, though both were there before."""
    key, other = new_key(), new_key()
    ours, theirs = FRESH.Pipe()

    def ask(*order):
        ours.send(order)
        return ours.recv()

    with running((answer, shared_place, theirs)):
        assert ask("read", key) is None
        shared_store.create(key, make_row())
        assert ask("read", key) == make_row()
        assert ask("update", key, make_row(version=2, user="bob")).written
        assert shared_store.read(key) == make_row(version=2, user="bob")
        assert keys_of(shared_store, "bob") == [key]
        assert shared_store.touch(key, NOW + 1, NOW)
        assert ask("list_user", "bob") == shared_store.list_user("bob")
        assert ask("replace", key, other, make_row()) is True
        assert shared_store.read(key) is None
        assert shared_store.update(key, make_row(version=3)) == Update(False, None)
        assert shared_store.end([other]) == 1
        assert ask("touch", other, NOW, NOW) is False
        assert ask("tag") == shared_store.tag
        ours.send(None)


def test_store_goes_on_after_a_fork(shared_place):
    """Parent and child both go on with a store that was open; neither pulls it from the other."""
    run((fork_and_go_on, shared_place))


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_fork_amid_threads_is_harmless(place):
    """A child never waits for a thread that exists only in its parent.

    A client that was handed in, as that of the Cluster is, may do so: redis-py promises no more.
    """
    run((fork_while_threads_write, place))


def test_two_places_have_two_tags(place, tmp_path):
    """Stores apart are told by their tags, and hold nothing of each other."""
    elsewhere = place._replace(prefix="elsewhere")
    if place.kind == "sqlite":
        elsewhere = place._replace(address=str(tmp_path / "other.sqlite"))
    with opened(place) as one, opened(elsewhere) as other:
        key = add(one)
        assert one.tag != other.tag
        assert other.read(key) is None
        assert other.list_user("alice") == []
        other.end_all()
        assert one.read(key) == make_row()
