"""Listing and ending sessions from elsewhere, and purging what is past; on every store."""

from __future__ import annotations

import pytest

from strict_cookies.sessions import control
from strict_cookies.sessions.control import TOUCHES_PER_PURGE
from strict_cookies.sessions.limits import PURGE_AFTER
from strict_cookies.sessions.record import NewLogin

from .apps import CHROME, DAY, FIREFOX, HOUR


def sign_in(manager, user_id="alice", user_agent=FIREFOX, **options):
    request = {name: options.pop(name) for name in ("visit", "former") if name in options}
    return manager.sign_in(NewLogin(user_id=user_id, **options), {}, user_agent, **request)


def is_live(manager, visit):
    return manager.open(visit.signed, FIREFOX).visit is not None


def test_sessions_of_a_user_are_listed(manager, clock):
    """Oldest first, with device and times; this one is marked, others' are not there."""
    first = sign_in(manager)
    clock.turn(120)
    second = sign_in(manager, user_agent=CHROME, aal=2)
    sign_in(manager, "bob")
    clock.turn(120)
    manager.save(manager.open(first.signed, FIREFOX).visit, None)
    listed = manager.list_user("alice", current=second)
    now = int(clock())
    assert [info[1:] for info in listed] == [
        ("Firefox on Linux", now - 240, now, 1, False),
        ("Chrome on Windows", now - 120, now - 120, 2, True),
    ]


def test_device_may_be_named_by_its_user(manager):
    """A label of the user's own is escaped and cut."""
    sign_in(manager, device="Kitchen\n" + "x" * 100)
    (info,) = manager.list_user("alice")
    assert info.device.startswith("Kitchen\\nxxx")
    assert len(info.device) <= 64


def test_user_may_be_a_number(manager):
    """A user is listed under the text of what was given."""
    sign_in(manager, 5)
    assert len(manager.list_user(5)) == len(manager.list_user("5")) == 1


def test_handle_tells_neither_identifier_nor_key(manager):
    """What stands in a form can't be used as a cookie, and names the same session each time."""
    visit = sign_in(manager)
    (info,) = manager.list_user("alice")
    assert info.handle == manager.list_user("alice")[0].handle
    assert info.handle not in visit.signed
    assert info.handle not in visit.key.hex()


def test_session_past_its_limits_is_not_listed(manager, clock):
    """Neither is one whose payload can't be read."""
    sign_in(manager)
    visit = sign_in(manager)
    manager.store.transact(visit.key, lambda row: row._replace(payload=b"x"))
    assert len(manager.list_user("alice")) == 1
    clock.turn(HOUR)
    assert manager.list_user("alice") == []


def test_one_session_is_ended_by_its_handle(manager):
    """The others go on, and a second time there is nothing to end."""
    first, second = sign_in(manager), sign_in(manager, user_agent=CHROME)
    handle = next(
        info.handle for info in manager.list_user("alice") if info.device.startswith("Firefox")
    )
    assert manager.end_one("alice", handle)
    assert not is_live(manager, first)
    assert is_live(manager, second)
    assert not manager.end_one("alice", handle)


@pytest.mark.parametrize("handle", ["", "0" * 16, "\ud800", "x" * 10_000])
def test_handle_that_names_nothing_ends_nothing(manager, handle):
    """Whatever a form sends."""
    visit = sign_in(manager)
    assert not manager.end_one("alice", handle)
    assert is_live(manager, visit)


def test_nobody_ends_the_session_of_another(manager):
    """A handle counts among the user's own sessions only."""
    visit = sign_in(manager)
    (info,) = manager.list_user("alice")
    assert not manager.end_one("mallory", info.handle)
    assert is_live(manager, visit)


def test_others_of_a_user_are_ended(manager):
    """After a change of the password this session stays, and no other of the user."""
    this, other, bobs = sign_in(manager), sign_in(manager), sign_in(manager, "bob")
    assert manager.end_others(this) == 1
    assert [is_live(manager, visit) for visit in (this, other, bobs)] == [True, False, True]


def test_visitor_has_no_others(manager):
    """Where nobody is signed in nothing is ended."""
    sign_in(manager)
    assert manager.end_others(manager.begin({"a": 1}, FIREFOX)) == 0


def test_all_of_a_user_are_ended(manager):
    """An account that is closed has no sessions."""
    visits = [sign_in(manager), sign_in(manager), sign_in(manager, "bob")]
    assert manager.end_user("alice") == 2
    assert [is_live(manager, visit) for visit in visits] == [False, False, True]


def test_everyone_is_signed_out(manager):
    """Visitors too."""
    visits = [sign_in(manager), sign_in(manager, "bob"), manager.begin({"a": 1}, FIREFOX)]
    assert manager.end_everyone() >= 3
    assert not any(is_live(manager, visit) for visit in visits)


def test_ended_session_can_be_followed_by_a_login_at_once(manager, clock):
    """Whoever was signed out from elsewhere signs in again with the dead identifier."""
    visit = sign_in(manager)
    manager.end_everyone()
    former = manager.open(visit.signed, FIREFOX).former
    assert is_live(manager, sign_in(manager, former=former))


def test_purge_removes_what_is_a_day_past_its_end(manager, clock, store):
    """
    Neither what is live nor what has ended today is touched, and batches are bounded.

    There are three sessions, and the notice of the one that ended.
    """
    visits = [sign_in(manager) for _ in range(3)]
    manager.end(visits[0].key)
    clock.turn(HOUR + PURGE_AFTER)
    assert manager.purge() == 0
    live = sign_in(manager)
    clock.turn(1)
    assert [manager.purge(2) for _ in range(3)] == [2, 2, 0]
    assert [is_live(manager, visit) for visit in (*visits, live)] == [False] * 3 + [True]
    clock.turn(3 * DAY)
    while manager.purge(1):
        pass
    assert store.read(live.key) is None


def test_visitors_session_that_was_never_used_again_is_purged_at_its_end(manager, clock, store):
    """A bot's row is gone after an hour; one that was used again, or a user's, after a day more."""
    unused, used = (manager.begin({"a": 1}, FIREFOX) for _ in range(2))
    user = sign_in(manager)
    clock.turn(HOUR / 2)
    assert manager.save(manager.open(used.signed, FIREFOX).visit, None).touched
    clock.turn(HOUR / 2)
    manager.purge()
    assert store.read(unused.key) is not None
    clock.turn(1)
    while manager.purge(1):
        pass
    assert store.read(unused.key) is None
    clock.turn(HOUR)
    manager.purge()
    assert store.read(used.key) is not None
    assert store.read(user.key) is not None


def test_purge_comes_by_lot(manager, monkeypatch):
    """Of so many touches one draws the purge, and it is drawn from the system's randomness."""
    drawn = []
    monkeypatch.setattr(control.secrets, "randbelow", lambda n: drawn.append(n) or len(drawn) % 3)
    assert [manager.is_purge_due() for _ in range(3)] == [False, False, True]
    assert drawn == [TOUCHES_PER_PURGE] * 3
