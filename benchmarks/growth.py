"""What grows with the size of things, and what must not: policies, fields, sessions, the trail."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from strict_cookies import CookieFirewall
from strict_cookies.archive.sqlite import SQLiteArchive
from strict_cookies.sessions.stores.sqlite import SQLiteStore
from strict_cookies.trail.audit_trail import AuditTrail

from .cases import SIX, bare_app, make_policy, request
from .measure import ROUNDS, measure
from .stores import read_and_update

POLICIES = (3, 10, 100, 1_000, 10_000)
COOKIES = (1, 6, 20, 60, 180)
SESSIONS = (1, 100, 10_000, 200_000)
EVENTS = (1, 100, 10_000, 100_000)


def growth_tables() -> Iterator[str]:
    """Measure each size next to the others."""
    policies = {
        f"{entries:,}": request(CookieFirewall(bare_app, make_policy(entries)), SIX)
        for entries in POLICIES
    }
    yield from _table("A request as the policy grows", "entries", policies, time.process_time)
    firewall = CookieFirewall(bare_app, make_policy(10))
    fields = {
        str(count): request(firewall, "; ".join(f"other{number}=v" for number in range(count)))
        for count in COOKIES
    }
    yield from _table(
        "A request as its field grows", "undeclared cookies", fields, time.process_time
    )
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        sessions = {}
        for count in SESSIONS:
            store = SQLiteStore(Path(directory, f"sessions{count}"))
            stack.callback(store.close)
            sessions[f"{count:,}"] = read_and_update(store, count)
        heading = "A session's read and update on SQLite as sessions grow"
        yield from _table(heading, "sessions", sessions, time.process_time)
    with tempfile.TemporaryDirectory() as directory:
        trails = {}
        for count in EVENTS:
            archive = SQLiteArchive(Path(directory, str(count)))
            trail = AuditTrail(archive, pseudonym_keys=(b"k" * 32,))
            _fill(archive, trail, count)
            trails[f"{count:,}"] = _recorder(trail)
        yield from _table("An event as the trail grows", "events", trails, time.perf_counter)


def _fill(archive: SQLiteArchive, trail: AuditTrail, count: int) -> None:
    """Record some events in a trail, without waiting for the disk at each."""
    trail.record("audit-run", result="clean")
    entry = archive.last("trail")
    assert entry is not None
    with archive._transaction() as handle:
        handle.executemany(
            "INSERT INTO archive_logs VALUES ('trail', ?, ?)",
            ((number, entry.data) for number in range(2, count + 1)),
        )


def _recorder(trail: AuditTrail) -> Callable[[], object]:
    def record() -> None:
        assert trail.record("audit-run", result="clean") is not None

    return record


def _table(
    heading: str, what: str, cases: dict[str, Callable[[], object]], clock: Callable[[], float]
) -> Iterator[str]:
    found = measure(cases, clock=clock)
    first = next(iter(found.values()))
    yield f"## {heading}"
    yield ""
    kind = "CPU" if clock is time.process_time else "Wall"
    yield f"{kind} time; medians of {ROUNDS} rounds."
    yield ""
    yield f"| {what} | us | spread | x the first |"
    yield "|---:|---:|---:|---:|"
    for name, timing in found.items():
        yield f"| {name} | {timing.median:.1f} | {timing.spread:.1f} | {timing.over(first):.2f} |"
    yield ""
