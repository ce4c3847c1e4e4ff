"""Exports of a trail, once and continued, while others record and prune."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta

import pytest

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.errors import StoreCorruptError, StoreUnavailableError
from strict_cookies.trail import audit_trail
from strict_cookies.trail.audit_trail import LOG, AuditTrail
from strict_cookies.trail.export import export_trail, follow_trail, write_jsonl, write_ocsf
from strict_cookies.trail.head_stamper import HeadStamper
from tests.archive.places import opened
from tests.sessions.workers import FRESH, running

from .test_verify_docs import BLOCKS
from .trails import DAY, Clock, fill
from .workers import record_often

PROCESSES, EVENTS = 3, 600


def make(count=5, **options):
    """A trail with entries, and its clock."""
    clock = Clock()
    trail = AuditTrail(MemoryArchive(), clock=clock, **options)
    fill(trail, count)
    return trail, clock


class StopFollowing(Exception):
    """Raised by a test's pause."""


def follow(trail, *steps, after=0):
    """Follow a trail; do one step at each pause; return the numbers and the warnings."""
    numbers, warnings, steps = [], [], list(steps)

    def pause():
        if not steps:
            raise StopFollowing
        steps.pop(0)()

    rows = follow_trail(trail, warnings.append, pause, after=after)
    consume(rows, lambda row: numbers.append(row.number))
    return numbers, warnings


def consume(rows, use):
    """Use each row until a pause ends it."""
    with suppress(StopFollowing):
        for row in rows:
            use(row)


def export(trail):
    """Export once; return the lines and the warnings."""
    warnings = []
    return [json.loads(line) for line in export_trail(trail, warnings.append)], warnings


def test_new_entries_follow_without_repetition():
    """Also across a pause without any."""
    trail, _ = make()
    assert follow(trail, lambda: fill(trail, 3), lambda: None, lambda: fill(trail, 1)) == (
        list(range(1, 10)),
        [],
    )
    assert follow(trail, lambda: fill(trail, 1), after=7) == ([8, 9, 10], [])


def test_pruning_leaves_no_gap():
    """What was removed was exported before; the checkpoint is an entry."""
    trail, clock = make(retention=timedelta(days=1))

    def prune():
        clock.now += 2 * DAY
        fill(trail, 2)
        assert trail.prune() == 5

    assert follow(trail, prune, lambda: fill(trail, 1)) == (list(range(1, 10)), [])


def test_pruning_leaves_no_gap_in_any_archive(shared_place):
    """In SQLite and Redis, where entries are removed for good."""
    clock = Clock()
    with opened(shared_place) as archive:
        trail = AuditTrail(archive, clock=clock, retention=timedelta(days=1))
        fill(trail, 700)

        def prune():
            clock.now += 2 * DAY
            fill(trail, 2)
            assert trail.prune() == 700

        assert follow(trail, prune, lambda: fill(trail, 1)) == (list(range(1, 705)), [])
        lines, warnings = export(trail)
    assert warnings == []
    assert [line["number"] for line in lines] == [700, 701, 702, 703, 704, 704]


def test_gap_is_reported():
    """A reader that comes after the retention, and an entry that was removed."""
    trail, clock = make(retention=timedelta(days=1))
    clock.now += 2 * DAY
    fill(trail, 2)
    trail.prune()
    numbers, (warning,) = follow(trail, after=3)
    assert numbers == [6, 7, 8]
    assert warning.startswith("Entries 4 to 5 are missing. They were pruned before they were read")
    del trail.archive._logs[LOG][1]
    numbers, (warning,) = follow(trail)
    assert numbers == [6, 8]
    assert warning.startswith("Entries 7 to 7 are missing.")


def test_rewritten_entry_is_reported():
    """The reader has the hash of what it exported last."""
    trail, _ = make()

    def rewrite():
        other, _ = make(0)
        for number in range(7):
            other.record("order-approved", order=number + 1000)
        trail.archive._logs[LOG] = other.archive._logs[LOG]

    numbers, (warning,) = follow(trail, rewrite)
    assert numbers == list(range(1, 8))
    assert warning.startswith("Entry 6 does not follow the exported entry 5")


def test_removed_end_ends_the_export():
    """Numbers would be repeated."""
    trail, _ = make()

    def remove():
        del trail.archive._logs[LOG][3:]

    with pytest.raises(StoreCorruptError, match="ends with entry 3, but entry 5 was exported"):
        list(follow_trail(trail, pytest.fail, remove))


