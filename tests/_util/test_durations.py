"""How durations are read from a policy and said to people."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies._util.durations import read_duration, say_duration


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        pytest.param("1 second", timedelta(seconds=1), id="second"),
        pytest.param("30 minutes", timedelta(minutes=30), id="minutes"),
        pytest.param("4 hours", timedelta(hours=4), id="hours"),
        pytest.param("30 days", timedelta(days=30), id="days"),
        pytest.param("1 days", timedelta(days=1), id="plural of one"),
        pytest.param("2 day", timedelta(days=2), id="singular of two"),
        pytest.param("90minutes", timedelta(minutes=90), id="no space"),
        pytest.param(" 4\tHOURS\n", timedelta(hours=4), id="spaces and capitals"),
        pytest.param("007 days", timedelta(days=7), id="leading zeros"),
        pytest.param("0 days", timedelta(0), id="zero, which the policy refuses"),
        pytest.param("999999999 days", timedelta(days=999_999_999), id="longest timedelta"),
    ],
)
def test_duration_is_read(text, duration):
    """A whole number and a unit give the exact duration."""
    assert read_duration(text) == duration


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("session", id="session"),
        pytest.param("4", id="no unit"),
        pytest.param("hours", id="no number"),
        pytest.param("4 h", id="abbreviated"),
        pytest.param("1 month", id="month"),
        pytest.param("1 year", id="year"),
        pytest.param("1 week", id="week"),
        pytest.param("-1 days", id="negative"),
        pytest.param("+1 days", id="plus"),
        pytest.param("1.5 hours", id="fraction"),
        pytest.param("1e3 days", id="exponent"),
        pytest.param("1_000 days", id="underscore"),
        pytest.param("1 hour 30 minutes", id="two units"),
        pytest.param("4 hourss", id="two plurals"),
        pytest.param("1000000000 days", id="ten digits"),
        pytest.param("P1D", id="ISO 8601"),
        pytest.param("\xb2 days", id="superscript digit"),
    ],
)
def test_other_text_is_refused_with_an_example(text):
    """Anything else is refused with the same advice: what arrived, and what to write."""
    message = (
        f"{text!r} is not a valid duration. Write a whole number and seconds, minutes, hours or "
        "days, "
        "for example '4 hours'; or 'session'."
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("3 \u017feconds", id="long s, which equals s without case"),
        pytest.param("\u0663 days", id="Arabic digit"),
        pytest.param("3\u2003days", id="em space"),
    ],
)
def test_only_ascii_is_understood(text):
    """Letters, digits and spaces beyond ASCII are refused like any other text."""
    with pytest.raises(ValueError, match="is not a valid duration"):
        read_duration(text)


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_any_text_is_read_or_refused(text):
    """Any ASCII text gives a duration or a ValueError."""
    try:
        duration = read_duration(text)
    except ValueError:
        return
    assert read_duration(say_duration(duration)) == duration


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        pytest.param(None, "until the browser closes", id="session"),
        pytest.param(timedelta(seconds=1), "1 second", id="one second"),
        pytest.param(timedelta(seconds=90), "90 seconds", id="seconds"),
        pytest.param(timedelta(minutes=90), "90 minutes", id="minutes"),
        pytest.param(timedelta(hours=4), "4 hours", id="hours"),
        pytest.param(timedelta(hours=24), "1 day", id="largest unit that divides"),
        pytest.param(timedelta(hours=36), "36 hours", id="no fraction of a day"),
        pytest.param(timedelta(days=30), "30 days", id="days"),
    ],
)
def test_duration_is_said_in_the_largest_unit(duration, text):
    """A duration is said as a whole number of the largest unit that divides it."""
    assert say_duration(duration) == text


@given(st.integers(1, 999_999_999))
def test_said_duration_is_read_back(seconds):
    """What is said is read back as the same duration."""
    duration = timedelta(seconds=seconds)
    assert read_duration(say_duration(duration)) == duration
