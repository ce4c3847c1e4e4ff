"""Many processes, one chain; and what remains of a killed one."""

from __future__ import annotations

from collections import Counter

from strict_cookies.trail.audit_trail import AuditTrail
from strict_cookies.trail.verification import verify_trail
from tests.archive.places import opened
from tests.sessions.workers import FRESH, run, running

from .workers import count_and_die, record_for_ever, record_often

PROCESSES, EVENTS = 4, 10_000


def test_processes_make_one_chain(shared_place):
    """Four processes record ten thousand events together: one intact chain, nothing lost."""
    barrier = FRESH.Barrier(PROCESSES)
    each = EVENTS // PROCESSES
    run(*((record_often, shared_place, name, each, barrier) for name in "abcd"))
    with opened(shared_place) as archive:
        trail = AuditTrail(archive)
        found = verify_trail(trail)
        assert (found.problems, found.checked, found.last.number) == ((), EVENTS, EVENTS)
        events = [(entry.details["worker"], entry.details["order"]) for entry in trail.entries()]
    assert Counter(worker for worker, _ in events) == dict.fromkeys("abcd", each)
    for name in "abcd":
        assert [order for worker, order in events if worker == name] == list(range(each))


def test_killed_process_loses_no_event(shared_place):
    """What was acknowledged before SIGKILL is in the trail, and the chain is intact."""
    here, there = FRESH.Pipe(duplex=False)
    with running((record_for_ever, shared_place, there)) as (process,):
        numbers = [here.recv() for _ in range(30)]
        process.kill()
    with opened(shared_place) as archive:
        found = verify_trail(AuditTrail(archive))
    assert numbers == list(range(1, 31))
    assert found.is_intact
    assert found.last.number >= 30


def test_killed_process_loses_what_it_counted_since_it_wrote(shared_place):
    """Counters are those of the last write, no less."""
    ours, theirs = FRESH.Pipe()
    with running((count_and_die, shared_place, theirs)) as (process,):
        assert ours.recv() == "counted"
        process.kill()
    with opened(shared_place) as archive:
        trail = AuditTrail(archive)
        assert [(row.reason, row.name, row.times) for row in trail.counts.read()] == [
            ("SC101", "sid", 3)
        ]
        assert [entry.event for entry in trail.entries()] == ["cookie-dropped"]
