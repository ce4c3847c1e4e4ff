"""What write access to the store is enough for, and for what not; see docs/security.md."""

from __future__ import annotations

import pytest

from strict_cookies.sessions.stores.memory import MemoryStore

from .apps import DAY, HOUR, Clock, ask, cookie_of, make_app, manager_of


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def app(store):
    return make_app(store)


def rewrite(store, **changes):
    """Change the columns of the only row, as an attacker with access to the file can do."""
    (key,) = [key for key, row in store._rows.items() if row.payload]
    store._rows[key] = store._rows[key]._replace(**changes)


@pytest.mark.parametrize(
    "changes",
    [{"user": None}, {"user": "bob"}, {"created_at": 5}],
    ids=["no user", "another user", "another beginning"],
)
def test_row_whose_columns_contradict_its_content_is_no_session(app, store, caplog, changes):
    """It would be in no list of its user, so that no end would reach it."""
    cookie = cookie_of(ask(app, "/login/alice"))
    rewrite(store, **changes)
    assert ask(app, "/who", cookie).json == {}
    assert "SC702 unreadable stored session" in caplog.text
    assert manager_of(app).list_user("bob") == []


def test_time_of_the_last_use_extends_no_absolute_limit(store):
    """The idle limit can be moved, the authenticated deadline can't."""
    clock = Clock()
    app = make_app(store, clock=clock)
    cookie = cookie_of(ask(app, "/login/alice"))
    clock.turn(DAY - HOUR)
    rewrite(store, seen_at=int(clock()), ends_at=int(clock()) + 99 * DAY)
    assert ask(app, "/who", cookie).json["user_id"] == "alice"
    clock.turn(HOUR)
    rewrite(store, seen_at=int(clock()), ends_at=int(clock()) + 99 * DAY)
    assert ask(app, "/who", cookie).json == {}


def test_row_that_was_put_back_is_live_as_documented(app, store):
    """Nothing in the store distinguishes it: the page says so, and what helps."""
    cookie = cookie_of(ask(app, "/login/alice"))
    rows = dict(store._rows)
    manager_of(app).end_user("alice")
    assert ask(app, "/who", cookie).json == {}
    store._rows.update(rows)
    assert ask(app, "/who", cookie).json["user_id"] == "alice"
    other = make_app(store, options={"secret": "n" * 40})
    assert ask(other, "/who", cookie).json == {}
