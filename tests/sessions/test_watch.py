"""What browsers show that is nobody's, another store's, or from another browser."""

from __future__ import annotations

import pytest

from strict_cookies.errors import StoreUnavailableError
from strict_cookies.sessions.stores import memory
from strict_cookies.sessions.watch import FOREIGN_SECONDS, MANY_UNKNOWN
from strict_cookies.signals import session_alarm

from .apps import CHROME, DAY, FIREFOX, NEW_FIREFOX, Clock, make_manager


@pytest.fixture
def alarms():
    """The ids of the reasons that were raised."""
    seen = []

    def receive(sender, reason, count):
        seen.append(reason.id)

    with session_alarm.connected_to(receive):
        yield seen


# --- Binding ---


def begin(manager, user_agent=FIREFOX):
    return manager.begin({"a": 1}, user_agent).signed


def test_same_browser_is_familiar(alarms):
    """Another version of the same browser raises no alarm."""
    manager = make_manager()
    assert manager.open(begin(manager), NEW_FIREFOX).visit.familiar
    assert alarms == []


@pytest.mark.parametrize(
    ("binding", "familiar", "raised"),
    [("log", True, ["SC704"]), ("challenge", False, ["SC704"]), ("off", True, [])],
)
@pytest.mark.parametrize("user_agent", [CHROME, ""])
def test_other_browser_is_told(alarms, binding, familiar, raised, user_agent):
    """Another family or platform is told, and with a challenge not trusted; nobody is sent out."""
    manager = make_manager(binding=binding)
    visit = manager.open(begin(manager), user_agent).visit
    assert visit.familiar is familiar
    assert alarms == raised


def test_switching_binding_off_counts_for_sessions_that_are_there(alarms):
    """A session that was bound before raises no alarm any more."""
    store = memory.MemoryStore()
    signed = begin(make_manager(store))
    assert make_manager(store, binding="off").open(signed, CHROME).visit.familiar
    assert alarms == []


def test_session_without_a_browser_is_not_bound(alarms):
    """What was begun by a program that says nothing of itself can be shown by any."""
    manager = make_manager()
    assert manager.open(begin(manager, ""), FIREFOX).visit.familiar
    assert alarms == []


def test_binding_is_keyed_and_holds_no_version():
    """The store has a keyed hash: another secret gives another one, another version the same."""
    records = [
        make_manager(secret=secret).begin({"a": 1}, user_agent).record.binding
        for secret, user_agent in (
            ("x" * 32, FIREFOX),
            ("y" * 32, FIREFOX),
            ("x" * 32, NEW_FIREFOX),
        )
    ]
    assert len(records[0]) == 16
    assert records[0] != records[1]
    assert records[0] == records[2]


# --- Unknown identifiers ---


def test_many_unknown_identifiers_raise_an_alarm(alarms):
    """Forged ones and such as have ended are counted together, and told once a minute."""
    clock = Clock()
    manager = make_manager(clock=clock)
    signed = begin(manager)
    manager.end(manager.open(signed, FIREFOX).visit.key)
    for _ in range(MANY_UNKNOWN // 2):
        manager.open("forged")
        manager.open(signed)
    assert alarms == ["SC703"]
    clock.turn(60)
    for _ in range(MANY_UNKNOWN - 1):
        manager.open("forged")
    assert alarms == ["SC703"]
    manager.open("forged")
    assert alarms == ["SC703", "SC703"]


def test_few_unknown_identifiers_are_silent(alarms):
    """What scanners and old cookies do all day is no alarm."""
    clock = Clock()
    manager = make_manager(clock=clock)
    for _ in range(3 * MANY_UNKNOWN):
        manager.open("forged")
        clock.turn(2)
    assert alarms == []


# --- Identifiers of another store ---


def test_two_stores_in_use_at_once_are_told_not_looped(alarms):
    """Where two servers have a store each, a visitor gets an error rather than a login page."""
    clock = Clock()
    one, other = make_manager(clock=clock), make_manager(clock=clock)
    signed = begin(one)
    with pytest.raises(StoreUnavailableError, match=r"SC701 .* Use one store for all servers"):
        other.open(signed, FIREFOX)
    assert alarms == ["SC701"]


@pytest.mark.parametrize("seconds", [FOREIGN_SECONDS, DAY])
def test_identifier_of_a_store_that_is_gone_has_ended(alarms, seconds):
    """After a change of stores old identifiers count for nothing, and lock nobody out."""
    clock = Clock()
    old = make_manager(clock=clock)
    new = make_manager(clock=clock)
    signed = begin(old)
    clock.turn(seconds)
    assert new.open(signed, FIREFOX) == (None, None)
    assert alarms == ["SC701"]


def test_identifier_from_before_this_process_has_ended():
    """A store in memory that is gone with its process, as while developing, is no second store."""
    clock = Clock()
    signed = begin(make_manager(clock=clock))
    clock.turn(2)
    assert make_manager(clock=clock).open(signed, FIREFOX) == (None, None)
