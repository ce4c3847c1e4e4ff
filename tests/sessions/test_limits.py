"""Idle and absolute limits, and the presets of NIST."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from strict_cookies.sessions.limits import PRESETS, Limits


@pytest.mark.parametrize(
    ("name", "absolute", "idle"),
    [
        pytest.param("aal1", timedelta(days=30), None, id="aal1"),
        pytest.param("aal2", timedelta(hours=24), timedelta(hours=1), id="aal2"),
        pytest.param("aal3", timedelta(hours=12), timedelta(minutes=15), id="aal3"),
    ],
)
def test_presets_have_the_figures_of_nist(name, absolute, idle):
    """SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3."""
    assert PRESETS[name] == Limits(absolute=absolute, idle=idle)


@pytest.mark.parametrize(
    ("idle", "seconds"),
    [
        pytest.param(None, 60, id="no idle limit"),
        pytest.param(timedelta(hours=1), 60, id="an hour"),
        pytest.param(timedelta(minutes=5), 30, id="five minutes"),
        pytest.param(timedelta(seconds=5), 0, id="five seconds"),
    ],
)
def test_touch_is_at_most_a_tenth_of_the_idle_time_and_a_minute(idle, seconds):
    """How late the last activity may be written down."""
    assert Limits(absolute=timedelta(days=1), idle=idle).touch_every == seconds


@pytest.mark.parametrize(
    ("absolute", "idle", "message"),
    [
        pytest.param(timedelta(0), None, "absolute is 0:00:00. Use a second or more.", id="zero"),
        pytest.param(timedelta(hours=1), timedelta(milliseconds=5),
                     "idle is 0:00:00.005000. Use a second or more.", id="short idle"),
        pytest.param(timedelta(hours=1), timedelta(hours=2),
                     "idle is 2:00:00, longer than absolute, which is 1:00:00. Shorten it.",
                     id="idle above absolute"),
    ],
)  # fmt: skip
def test_limits_that_make_no_sense_are_refused(absolute, idle, message):
    """A limit that would not limit is refused with what to do."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Limits(absolute=absolute, idle=idle)


def test_stricter_takes_the_shorter_of_each():
    """Of two pairs of limits each counts where it is the shorter one."""
    long_idle = Limits(absolute=timedelta(hours=2), idle=timedelta(hours=2))
    short_idle = Limits(absolute=timedelta(hours=12), idle=timedelta(minutes=15))
    none = Limits(absolute=timedelta(hours=1))
    assert long_idle.stricter(short_idle) == Limits(
        absolute=timedelta(hours=2), idle=timedelta(minutes=15)
    )
    assert none.stricter(long_idle) == Limits(absolute=timedelta(hours=1), idle=timedelta(hours=1))
    assert none.stricter(none) == none
