"""The group ``flask cookies``, and what all its commands have in common."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from strict_cookies import StrictCookies
from strict_cookies.cli.main import cookies
from tests.cli.commands import assert_readable, load_broken, run


def test_flask_finds_the_commands():
    """The entry point leads to the group with its commands."""
    (point,) = entry_points(group="flask.commands", name="cookies")
    assert point.load() is cookies
    assert sorted(cookies.commands) == [
        *("audit", "check", "diff", "export", "init", "publish"),
        *("report", "report-link", "schema", "sessions", "show", "trail"),
    ]


def test_help_says_what_each_command_does(make_app):
    """The group's help has a sentence for each command."""
    result = run(make_app(), "--help")
    assert "Show how cookies are enforced, and the declaration as Markdown." in result.output
    assert_readable(result.output)


@pytest.mark.parametrize("command", ["show", "check"])
def test_missing_extension_is_reported_with_the_lines_to_add(make_app, command):
    """Both commands fail on a bare application, and say what to add."""
    result = run(make_app(protected=False), command)
    assert result.exit_code == 1
    assert "StrictCookies was not added to the application 'erp'" in result.output
    assert "    from strict_cookies import StrictCookies\n" in result.output
    assert "    strict = StrictCookies(app)\n" in result.output


@pytest.mark.parametrize("command", ["show", "init"])
def test_other_commands_explain_what_stops_the_start(make_app, command):
    """They fail with the mistakes and with what to do, without a traceback."""
    runner = Flask("bare").test_cli_runner()
    result = runner.invoke(cookies, [command], obj=load_broken(make_app))
    assert result.exit_code == 1
    assert "The application can't start." in result.output
    assert "'_ga'" in result.output
    assert f"'flask cookies {command}' again" in " ".join(result.output.split())


def test_error_that_is_no_policys_gets_no_advice_on_files(make_app):
    """A second init_app is reported with its own message."""

    def create_app():
        app = make_app()
        StrictCookies(app)
        return app

    runner = Flask("bare").test_cli_runner()
    result = runner.invoke(cookies, ["show"], obj=ScriptInfo(create_app=create_app))
    assert result.exit_code == 1
    assert "added twice" in result.output
    assert "STRICT_COOKIES_POLICY" not in result.output


@pytest.mark.parametrize("command", [["check"], ["show"], ["show", "--json"], ["init", "--force"]])
def test_no_command_prints_a_secret(make_app, command):
    """Keys of the configuration reach no output."""
    app = make_app(
        SECRET_KEY="hunter2", SECRET_KEY_FALLBACKS=["swordfish"], JWT_SECRET_KEY="opensesame"
    )
    result = run(app, *command)
    assert not any(word in result.output for word in ("hunter2", "swordfish", "opensesame"))


def test_commands_run_under_flasks_own_group(make_app):
    """The commands work where Flask's command line calls them."""
    group = FlaskGroup(create_app=make_app)
    runner = make_app().test_cli_runner()
    assert runner.invoke(group, ["cookies", "check"]).exit_code == 0
