"""Daily counters: the difference since the last write, and the first of a kind per day."""

from __future__ import annotations

import logging
from datetime import date

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.errors import StoreUnavailableError
from strict_cookies.trail.audit_trail import AuditTrail
from strict_cookies.trail.counts import FIRSTS, MAX_KINDS, TALLY, Count

from .trails import DAY, Clock

TODAY = date(2027, 1, 15)
KIND = ("SC101", "sid")


def make(archive=None, clock=None):
    """A trail, with what its process counted."""
    trail = AuditTrail(archive or MemoryArchive(), clock=clock or Clock())
    counted = {}
    trail.counts.follow(lambda: counted)
    return trail, counted


def events_of(trail):
    """Names and details of all events."""
    return [(entry.event, dict(entry.details)) for entry in trail.entries()]


def test_differences_are_added():
    """Each flush adds the counts since the last one to those in the store."""
    trail, counted = make()
    counted[KIND] = 3
    trail.flush()
    trail.flush()
    counted[KIND] = 5
    trail.flush()
    assert trail.counts.read() == [Count(TODAY, *KIND, 5)]


def test_earlier_counts_belong_to_the_parent():
    """A child does not count again what its parent counted."""
    trail, counted = make()
    counted[KIND] = 3
    trail.counts.follow(lambda: counted)
    counted[KIND] = 4
    trail.flush()
    assert trail.counts.read() == [Count(TODAY, *KIND, 1)]


def test_first_of_a_kind_is_an_event_once_a_day():
    """Of several processes one records it; the next day it is recorded again."""
    archive, clock = MemoryArchive(), Clock()
    workers = [make(archive, clock) for _ in range(3)]
    for day in (1, 2):
        for trail, counted in workers:
            counted[KIND] = counted.get(KIND, 0) + 1
            counted["SC202", "_ga"] = counted.get(("SC202", "_ga"), 0) + 1
            counted["SC601", "other"] = counted.get(("SC601", "other"), 0) + 1
            trail.flush()
        assert events_of(workers[0][0])[-3:] == [
            ("cookie-dropped", {"name": "sid", "reason": "SC101"}),
            ("undeclared-received", {"name": "_ga", "reason": "SC202"}),
            ("request-refused", {"name": "other", "reason": "SC601"}),
        ]
        assert len(events_of(workers[0][0])) == 3 * day
        clock.now += DAY
    assert {key[:10] for key in archive.items(FIRSTS)} == {"2027-01-16"}


def test_other_reasons_are_only_counted():
    """A hardened cookie or a fault is a number, not an event."""
    trail, counted = make()
    counted.update({("SC121", "sid"): 2, ("SC903", "other"): 1})
    trail.flush()
    assert events_of(trail) == []
    assert [row.reason for row in trail.counts.read()] == ["SC121", "SC903"]


def test_kinds_are_bounded():
    """A client that invents names fills neither trail nor counters."""
    archive = MemoryArchive()
    trail, counted = make(archive)
    counted.update({("SC101", f"name{number}"): 1 for number in range(MAX_KINDS + 100)})
    trail.flush()
    assert len(archive.amounts(TALLY)) == MAX_KINDS + 1
    assert archive.amounts(TALLY)["2027-01-15|SC101|other"] == 100
    assert trail.last().number == MAX_KINDS


def test_unavailable_store_loses_no_count(caplog):
    """Counts that can't be written are written the next time."""
    archive = MemoryArchive()
    trail, counted = make(archive)
    add = archive.add

    def fail(tally, amounts):
        raise StoreUnavailableError("The disk is full.")

    archive.add = fail
    counted[KIND] = 3
    with caplog.at_level(logging.ERROR, "strict_cookies"):
        trail.flush()
    assert "SC905" in caplog.text
    archive.add = add
    counted[KIND] = 4
    trail.flush()
    assert trail.counts.read() == [Count(TODAY, *KIND, 4)]


def test_hostile_name_round_trips():
    """A name may contain the separator of a key's parts."""
    trail, counted = make()
    counted["SC101", "a|b|c"] = 1
    trail.flush()
    assert trail.counts.read() == [Count(TODAY, "SC101", "a|b|c", 1)]


def test_counters_of_earlier_days_are_removed():
    """They are removed with the entries of their time."""
    trail, counted = make()
    counted[KIND] = 1
    trail.flush()
    trail._clock.now += 2 * DAY
    counted[KIND] = 2
    trail.flush()
    trail.counts.clear_before(date(2027, 1, 16))
    assert trail.counts.read() == [Count(date(2027, 1, 17), *KIND, 1)]
