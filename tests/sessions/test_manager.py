"""The life of sessions, on every store: begun, judged, saved, exchanged, ended, moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strict_cookies.errors import StoreUnavailableError
from strict_cookies.sessions.limits import MAX_SKEW, PRESETS, Limits
from strict_cookies.sessions.stores.memory import MemoryStore

from .apps import (
    CHROME,
    DAY,
    FIREFOX,
    HOUR,
    MINUTE,
    Clock,
    begin,
    make_manager,
    open_visit,
    sign_in,
)

# --- Beginning and finding ---


def test_session_is_found_by_its_signed_identifier(manager):
    """What was stored comes back to whoever shows the identifier."""
    visit = open_visit(manager, begin(manager, cart=[1], name="x"))
    assert visit.read_data() == {"cart": [1], "name": "x"}
    assert visit.record.user_id is None
    assert visit.record.device == "Firefox on Linux"
    assert visit.signed is None


@pytest.mark.parametrize("signed", ["", "x", "a" * 43])
def test_unknown_identifier_finds_nothing(manager, signed):
    """What is no identifier of ours finds neither a session nor the trace of one."""
    assert manager.open(signed) == (None, None)


def test_forged_identifier_never_reaches_the_store(clock):
    """The store is not asked for what was not signed here."""
    store = MemoryStore()
    manager = make_manager(store, clock=clock)
    signed = begin(make_manager(store, clock=clock, secret="another" * 5))
    store.read = None
    assert manager.open(signed) == (None, None)


def test_key_rotation_keeps_everybody(store, clock):
    """With the old secret among the fallbacks a session goes on, and is written with the new."""
    signed = begin(make_manager(store, clock=clock, secret="old" * 11), a=1)
    rotated = make_manager(store, clock=clock, secret="new" * 11, fallbacks=["old" * 11])
    visit = open_visit(rotated, signed)
    assert rotated.save(visit, {"a": 2}).live
    assert open_visit(rotated, signed).read_data() == {"a": 2}


# --- Limits ---


@pytest.mark.parametrize(
    ("limits", "wait", "live"),
    [
        pytest.param(PRESETS["aal2"], HOUR - 1, True, id="just within the idle limit"),
        pytest.param(PRESETS["aal2"], HOUR, False, id="at the idle limit"),
        pytest.param(PRESETS["aal1"], 30 * DAY - 1, True, id="no idle limit"),
        pytest.param(PRESETS["aal1"], 30 * DAY, False, id="at the absolute limit"),
        pytest.param(PRESETS["aal1"], DAY - 1, True, id="never used again"),
        pytest.param(PRESETS["aal1"], DAY, False, id="never used again, a day later"),
    ],
)
def test_session_ends_at_its_limits(store, clock, limits, wait, live):
    """Both limits are enforced on the server, to the second."""
    manager = make_manager(store, clock=clock, limits=limits)
    signed = begin(manager)
    if wait > DAY:
        # Without an idle limit, a visitor's session that is never used again lasts a day.
        clock.turn(HOUR)
        assert manager.save(open_visit(manager, signed), None).touched
        wait -= HOUR
    clock.turn(wait)
    assert (open_visit(manager, signed) is not None) is live


def test_activity_moves_the_idle_limit_but_not_the_absolute_one(manager, clock):
    """Who is active every half hour is signed out after a day."""
    signed = begin(manager)
    for _ in range(47):
        clock.turn(HOUR / 2)
        assert manager.save(open_visit(manager, signed), None).touched
    clock.turn(HOUR / 2)
    assert open_visit(manager, signed) is None


def test_touch_is_throttled(manager, clock):
    """Within a minute activity is written down once."""
    signed = begin(manager)
    clock.turn(59)
    assert manager.save(open_visit(manager, signed), None) == (True, None, False)
    clock.turn(1)
    assert manager.save(open_visit(manager, signed), None) == (True, None, True)
    assert manager.save(open_visit(manager, signed), None) == (True, None, False)


def test_background_request_does_not_extend_idle_time(manager, clock):
    """A page that polls for ever keeps nobody signed in, even where it stores something."""
    signed = begin(manager, n=0)
    for number in range(6):
        clock.turn(10 * MINUTE - 1)
        visit = open_visit(manager, signed)
        assert not manager.save(visit, None, background=True).touched
        assert manager.save(visit, {"n": number + 1}, background=True).live
    assert open_visit(manager, signed).read_data() == {"n": 6}
    clock.turn(6)
    assert open_visit(manager, signed) is None


@pytest.mark.parametrize(
    ("aal", "wait", "live"),
    [
        (1, 59 * MINUTE, True),
        (2, 59 * MINUTE, True),
        (3, 14 * MINUTE, True),
        (3, 15 * MINUTE, False),
    ],
)
def test_login_is_held_to_the_limits_of_its_level(manager, clock, aal, wait, live):
    """A session of a higher level ends as NIST asks for that level, whatever the setting."""
    signed = sign_in(manager, aal=aal).signed
    clock.turn(wait)
    assert (open_visit(manager, signed) is not None) is live


def test_shorter_setting_counts_for_sessions_that_are_there(store, clock):
    """Who shortens the limits does not wait for old sessions to run out."""
    signed = begin(make_manager(store, clock=clock))
    clock.turn(2 * MINUTE)
    strict = make_manager(store, clock=clock, limits=Limits(absolute=timedelta(minutes=2)))
    assert open_visit(strict, signed) is None


def test_session_past_its_limits_stays_ended_when_the_clock_is_set_back(manager, clock):
    """What has ended once does not come to life by a correction of the clock."""
    signed = begin(manager)
    clock.turn(DAY)
    assert open_visit(manager, signed) is None
    clock.turn(-DAY)
    assert open_visit(manager, signed) is None


def test_session_past_its_limits_is_none_where_the_end_can_not_be_noted(clock, told):
    """A store that fails just then changes nothing for the visitor."""
    store = MemoryStore()
    manager = make_manager(store, clock=clock)
    signed = begin(manager)

    def fail(keys):
        raise StoreUnavailableError("away")

    store.end = fail
    clock.turn(DAY)
    assert open_visit(manager, signed) is None
    assert [facts["reason"].id for _, facts in told] == ["SC705"]


# --- A clock that steps ---


def test_clock_a_day_ahead_ends_by_the_rules(manager, clock):
    """A step forward ends what has a shorter idle limit, and a new session is begun as ever."""
    signed = begin(manager)
    clock.turn(DAY)
    assert open_visit(manager, signed) is None
    assert open_visit(manager, begin(manager)) is not None


def test_clock_a_day_back_does_not_lengthen_the_absolute_limit(manager, clock):
    """A session that was begun while the clock was ahead has ended once it is right again."""
    clock.turn(DAY)
    signed = begin(manager)
    clock.turn(-DAY)
    assert open_visit(manager, signed) is None


def test_clock_a_day_back_does_not_keep_an_idle_session(store, clock):
    """A session that was seen later than now is seen now, so that the idle limit holds again."""
    limits = Limits(absolute=timedelta(days=5), idle=timedelta(days=2))
    manager = make_manager(store, clock=clock, limits=limits)
    signed = begin(manager)
    clock.turn(DAY)
    assert manager.save(open_visit(manager, signed), None).touched
    clock.turn(-DAY)
    assert manager.save(open_visit(manager, signed), None).live
    clock.turn(2 * DAY - 1)
    assert open_visit(manager, signed) is not None
    clock.turn(1)
    assert open_visit(manager, signed) is None


def test_servers_whose_clocks_differ_a_little_agree(store, clock):
    """A session that another server begins with its clock half a minute ahead is live."""
    ahead = Clock(clock.now + MAX_SKEW / 2)
    signed = begin(make_manager(store, clock=ahead))
    manager = make_manager(store, clock=clock)
    visit = open_visit(manager, signed)
    assert visit is not None
    assert manager.save(visit, {"b": 1}).live


# --- Saving ---


def test_change_is_saved(manager):
    """What a request changed is there for the next."""
    signed = begin(manager, a=1)
    visit = open_visit(manager, signed)
    assert manager.save(visit, {"a": 1, "b": 2}) == (True, None, False)
    assert open_visit(manager, signed).read_data() == {"a": 1, "b": 2}


def test_saving_again_writes_nothing(manager, store):
    """The second save of a request finds nothing to do."""
    signed = begin(manager, a=1)
    visit = open_visit(manager, signed)
    manager.save(visit, {"a": 2})
    version = store.read(visit.key).version
    assert manager.save(visit, {"a": 2}).live
    assert manager.save(visit, None).live
    assert store.read(visit.key).version == version


def test_same_value_is_not_written(manager, store):
    """Putting in what is there already costs no write."""
    signed = begin(manager, a=[1])
    visit = open_visit(manager, signed)
    manager.save(visit, {"a": [1]})
    assert store.read(visit.key).version == 1


def test_writers_of_different_keys_all_win(manager):
    """Of three requests that read the same, each one's key is there, and the last sees them all."""
    signed = begin(manager, a=1)
    visits = [open_visit(manager, signed) for _ in range(3)]
    saved = [
        manager.save(visit, {"a": 1, name: name}) for visit, name in zip(visits, "xyz", strict=True)
    ]
    assert saved[2].merged == {"a": 1, "x": "x", "y": "y", "z": "z"}
    assert open_visit(manager, signed).read_data() == saved[2].merged


