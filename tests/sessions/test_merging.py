"""Merging what parallel requests made of one session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies.sessions.merging import merge


@pytest.mark.parametrize(
    ("base", "mine", "current", "merged"),
    [
        pytest.param({}, {"a": 1}, {"b": 2}, {"b": 2, "a": 1}, id="different keys"),
        pytest.param({"a": 1}, {"a": 2}, {"a": 3}, {"a": 2}, id="same key, the later wins"),
        pytest.param({"a": 1}, {"a": 1}, {"a": 3}, {"a": 3}, id="mine is as I read it"),
        pytest.param({"a": 1}, {}, {"a": 1, "b": 2}, {"b": 2}, id="I removed it"),
        pytest.param({"a": 1}, {}, {"a": 5}, {}, id="I removed what was changed"),
        pytest.param({"a": 1}, {"a": 1, "c": 1}, {}, {"c": 1}, id="they removed it"),
        pytest.param({"a": 1}, {"a": 2}, {}, {"a": 2}, id="they removed what I changed"),
        pytest.param({"a": 1}, {"a": True}, {"a": 1}, {"a": True}, id="equal, but not the same"),
        pytest.param({"a": [1]}, {"a": [1, 2]}, {"a": [1]}, {"a": [1, 2]}, id="list of mine"),
        pytest.param({"a": [1]}, {"a": (1,)}, {"a": [1]}, {"a": (1,)}, id="list to tuple"),
        pytest.param({}, {}, {"a": 1}, {"a": 1}, id="nothing of mine"),
    ],
)
def test_keys_are_merged(base, mine, current, merged):
    """What a request changed is brought into what others have made of it."""
    assert merge(base, mine, current) == merged


@pytest.mark.parametrize(
    ("base", "mine", "current", "merged"),
    [
        pytest.param([], ["a"], ["b"], ["b", "a"], id="both flashed"),
        pytest.param(None, ["a"], ["b"], ["b", "a"], id="the first ones"),
        pytest.param(["x"], ["x", "a"], ["x", "b"], ["x", "b", "a"], id="behind what was there"),
        pytest.param(["x"], None, ["x", "b"], ["b"], id="I showed, they flashed"),
        pytest.param(["x"], ["a"], ["x"], ["a"], id="I showed and flashed"),
        pytest.param(["x"], None, None, None, id="both showed"),
        pytest.param(["x"], ["x", "a"], None, ["a"], id="they showed, I flashed"),
        pytest.param(["x"], ["x", "x"], ["x", "x"], ["x", "x", "x"], id="the same words twice"),
        pytest.param(["x"], None, ["x", "x"], ["x"], id="shown once, flashed again"),
    ],
)
def test_flashed_messages_are_merged_as_a_list(base, mine, current, merged):
    """No message is lost, and none comes back after it was shown."""

    def session(messages):
        return {} if messages is None else {"_flashes": [("message", one) for one in messages]}

    assert merge(session(base), session(mine), session(current)) == session(merged)


_data = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3) | st.lists(st.integers(0, 2)))


@given(_data, _data)
def test_whoever_is_alone_gets_his_own(base, mine):
    """Where nobody else wrote, merging gives what the request has."""
    assert merge(base, mine, base) == mine


@given(_data, _data)
def test_whoever_changed_nothing_changes_nothing(base, current):
    """Where the request changed nothing, merging gives what the store has."""
    assert merge(base, base, current) == current


@given(_data, _data, _data)
def test_arguments_are_left_alone(base, mine, current):
    """Merging is pure, since a store may call it more than once."""
    before = repr((base, mine, current))
    assert merge(base, mine, current) == merge(base, mine, current)
    assert repr((base, mine, current)) == before
