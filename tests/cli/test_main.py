"""The commands ``flask cookies show``, ``check`` and ``init``, as they are typed."""

from __future__ import annotations

import json
from importlib.metadata import entry_points

import pytest
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from strict_cookies import CookiePolicy, Site, StrictCookies
from strict_cookies.cli import main as cli_module
from strict_cookies.cli.main import cookies
from strict_cookies.cli.terminal import WIDTH
from strict_cookies.declaration.document import build_document
from strict_cookies.declaration.exports import EXPORTS
from strict_cookies.declaration.i18n.language import find_language
from strict_cookies.declaration.publication import PublicationStatus
from strict_cookies.trail.signing import make_key

KEY = "correct-horse-battery-staple-and-more"
SOUND = {"SECRET_KEY": KEY, "TRUSTED_HOSTS": ["erp.example"]}
POLICY = """
[site]
name = "ERP"
controller = "Vendor Ltd"
contact = "privacy@erp.example"

[[cookie]]
name = "basket-*"
title = {de = "Warenkorb", en = "Basket"}
purposes = ["user_input", "preferences"]
description = "Keeps what you chose."
without_it = "You would choose again."
lifetime = "4 hours"
script_readable = true
samesite = "None"
partitioned = true
domain = "erp.example"
path = "/shop"
"""
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
BROKEN = '[site]\nnam = "x"\n[[cookie]]\nname = "_ga"\n'

#: Beside it: that nothing is published yet.
ONE_WARNING = "No errors, 1 warning, 1 for information."


@pytest.fixture
def make_app(tmp_path):
    def make_app(protected=True, toml=POLICY, **config):
        if toml is not None:
            (tmp_path / "cookies.toml").write_text(toml, "utf-8")
        key = tmp_path / "trail.pem"
        if not key.exists():
            make_key(key)
        app = Flask("erp", root_path=str(tmp_path))
        app.config.update(SOUND, STRICT_COOKIES_TRAIL_KEY=key, **config)
        if protected:
            StrictCookies(app)
        return app

    return make_app


def run(app, *args):
    return app.test_cli_runner().invoke(cookies, list(args))


def write(tmp_path, path, text):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def assert_readable(text):
    """Lines are plain and at most as wide as promised, but for what can't be broken."""
    assert text.isascii()
    assert "\x1b" not in text
    for line in text.splitlines():
        assert line == line.rstrip()
        assert len(line) <= WIDTH or len(line.split()[-1]) > WIDTH // 2, line


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
    assert "Show which cookies are declared, and how they are enforced." in result.output
    assert_readable(result.output)


# --- show ---


def test_show_tells_all_that_is_declared(make_app, tmp_path):
    """Each cookie is shown with its title, name, purposes, lifetime, attributes and origin."""
    result = run(make_app(), "show")
    assert result.exit_code == 0
    path = tmp_path / "cookies.toml"
    assert result.output.splitlines() == [
        "Strict Cookies in 'erp'",
        "",
        "  Mode       enforce: undeclared cookies neither leave nor are read",
        "  Sweep      known: trackers' cookies, and those this application tried to set, are",
        "             expired",
        "  Transport  https: every cookie is Secure",
        f"  Policy     {path}",
        "",
        "2 cookies are declared.",
        "",
        "Session",
        "  Name        __Host-Http-session",
        "  Purposes    Session management, Login and authentication",
        "  Lifetime    until the browser closes",
        "  Attributes  Secure, HttpOnly, SameSite=Lax",
        "  Path        /",
        "  Domain      this host only",
        "  Declared    built in, for Flask's session",
        "",
        "Basket",
        "  Name        basket-* (a pattern)",
        "  Purposes    What you typed in, Preferences within the session",
        "  Lifetime    4 hours",
        "  Attributes  Secure, no HttpOnly (scripts may read it), SameSite=None, Partitioned",
        "  Path        /shop",
        "  Domain      erp.example",
        f"  Declared    {path}",
    ]
    assert_readable(result.output)