def test_merged_request_may_save_again(manager):
    """After a merge a later save of the same request takes nothing away from the others."""
    signed = begin(manager)
    first, second = (open_visit(manager, signed) for _ in range(2))
    manager.save(first, {"a": 1, "x": 1})
    merged = manager.save(second, {"a": 1, "y": 1}).merged
    manager.save(second, {**merged, "z": 1})
    assert open_visit(manager, signed).read_data() == {"a": 1, "x": 1, "y": 1, "z": 1}


def test_later_write_of_one_key_wins(manager):
    """Of two requests that write one key, the one that ends later has it."""
    signed = begin(manager, a=1)
    first, second = (open_visit(manager, signed) for _ in range(2))
    manager.save(second, {"a": "second"})
    manager.save(first, {"a": "first"})
    assert open_visit(manager, signed).read_data() == {"a": "first"}


@pytest.mark.parametrize("data", [{"a": 2}, {}, {"a": 1, "b": 2}])
def test_save_after_the_end_brings_nothing_back(manager, data):
    """A slow request that ends after a logout writes nothing."""
    signed = begin(manager)
    slow = open_visit(manager, signed)
    manager.end(slow.key)
    assert not manager.save(slow, data).live
    assert open_visit(manager, signed) is None


def test_touch_after_the_end_brings_nothing_back(manager, clock):
    """Neither does writing down that the session was used."""
    signed = begin(manager)
    slow = open_visit(manager, signed)
    manager.end(slow.key)
    clock.turn(2 * MINUTE)
    assert not manager.save(slow, None).live
    assert open_visit(manager, signed) is None


