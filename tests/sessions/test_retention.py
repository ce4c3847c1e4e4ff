"""What the library keeps about sessions is told from the options that are live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from strict_cookies.sessions.limits import Limits
from strict_cookies.sessions.options import SessionOptions
from strict_cookies.sessions.retention import describe_kept


def all_text(options):
    return " ".join(f"{one.what} {one.why} {one.how_long}" for one in describe_kept(options))


def test_times_follow_the_limits():
    """A shorter life of a session is told as such."""
    options = SessionOptions(limits=Limits(absolute=timedelta(hours=12)))
    assert {kept.how_long for kept in describe_kept(options)} == {
        "Removed 1 day after the session has ended; it lasts 12 hours at most.",
        "Removed 25 hours after the end.",
    }


def test_each_thing_has_a_purpose():
    """Nothing is kept without a reason in words."""
    for kept in describe_kept(SessionOptions()):
        assert all(text.endswith(".") for text in (kept.what, kept.why, kept.how_long))


def test_binding_is_told_where_it_is_on():
    """The hash of browser and platform is there with both of its values."""
    words = "A keyed hash of browser and platform."
    assert words in all_text(SessionOptions(binding="log"))
    assert words in all_text(SessionOptions(binding="challenge"))
    assert words not in all_text(SessionOptions(binding="off"))


def test_move_is_told_while_it_lasts():
    """A mark of each session that was taken over stays a day longer than the move."""
    until = int(datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC).timestamp())
    assert "Removed after 2027-04-01." in all_text(SessionOptions(move_until=until))
    assert "taken over" not in all_text(SessionOptions())


def test_flasks_own_session_keeps_nothing_here():
    """There is no row."""
    assert describe_kept(SessionOptions(store="flask")) == ()
