"""The commands for timestamps of the trail, as they are typed."""

from __future__ import annotations

import itertools
import json

import pytest
from flask import Flask

from strict_cookies import StrictCookies
from strict_cookies.cli.main import cookies
from strict_cookies.errors import ConfigurationError
from tests.trail.authority import Authority, authority, running_authority

__all__ = ["authority", "running_authority"]


@pytest.fixture
def make_app(tmp_path):
    """Build an application whose trail is in a file and has an entry."""

    orders = itertools.count()

    def make_app(**config):
        app = Flask("shop", instance_path=str(tmp_path))
        app.config.update(
            SECRET_KEY="k" * 40,
            STRICT_COOKIES_SESSIONS="trail.sqlite",
            STRICT_COOKIES_TRAIL_KEY="off",
            **config,
        )
        StrictCookies(app)
        app.extensions["strict_cookies"].trail.record("order-approved", order=next(orders))
        return app

    return make_app


def run(app, *args):
    """Run a command; return its exit code and output on one line."""
    result = app.test_cli_runner().invoke(cookies, ["trail", *args])
    return result.exit_code, " ".join(result.output.split())


def test_head_is_stamped_and_verified(make_app, authority, tmp_path):
    """As an operator and then an auditor do it."""
    app = make_app(STRICT_COOKIES_TRAIL_TIMESTAMPS=authority.url)
    code, output = run(app, "timestamp")
    assert (code, output.startswith("Entry 1 was stamped at ")) == (0, True)
    assert run(app, "timestamp") == (0, "Nothing was recorded since the last timestamp.")
    code, output = run(app, "verify")
    assert (code, "UTC (not verified: use --tsa-ca)" in output) == (0, True)
    code, output = run(app, "verify", "--tsa-ca", str(authority.ca))
    assert (code, "UTC (verified)" in output) == (0, True)
    saved = tmp_path / "saved.jsonl"
    assert run(app, "export", "--output", str(saved))[0] == 0
    lines = [json.loads(line) for line in saved.read_text().splitlines()]
    assert [line.get("format") for line in lines[-2:]] == [
        "strict-cookies-trail-timestamp-1",
        "strict-cookies-trail-head-1",
    ]
    options = ("--tsa-ca", str(authority.ca), "--timestamps", str(saved))
    assert run(app, "verify", *options)[0] == 0
    (tmp_path / "trail.sqlite").rename(tmp_path / "old")
    code, output = run(make_app(), "verify", *options)
    assert (code, "has another hash" in output) == (1, True)


def test_other_authority_is_not_trusted(make_app, authority, tmp_path):
    """The exit code says it."""
    app = make_app(STRICT_COOKIES_TRAIL_TIMESTAMPS=authority.url)
    run(app, "timestamp")
    other = Authority(tmp_path / "other")
    code, output = run(app, "verify", "--tsa-ca", str(other.ca))
    assert (code, "none of the given authorities has signed it" in output) == (1, True)
    assert "stamped no entry: there is no valid timestamp" in output


def test_unavailable_authority_is_named(make_app, authority):
    """With exit code 1; the entry is in the trail."""
    authority.answer = (503, b"")
    app = make_app(STRICT_COOKIES_TRAIL_TIMESTAMPS=authority.url)
    code, output = run(app, "timestamp")
    assert (code, "it answered with HTTP status 503." in output) == (1, True)
    assert "timestamp-missed authority=127.0.0.1 number=1" in run(app, "show")[1]


def test_what_is_missing_is_named(make_app, tmp_path):
    """No setting, no trail, and files that can't be used."""
    app = make_app()
    code, output = run(app, "timestamp")
    assert (code, "STRICT_COOKIES_TRAIL_TIMESTAMPS is not set" in output) == (1, True)
    (tmp_path / "text").write_text('{"format":"strict-cookies-trail-timestamp-1"}')
    for option, problem in (
        ("--tsa-ca", "it contains no certificate in PEM format"),
        ("--timestamps", "it is not a timestamp of the trail"),
    ):
        code, output = run(app, "verify", option, str(tmp_path / "text"))
        assert (code, problem in output) == (2, True)
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="k" * 40, STRICT_COOKIES_TRAIL="off")
    StrictCookies(app)
    assert "This site keeps no audit trail" in run(app, "timestamp")[1]


@pytest.mark.parametrize(
    "url", ["tsa.example", "ftp://tsa.example/", "https://", "https://u:SECRET@tsa.example", 7]
)
def test_other_values_are_refused(make_app, url):
    """Only http and https, without a user name; the message does not repeat the value."""
    with pytest.raises(
        ConfigurationError, match="not a valid URL of a timestamp authority"
    ) as caught:
        make_app(STRICT_COOKIES_TRAIL_TIMESTAMPS=url)
    assert "SECRET" not in str(caught.value)
