"""
What other processes do to a store, and how tests run them.

None inherits a store or a thread from the tests: they are forked from a process that has imported
everything and opened nothing. Imports are most of what a process costs.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
from contextlib import contextmanager

import pytest

from strict_cookies.sessions.stores.base import StoredSession

from .places import Place, make_key, make_row, opened, put, take_out_compare_and_set

FRESH = multiprocessing.get_context("forkserver")
FRESH.set_forkserver_preload(["tests.archive.workers", "tests.sessions.workers_http"])
#: Seconds within which any of them is done.
PATIENCE = 60


@contextmanager
def running(*targets):
    """
    Run processes beside a block, and see that they end well when it is over.

    Args:
        targets: A function of a module with its arguments, for each process.
    """
    processes = [FRESH.Process(target=target, args=arguments) for target, *arguments in targets]
    for process in processes:
        process.start()
    try:
        yield processes
        for process in processes:
            process.join(PATIENCE)
            assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    finally:
        for process in processes:
            process.kill()
            process.join()


def run(*targets):
    """Run processes to their end."""
    with running(*targets):
        pass


def merge(place: Place, name: str, barrier, rounds: int, *, whole: bool = True) -> None:
    """Put a name into each of some rows at the same moment as others do, having read before."""
    with pytest.MonkeyPatch.context() as patch, opened(place) as store:
        if not whole:
            take_out_compare_and_set(patch, place.kind)
        for number in range(rounds):
            key = make_key(number)
            row = store.read(key)
            barrier.wait(PATIENCE)
            put(store, key, row, name)
            barrier.wait(PATIENCE)


def merge_without(place: Place, name: str, barrier, rounds: int) -> None:
    """Do the same with compare-and-set taken out."""
    merge(place, name, barrier, rounds, whole=False)


def increment(place: Place, key: bytes, times: int) -> None:
    """Count in a row under its lock, by a plain read and write."""
    with opened(place) as store:
        for _ in range(times):
            with store.lock(key, timeout=PATIENCE):
                row = store.read(key)
                count = json.loads(row.payload)["count"] + 1
                payload = json.dumps({"count": count}).encode()
                store.update(key, row._replace(version=row.version + 1, payload=payload))


def transact_often(place: Place, key: bytes, times: int) -> None:
    """Count in a row by transactions."""

    def change(row: StoredSession) -> StoredSession:
        count = json.loads(row.payload)["count"] + 1
        return row._replace(payload=json.dumps({"count": count}).encode())

    with opened(place) as store:
        for _ in range(times):
            assert store.transact(key, change) is not None


def hold_and_die(place: Place, key: bytes, pipe) -> None:
    """Take a lock, tell, and be killed with it."""
    with opened(place) as store, store.lock(key, timeout=1):
        pipe.send("held")
        os.kill(os.getpid(), signal.SIGKILL)


def answer(place: Place, pipe) -> None:
    """Do what the pipe says and tell what came of it, until it says nothing more."""
    with opened(place) as store:
        while (order := pipe.recv()) is not None:
            name, *arguments = order
            pipe.send(getattr(store, name)(*arguments) if arguments else getattr(store, name))


def write_for_ever(place: Place, pipe, name: str) -> None:
    """Create, update and end rows, and acknowledge each after the store did."""
    with opened(place) as store:
        number = 0
        while True:
            key = make_key(f"{name}{number}")
            row = make_row(user=name)
            store.create(key, row)
            pipe.send(("created", number))
            assert store.update(key, row._replace(version=2, payload=b"updated")).written
            pipe.send(("updated", number))
            if number % 2:
                assert store.end([key]) == 1
                pipe.send(("ended", number))
            number += 1


def fork_and_go_on(place: Place) -> None:
    """Fork with an open store; parent and child go on, and the parent closes first."""
    from_child, to_parent = os.pipe()
    from_parent, to_child = os.pipe()
    ended, by_child, late = make_key("ended"), make_key("by child"), make_key("late")
    with opened(place) as store:
        store.create(ended, make_row())
        if os.fork() == 0:
            status = 1
            try:
                assert store.read(ended) == make_row()
                store.create(by_child, make_row())
                os.write(to_parent, b".")
                os.read(from_parent, 1)
                with store.lock(late, timeout=5):
                    store.create(late, make_row())
                assert store.end([ended]) == 1
                status = 0
            finally:
                os._exit(status)
        os.read(from_child, 1)
        assert store.read(by_child) == make_row()
        store.close()
        # Another that comes and goes: nobody but the child has the store open then.
        with opened(place) as other:
            assert other.read(by_child) == make_row()
        os.write(to_child, b".")
        _, status = os.wait()
        assert status == 0
        assert store.read(late) == make_row()
        assert store.read(ended) is None


def fork_while_threads_write(place: Place) -> None:
    """Fork again and again while threads are in the store; no child hangs, none loses a row."""
    with opened(place) as store:
        stop = threading.Event()

        def write(name):
            number = 0
            while not stop.is_set():
                with store.lock(make_key(name), timeout=PATIENCE):
                    store.create(make_key(f"{name}{number}"), make_row(user=name))
                number += 1

        threads = [
            threading.Thread(target=write, args=(f"thread{each}",), daemon=True)
            for each in range(4)
        ]
        for thread in threads:
            thread.start()
        for number in range(20):
            if os.fork() == 0:
                status = 1
                try:
                    with store.lock(make_key(f"fork{number}"), timeout=5):
                        store.create(make_key(f"child{number}"), make_row(user="child"))
                    status = 0
                finally:
                    os._exit(status)
            _, status = os.wait()
            assert status == 0
        stop.set()
        for thread in threads:
            thread.join()
        assert len(store.list_user("child")) == 20


def open_at_once(place: Place, barrier, pipe) -> None:
    """Make a store at the same moment as others do, and tell its tag and what is in it."""
    with opened(place) as store:
        barrier.wait(PATIENCE)
        store.create(make_key(str(os.getpid())), make_row())
        tag = store.tag
        barrier.wait(PATIENCE)
        pipe.send((tag, len(store.list_user("alice"))))
