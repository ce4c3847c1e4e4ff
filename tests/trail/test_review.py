"""A long trail is verified gradually, and the result says which entries were read when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strict_cookies.trail import review, verification
from strict_cookies.trail.chain import Point
from strict_cookies.trail.review import MAX_AGE, review_trail

from .trails import Clock, file_trail, fill, forge, row

UPDATE = "UPDATE archive_logs SET data = ? WHERE log = 'trail' AND number = ?"


@pytest.fixture
def long(monkeypatch):
    """Treat every trail as too long to be read within a second."""
    monkeypatch.setattr(review, "CHEAP_SECONDS", 0.0)
    monkeypatch.setattr(verification, "BATCH", 10)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def review_of(trail, seconds=None):
    """Return the entries read in total and now, whether the end was reached, and no problems."""
    found = review_trail(trail, seconds)
    return (
        found.verification.checked,
        found.read_now,
        found.is_complete,
        found.verification.is_intact,
    )


def test_short_trail_is_verified_completely_each_time(path):
    """A change since the last time is reported immediately, at any position."""
    with file_trail(path) as trail:
        fill(trail, 20)
        assert review_of(trail) == (20, 20, True, True)
        assert review_of(trail) == (20, 20, True, True)
        forge(path, UPDATE, row(path, 3).replace(b'"order":2', b'"order":9'), 3)
        assert review_of(trail) == (20, 20, True, False)


def test_long_trail_is_resumed(path, long):
    """Only new entries are read, and the time of the first read is reported."""
    clock = Clock()
    with file_trail(path, clock=clock) as trail:
        fill(trail, 20)
        started_at = trail.now()
        assert review_of(trail) == (20, 20, True, True)
        clock.now += 3600
        points = fill(trail, 5)
        found = review_trail(trail)
        assert (found.verification.checked, found.read_now, found.started_at) == (25, 5, started_at)
        assert found.verification.last == points[-1]
        assert review_of(trail) == (25, 0, True, True)


def test_change_in_verified_entries_is_found_a_day_later(path, long):
    """As documented: not immediately, but by the next verification from the beginning."""
    clock = Clock()
    with file_trail(path, clock=clock) as trail:
        fill(trail, 20)
        review_trail(trail)
        forge(path, UPDATE, row(path, 3).replace(b'"order":2', b'"order":9'), 3)
        assert review_of(trail) == (20, 0, True, True)
        clock.now += MAX_AGE / timedelta(seconds=1)
        assert review_of(trail) == (20, 20, True, False)


@pytest.mark.parametrize("number", [20, 21, 23])
def test_change_in_later_entries_is_found_immediately(path, long, number):
    """So is a change of the entry from which the verification resumes."""
    with file_trail(path) as trail:
        fill(trail, 20)
        review_trail(trail)
        fill(trail, 5)
        data = row(path, number)
        forge(path, UPDATE, data.replace(b'"order":', b'"order":9'), number)
        assert review_of(trail)[3] is False
        forge(path, UPDATE, data, number)
        assert review_of(trail) == (25, 25, True, True)


def test_removed_end_and_a_restored_copy_start_over(path, long):
    """A trail without the entry at which to resume is read from its beginning."""
    with file_trail(path) as trail:
        fill(trail, 20)
        review_trail(trail)
        forge(path, "DELETE FROM archive_logs WHERE log = 'trail' AND number > 15")
        assert review_of(trail) == (15, 15, True, True)
        fill(trail, 5)
        assert review_of(trail) == (20, 5, True, True)


def test_pruned_trail_starts_over(path, long):
    """A different beginning requires a new verification."""
    clock = Clock()
    with file_trail(path, clock=clock, retention=timedelta(hours=1)) as trail:
        fill(trail, 20)
        review_trail(trail)
        clock.now += 7200
        fill(trail, 5)
        trail.prune()
        assert review_of(trail) == (6, 6, True, True)


def test_time_limit_interrupts_and_the_next_call_resumes(path, long):
    """No caller waits longer than the limit; the end is reached gradually, without a gap."""
    with file_trail(path) as trail:
        last = fill(trail, 25)[-1]
        assert review_of(trail, 0.0) == (10, 10, False, True)
        assert review_of(trail, 0.0) == (20, 10, False, True)
        found = review_trail(trail, 0.0)
        assert (found.is_complete, found.verification.last) == (True, last)


def test_empty_trail_is_intact(path):
    """There is nothing to read yet."""
    with file_trail(path) as trail:
        found = review_trail(trail, 0.0)
        assert (found.is_complete, found.verification.last) == (True, Point(0, "0" * 64))
