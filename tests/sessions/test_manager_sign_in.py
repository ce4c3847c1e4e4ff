"""Signing in on every store: new identifiers, parallel sessions, ended ones, and imported ones."""

from __future__ import annotations

import pytest

from strict_cookies.errors import SessionLimitError, StoreUnavailableError
from strict_cookies.sessions.end_markers import EXCHANGE_WINDOW
from strict_cookies.sessions.stores.memory import MemoryStore

from .apps import (
    DAY,
    FIREFOX,
    HOUR,
    begin,
    make_manager,
    open_visit,
    sign_in,
)

# --- Signing in ---


def test_login_gives_a_new_identifier_and_ends_the_old_one(manager):
    """ASVS 7.2.4: nobody who knows the old identifier is signed in."""
    old = begin(manager, cart=[1])
    visit = open_visit(manager, old)
    fresh = sign_in(manager, data=visit.read_data(), visit=visit, roles=["clerk"], aal=2)
    assert open_visit(manager, old) is None
    found = open_visit(manager, fresh.signed)
    assert found.read_data() == {"cart": [1]}
    assert found.record[:4] == ("alice", ("clerk",), 2, int(manager.clock()))


def test_reauthentication_gives_a_new_identifier_and_begins_anew(manager, clock):
    """The same user keeps the data, and both limits begin again."""
    first = sign_in(manager, data={"cart": [1]})
    clock.turn(HOUR - 1)
    again = sign_in(manager, data={"cart": [1]}, visit=open_visit(manager, first.signed))
    assert open_visit(manager, first.signed) is None
    clock.turn(HOUR - 1)
    assert open_visit(manager, again.signed).read_data() == {"cart": [1]}


def test_another_user_gets_nothing_of_the_first(manager):
    """Whoever signs in where somebody else was signed in begins with nothing."""
    first = sign_in(manager, data={"secret": "alice's"})
    second = sign_in(manager, "bob", {"secret": "alice's"}, visit=first)
    assert open_visit(manager, second.signed).read_data() == {}


def test_login_takes_over_what_others_wrote_meanwhile(manager):
    """A request beside the login that stored something before it is not lost."""
    old = begin(manager, a=1)
    login, beside = (open_visit(manager, old) for _ in range(2))
    manager.save(beside, {"a": 1, "b": 2})
    fresh = sign_in(manager, data={"a": 1, "c": 3}, visit=login)
    assert open_visit(manager, fresh.signed).read_data() == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize("moment", ["before", "between"])
def test_login_from_a_session_that_ends_meanwhile_takes_only_its_own(manager, store, moment):
    """What somebody ended does not come back by a login, but the login works."""
    old = begin(manager, a=1)
    visit = open_visit(manager, old)
    if moment == "before":
        manager.end(visit.key)
    else:
        real = store.replace
        store.replace = lambda *row: manager.end(visit.key) and real(*row)
    try:
        fresh = sign_in(manager, data={"a": 1, "b": 2}, visit=visit)
    finally:
        vars(store).pop("replace", None)
    assert open_visit(manager, fresh.signed).read_data() == {"b": 2}


@pytest.mark.parametrize("user_id", ["", None, True, 1.5, b"alice"])
def test_user_of_another_type_is_refused(manager, user_id):
    """Nobody is signed in under something that lists nowhere."""
    with pytest.raises(ValueError, match="The user of a login is of type"):
        sign_in(manager, user_id)


@pytest.mark.parametrize("aal", [0, 4, None, "2"])
def test_level_that_does_not_exist_is_refused(manager, aal):
    """Levels are 1 to 3."""
    with pytest.raises(ValueError, match="The level of a login is"):
        sign_in(manager, aal=aal)


def test_store_that_fails_signs_nobody_in(clock):
    """A login that could not be stored is an error, and leaves nothing behind."""
    store = MemoryStore()
    manager = make_manager(store, clock=clock)

    def fail(*row):
        raise StoreUnavailableError("away")

    store.create = fail
    with pytest.raises(StoreUnavailableError):
        sign_in(manager)
    assert store.list_user("alice") == []


# --- Parallel sessions ---


def test_oldest_session_makes_room(store, clock):
    """With a limit of two the third login ends the first session, and tells so."""
    manager = make_manager(store, clock=clock, per_user=2)
    signed = []
    for _ in range(4):
        clock.turn(1)
        signed.append(sign_in(manager).signed)
    assert [open_visit(manager, one) is not None for one in signed] == [False, False, True, True]
    assert len(manager.list_user("bob")) == 0


def test_login_beyond_the_limit_is_denied(store, clock):
    """With 'deny' nobody is signed in, and all that were stay so."""
    manager = make_manager(store, clock=clock, per_user=2, at_limit="deny")
    signed = [sign_in(manager).signed for _ in range(2)]
    with pytest.raises(SessionLimitError, match="already has 2 sessions") as caught:
        sign_in(manager)
    assert caught.value.limit == 2
    assert all(open_visit(manager, one) for one in signed)
    assert sign_in(manager, "bob") is not None


