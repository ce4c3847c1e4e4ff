"""
The contract of a session store, sentence by sentence, on every store there is.

Rows and keys are made up: a store does not know what they mean.
"""

from __future__ import annotations

import re
import threading
import time

import pytest

from strict_cookies.sessions.stores.base import StoredSession, Update

from ..places import (
    HOUR,
    NOW,
    add,
    in_threads,
    keys_of,
    make_row,
    new_key,
    wait_until,
)

# --- Not found ---


def test_unknown_key_is_not_found(store):
    """A key that was never created is not found by any method, and none makes a row of it."""
    key, other = new_key(), new_key()
    assert store.read(key) is None
    assert store.update(key, make_row(version=2)) == Update(False, None)
    assert store.update(key, make_row(version=1)) == Update(False, None)
    assert store.transact(key, lambda row: pytest.fail("there is no row")) is None
    assert store.touch(key, NOW, NOW) is False
    assert store.end([key]) == 0
    assert store.replace(key, other, make_row()) is False
    assert store.read(key) is None
    assert store.read(other) is None
    assert store.list_user("alice") == []


def test_nothing_is_ended_or_purged_in_an_empty_store(store):
    """All that counts gives zero where there is nothing."""
    assert store.end([]) == 0
    assert store.end_user("alice") == 0
    assert store.end_all() == 0
    assert store.purge(NOW, 10) == 0


# --- Create and read ---

USERS = [
    pytest.param(None, id="nobody"),
    pytest.param("", id="empty name"),
    pytest.param("alice", id="name"),
    pytest.param("=alice", id="marked like a user"),
    pytest.param("} :u=x{ *?[a]\n\0\x7f", id="hostile name"),
    pytest.param("Zoë 🍪 \u202e", id="beyond ASCII"),
    pytest.param("n" * 10_000, id="long name"),
]
PAYLOADS = [
    pytest.param(b"", id="nothing"),
    pytest.param(bytes(range(256)), id="all octets"),
    pytest.param(b"'; DROP TABLE sessions; --", id="statement"),
    pytest.param(b"\xff" * 1_000_000, id="a megabyte"),
]


@pytest.mark.parametrize("user", USERS)
def test_user_comes_back(store, user):
    """Any text is a user, and finds the row."""
    key = add(store, user=user)
    assert store.read(key) == make_row(user=user)
    if user is not None:
        assert store.list_user(user) == [(key, make_row(user=user))]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_payload_comes_back(store, payload):
    """Any octets are a payload."""
    row = store.read(add(store, payload=payload))
    assert row == make_row(payload=payload)
    assert type(row.payload) is bytes


def test_times_are_not_judged(store):
    """A row is live whatever its times say."""
    for times in ((0, 0, 0), (NOW, NOW, 1), (5_000_000_000, 1, 4_000_000_000)):
        row = make_row(created_at=times[0], seen_at=times[1], ends_at=times[2])
        assert store.read(add(store, **row._asdict())) == row


def test_key_is_created_once(store):
    """A second create is refused and changes nothing."""
    key = add(store)
    with pytest.raises(ValueError, match="the key exists"):
        store.create(key, make_row(user="bob", payload=b"other"))
    assert store.read(key) == make_row()
    assert keys_of(store, "bob") == []
    assert keys_of(store, "alice") == [key]


def test_ended_key_is_not_created_again(store):
    """A tombstone keeps its key."""
    key = add(store)
    store.end([key])
    with pytest.raises(ValueError, match="the key exists"):
        store.create(key, make_row())
    assert store.read(key) is None
    assert store.list_user("alice") == []


def test_one_of_many_creators_wins(store):
    """Of threads that create one key at once, one does and the others are told."""
    key = new_key()

    def create(number):
        try:
            store.create(key, make_row(user=f"user {number}"))
        except ValueError:
            return None
        return number

    (winner,) = [number for number in in_threads(20, create) if number is not None]
    assert store.read(key).user == f"user {winner}"


# --- Update ---


def test_update_replaces_the_row(store):
    """What is written is what is read, but for the moment of creation."""
    key = add(store)
    row = StoredSession(2, "alice", 1, NOW + 1, NOW + 9000, b"new")
    assert store.update(key, row) == Update(True, None)
    assert store.read(key) == row._replace(created_at=NOW)


def test_update_may_set_times_back(store):
    """An update, unlike a touch, writes the times as they are given."""
    key = add(store)
    assert store.update(key, make_row(version=2, seen_at=NOW - 5, ends_at=NOW - 4)).written
    assert store.read(key) == make_row(version=2, seen_at=NOW - 5, ends_at=NOW - 4)


