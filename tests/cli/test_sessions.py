"""The commands ``flask cookies sessions list``, ``end`` and ``purge``, as they are typed."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from flask import Flask
from flask.cli import ScriptInfo

from strict_cookies import StrictCookies
from strict_cookies.checks.app import HOW_TO_ADD
from strict_cookies.cli.main import cookies
from strict_cookies.sessions.limits import PURGE_AFTER
from strict_cookies.sessions.record import NewLogin
from tests.sessions.apps import CHROME, DAY, FIREFOX, SECRET

ANSWERED = "End all sessions of {}? [y/N]: "


def build(**config):
    """Create an application whose sessions are in its instance directory."""
    app = Flask("erp")
    app.config.update({"SECRET_KEY": SECRET, **config})
    StrictCookies(app)
    return app


@pytest.fixture
def app():
    """An application with sessions in a file, which the commands open too."""
    app = build()
    yield app
    with closing(app.extensions["strict_cookies"].sessions.store):
        pass


@pytest.fixture
def manager(app):
    """What the application itself begins sessions with."""
    return app.extensions["strict_cookies"].sessions


def run(app, *arguments, **options):
    """Run a command; return its exit code and output."""
    result = app.test_cli_runner().invoke(
        cookies, ["sessions", *arguments], obj=ScriptInfo(create_app=lambda: app), **options
    )
    return result.exit_code, result.output


def test_sessions_of_a_user_are_listed(app, manager):
    """Handle, user, device and times are in columns; no identifiers, no other users."""
    visits = [
        manager.sign_in(NewLogin(user_id="alice"), {}, FIREFOX),
        manager.sign_in(NewLogin(user_id="alice", device="Till 1"), {}, CHROME),
    ]
    manager.sign_in(NewLogin(user_id="bob"), {}, FIREFOX)
    code, output = run(app, "list", "--user", "alice")
    head, *rows = output.splitlines()
    assert code == 0
    assert re.split(r"  +", head) == [
        "Handle",
        "User",
        "Device",
        "Signed in (UTC)",
        "Last used (UTC)",
    ]
    assert [re.split(r"  +", row)[:3] for row in rows] == [
        [info.handle, "alice", info.device] for info in manager.list_user("alice")
    ]
    assert all(re.search(r"(  20\d\d-\d\d-\d\d \d\d:\d\d){2}$", row) for row in rows)
    for visit in visits:
        assert visit.key.hex() not in output
        assert all(part not in output for part in visit.signed.split("."))


def test_user_without_a_session_is_reported(app):
    """What could steer a terminal does not."""
    assert run(app, "list", "--user", "no\x1b[31mbody") == (
        0,
        "User 'no?[31mbody' has no active sessions.\n",
    )


def test_sessions_of_a_user_are_ended(app, manager):
    """After a confirmation, and only those of that user."""
    for user in ("alice", "alice", "bob"):
        manager.sign_in(NewLogin(user_id=user), {}, FIREFOX)
    question = ANSWERED.format("user 'alice'")
    code, output = run(app, "end", "--user", "alice", input="n\n")
    assert (code, len(manager.list_user("alice"))) == (1, 2)
    assert output == f"{question}n\nAborted!\n"
    code, output = run(app, "end", "--user", "alice", input="y\n")
    assert (code, output) == (0, f"{question}y\n2 sessions of user 'alice' ended.\n")
    assert [len(manager.list_user(user)) for user in ("alice", "bob")] == [0, 1]
    assert run(app, "end", "--user", "bob", "--yes") == (0, "1 session of user 'bob' ended.\n")
    assert run(app, "end", "--user", "bob", "--yes") == (0, "No sessions of user 'bob' ended.\n")


def test_every_session_is_ended(app, manager):
    """Visitors' too."""
    manager.sign_in(NewLogin(user_id="alice"), {}, FIREFOX)
    visitor = manager.begin({"cart": 1}, FIREFOX)
    assert run(app, "end", "--all", "--yes") == (0, "Every session has ended.\n")
    assert manager.list_user("alice") == []
    assert manager.open(visitor.signed, FIREFOX).visit is None


@pytest.mark.parametrize("arguments", [[], ["--yes"], ["--all", "--user", "alice"]])
def test_whose_sessions_must_be_said(app, manager, arguments):
    """Exactly one of --user and --all is required."""
    manager.sign_in(NewLogin(user_id="alice"), {}, FIREFOX)
    code, output = run(app, "end", *arguments)
    assert code == 2
    assert "Use either --user ID or --all." in output
    assert len(manager.list_user("alice")) == 1


def test_what_is_past_is_removed(app, manager, monkeypatch):
    """Rows a day past their end go, all of them, and others stay."""
    for _ in range(3):
        manager.sign_in(NewLogin(user_id="alice"), {}, FIREFOX)
    assert run(app, "purge") == (0, "No rows removed.\n")
    later = manager.clock() + DAY + PURGE_AFTER + 1
    monkeypatch.setattr(manager, "clock", lambda: later)
    assert run(app, "purge") == (0, "3 rows removed.\n")


@pytest.mark.parametrize("command", [["list", "--user", "x"], ["end", "--all", "--yes"], ["purge"]])
@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param(
            {"STRICT_COOKIES_SESSIONS": "flask"}, "Flask's own session is in use", id="flask"
        ),
        pytest.param({"SECRET_KEY": None}, "there is no SECRET_KEY", id="no key"),
        pytest.param(
            {"STRICT_COOKIES_SESSIONS": "redis://127.0.0.1:1/0"}, "can't be reached", id="away"
        ),
    ],
)
def test_what_stops_a_command_is_reported(config, words, command):
    """In words, without a trace, and with the exit code 1."""
    code, output = run(build(**config), *command)
    assert code == 1
    assert output.startswith("Error: ")
    assert words in " ".join(output.split())
    assert "Traceback" not in output


def test_application_without_the_library_is_reported():
    """There is nothing to list; what adds it is said."""
    assert run(Flask("plain"), "purge") == (
        1,
        f"Error: StrictCookies was not added to the application 'plain'.\n{HOW_TO_ADD}\n",
    )
