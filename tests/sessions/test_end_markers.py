"""Notices of an end, which keep a late answer from overwriting a fresh login; on every store."""

from __future__ import annotations

import pytest

from strict_cookies.sessions.end_markers import EXCHANGE_WINDOW, NOTICE_SECONDS, EndMarkers
from strict_cookies.sessions.events import SessionEvents

from .places import new_key


@pytest.fixture
def notices(store, clock):
    return EndMarkers(store, clock, SessionEvents("test"))


def test_without_a_notice_nobody_is_covered(notices, clock):
    """An identifier that ended without one keeps nobody from beginning anew."""
    assert not notices.covers(new_key(), clock())


def test_end_covers_those_who_arrived_before(notices, clock):
    """Who arrived before the end is covered; who comes at the same moment or later is not."""
    key, arrived = new_key(), clock()
    clock.turn(0.25)
    notices.add(key)
    assert notices.covers(key, arrived)
    assert not notices.covers(key, clock())
    assert not notices.covers(new_key(), arrived)


def test_exchange_also_covers_those_who_come_shortly_after(notices, clock):
    """What the browser had sent before it knew of the new identifier is covered too."""
    key = new_key()
    notices.add(key, EXCHANGE_WINDOW)
    assert notices.covers(key, clock())
    assert notices.covers(key, clock() + EXCHANGE_WINDOW - 0.1)
    assert not notices.covers(key, clock() + EXCHANGE_WINDOW)


def test_second_notice_takes_the_place_of_the_first(notices, clock):
    """A logout and then a login from the same identifier is an exchange."""
    key = new_key()
    notices.add(key)
    assert not notices.covers(key, clock())
    notices.add(key, EXCHANGE_WINDOW)
    assert notices.covers(key, clock())


def test_clock_that_was_set_back_locks_nobody_out(notices, clock):
    """After a step of a day backward a notice that seems to lie ahead counts for nothing."""
    key = new_key()
    notices.add(key, EXCHANGE_WINDOW)
    assert not notices.covers(key, clock() - 86_400)


def test_notice_is_listed_nowhere_and_purged(notices, store, clock):
    """It belongs to no user, and goes like any row past its end."""
    notices.add(new_key())
    assert store.list_user("alice") == []
    assert store.purge(int(clock()) + NOTICE_SECONDS, 10) == 0
    assert store.purge(int(clock()) + NOTICE_SECONDS + 2, 10) == 1