def test_lost_race_against_an_end_brings_nothing_back(manager, store):
    """A save that lost its update, and whose session ends before the merge, writes nothing."""
    signed = begin(manager)
    first, second = (open_visit(manager, signed) for _ in range(2))
    manager.save(first, {"b": 1})
    real = store.transact
    store.transact = lambda key, change: manager.end(key) and real(key, change)
    try:
        assert not manager.save(second, {"c": 1}).live
    finally:
        del store.transact
    assert open_visit(manager, signed) is None


def test_value_that_can_not_be_stored_is_refused_and_nothing_written(manager):
    """The error names the key, and the session is as it was."""
    signed = begin(manager, a=1)
    with pytest.raises(TypeError, match="basket"):
        manager.save(open_visit(manager, signed), {"basket": {1}})
    assert open_visit(manager, signed).read_data() == {"a": 1}


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x02newer", b"\x80\x04N."])
def test_unreadable_row_is_no_session_and_told(manager, store, told, payload):
    """What was tampered with, cut, or written by a newer version is reported, never raised."""
    signed = begin(manager)
    key = open_visit(manager, signed).key
    assert store.transact(key, lambda row: row._replace(payload=payload)) is not None
    assert manager.open(signed, FIREFOX) == (None, key)
    assert [(name, facts["reason"].id) for name, facts in told] == [("session-alarm", "SC702")]


def test_row_that_became_unreadable_is_not_written_over(manager, store):
    """A save that meets what it can't read leaves it as it is."""
    signed = begin(manager)
    first, second = (open_visit(manager, signed) for _ in range(2))
    manager.save(first, {"b": 1})
    store.transact(first.key, lambda row: row._replace(payload=b"\x02newer"))
    assert not manager.save(second, {"c": 1}).live
    assert store.read(first.key).payload == b"\x02newer"


# --- Telling ---


def test_life_is_told_without_identifiers_and_values(manager, clock, told):
    """Sign-in, sign-out and ends are told with the user as the application named him."""
    visit = sign_in(manager, 5, {"a": "canary"})
    again = sign_in(manager, 5, {"a": "canary"}, visit=visit, aal=2)
    manager.sign_out(again)
    manager.sign_out(again)
    sign_in(manager, 5)
    manager.end_user(5)
    manager.end_user(5)
    manager.end_everyone()
    assert told[:4] == [
        ("signed-in", {"user_id": 5, "aal": 1, "again": False, "method": None}),
        ("signed-in", {"user_id": 5, "aal": 2, "again": True, "method": None}),
        ("signed-out", {"user_id": 5}),
        ("signed-in", {"user_id": 5, "aal": 1, "again": False, "method": None}),
    ]
    assert told[4] == ("sessions-ended", {"user_id": 5, "count": 1})
    assert "canary" not in repr(told)
    assert visit.signed not in repr(told)


def test_visitor_who_leaves_is_not_told(manager, told):
    """Ending a session in which nobody was signed in is no sign-out."""
    manager.sign_out(open_visit(manager, begin(manager)))
    assert told == []


def test_browsers_of_another_kind_do_not_take_over_quietly(manager, told):
    """A session shown by another browser works and is told."""
    assert manager.open(sign_in(manager).signed, CHROME).visit is not None
    assert told[-1][1]["reason"].id == "SC704"
