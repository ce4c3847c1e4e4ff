"""What docs/privacy.md says is kept, and for how long, is what the code keeps."""

from __future__ import annotations

import inspect
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from strict_cookies import StrictCookies, login
from strict_cookies._util.durations import say_duration
from strict_cookies._util.rate_limit import TokenBuckets
from strict_cookies.cli import report as report_commands
from strict_cookies.firewall import browser_reports as reports
from strict_cookies.firewall import middleware as firewall
from strict_cookies.firewall import recorder as ledger
from strict_cookies.firewall import request_cookies as reader
from strict_cookies.flask.config import DEFAULTS
from strict_cookies.sessions import end_markers as notices
from strict_cookies.sessions import limits, watch
from strict_cookies.sessions.retention import describe_kept
from strict_cookies.sessions.stores import redis_scripts
from strict_cookies.sessions.stores.open import SQLITE_FILE
from strict_cookies.trail import app_trail, options, pseudonyms

PAGE = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text("utf-8")
#: Row and figure by the first cell of a table.
ROWS = {
    cells[0]: cells[1:]
    for line in PAGE.splitlines()
    if line.startswith("| ") and (cells := [cell.strip() for cell in line.strip("|").split("|")])
}

DAY = say_duration(timedelta(seconds=limits.PURGE_AFTER))
RETENTION = say_duration(options.RETENTION)
DEFAULT = limits.PRESETS[DEFAULTS["STRICT_COOKIES_SESSION_LIFETIME"]]
LINK = say_duration(report_commands.MAX_EXPIRES)
SENDERS = inspect.signature(TokenBuckets).parameters["max_keys"].default


@pytest.mark.parametrize(
    ("row", "figure"),
    [
        (
            "Session",
            f"{say_duration(DEFAULT.absolute)} at most, by default, and {DAY} after its end",
        ),
        (
            "End marker",
            f"{say_duration(timedelta(seconds=notices.NOTICE_SECONDS))}, and {DAY} after that",
        ),
        (
            "Marker of a migrated session",
            f"{DAY} after the last day of the migration",
        ),
        ("Audit trail", f"{RETENTION} by default"),
        ("Key of a user's pseudonym", f"{RETENTION} by default after that day"),
        ("Daily counters", f"{RETENTION} by default"),
        (
            "Links to the auditor's report",
            f"{LINK} at most, then until links are next listed",
        ),
        ("Cookie counts", f"{ledger.MAX_ROWS} rows"),
        ("Browser reports", f"{reports.MAX_ROWS} rows"),
        ("Senders of reports", f"{SENDERS} senders"),
        ("Names that the application tried to set", f"{firewall.MAX_DROPPED} names"),
        ("Received names of trackers", f"{reader.MAX_KNOWN} names"),
        ("Users without the role of a page", f"{app_trail.MAX_DENIED} pairs"),
        ("Browsers of sessions", f"{watch.MAX_BROWSERS} values"),
    ],
)
def test_figures_are_those_of_the_code(row, figure):
    """Each time and number of the tables is a constant of the code."""
    assert ROWS[row][1] == figure


def test_every_row_with_a_figure_is_compared():
    """The test above compares every row with a figure."""
    compared = {mark.args[1][i][0] for mark in test_figures_are_those_of_the_code.pytestmark
                for i in range(len(mark.args[1]))}  # fmt: skip
    assert {row for row, cells in ROWS.items() if re.search(r"\d", cells[1])} == compared


def test_presets_are_listed():
    """The longest lifetime of a session by preset, and by default, is that of the code."""
    assert limits.PRESETS["aal2"] is DEFAULT
    times = {name: say_duration(preset.absolute) for name, preset in limits.PRESETS.items()}
    assert (
        "with the presets `aal1`, `aal2` (the default) and `aal3` it is "
        f"{times['aal1']}, {times['aal2']} and {times['aal3']} at most"
    ) in PAGE


def test_both_stores_keep_rows_equally_long():
    """Redis drops a row by itself when SQLite's may be purged."""
    assert redis_scripts.GRACE_MS == limits.PURGE_AFTER * 1000


def test_names_of_files_and_defaults():
    """The file is that of the default store, and the setting's default is the constant's."""
    assert f"`{SQLITE_FILE}` in the instance directory" in PAGE
    assert DEFAULTS["STRICT_COOKIES_TRAIL_RETENTION"] == RETENTION


def make_app(tmp_path):
    """Create an application that signs a user in."""
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="0f" * 32, TESTING=True, STRICT_COOKIES_SESSIONS="sqlite")
    StrictCookies(app)

    @app.post("/sign-in")
    def sign_in():
        from flask import session

        login("alice-of-the-test")
        session["note"] = "written-into-the-session"
        return "Signed in."

    return app


def bytes_of(tmp_path):
    """Return the content of the store's files."""
    return b"".join(path.read_bytes() for path in sorted(tmp_path.glob(f"{SQLITE_FILE}*")))


def test_every_kind_of_session_data_is_listed(tmp_path):
    """What /cookies/sessions lists is listed here too, one row each."""
    app = make_app(tmp_path)
    app.test_client().get("/")
    kept = describe_kept(app.extensions["strict_cookies"].session_options)
    times = {name: say_duration(time) for one in kept for name, time in one.times.items()}
    assert set(times) == {"after", "longest"}
    assert "keyed hash of browser family and platform" in ROWS["Session"][0]
    assert len(kept) == 6


def test_forgetting_a_user_leaves_nothing(tmp_path):
    """The code of the page erases a user: the sessions, and the link from the trail to the user."""
    block = PAGE.split("<!-- file: forget.py -->\n```python\n")[1].split("```")[0]
    names = {}
    exec(compile(block, "forget.py", "exec"), names)
    app = make_app(tmp_path)
    app.test_client().post("/sign-in")
    assert b"alice-of-the-test" in bytes_of(tmp_path)
    assert b"written-into-the-session" in bytes_of(tmp_path)
    archive = app.extensions["strict_cookies"].trail.archive
    assert len(archive.items(pseudonyms.KEYS)) == 1
    with app.app_context():
        names["forget"]("alice-of-the-test")
    assert archive.items(pseudonyms.KEYS) == archive.items(pseudonyms.SEEN) == {}
    with closing(sqlite3.connect(tmp_path / SQLITE_FILE)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"alice-of-the-test" not in bytes_of(tmp_path)
    assert b"written-into-the-session" not in bytes_of(tmp_path)