def test_reauthentication_is_no_further_session(store, clock):
    """Who is signed in may prove it again, however many sessions there are."""
    manager = make_manager(store, clock=clock, per_user=1, at_limit="deny")
    visit = open_visit(manager, sign_in(manager).signed)
    assert open_visit(manager, sign_in(manager, visit=visit).signed) is not None


def test_session_past_its_limits_does_not_count(store, clock):
    """A session that nobody can use any more takes no place."""
    manager = make_manager(store, clock=clock, per_user=1, at_limit="deny")
    sign_in(manager)
    clock.turn(HOUR)
    assert sign_in(manager) is not None


# --- Identifiers that have ended ---


def test_ended_identifier_may_begin_anew_at_once(manager):
    """Whoever still sends an identifier that was ended elsewhere can sign in without waiting."""
    signed = begin(manager)
    manager.store.end([open_visit(manager, signed).key])
    found = manager.open(signed, FIREFOX)
    assert found.visit is None
    fresh = manager.begin({"csrf": "x"}, FIREFOX, former=found.former, received_at=manager.clock())
    assert open_visit(manager, fresh.signed) is not None


def test_late_request_does_not_begin_beside_a_login(manager, clock):
    """What came with an identifier that a login exchanged begins nothing: the login survives."""
    old = begin(manager)
    arrived = clock()
    clock.turn(0.5)
    sign_in(manager, visit=open_visit(manager, old))
    former = manager.open(old, FIREFOX).former
    assert manager.begin({"x": 1}, FIREFOX, former=former, received_at=arrived) is None
    assert manager.begin({"x": 1}, FIREFOX, former=former, received_at=clock()) is None
    clock.turn(EXCHANGE_WINDOW)
    assert manager.begin({"x": 1}, FIREFOX, former=former, received_at=clock()) is not None


def test_login_always_begins(manager):
    """A login works from any identifier, also from one that was exchanged just now."""
    old = begin(manager)
    sign_in(manager, visit=open_visit(manager, old))
    former = manager.open(old, FIREFOX).former
    assert open_visit(manager, sign_in(manager, former=former).signed) is not None


def test_login_from_a_dead_identifier_covers_others_with_it(manager, clock):
    """Beside a login that came with an ended identifier, others with the same begin nothing."""
    signed = begin(manager)
    manager.store.end([open_visit(manager, signed).key])
    former = manager.open(signed, FIREFOX).former
    arrived = clock()
    sign_in(manager, former=former)
    assert manager.begin({"x": 1}, FIREFOX, former=former, received_at=arrived) is None


# --- Moving ---

SEED = b"s" * 32


def adopt(manager, clock, seed=SEED, user_id="alice", **data):
    return manager.adopt(seed, data, FIREFOX, user_id=user_id, until=int(clock()) + 30 * DAY)


def test_session_from_elsewhere_is_taken_over(manager, clock):
    """It gets an identifier of ours, with its data and its user, who does not count as fresh."""
    found = adopt(manager, clock, a=1)
    visit = open_visit(manager, found.visit.signed)
    assert visit.read_data() == {"a": 1}
    assert visit.record.user_id == "alice"
    assert visit.record.authenticated_at == 0
    assert [info.current for info in manager.list_user("alice", current=visit)] == [True]


def test_parallel_requests_take_over_the_same_session(manager, clock):
    """All that show it at once share one session, in which all their keys survive."""
    visits = [adopt(manager, clock, a=1).visit for _ in range(3)]
    assert len({visit.key for visit in visits}) == len({visit.signed for visit in visits}) == 1
    for visit, name in zip(visits, "xyz", strict=True):
        assert manager.save(visit, {"a": 1, name: 1}).live
    assert open_visit(manager, visits[0].signed).read_data() == {"a": 1, "x": 1, "y": 1, "z": 1}


def test_session_from_elsewhere_ends_for_good(manager, clock):
    """A copy of the old cookie brings nothing back, even after the row was purged."""
    found = adopt(manager, clock, a=1)
    manager.end(found.visit.key)
    assert adopt(manager, clock, a=1).visit is None
    clock.turn(5 * DAY)
    assert manager.purge() > 0
    assert adopt(manager, clock, a=1) == (None, found.visit.key)


@pytest.mark.parametrize("reads", [0, 1, 2])
def test_race_of_two_that_take_over_is_one_session(manager, clock, store, reads):
    """Whenever another request takes it over first, both have the same session."""
    real, asked, raced = store.read, [], []

    def late(key):
        asked.append(key)
        if len(asked) == reads + 1:
            row = real(key)
            store.read = real
            raced.append(adopt(manager, clock, a=1))
            return row
        return real(key)

    store.read = late
    try:
        found = adopt(manager, clock, a=1)
        if not raced:
            raced.append(adopt(manager, clock, a=1))
    finally:
        vars(store).pop("read", None)
    assert found.visit.key == raced[0].visit.key