def test_show_tells_what_is_declared_beside_cookies(make_app):
    """Each kind of entry that there is has a heading that counts it, and its entries in words."""
    result = run(make_app(toml=POLICY + OTHERS), "show")
    lines = result.output.splitlines()
    assert lines[lines.index("2 items of web storage are declared.") :] == [
        "2 items of web storage are declared.",
        "",
        "Unsent order",
        "  Name      draft-* (a pattern)",
        "  Kind      localStorage",
        "  Purposes  What you typed in",
        "  Lifetime  4 hours, by the site's own script",
        "",
        "Sorting",
        "  Name      sort",
        "  Kind      sessionStorage",
        "  Purposes  Preferences within the session",
        "  Lifetime  until the tab closes",
        "",
        "1 preference is declared.",
        "",
        "Rows a page",
        "  Name     rows",
        "  Choices  10, 25",
        "  Default  10",
        "  Kept     in the session",
        "",
        "1 external origin is admitted.",
        "",
        "https://maps.example.com",
        "  Kinds      image, connect",
        "  Reason     Maps of the customers.",
        "  Recipient  Maps Ltd",
        "",
        "2 recipients are named.",
        "",
        "Maps Ltd",
        "  Role       Maps",
        "  Data       Addresses.",
        "  Purpose    To draw maps.",
        "  Country    IE, US",
        "  Safeguard  Standard contractual clauses",
        "",
        "Hosting AG",
        "  Role       Hosting",
        "  Data       Everything.",
        "  Purpose    To run the servers.",
        "  Country    DE",
        "  Safeguard  none needed",
    ]
    assert_readable(result.output)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        pytest.param({}, ["built in; there is no cookies.toml in", "1 cookie is"], id="no file"),
        pytest.param(
            {"STRICT_COOKIES_POLICY": CookiePolicy(site=Site(name="x"))},
            ["built in Python (STRICT_COOKIES_POLICY)"],
            id="in Python",
        ),
        pytest.param({"STRICT_COOKIES_TRANSPORT": "plain-http"}, ["no Secure"], id="plain http"),
        pytest.param({"STRICT_COOKIES_MODE": "report-only"}, ["only logged"], id="report-only"),
        pytest.param({"TESTING": True}, ["raise: a cookie"], id="testing"),
        pytest.param({"STRICT_COOKIES_EXPIRE_UNDECLARED": "site"}, ["parent domains"], id="sweep"),
    ],
)
def test_show_tells_how_it_is_enforced(make_app, config, words):
    """Mode, sweep, transport and the source of the policy are those that count."""
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
        protection.policy, processing=protection.processing(), edition=PublicationStatus()
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
        protection.policy, processing=protection.processing(), edition=PublicationStatus()
    )
    text = EXPORTS[format_name].write(document, find_language("de"))
    assert result.exit_code == 0
    assert result.output.splitlines() == text.splitlines()
    path = tmp_path / "export"
    assert run(app, "export", format_name, "--lang", "de", "--output", str(path)).output == ""
    assert path.read_bytes() == text.encode()


def test_export_says_where_it_cannot_write(make_app, tmp_path):
    """A folder that is not there is told in words."""
    result = run(make_app(), "export", "md", "--output", str(tmp_path / "no" / "where"))
    assert result.exit_code == 1
    assert "can't be written: No such file or directory." in " ".join(result.output.split())


def test_show_replaces_what_could_steer_a_terminal(make_app):
    """Control characters of a declared text don't reach the terminal."""
    result = run(make_app(toml=POLICY.replace('"Basket"', '"Bas\\u001b[2Jket"')), "show")
    assert "Bas?[2Jket" in result.output


@pytest.mark.parametrize("command", ["show", "check"])
def test_missing_extension_is_told_with_the_lines_to_add(make_app, command):
    """Both commands fail on a bare application, and say what to add."""
    result = run(make_app(protected=False), command)
    assert result.exit_code == 1
    assert "StrictCookies is not added to the application 'erp'" in result.output
    assert "    from strict_cookies import StrictCookies\n" in result.output
    assert "    strict = StrictCookies(app)\n" in result.output


