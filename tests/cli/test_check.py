"""The command ``flask cookies check``."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from strict_cookies.cli.main import cookies
from tests.cli.commands import assert_readable, load_broken, run

#: The info is that nothing is published yet.
ONE_WARNING = "No errors, 1 warning, 1 info."


def test_check_of_a_sound_application_is_quiet(make_app):
    """Nothing wrong: one line, exit code 0."""
    app = make_app()
    app.extensions["strict_cookies"].publish()
    result = run(app, "check", "--strict")
    assert (result.exit_code, result.output) == (0, "No errors, no warnings.\n")


def test_check_prints_a_block_for_each_finding(make_app):
    """Severity, id, message and remedy are in aligned blocks, a summary is last."""
    app = make_app(
        SECRET_KEY=None, STRICT_COOKIES_EXPIRE_UNDECLARED="off", STRICT_COOKIES_MODE="report-only"
    )
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {})
    result = run(app, "check")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "error   SC301 unknown middleware outside Strict Cookies",
        "  Found  werkzeug.middleware.dispatcher.DispatcherMiddleware wraps the application",
        "         outside Strict Cookies.",
        "  Do     Call StrictCookies(app) after adding it, so that its cookies are checked too.",
        "",
        "error   SC404 SECRET_KEY missing or short",
        "  Found  SECRET_KEY is not set: Flask can't sign the session cookie, so users can't sign",
        "         in.",
        "  Do     Set a key of at least 32 random bytes, and keep it out of the source code. This",
        "         command prints one:",
        "             python -c 'import secrets; print(secrets.token_hex())'",
        "",
        "warning SC402 report-only mode",
        "  Found  STRICT_COOKIES_MODE is 'report-only': undeclared cookies are still sent and",
        "         read, and are only logged.",
        "  Do     Remove STRICT_COOKIES_MODE when the log is quiet; until then nothing is",
        "         enforced.",
        "",
        "info    SC410 expiry of undeclared cookies is off",
        "  Found  STRICT_COOKIES_EXPIRE_UNDECLARED is 'off': tracking cookies that were set",
        "         earlier stay in the browser until they expire. They are still removed from each",
        "         request.",
        "  Do     Remove STRICT_COOKIES_EXPIRE_UNDECLARED unless another application needs these",
        "         cookies.",
        "",
        "2 errors, 1 warning, 1 info.",
    ]
    assert_readable(result.output)


@pytest.mark.parametrize(
    ("config", "args", "code", "summary"),
    [
        pytest.param({"TRUSTED_HOSTS": None}, [], 0, ONE_WARNING, id="warning"),
        pytest.param(
            {"TRUSTED_HOSTS": None},
            ["--strict"],
            1,
            ONE_WARNING,
            id="strict",
        ),
        pytest.param(
            {"STRICT_COOKIES_EXPIRE_UNDECLARED": "off"},
            ["--strict"],
            0,
            "No errors, no warnings, 2 infos.",
            id="info is no warning",
        ),
        pytest.param({"SECRET_KEY": None}, [], 1, "1 error, no warnings.", id="error"),
    ],
)
def test_exit_code_tells_whether_it_may_go_live(make_app, config, args, code, summary):
    """An error always fails; a warning fails where strictness was asked for."""
    result = run(make_app(**config), "check", *args)
    assert (result.exit_code, result.output.splitlines()[-1]) == (code, summary)


def test_check_lists_every_mistake_of_a_policy_that_stops_the_start(make_app):
    """An application that its policy stops is checked without a traceback, a mistake a line."""
    bare = Flask("bare")
    runner = bare.test_cli_runner()
    result = runner.invoke(cookies, ["check"], obj=load_broken(make_app))
    assert result.exit_code == 1
    assert result.output.startswith("error   Invalid configuration\n")
    marks = [line for line in result.output.splitlines() if line.startswith("         - line ")]
    assert len(marks) == 3
    assert result.output.endswith("1 error, no warnings.\n")
    assert_readable(result.output)