@pytest.mark.parametrize("version", [-1, 0, 1, 2, 3, 5, 6, 2_000_000_000])
def test_update_of_another_version_is_refused(store, version):
    """Only the next version is written; otherwise the row that stands in the way is given."""
    key = add(store, version=3)
    current = make_row(version=3)
    assert store.update(key, make_row(version=version, payload=b"x")) == Update(False, current)
    assert store.read(key) == current
    assert store.update(key, make_row(version=4, payload=b"x")).written


def test_update_moves_the_listing(store):
    """A row is listed under the user that it has now, and under nobody where there is none."""
    key = add(store, user=None)
    moves = ["alice", "bob", "bob", None, "alice", ""]
    for number, user in enumerate(moves, start=2):
        assert store.update(key, make_row(version=number, user=user)).written
        for name in ("alice", "bob", ""):
            assert keys_of(store, name) == ([key] if name == user else [])


def test_update_of_a_merged_row_succeeds(store):
    """A conflict tells all that is needed to write on top of what was written."""
    key = add(store)
    assert store.update(key, make_row(version=2, payload=b"first")).written
    late = store.update(key, make_row(version=2, payload=b"second"))
    merged = late.current._replace(version=late.current.version + 1, payload=b"both")
    assert store.update(key, merged).written
    assert store.read(key).payload == b"both"


# --- Transact ---


def test_transaction_writes_what_the_change_gives(store):
    """The store sets the version and keeps the moment of creation; all else is the change's."""
    key = add(store)
    seen = []

    def change(row):
        seen.append(row)
        return StoredSession(99, "bob", 1, NOW + 1, NOW + 2, b"changed")

    expected = StoredSession(2, "bob", NOW, NOW + 1, NOW + 2, b"changed")
    assert store.transact(key, change) == expected
    assert store.read(key) == expected
    assert seen == [make_row()]
    assert keys_of(store, "alice") == []
    assert keys_of(store, "bob") == [key]


def test_error_in_a_change_leaves_the_row(store):
    """An exception comes out as it is, nothing was written, and the store goes on."""
    key = add(store)
    with pytest.raises(ZeroDivisionError):
        store.transact(key, lambda row: 1 / 0)
    assert store.read(key) == make_row()
    assert store.transact(key, lambda row: row).version == 2
    with pytest.raises(OSError, match="its own"):
        store.transact(key, lambda row: exec("raise OSError('its own')"))


def test_no_update_is_lost_to_transactions(store):
    """200 threads that count in one row by transactions all count."""
    key = add(store, payload=b"0")
    in_threads(
        200,
        lambda _: store.transact(
            key, lambda row: row._replace(payload=b"%d" % (int(row.payload) + 1))
        ),
    )
    assert store.read(key) == make_row(version=201, payload=b"200")


# --- Touch ---


def test_touch_moves_times_forward(store):
    """A touch changes two moments and nothing else, the version neither."""
    key = add(store)
    assert store.touch(key, NOW + 1, NOW + HOUR + 1) is True
    assert store.read(key) == make_row(seen_at=NOW + 1, ends_at=NOW + HOUR + 1)
    assert store.update(key, make_row(version=2)).written


def test_touch_never_moves_times_back(store):
    """Each moment by itself stays where it is rather than go back."""
    key = add(store)
    assert store.touch(key, NOW - 1, NOW + HOUR + 5) is True
    assert store.read(key) == make_row(ends_at=NOW + HOUR + 5)
    assert store.touch(key, NOW + 5, NOW) is True
    assert store.read(key) == make_row(seen_at=NOW + 5, ends_at=NOW + HOUR + 5)


# --- Ended is ended ---


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda store, key: store.end([key]), id="end"),
        pytest.param(lambda store, key: store.end_user("alice"), id="end_user"),
        pytest.param(lambda store, key: store.end_all(), id="end_all"),
        pytest.param(lambda store, key: store.replace(key, new_key(), make_row()), id="replace"),
    ],
)
def test_ended_session_never_comes_back(store, end):
    """No late write, touch or transaction revives a row, however it ended."""
    key = add(store)
    assert end(store, key) == 1
    for _ in range(2):
        assert store.update(key, make_row(version=2)) == Update(False, None)
        assert store.transact(key, lambda row: pytest.fail("it ended")) is None
        assert store.touch(key, NOW + 1, NOW + 2 * HOUR) is False
        assert store.replace(key, new_key(), make_row(user="bob")) is False
        assert store.read(key) is None
        assert key not in keys_of(store, "alice")
        assert store.end([key]) == 0
        # Removed, it comes back as little.
        assert store.purge(NOW + 9 * HOUR, 100) >= 0
    assert store.list_user("bob") == []