@pytest.mark.parametrize(
    "config",
    [{"STRICT_COOKIES_MODE": "x"}, {"STRICT_COOKIES_HEADERS": None}, {"STRICT_COOKIES_X": 1}],
)
def test_show_with_wrong_settings_points_to_check(make_app, config):
    """A setting that can't be used is told without a traceback."""
    result = run(make_app(**config), "show")
    assert result.exit_code == 1
    assert "flask cookies check" in result.output
    assert "Traceback" not in result.output


# --- check ---


def test_check_of_a_sound_application_is_quiet(make_app):
    """Nothing wrong: one line, exit code 0."""
    app = make_app()
    app.extensions["strict_cookies"].publish()
    result = run(app, "check", "--strict")
    assert (result.exit_code, result.output) == (0, "Nothing to mend: no error, no warning.\n")


def test_check_prints_a_block_for_each_finding(make_app):
    """Severity, id, what was found and what to do stand in aligned blocks, a summary last."""
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
        "  Found  SECRET_KEY is not set: Flask can't sign its session, so nobody can sign in.",
        "  Do     Set one of 32 random octets or more, and keep it out of the source code. This",
        "         prints one:",
        "             python -c 'import secrets; print(secrets.token_hex())'",
        "",
        "warning SC402 report-only mode",
        "  Found  STRICT_COOKIES_MODE is 'report-only': undeclared cookies leave and arrive as",
        "         before, and are only logged.",
        "  Do     Remove STRICT_COOKIES_MODE when the log is quiet; until then nothing is",
        "         enforced.",
        "",
        "info    SC410 expiry of undeclared cookies is off",
        "  Found  STRICT_COOKIES_EXPIRE_UNDECLARED is 'off': trackers' cookies that were set",
        "         before stay in the browser until they expire. They are still cut from each",
        "         request.",
        "  Do     Remove STRICT_COOKIES_EXPIRE_UNDECLARED unless another application needs these",
        "         cookies.",
        "",
        "2 errors, 1 warning, 1 for information.",
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
            "No errors, no warnings, 2 for information.",
            id="info is no warning",
        ),
        pytest.param({"SECRET_KEY": None}, [], 1, "1 error, no warnings.", id="error"),
    ],
)
def test_exit_code_tells_whether_it_may_go_live(make_app, config, args, code, summary):
    """An error always fails; a warning fails where strictness was asked for."""
    result = run(make_app(**config), "check", *args)
    assert (result.exit_code, result.output.splitlines()[-1]) == (code, summary)


def load_broken(make_app):
    """Give a runner whose application is stopped by its policy while it loads."""
    return ScriptInfo(create_app=lambda: make_app(toml=BROKEN))


def test_check_lists_every_mistake_of_a_policy_that_stops_the_start(make_app):
    """An application that its policy stops is checked without a traceback, a mistake a line."""
    bare = Flask("bare")
    runner = bare.test_cli_runner()
    result = runner.invoke(cookies, ["check"], obj=load_broken(make_app))
    assert result.exit_code == 1
    assert result.output.startswith("error   Strict Cookies can't work like this\n")
    marks = [line for line in result.output.splitlines() if line.startswith("         - line ")]
    assert len(marks) == 3
    assert result.output.endswith("1 error, no warnings.\n")
    assert_readable(result.output)


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
    """Initialising twice is told in its own words."""

    def create_app():
        app = make_app()
        StrictCookies(app)
        return app

    runner = Flask("bare").test_cli_runner()
    result = runner.invoke(cookies, ["show"], obj=ScriptInfo(create_app=create_app))
    assert result.exit_code == 1
    assert "initialised twice" in result.output
    assert "STRICT_COOKIES_POLICY" not in result.output


