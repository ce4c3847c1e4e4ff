"""The life of sessions, on every store: begun, judged, saved, exchanged, ended, moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strict_cookies.errors import SessionLimitError, StoreUnavailableError
from strict_cookies.sessions.end_markers import EXCHANGE_WINDOW
from strict_cookies.sessions.limits import MAX_SKEW, PRESETS, Limits
from strict_cookies.sessions.record import NewLogin
from strict_cookies.sessions.stores.memory import MemoryStore
from strict_cookies.signals import session_alarm, sessions_ended, signed_in, signed_out

from .apps import CHROME, DAY, FIREFOX, HOUR, MINUTE, Clock, make_manager


def open_visit(manager, signed):
    """Find a live session, as a request of the same browser does."""
    return manager.open(signed, FIREFOX).visit


def begin(manager, **data):
    """Begin a visitor's session; give the signed identifier."""
    return manager.begin(data or {"a": 1}, FIREFOX).signed


def sign_in(manager, user_id="alice", data=(), **options):
    request = {name: options.pop(name) for name in ("visit", "former") if name in options}
    login = NewLogin(user_id=user_id, **options)
    return manager.sign_in(login, dict(data), FIREFOX, **request)


@pytest.fixture
def told():
    """What was told by signals, in order."""
    seen = []
    receivers = []
    for signal in (signed_in, signed_out, sessions_ended, session_alarm):

        def receive(sender, name=signal.name, **facts):
            seen.append((name, facts))

        receivers.append(receive)
        signal.connect(receive)
    yield seen
    receivers.clear()


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
    ],
)
def test_session_ends_at_its_limits(store, clock, limits, wait, live):
    """Both limits are judged on the server, to the second."""
    manager = make_manager(store, clock=clock, limits=limits)
    signed = begin(manager)
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