def test_end_counts_what_was_live(store):
    """Repeated, unknown and ended keys count for nothing."""
    one, two, ended = add(store), add(store), add(store)
    store.end([ended])
    assert store.end([one, new_key(), one, ended, two, one]) == 2
    assert store.end([one, two]) == 0


def test_many_keys_end_at_once(store):
    """There is no number of keys that is too many."""
    keys = [add(store, user=None) for _ in range(1200)]
    assert store.end(keys) == 1200
    assert all(store.read(key) is None for key in keys[::100])


def test_late_writers_bring_nothing_back(store):
    """Of writers that race with an end, none succeeds once the end was acknowledged."""
    key = add(store)
    ended = threading.Event()

    def write(number):
        if number == 0:
            time.sleep(0.05)
            store.end([key])
            ended.set()
            return []
        late = []
        for _ in range(1000):
            over = ended.is_set()
            wrote = (
                store.transact(key, lambda row: row) is not None,
                store.touch(key, NOW, NOW),
                store.read(key) is not None,
            )
            if over:
                return [*late, wrote]
        return late

    for late in in_threads(8, write):
        assert late in ([], [(False, False, False)])


# --- Replace ---


def test_replace_ends_one_and_creates_the_other(store):
    """After it the new row is live, as given, and the old one is not."""
    old, new = add(store, user=None), new_key()
    row = make_row(created_at=NOW + 5, payload=b"signed in")
    assert store.replace(old, new, row) is True
    assert store.read(old) is None
    assert store.read(new) == row
    assert keys_of(store, "alice") == [new]


def test_replace_of_nothing_creates(store):
    """Without an old row it is a create."""
    new = new_key()
    assert store.replace(None, new, make_row()) is True
    assert store.read(new) == make_row()
    with pytest.raises(ValueError, match="the key exists"):
        store.replace(None, new, make_row())


def test_replace_of_a_dead_row_creates_nothing(store):
    """Who was signed out meanwhile is not signed in by it; the new key stays free."""
    old, new = add(store), new_key()
    store.end([old])
    assert store.replace(old, new, make_row()) is False
    assert store.read(new) is None
    assert store.list_user("alice") == []
    store.create(new, make_row())


def test_replace_by_a_known_key_changes_nothing(store):
    """Where the new key exists, the old row stays live."""
    old, known, dead = add(store), add(store, user="bob"), add(store)
    store.end([dead])
    for new in (known, dead, old):
        with pytest.raises(ValueError, match="the key exists"):
            store.replace(old, new, make_row(payload=b"x"))
        assert store.read(old) == make_row()
    assert store.read(known) == make_row(user="bob")


def test_one_of_many_replacements_wins(store):
    """Of threads that replace one row at once, one does; there is one new row."""
    old = add(store)
    keys = [new_key() for _ in range(20)]
    won = in_threads(20, lambda number: store.replace(old, keys[number], make_row()))
    assert sorted(won) == [False] * 19 + [True]
    assert keys_of(store, "alice") == [keys[won.index(True)]]


# --- Users ---


def test_list_is_oldest_first(store):
    """Only the live rows of that very user are listed, by the moment of creation."""
    moments = [5, 1, 4, 2, 3]
    keys = {moment: add(store, created_at=moment) for moment in moments}
    for name in ("Alice", "alice ", "alic", "alice*", "a_ice", "%"):
        add(store, user=name)
    store.end([keys[4]])
    expected = [(keys[moment], make_row(created_at=moment)) for moment in (1, 2, 3, 5)]
    assert store.list_user("alice") == expected
    assert store.list_user("nobody") == []


def test_user_has_many_sessions(store):
    """There is no number of sessions that is too many to list or to end."""
    keys = [add(store, created_at=number) for number in range(600)]
    assert keys_of(store, "alice") == keys
    assert store.end_user("alice", but=keys[300]) == 599
    assert keys_of(store, "alice") == [keys[300]]


def test_end_user_spares_others(store):
    """All rows of the user end, but the one that is named; nobody else's do."""
    mine, other, hers = add(store), add(store), add(store, user="bob")
    assert store.end_user("alice", but=mine) == 1
    assert store.read(other) is None
    assert keys_of(store, "alice") == [mine]
    assert store.end_user("alice", but=hers) == 1
    assert store.end_user("alice") == 0
    assert keys_of(store, "bob") == [hers]


