"""JSON with tags: what goes in comes out, and what could not is refused."""

from __future__ import annotations

import enum
import pickle
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from flask.json.tag import TaggedJSONSerializer
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from strict_cookies.sessions.tagged import IMMUTABLE, dump, load

Point = namedtuple("Point", "x y")


@dataclass
class Address:
    street: str
    moved: date


class Colour(enum.StrEnum):
    RED = "red"


class Number(enum.IntEnum):
    ONE = 1


class Html:
    def __html__(self):
        return "<b>bold</b>"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="None"),
        pytest.param("text \ud800 ü", id="text"),
        pytest.param(True, id="bool"),
        pytest.param(12**30, id="large number"),
        pytest.param(-0.5, id="float"),
        pytest.param([1, [2, []]], id="lists"),
        pytest.param({"a": {"b": [1]}}, id="mappings"),
        pytest.param((1, (2, [3])), id="tuples"),
        pytest.param((), id="empty tuple"),
        pytest.param(b"\x00\xff", id="octets"),
        pytest.param(Markup("<b>&amp;</b>"), id="Markup"),
        pytest.param(UUID(int=5), id="UUID"),
        pytest.param(datetime(2026, 11, 23, 1, 2, 3, 456789, UTC), id="moment, UTC"),
        pytest.param(datetime(2026, 11, 23, 1, 2, 3), id="moment, naive"),
        pytest.param(
            datetime(2026, 11, 23, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
            id="moment, offset",
        ),
        pytest.param(date(2026, 11, 23), id="day"),
        pytest.param(Decimal("10.50"), id="Decimal"),
        pytest.param({" t": [1]}, id="looks like a tuple"),
        pytest.param({" o": [" t", [1]]}, id="looks like an escape"),
        pytest.param({" anything": 1}, id="begins with a space"),
        pytest.param({" t": {" b": "eA=="}}, id="tags in tags"),
        pytest.param([("message", "saved"), ("error", Markup("<i>no</i>"))], id="flashes"),
    ],
)
def test_value_comes_back_as_it_was(value):
    """Each type that Flask's session knows keeps its type and value."""
    loaded = load(dump({"key": value}))["key"]
    assert loaded == value
    assert type(loaded) is type(value)


@pytest.mark.parametrize("key", [" t", " d", " o", " "])
def test_data_that_look_like_a_tag_come_back(key):
    """A session whose only key is a tag's is no tag."""
    assert load(dump({key: [1]})) == {key: [1]}


@pytest.mark.parametrize(
    ("value", "loaded"),
    [
        pytest.param(Point(1, 2), (1, 2), id="named tuple"),
        pytest.param(OrderedDict(a=1), {"a": 1}, id="OrderedDict"),
        pytest.param({1: "a", None: "b"}, {"1": "a", "null": "b"}, id="other keys"),
        pytest.param(bytearray(b"x"), b"x", id="bytearray"),
        pytest.param(Colour.RED, "red", id="text enumeration"),
        pytest.param(Number.ONE, 1, id="number enumeration"),
        pytest.param(Html(), Markup("<b>bold</b>"), id="what has __html__"),
        pytest.param(
            Address("Main St", date(2026, 1, 2)),
            {"street": "Main St", "moved": date(2026, 1, 2)},
            id="dataclass",
        ),
    ],
)
def test_value_becomes_what_it_becomes_in_flask(value, loaded):
    """Subclasses and the like come back as their plain type, as in Flask's own session."""
    assert load(dump({"key": value}))["key"] == loaded


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({1, 2}, id="set"),
        pytest.param(object(), id="object"),
        pytest.param(timedelta(1), id="timedelta"),
        pytest.param(Address, id="class"),
        pytest.param([{"deep": ({1},)}], id="deep inside"),
    ],
)
def test_value_that_could_not_come_back_is_refused(value):
    """A type without a tag is refused where it was put in, by key and type and not by value."""
    with pytest.raises(TypeError, match=r"session\['basket'\] holds a \w+, which can't be kept"):
        dump({"basket": value})


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.uuids()
    | st.dates()
    | st.datetimes()
    | st.builds(Markup, st.text()),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.sampled_from([" t", " o", " b", " di"]), inner)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text() | st.sampled_from([" t", " o"]), _values))
def test_whatever_is_stored_comes_back(data):
    """No data of these types are changed by being stored, however they are nested."""
    assert load(dump(data)) == data


@given(st.dictionaries(st.text(), _values))
def test_text_is_one_line_of_ascii_and_the_same_each_time(data):
    """Equal data give equal octets, so that a change can be seen by comparing them."""
    assert dump(data) == dump(load(dump(data)))
    assert dump(data).isascii()


def test_what_flask_stores_can_be_stored():
    """Whatever Flask's own serializer gives back is taken over without a loss."""
    serializer = TaggedJSONSerializer()
    given = {
        "tuple": (1, 2), "bytes": b"x", "markup": Markup("<b>"), "uuid": UUID(int=1),
        "datetime": datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC), "di": {" t": 1},
    }  # fmt: skip
    kept = serializer.loads(serializer.dumps(given))
    assert load(dump(kept)) == kept == given


def test_pickle_is_never_read():
    """A pickle is no JSON, and nothing else is tried."""
    with pytest.raises(ValueError, match=r"codec|Expecting|decode"):
        load(pickle.dumps({"a": 1}))


@pytest.mark.parametrize("text", [b"", b"nonsense", b'{" t":nonsense}', "{}\xe9".encode()])
def test_what_is_no_json_is_refused(text):
    """Whatever is not JSON in ASCII is an error, and no guess."""
    with pytest.raises(ValueError, match=r"no JSON|Expecting|ascii"):
        load(text)


def test_types_that_nobody_can_change_are_known():
    """A value of any other type may be changed in place, and is compared when it is saved."""
    assert {str, int, float, bool, type(None), bytes, Markup, UUID, datetime, date, Decimal} == (
        IMMUTABLE
    )
