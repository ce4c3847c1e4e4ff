"""The session settings of app.config, checked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from strict_cookies.errors import ConfigurationError
from strict_cookies.flask.config import DEFAULTS
from strict_cookies.sessions.limits import PRESETS, Limits
from strict_cookies.sessions.options import SessionOptions


def read(**config):
    prefixed = {f"STRICT_COOKIES_{key}": value for key, value in config.items()}
    return SessionOptions.from_config({**DEFAULTS, **prefixed})


def test_defaults():
    """A file, the figures of AAL2, any number of sessions, binding logged, nothing moved."""
    assert read() == SessionOptions()
    assert SessionOptions() == SessionOptions(
        store=None, limits=PRESETS["aal2"], per_user=None, at_limit="evict", binding="log",
        move_until=None, login_view=None,
    )  # fmt: skip


@pytest.mark.parametrize(("store", "is_flask"), [("flask", True), (None, False), ("sqlite", False)])
def test_flask_is_a_name_among_stores(store, is_flask):
    """One word keeps Flask's own session."""
    assert read(SESSIONS=store).is_flask is is_flask


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        *(pytest.param(name, limits, id=name) for name, limits in PRESETS.items()),
        pytest.param(
            {"absolute": "12 hours", "idle": "30 minutes"},
            Limits(absolute=timedelta(hours=12), idle=timedelta(minutes=30)),
            id="texts",
        ),
        pytest.param(
            {"absolute": timedelta(days=2)}, Limits(absolute=timedelta(days=2)), id="no idle"
        ),
        pytest.param(
            {"absolute": "1 day", "idle": None}, Limits(absolute=timedelta(days=1)), id="idle None"
        ),
    ],
)
def test_lifetime_is_read(given, limits):
    """A preset, or limits of one's own."""
    assert read(SESSION_LIFETIME=given).limits == limits


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        pytest.param(None, (None, "evict"), id="none"),
        pytest.param(3, (3, "evict"), id="number"),
        pytest.param((1, "deny"), (1, "deny"), id="deny"),
        pytest.param([2, "evict"], (2, "evict"), id="list"),
    ],
)
def test_number_of_sessions_is_read(given, limit):
    """A number, with or without what happens to one more."""
    options = read(SESSION_LIMIT_PER_USER=given)
    assert (options.per_user, options.at_limit) == limit


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        pytest.param("2027-03-31", datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC), id="text"),
        pytest.param(date(2027, 3, 31), datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC), id="date"),
        pytest.param("2027-03-31T12:00:00+02:00", datetime(2027, 3, 31, 10, tzinfo=UTC),
                     id="moment as text"),
        pytest.param(datetime(2027, 3, 31, 12), datetime(2027, 3, 31, 12, tzinfo=UTC),
                     id="naive moment is UTC"),
    ],
)  # fmt: skip
def test_end_of_a_move_is_read(given, moment):
    """The last day counts whole."""
    assert read(SESSION_MIGRATION_UNTIL=given).move_until == int(moment.timestamp())


_LIFETIME = (
    'Use \'aal1\', \'aal2\', \'aal3\', or {"absolute": "12 hours", "idle": "30 minutes"}, idle '
    "or not."
)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        pytest.param("SESSION_LIFETIME", "aal4", f"is 'aal4'. {_LIFETIME}", id="preset"),
        pytest.param("SESSION_LIFETIME", 3600, f"is of type int. {_LIFETIME}", id="seconds"),
        pytest.param("SESSION_LIFETIME", {"idle": "1 hour"}, f"is of type dict. {_LIFETIME}",
                     id="no absolute"),
        pytest.param("SESSION_LIFETIME", {"absolute": "1 hour", "idel": "1 hour"},
                     f"is of type dict. {_LIFETIME}", id="misspelt"),
        pytest.param("SESSION_LIFETIME", {"absolute": "1 hour", "idle": "2 hours"},
                     ": idle is 2:00:00, longer than absolute, which is 1:00:00. Shorten it.",
                     id="idle above absolute"),
        pytest.param("SESSION_LIFETIME", {"absolute": "soon"},
                     ": 'soon' is not a valid duration. Write a whole number and seconds, "
                     "minutes, hours or "
                     "days, for example '4 hours'; or 'session'.", id="no duration"),
        pytest.param("SESSION_BINDING", "strict",
                     "is 'strict'. Use one of 'log', 'challenge', 'off'.", id="binding"),
        pytest.param("SESSION_BINDING", ["log"],
                     "is ['log']. Use one of 'log', 'challenge', 'off'.", id="binding as list"),
        pytest.param("LOGIN_VIEW", 5,
                     "is of type int. Give an endpoint such as 'auth.login', or None.",
                     id="login view"),
        *(
            pytest.param("SESSION_LIMIT_PER_USER", value,
                         f"is {value!r}. Write a number such as 3, which ends the oldest session "
                         'at one login more, or (3, "deny"), which refuses the login.',
                         id=f"per user {value!r}")
            for value in (0, -1, True, "3", (3,), (3, "refuse"), (0, "deny"), 1.5)
        ),
        *(
            pytest.param("SESSION_MIGRATION_UNTIL", value,
                         f"is {value!r}. Write the last day, such as '2027-03-31'.",
                         id=f"until {value!r}")
            for value in ("soon", "31.03.2027", 20270331, True, timedelta(days=5))
        ),
    ],
)  # fmt: skip
def test_wrong_setting_is_refused(key, value, message):
    """A value that is not understood is refused with what to write."""
    with pytest.raises(ConfigurationError) as caught:
        read(**{key: value})
    joint = "" if message.startswith(":") else " "
    assert str(caught.value) == f"STRICT_COOKIES_{key}{joint}{message}"


@pytest.mark.parametrize(
    ("preset", "permanent", "idle"),
    [
        ("aal2", timedelta(minutes=5), timedelta(minutes=5)),
        ("aal2", 300, timedelta(minutes=5)),
        ("aal2", timedelta(hours=2), timedelta(hours=1)),
        ("aal2", timedelta(days=31), timedelta(hours=1)),
        ("aal1", timedelta(days=7), timedelta(days=7)),
        ("aal1", timedelta(days=31), None),
        ("aal2", 0, timedelta(hours=1)),
        ("aal2", None, timedelta(hours=1)),
    ],
)
def test_shorter_lifetime_of_flask_counts(preset, permanent, idle):
    """The stricter of the two settings is the idle limit; Flask's default changes nothing."""
    config = {
        **DEFAULTS,
        "STRICT_COOKIES_SESSION_LIFETIME": preset,
        "PERMANENT_SESSION_LIFETIME": permanent,
    }
    limits = SessionOptions.from_config(config).limits
    assert (limits.absolute, limits.idle) == (PRESETS[preset].absolute, idle)