@pytest.mark.parametrize("command", [["check"], ["show"], ["show", "--json"], ["init", "--force"]])
def test_no_command_prints_a_secret(make_app, command):
    """Keys of the configuration reach no output."""
    app = make_app(
        SECRET_KEY="hunter2", SECRET_KEY_FALLBACKS=["swordfish"], JWT_SECRET_KEY="opensesame"
    )
    result = run(app, *command)
    assert not any(word in result.output for word in ("hunter2", "swordfish", "opensesame"))


# --- init ---


def test_init_in_a_bare_application(make_app, tmp_path):
    """It writes a file that loads, lists what will be blocked and says what changes."""
    write(
        tmp_path,
        "templates/base.html",
        "<script src='https://cdn.example/a.js'></script>\n"
        '<p onclick="go()">\n'
        "<script src='https://cdn.example/b.js?key=hunter2'></script>\n"
        '<i style="x:y">\n<i style="x:y">\n',
    )
    write(tmp_path, "static/site.css", "a{background:url(//img.example/a.png)}")
    write(tmp_path, "templates/mail/hello.html", '<i style="x:y">')
    app = make_app(protected=False, toml=None)
    result = run(app, "init")
    assert result.exit_code == 0
    path = tmp_path / "cookies.toml"
    assert CookiePolicy.load(path).cookies == ()
    assert str(path) in result.output
    lines = [line.strip() for line in result.output.splitlines()]
    for line in (
        "3 files were looked through.",
        "External origins (3)",
        "//img.example (image or font): static/site.css:1",
        "https://cdn.example (script): templates/base.html:1, 3",
        "style= attributes (3)",
        "templates/base.html:4, 5",
        "on...= event handlers (1)",
        "templates/base.html:2",
        "Templates of mails may stay as they are: a mail carries no such policy.",
        "strict = StrictCookies(app)",
        "Then run 'flask cookies check'.",
    ):
        assert line in lines, line
    flat = " ".join(result.output.split())
    assert "renamed from session to __Host-Http-session" in flat
    assert "The 2 external origins above are blocked." in flat
    assert "STRICT_COOKIES_POLICY" not in result.output
    assert "hunter2" not in result.output
    assert_readable(result.output.replace(str(path), "cookies.toml"))


def test_init_names_trackers_and_prepares_other_origins(make_app, tmp_path):
    """A tracker is to be removed; another origin stands in the file, ready to be filled in."""
    write(
        tmp_path,
        "templates/base.html",
        "<script src='https://www.googletagmanager.com/gtag/js'></script>\n"
        "<img src='https://maps.example.com/1.png'>\n",
    )
    result = run(make_app(protected=False, toml=None), "init")
    lines = [line.strip() for line in result.output.splitlines()]
    assert "https://maps.example.com (image): templates/base.html:2" in lines
    flat = " ".join(result.output.split())
    assert (
        "https://www.googletagmanager.com (script, of Google Analytics (analytics); remove it): "
        "templates/base.html:1"
    ) in flat
    assert "[[external_origin]]" in lines
    text = (tmp_path / "cookies.toml").read_text("utf-8")
    assert '# origin = "https://maps.example.com"\n# kinds = ["image"]\n' in text
    assert '"https://www.googletagmanager.com"' not in text
    assert_readable(result.output)


def test_written_file_protects_at_once(make_app, tmp_path):
    """What init writes is what StrictCookies then loads."""
    run(make_app(protected=False, toml=None), "init")
    result = run(make_app(toml=None), "show")
    assert f"Policy     {tmp_path / 'cookies.toml'}" in result.output


def test_init_writes_the_schema_that_the_file_names(make_app, tmp_path):
    """Editors find the JSON Schema next to the file, without a network; schema prints the same."""
    app = make_app(protected=False, toml=None)
    run(app, "init")
    first = (tmp_path / "cookies.toml").read_text("utf-8").partition("\n")[0]
    schema = (tmp_path / first.removeprefix("#:schema ./")).read_text("utf-8")
    assert json.loads(schema)["properties"].keys() >= {"site", "cookie"}
    assert run(app, "schema").output == schema