def test_end_all_ends_everybody(store):
    """Every live row ends, of users and of nobody, and new ones can be made."""
    keys = [add(store, user=user) for user in ("alice", "bob", None) for _ in range(3)]
    store.end(keys[:1])
    assert store.end_all() == 8
    assert [store.read(key) for key in keys] == [None] * 9
    assert store.list_user("alice") == []
    assert keys_of(store, "alice") == []
    key = add(store)
    assert keys_of(store, "alice") == [key]


def test_end_all_misses_none_that_was_created_before(store):
    """While others create rows, each that was acknowledged before the call has ended after it."""
    stop, created = threading.Event(), []

    def task(number):
        if number:
            for _ in range(2000):
                if stop.is_set():
                    break
                created.append(add(store))
            return
        wait_until(lambda: len(created) > 300)
        before = list(created)
        store.end_all()
        survivors = [key for key in before if store.read(key) is not None]
        stop.set()
        assert survivors == []

    in_threads(4, task)


# --- Purge ---


def test_purge_removes_what_is_past(store):
    """Rows and tombstones whose end is smaller go, others stay; it can be called again."""
    past, ended, at, later = (
        add(store, ends_at=NOW - 1),
        add(store, ends_at=NOW - 1),
        add(store, ends_at=NOW),
        add(store, ends_at=NOW + 1),
    )
    store.end([ended])
    assert store.purge(NOW, 100) == 2
    assert store.purge(NOW, 100) == 0
    assert [store.read(key) is None for key in (past, ended, at, later)] == [
        *(True, True),
        *(False, False),
    ]
    assert set(keys_of(store, "alice")) == {at, later}
    store.end([at, later])
    assert store.purge(NOW + 1, 100) == 1
    assert store.purge(NOW + 2, 100) == 1


def test_purge_is_bounded(store):
    """One call removes no more rows than it is told; more calls remove the rest."""
    keys = [add(store, ends_at=NOW - number) for number in range(10)]
    store.end(keys[5:])
    assert store.purge(NOW + 1, 0) == 0
    assert store.purge(NOW + 1, -1) == 0
    assert [store.purge(NOW + 1, 4) for _ in range(4)] == [4, 4, 2, 0]
    assert store.list_user("alice") == []


def test_purge_goes_by_the_last_end(store):
    """What was touched or written lives as long as that said, and no longer."""
    touched, updated, shortened, moved = (add(store, ends_at=NOW) for _ in range(4))
    store.touch(touched, NOW, NOW + 10)
    store.update(updated, make_row(version=2, ends_at=NOW + 10))
    store.update(shortened, make_row(version=2, ends_at=NOW - 10))
    store.transact(moved, lambda row: row._replace(user="bob", ends_at=NOW + 20))
    assert store.purge(NOW - 9, 100) == 1
    assert store.purge(NOW + 10, 100) == 0
    assert store.purge(NOW + 10, 1) == 0
    assert store.read(touched).ends_at == store.read(updated).ends_at == NOW + 10
    assert store.purge(NOW + 11, 100) == 2
    store.update(moved, make_row(version=3, user="bob", ends_at=NOW + 5))
    assert store.purge(NOW + 6, 100) == 1
    assert store.list_user("bob") == []


def test_purged_tombstones_of_many_stay_bounded(store):
    """Live rows that a purge passes over don't keep it from those that are past."""
    live = [add(store, ends_at=NOW) for _ in range(30)]
    for key in live:
        store.touch(key, NOW, NOW + HOUR)
    past = [add(store, ends_at=NOW) for _ in range(5)]
    assert [store.purge(NOW + 1, 3) for _ in range(3)] == [3, 2, 0]
    assert all(store.read(key) is None for key in past)
    assert len(keys_of(store, "alice")) == 30


# --- The store itself ---


def test_tag_names_the_store(store):
    """It is six or more letters and digits, and stays."""
    assert re.fullmatch(r"[A-Za-z0-9]{6,}", store.tag)
    tag = store.tag
    add(store)
    store.end_all()
    assert store.tag == tag


def test_closed_store_opens_again(store):
    """After a close the next call works, and closing twice is harmless."""
    key = add(store)
    store.close()
    store.close()
    assert store.read(key) == make_row()


def test_neither_store_nor_row_shows_what_is_in_it(store):
    """The text of a store and of a row has neither payload nor user nor key."""
    key = add(store, user="canary-user", payload=b"canary-payload")
    shown = f"{store!r} {store} {store.read(key)!r} {store.read(key)} {store.list_user('x')!r}"
    conflict = store.update(key, make_row(version=7, user="canary", payload=b"canary"))
    assert "canary" not in f"{shown} {conflict!r}"
    assert key.hex() not in shown