def test_unavailable_store_is_waited_for(monkeypatch):
    """With one warning each time."""
    trail, _ = make()
    read = trail.archive.read

    def fail(*arguments, **options):
        raise StoreUnavailableError("The store is unavailable.")

    def break_store():
        monkeypatch.setattr(trail.archive, "read", fail)

    def restore():
        monkeypatch.setattr(trail.archive, "read", read)
        fill(trail, 1)

    numbers, warnings = follow(trail, break_store, lambda: None, restore, break_store, restore)
    assert numbers == list(range(1, 8))
    assert warnings == ["The store is unavailable. The export continues when it is available."] * 2


def test_many_processes_one_export(shared_place):
    """Three processes record at once: each entry is exported once, in order."""
    barrier = FRESH.Barrier(PROCESSES + 1)
    names = "abcdef"[:PROCESSES]
    workers = [(record_often, shared_place, name, EVENTS // PROCESSES, barrier) for name in names]
    numbers, orders = [], []
    with running(*workers) as processes, opened(shared_place) as archive:
        trail = AuditTrail(archive)
        barrier.wait(60)

        def pause():
            if not any(process.is_alive() for process in processes) and len(numbers) == EVENTS:
                raise StopFollowing

        def use(row):
            numbers.append(row.number)
            details = json.loads(row.data)["details"]
            orders.append((details["worker"], details["order"]))

        consume(follow_trail(trail, pytest.fail, pause), use)
    assert numbers == list(range(1, EVENTS + 1))
    for name in names:
        assert [order for worker, order in orders if worker == name] == list(range(EVENTS // 3))


def test_pruning_while_exporting_begins_with_a_checkpoint(monkeypatch):
    """Between the head and the first entry: the checkpoint is that of the first entry."""
    trail, clock = make(retention=timedelta(days=1))
    make_head = trail.make_head

    def prune_after():
        monkeypatch.setattr(trail, "make_head", make_head)
        head = make_head()
        trail.prune()
        return head

    clock.now += 2 * DAY
    fill(trail, 2)
    monkeypatch.setattr(trail, "make_head", prune_after)
    lines, warnings = export(trail)
    assert warnings == []
    assert [line["number"] for line in lines] == [5, 6, 7, 7]
    assert lines[0]["format"] == "strict-cookies-trail-checkpoint-1"


def test_pruning_while_reading_is_reported(monkeypatch):
    """Between two batches: the export has a gap and says so."""
    monkeypatch.setattr(audit_trail, "BATCH", 2)
    trail, clock = make(5, retention=timedelta(days=1))
    clock.now += 2 * DAY
    fill(trail, 3)
    lines, warnings = [], []
    for line in export_trail(trail, warnings.append):
        lines.append(json.loads(line))
        if len(lines) == 2:
            trail.prune()
    assert [line["number"] for line in lines] == [1, 2, 6, 7, 8, 8]
    assert [warning[:29] for warning in warnings] == ["Entries 3 to 5 are missing. T"]


def test_followed_export_can_be_verified(authority, tmp_path):
    """By the commands of docs/verify.md: with its checkpoint, and its timestamps among it."""
    trail, _ = make(3)
    stamper = HeadStamper(trail, authority.url)
    lines = []

    def stamp():
        if trail.last().number > 3:
            raise StopFollowing
        stamper.stamp()
        fill(trail, 2)

    rows = follow_trail(trail, pytest.fail, stamp)
    consume(rows, lambda row: lines.extend(write_jsonl(trail, row, "shop")))
    assert len(lines) == 7
    (tmp_path / "trail.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    (tmp_path / "tsa-ca.pem").write_bytes(authority.ca.read_bytes())
    for name, command in (
        ("chain", ["sh", "-c"]),
        ("timestamps", ["sh", "-c"]),
        ("python", [sys.executable, "-I", "-S", "-c"]),
    ):
        done = subprocess.run([*command, BLOCKS[name]], cwd=tmp_path, capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    (event,) = [
        json.loads(line)
        for row in trail.rows()
        for line in write_ocsf(trail, row, "shop")
        if b"timestamped" in line
    ]
    assert event["unmapped"]["timestamp"] == json.loads(trail.timestamps.get(3).to_json())


def test_continued_export_has_only_new_timestamps(authority):
    """That of the last entry that was exported is recorded by the next one."""
    trail, _ = make(3)
    stamper = HeadStamper(trail, authority.url)
    stamper.stamp()
    fill(trail, 1)
    for after, numbers in ((0, [1, 2, 3, 4, 5, 3, 5]), (3, [4, 5, 3, 5]), (4, [5, 5]), (5, [5])):
        lines = [json.loads(line) for line in export_trail(trail, pytest.fail, after=after)]
        assert [line["number"] for line in lines] == numbers