def test_init_leaves_an_existing_file_alone(make_app, tmp_path):
    """Without --force nothing is overwritten; with it the file is written anew."""
    app = make_app()
    result = run(app, "init")
    assert result.exit_code == 1
    assert "left alone" in result.output
    assert (tmp_path / "cookies.toml").read_text() == POLICY
    assert not (tmp_path / "cookies.schema.json").exists()
    result = run(app, "init", "--force")
    assert result.exit_code == 0
    assert (tmp_path / "cookies.toml").read_text() != POLICY
    assert result.output.endswith("\nNext\n  Run 'flask cookies check'.\n")


def test_init_elsewhere_says_how_it_is_read(make_app, tmp_path):
    """A file that the application would not find comes with the setting that names it."""
    path = tmp_path / "elsewhere.toml"
    result = run(make_app(), "init", "--output", str(path))
    assert f"    STRICT_COOKIES_POLICY = {json.dumps(str(path))}\n" in result.output
    CookiePolicy.load(path)
    named = run(make_app(STRICT_COOKIES_POLICY=str(path)), "init", "--force", "--output", str(path))
    assert "STRICT_COOKIES_POLICY" not in named.output


def test_init_beside_a_policy_in_python_says_how_it_is_read(make_app):
    """A policy that was handed over hides the file, so that is told."""
    app = make_app(toml=None, STRICT_COOKIES_POLICY=CookiePolicy())
    assert "does not read this file until" in run(app, "init").output


@pytest.mark.parametrize("output", [".", "missing/cookies.toml"])
def test_init_that_cannot_write_says_so(make_app, tmp_path, output):
    """A folder in the way, or one that is not there, is told without a traceback."""
    result = run(make_app(), "init", "--force", "--output", str(tmp_path / output))
    assert result.exit_code == 1
    assert "can't be written" in " ".join(result.output.split())


def test_init_tells_what_was_not_looked_at(make_app, tmp_path, monkeypatch):
    """Large and unreadable files are named, and so is the bound on their number."""
    for number in range(7):
        write(tmp_path, f"static/{number}.html", " " * (1024 * 1024 + 1))
    app = make_app(protected=False, toml=None)
    flat = " ".join(run(app, "init").output.split())
    assert "7 larger than 1024 KiB, so not looked through: static/0.html," in flat
    assert "static/4.html and 2 more." in flat
    monkeypatch.setattr("strict_cookies.scan.app.MAX_FILES", 3)
    flat = " ".join(run(app, "init", "--force").output.split())
    assert "There are more: only the first 2000 were taken." in flat


def test_init_bounds_its_list(make_app, tmp_path, monkeypatch):
    """Past a bound, places are only counted."""
    write(tmp_path, "templates/a.html", '<i style="x">\n' * 5)
    monkeypatch.setattr(cli_module, "MAX_PLACES", 3)
    output = run(make_app(), "init", "--force").output
    assert "style= attributes (5)\n    templates/a.html:1, 2, 3\n    and 2 more\n" in output
    assert "1 file was looked through.\n" in output


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"\xff\xfe<i style=x>\xc3(", id="invalid UTF-8"),
        pytest.param(b"<a " * 100_000, id="one huge tag"),
        pytest.param(b"</p></p><script><style>{{ {% }} <!--", id="unbalanced"),
        pytest.param(b"<script src='https://\x1b[2J.example/'></script>", id="terminal codes"),
    ],
)
def test_init_survives_hostile_templates(make_app, tmp_path, octets):
    """No content of a template stops the command or steers the terminal."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a\x1b[2J.html").write_bytes(octets)
    result = run(make_app(), "init", "--force")
    assert result.exit_code == 0
    assert "\x1b" not in result.output


def test_commands_run_under_flasks_own_group(make_app):
    """The commands work where Flask's command line calls them."""
    group = FlaskGroup(create_app=make_app)
    runner = make_app().test_cli_runner()
    assert runner.invoke(group, ["cookies", "check"]).exit_code == 0
