"""What the session stores cost: their methods on SQLite, with few rows and many, and on Redis."""

from __future__ import annotations

import itertools
import os
import random
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from redis import Redis

from strict_cookies.sessions.stores.base import SessionStore, StoredSession
from strict_cookies.sessions.stores.redis import RedisStore
from strict_cookies.sessions.stores.sqlite import _READ, SQLiteStore
from tests.sessions.redis_servers import redis_server

from .measure import ROUNDS, Timing, measure

FEW, MANY = 1_000, 200_000
#: A payload of a small application: a user, a few preferences, a message.
PAYLOAD = os.urandom(300)
NOW = 1_800_000_000
METHODS = ("read", "update", "read and update", "touch", "create", "create and end")

Case = Callable[[], object]


def stores_table() -> Iterator[str]:
    """Measure, and show every method next to the minimum of its storage."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(redis_server())
        stores: dict[str, SessionStore] = {
            f"SQLite, {FEW:,} rows": _filled(SQLiteStore(directory / "few"), FEW),
            f"SQLite, {MANY:,} rows": _filled(SQLiteStore(directory / "many"), MANY),
            "Redis": _filled(RedisStore(server.url), FEW),
        }
        bare = stack.enter_context(
            closing(sqlite3.connect(directory / "few", isolation_level=None))
        )
        client = stack.enter_context(Redis(host="127.0.0.1", port=server.port))
        client.set("bare", PAYLOAD)
        turns = itertools.cycle(range(FEW))
        cases: dict[str, Case] = {
            "bare SELECT": lambda: bare.execute(_READ, (_key(next(turns)),)).fetchone(),
            "bare GET": lambda: client.get("bare"),
        }
        for name, store in stores.items():
            stack.callback(store.close)
            cases |= {f"{name}: {method}": case for method, case in _cases(store).items()}
        found = measure(cases, clock=time.perf_counter)
    yield "## The session stores"
    yield ""
    yield f"Wall time, a payload of {len(PAYLOAD)} bytes, one thread; medians of {ROUNDS} rounds."
    yield "What a bare `SELECT` of a row, and a bare `GET` by redis-py, take is the least there is."
    yield "An end waits for the disk."
    yield ""
    yield "| case | us | spread | x bare |"
    yield "|---|---:|---:|---:|"
    for name in ("bare SELECT", "bare GET"):
        yield f"| {name} | {found[name].median:.0f} | {found[name].spread:.0f} | 1.0 |"
    for name in stores:
        least = found["bare GET" if name == "Redis" else "bare SELECT"]
        for method in METHODS:
            yield _line(f"{name}: {method}", found[f"{name}: {method}"], least)
        end = found[f"{name}: create and end"].minus(found[f"{name}: create"])
        yield _line(f"{name}: end", end, least)
    yield ""


def read_and_update(store: SessionStore, count: int) -> Case:
    """
    Return the case of a store with many sessions, all of which have their turn.

    Args:
        store: An empty one.
        count: How many sessions it gets.
    """
    return _cases(_filled(store, count), count)["read and update"]


def _line(name: str, timing: Timing, least: Timing) -> str:
    return f"| {name} | {timing.median:.0f} | {timing.spread:.0f} | {timing.over(least):.1f} |"


def _filled(store: SessionStore, count: int) -> SessionStore:
    """Add rows of many users to a store."""
    if isinstance(store, SQLiteStore):
        store.create(_key(0), _row(0))
        with store._writing as handle:
            handle.execute("BEGIN IMMEDIATE")
            handle.executemany(
                "INSERT INTO sessions (key, version, user, created_at, seen_at, ends_at, payload, "
                "due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                ((_key(number), *_row(number), NOW) for number in range(1, count)),
            )
            handle.execute("COMMIT")
    else:
        for number in range(count):
            store.create(_key(number), _row(number))
    return store


def _key(number: int) -> bytes:
    return number.to_bytes(4, "big") * 8


def _row(number: int, version: int = 1) -> StoredSession:
    return StoredSession(version, f"user{number % 5000}", NOW, NOW, NOW + 3600 + version, PAYLOAD)


def _cases(store: SessionStore, asked: int = FEW) -> dict[str, Case]:
    # The keys of sessions come in no order.
    turns = itertools.cycle(random.Random(1).sample(range(asked), asked))
    moments = itertools.count(NOW + 10_000)
    versions = [1] * asked

    def update(number: int) -> None:
        versions[number] += 1
        assert store.update(_key(number), _row(number, versions[number])).written

    def read_and_update() -> None:
        number = next(turns)
        assert store.read(_key(number)) is not None
        update(number)

    def touch() -> None:
        moment = next(moments)
        assert store.touch(_key(next(turns)), moment, moment + 3600)

    def create() -> bytes:
        key = secrets.token_bytes(32)
        store.create(key, _row(0))
        return key

    return {
        "read": lambda: store.read(_key(next(turns))),
        "update": lambda: update(next(turns)),
        "read and update": read_and_update,
        "touch": touch,
        "create": create,
        "create and end": lambda: store.end([create()]),
    }
