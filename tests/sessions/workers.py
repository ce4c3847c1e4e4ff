"""
What other processes do to a store, and how tests run them.

They are spawned, not forked: each imports everything itself, as the workers of a server do.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
from contextlib import contextmanager

import pytest

from strict_cookies.sessions.store import StoredSession

from .places import Place, make_key, make_row, opened, put, take_out_compare_and_set

SPAWN = multiprocessing.get_context("spawn")
#: Seconds within which any of them is done.
PATIENCE = 60


@contextmanager
def running(*targets):
    """
    Run processes beside a block, and see that they end well when it is over.

    Args:
        targets: A function of a module with its arguments, for each process.
    """
    processes = [SPAWN.Process(target=target, args=arguments) for target, *arguments in targets]
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
