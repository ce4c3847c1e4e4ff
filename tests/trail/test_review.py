"""A long trail is verified by and by, and it is said what was read when."""

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
    """Let every trail count as one that is too long to be read in a second."""
    monkeypatch.setattr(review, "CHEAP_SECONDS", 0.0)
    monkeypatch.setattr(verification, "BATCH", 10)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def told(trail, seconds=None):
    """What a review says: entries read in all and now, the end reached, nothing wrong."""
    found = review_trail(trail, seconds)
    return found.found.checked, found.read_now, found.is_complete, found.found.is_whole


def test_short_trail_is_verified_whole_each_time(path):
    """What was changed since the last time is named at once, wherever it is."""
    with file_trail(path) as trail:
        fill(trail, 20)
        assert told(trail) == (20, 20, True, True)
        assert told(trail) == (20, 20, True, True)
        forge(path, UPDATE, row(path, 3).replace(b'"order":2', b'"order":9'), 3)
        assert told(trail) == (20, 20, True, False)


def test_long_trail_is_gone_on_with(path, long):
    """Only what was added is read, and the time of the first reading is told."""
    clock = Clock()
    with file_trail(path, clock=clock) as trail:
        fill(trail, 20)
        began = trail.now()
        assert told(trail) == (20, 20, True, True)
        clock.now += 3600
        points = fill(trail, 5)
        found = review_trail(trail)
        assert (found.found.checked, found.read_now, found.began) == (25, 5, began)
        assert found.found.last == points[-1]
        assert told(trail) == (25, 0, True, True)


def test_change_behind_the_walk_is_found_a_day_later(path, long):
    """What the docs say of it: not at once, but by the next walk from the beginning."""
    clock = Clock()
    with file_trail(path, clock=clock) as trail:
        fill(trail, 20)
        review_trail(trail)
        forge(path, UPDATE, row(path, 3).replace(b'"order":2', b'"order":9'), 3)
        assert told(trail) == (20, 0, True, True)
        clock.now += MAX_AGE / timedelta(seconds=1)
        assert told(trail) == (20, 20, True, False)


@pytest.mark.parametrize("number", [20, 21, 23])
def test_change_ahead_of_the_walk_is_found_at_once(path, long, number):
    """So is one of the very entry from which it goes on."""
    with file_trail(path) as trail:
        fill(trail, 20)
        review_trail(trail)
        fill(trail, 5)
        data = row(path, number)
        forge(path, UPDATE, data.replace(b'"order":', b'"order":9'), number)
        assert told(trail)[3] is False
        forge(path, UPDATE, data, number)
        assert told(trail) == (25, 25, True, True)


def test_cut_tail_and_a_restored_copy_begin_anew(path, long):
    """A trail that no longer has the entry from which to go on is read from its beginning."""
    with file_trail(path) as trail:
        fill(trail, 20)
        review_trail(trail)
        forge(path, "DELETE FROM archive_logs WHERE log = 'trail' AND number > 15")
        assert told(trail) == (15, 15, True, True)
        fill(trail, 5)
        assert told(trail) == (20, 5, True, True)


def test_pruned_trail_begins_anew(path, long):
    """Another beginning is another walk."""
    clock = Clock()
    with file_trail(path, clock=clock, retention=timedelta(hours=1)) as trail:
        fill(trail, 20)
        review_trail(trail)
        clock.now += 7200
        fill(trail, 5)
        trail.prune()
        assert told(trail) == (6, 6, True, True)


def test_time_that_is_up_breaks_off_and_the_next_goes_on(path, long):
    """Nobody waits longer than was said; the end is reached by and by, once, without a gap."""
    with file_trail(path) as trail:
        last = fill(trail, 25)[-1]
        assert told(trail, 0.0) == (10, 10, False, True)
        assert told(trail, 0.0) == (20, 10, False, True)
        found = review_trail(trail, 0.0)
        assert (found.is_complete, found.found.last) == (True, last)


def test_empty_trail_is_whole(path):
    """There is nothing to read yet."""
    with file_trail(path) as trail:
        found = review_trail(trail, 0.0)
        assert (found.is_complete, found.found.last) == (True, Point(0, "0" * 64))
