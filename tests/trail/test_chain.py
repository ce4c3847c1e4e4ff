"""What is hashed, and how tampering with a chain is found."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies.trail.chain import (
    MAX_NUMBER,
    MAX_TEXT,
    NO_HASH,
    START,
    Point,
    find_breaks,
    read_entry,
    read_point,
    to_plain,
    write_entry,
)

TIMESTAMP = datetime(2027, 3, 31, 9, 30, 15, 999_999, tzinfo=UTC)


def chain(count, start=START):
    """Create the rows of an intact chain."""
    rows, last = [], start
    for number in range(start.number + 1, start.number + count + 1):
        data = write_entry(last, TIMESTAMP, "tested", {"count": number, "name": "a b"})
        rows.append((number, data))
        last = Point(number, read_entry(data).hash)
    return rows


def problems_of(rows, start=START):
    """List the problems."""
    return [problem for _, problem in find_breaks(rows, start) if problem]


def test_entry_is_written_in_one_form():
    """Members sorted, no space, UTC in seconds; the hash is that of the rest."""
    data = write_entry(START, TIMESTAMP, "signed-in", {"user": "u1", "level": 2})
    rest = (
        '{"details":{"level":2,"user":"u1"},"event":"signed-in","number":1,'
        f'"previous":"{NO_HASH}","time":"2027-03-31T09:30:15Z"}}'
    )
    digest = hashlib.sha256(rest.encode()).hexdigest()
    assert data.decode() == rest.replace('"number"', f'"hash":"{digest}","number"')
    entry = read_entry(data)
    assert (entry.number, entry.event, entry.hash) == (1, "signed-in", digest)
    assert entry.timestamp == TIMESTAMP.replace(microsecond=0)


def test_time_is_utc():
    """The same time in another zone is written the same way."""
    zoned = TIMESTAMP.astimezone(timezone(timedelta(hours=-7)))
    assert write_entry(START, zoned, "e", {}) == write_entry(START, TIMESTAMP, "e", {})


def test_intact_chain_has_no_breaks():
    """There are no problems, from the beginning or from a checkpoint on."""
    rows = chain(20)
    assert problems_of(rows) == []
    tenth = Point(10, read_entry(rows[9][1]).hash)
    assert problems_of(rows[10:], tenth) == []
    assert problems_of([]) == []


@given(place=st.integers(0, 10_000), change=st.integers(1, 255))
def test_every_changed_byte_is_found(place, change):
    """Any changed byte of an entry is reported with the entry."""
    rows = chain(3)
    data = bytearray(rows[1][1])
    data[place % len(data)] ^= change
    found = problems_of([rows[0], (2, bytes(data)), rows[2]])
    assert found
    assert found[0].startswith("Entry 2: ")


def test_changed_entry_with_a_fitting_hash_is_found():
    """Recomputing the hash breaks the link of the next entry."""
    rows = chain(5)
    second = read_entry(rows[1][1])
    forged = write_entry(Point(1, second.previous), TIMESTAMP, "nothing-happened", {})
    assert problems_of([rows[0], (2, forged), *rows[2:]]) == [
        "Entry 3: it does not follow the preceding entry: one of the two was replaced."
    ]


def test_reordering_is_found():
    """Both of two swapped entries are reported."""
    rows = chain(6)
    rows[2], rows[3] = (3, rows[3][1]), (4, rows[2][1])
    assert problems_of(rows) == [
        "Entry 3: its own number is 4: entries were reordered.",
        "Entry 4: its own number is 3: entries were reordered.",
    ]


@pytest.mark.parametrize(
    ("removed", "message"),
    [((2, 3), "entry 3 is missing"), ((0, 4), "entries 1 to 4 are missing")],
)
def test_gap_is_found(removed, message):
    """Only the missing entries are reported."""
    rows = chain(8)
    del rows[removed[0] : removed[1]]
    (problem,) = problems_of(rows)
    assert message in problem


def test_invalid_entry_is_found():
    """Garbage, other members and another form are all reported."""
    rows = chain(2)
    for data, message in (
        (b"\xff", "not valid JSON"),
        (b"[]", "members"),
        (b"{}", "members"),
        (rows[0][1].replace(b":", b": "), "canonical form"),
    ):
        assert [message in problem for problem in problems_of([(1, data), rows[1]])] == [True]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param(True, 1, id="bool"),
        pytest.param(MAX_NUMBER, MAX_NUMBER, id="largest number"),
        pytest.param(MAX_NUMBER + 1, str(MAX_NUMBER + 1), id="too large a number"),
        pytest.param(1.5, "1.5", id="fraction"),
        pytest.param("a\nb\x7f", "a\\nb\\x7f", id="controls"),
        pytest.param("Zoë", "Zo\\xeb", id="beyond ASCII"),
        pytest.param("x" * 200, "x" * (MAX_TEXT - 3) + "...", id="long"),
        pytest.param("\ud800", "\\ud800", id="half a surrogate pair"),
    ],
)
def test_details_are_plain(value, kept):
    """Only printable ASCII and safe integers, so that every JSON library writes the same."""
    assert to_plain(value) == kept


@given(st.text() | st.integers() | st.floats())
def test_any_detail_can_be_read_again(value):
    """Any recorded value results in a valid entry of limited size."""
    data = write_entry(START, TIMESTAMP, "e", {"value": to_plain(value)})
    assert read_entry(data).details == {"value": to_plain(value)}
    assert len(data) < 500
    assert json.dumps(json.loads(data), separators=(",", ":"), sort_keys=True).encode() == data


def test_point_is_read_from_a_head_or_a_text():
    """Both forms of a saved head."""
    assert read_point(f"17:{'A' * 64}\n") == Point(17, "a" * 64)
    assert read_point(json.dumps({"number": 3, "hash": NO_HASH, "more": 1})) == Point(3, NO_HASH)
    for wrong in ("", "17", "17:abc", "x:" + NO_HASH, "{}", "[]", '{"number":"1","hash":"x"}'):
        with pytest.raises(ValueError, match="neither"):
            read_point(wrong)
