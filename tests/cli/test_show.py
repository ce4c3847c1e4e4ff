"""The commands ``flask cookies show`` and ``export``."""

from __future__ import annotations

import json

import pytest

from strict_cookies import CookiePolicy, Site
from strict_cookies.declaration.document import build_document
from strict_cookies.declaration.exports import EXPORTS
from strict_cookies.declaration.i18n.language import find_language
from strict_cookies.declaration.publication import PublicationStatus
from tests.cli.commands import POLICY, run

OTHERS = """
[[storage]]
name = "draft-*"
kind = "local"
title = "Unsent order"
purposes = ["user_input"]
description = "Keeps what you typed."
without_it = "You would type it again."
lifetime = "4 hours"

[[storage]]
name = "sort"
kind = "session"
title = "Sorting"
purposes = ["preferences"]
description = "Keeps how you sorted a list."
without_it = "You would sort it again."
lifetime = "session"

[[preference]]
name = "rows"
title = "Rows a page"
choices = ["10", "25"]
default = "10"
description = "How many rows a list shows."

[[recipient]]
name = "Maps Ltd"
role = { de = "Karten", en = "Maps" }
data = "Addresses."
purpose = "To draw maps."
country = ["IE", "US"]
safeguard = "Standard contractual clauses"

[[recipient]]
name = "Hosting AG"
role = "Hosting"
data = "Everything."
purpose = "To run the servers."
country = "DE"

[[external_origin]]
origin = "https://maps.example.com"
kinds = ["connect", "image"]
reason = "Maps of the customers."
recipient = "Maps Ltd"
"""


def test_show_prints_the_markdown_of_the_declaration(make_app, tmp_path):
    """After four lines on enforcement, the terminal gets what ``export md`` writes."""
    app = make_app(toml=POLICY + OTHERS)
    result = run(app, "show")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    blank = lines.index("")
    assert lines[:blank] == [
        "  Mode       enforce: undeclared cookies are neither sent nor read",
        "  Expiry     known: known trackers, and undeclared cookies that this application tried",
        "             to set, are expired in the browser",
        "  Transport  https: every cookie is Secure",
        f"  Policy     {tmp_path / 'cookies.toml'}",
    ]
    assert lines[blank + 1 :] == run(app, "export", "md").output.splitlines()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param({}, ["the default; there is no cookies.toml in"], id="no file"),
        pytest.param(
            {"STRICT_COOKIES_POLICY": CookiePolicy(site=Site(name="x"))},
            ["built in Python (STRICT_COOKIES_POLICY)"],
            id="in Python",
        ),
        pytest.param(
            {"STRICT_COOKIES_TRANSPORT": "plain-http"},
            ["plain-http: Secure is not added"],
            id="plain http",
        ),
        pytest.param({"STRICT_COOKIES_MODE": "report-only"}, ["only logged"], id="report-only"),
        pytest.param({"TESTING": True}, ["raise: an undeclared cookie"], id="testing"),
        pytest.param({"STRICT_COOKIES_EXPIRE_UNDECLARED": "site"}, ["parent domains"], id="expiry"),
    ],
)
def test_show_tells_how_it_is_enforced(make_app, config, words):
    """Mode, expiry, transport and policy file are the effective ones."""
    result = run(make_app(toml=None, **config), "show")
    assert result.exit_code == 0
    flat = " ".join(result.output.split())
    assert all(word in flat for word in words)


def test_show_json_is_the_declaration(make_app):
    """The JSON is the very document that the site publishes."""
    app = make_app()
    result = run(app, "show", "--json")
    document = json.loads(result.output)
    protection = app.extensions["strict_cookies"]
    assert document == build_document(
        protection.policy, processing=protection.processing(), status=PublicationStatus()
    )
    url = "https://erp.example/cookies/declaration.json"
    assert document == app.test_client().get(url).json


def test_show_json_tells_report_only(make_app):
    """Where nothing is enforced, the command says so as the page does."""
    result = run(make_app(STRICT_COOKIES_MODE="report-only"), "show", "--json")
    assert json.loads(result.output)["enforced"] is False


@pytest.mark.parametrize("format_name", EXPORTS)
def test_export_writes_each_format(make_app, format_name, tmp_path):
    """The terminal and a file get what the format's writer makes, in the language asked for."""
    app = make_app()
    result = run(app, "export", format_name, "--lang", "de")
    protection = app.extensions["strict_cookies"]
    document = build_document(
        protection.policy, processing=protection.processing(), status=PublicationStatus()
    )
    text = EXPORTS[format_name].write(document, find_language("de"))
    assert result.exit_code == 0
    assert result.output.splitlines() == text.splitlines()
    path = tmp_path / "export"
    assert run(app, "export", format_name, "--lang", "de", "--output", str(path)).output == ""
    assert path.read_bytes() == text.encode()


def test_export_says_where_it_cannot_write(make_app, tmp_path):
    """A missing directory is reported without a traceback."""
    result = run(make_app(), "export", "md", "--output", str(tmp_path / "no" / "where"))
    assert result.exit_code == 1
    assert "can't be written: No such file or directory." in " ".join(result.output.split())


def test_show_replaces_what_could_steer_a_terminal(make_app):
    """Control characters of a declared text don't reach the terminal."""
    result = run(make_app(toml=POLICY.replace('"Basket"', '"Bas\\u001b[2Jket"')), "show")
    assert "\x1b" not in result.output
    assert "Bas [2Jket" in result.output.replace("\\", "")


@pytest.mark.parametrize(
    "config",
    [{"STRICT_COOKIES_MODE": "x"}, {"STRICT_COOKIES_HEADERS": None}, {"STRICT_COOKIES_X": 1}],
)
def test_show_with_wrong_settings_points_to_check(make_app, config):
    """An invalid setting is reported without a traceback."""
    result = run(make_app(**config), "show")
    assert result.exit_code == 1
    assert "flask cookies check" in result.output
    assert "Traceback" not in result.output
