"""Payloads: one format, authenticated, bound to their row; whatever else is unreadable."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies._util.keys import SessionKeys
from strict_cookies.sessions.record import (
    FORMAT,
    Payloads,
    Record,
    Unreadable,
    dump_record,
    split,
)

ROW = b"r" * 32
RECORD = Record(
    user_id="alice",
    roles=("clerk", "auditor"),
    aal=2,
    authenticated_at=1_800_000_000,
    begun_at=1_800_000_000,
    deadline=1_800_086_400,
    device="Firefox on Linux",
    binding="0123456789abcdef",
)
DATA = b'{"cart":[1,2]}'


def make_payloads(secret="s" * 32, fallbacks=()):
    return Payloads(SessionKeys(secret, fallbacks))


@pytest.fixture
def sealed():
    return make_payloads().seal(ROW, dump_record(RECORD), DATA)


def test_record_and_data_come_back(sealed):
    """What was sealed is opened octet by octet, and the record is the same."""
    assert make_payloads().open(ROW, sealed) == (RECORD, {"cart": [1, 2]})
    assert type(make_payloads().open(ROW, sealed)[0]) is Record
    assert split(sealed) == (dump_record(RECORD), DATA)


@pytest.mark.parametrize("user_id", [None, "alice", "Ünï", 5, 2**70])
def test_user_keeps_the_type(user_id):
    """A number stays a number, a text a text; the store lists both as text."""
    record = RECORD._replace(user_id=user_id)
    sealed = make_payloads().seal(ROW, dump_record(record), DATA)
    found, _ = make_payloads().open(ROW, sealed)
    assert found == record
    assert found.user == (None if user_id is None else str(user_id))


@given(st.data())
def test_any_change_makes_it_unreadable(data):
    """Whichever octet is changed, the payload is none."""
    payload = make_payloads().seal(ROW, dump_record(RECORD), DATA)
    position = data.draw(st.integers(0, len(payload) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = bytearray(payload)
    changed[position] ^= flip
    with pytest.raises(Unreadable):
        make_payloads().open(ROW, bytes(changed))


def test_any_cut_makes_it_unreadable(sealed):
    """However much is missing at the end, the payload is none."""
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            make_payloads().open(ROW, sealed[:length])


def test_longer_payload_is_unreadable(sealed):
    """Nothing can be added."""
    with pytest.raises(Unreadable, match="changed, cut"):
        make_payloads().open(ROW, sealed + b" ")


def test_payload_of_another_row_is_unreadable(sealed):
    """Whoever can write to the store can't move an administrator's session under his own key."""
    with pytest.raises(Unreadable, match="changed, cut"):
        make_payloads().open(b"o" * 32, sealed)


def test_newer_version_is_told(sealed):
    """A payload that a newer version wrote is unreadable, and the reason says so."""
    with pytest.raises(Unreadable, match="newer version of the library wrote it"):
        make_payloads().open(ROW, b"\x02" + sealed[1:])


def test_pickle_is_unreadable_and_not_run(tmp_path):
    """A pickle in the store is never loaded."""

    class Touch:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    for payload in (pickle.dumps(Touch()), FORMAT + pickle.dumps(Touch())):
        with pytest.raises(Unreadable):
            make_payloads().open(ROW, payload)
    assert not (tmp_path / "ran").exists()


def test_old_key_reads_and_the_newest_writes(sealed):
    """After a rotation the payload is read, and written anew with the new key only."""
    rotated = make_payloads("n" * 32, ["s" * 32])
    assert rotated.open(ROW, sealed)[0] == RECORD
    new = rotated.seal(ROW, dump_record(RECORD), DATA)
    assert make_payloads("n" * 32).open(ROW, new)[0] == RECORD
    with pytest.raises(Unreadable):
        make_payloads().open(ROW, new)


def test_reason_and_repr_hold_nothing_of_the_session(sealed):
    """Neither the error of an unreadable payload nor a record tells user or data."""
    with pytest.raises(Unreadable) as caught:
        make_payloads().open(b"o" * 32, sealed)
    for shown in (str(caught.value), repr(RECORD)):
        assert "alice" not in shown
        assert "cart" not in shown
        assert "auditor" not in shown
