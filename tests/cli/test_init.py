"""The command ``flask cookies init``."""

from __future__ import annotations

import json

import pytest

from strict_cookies import CookiePolicy
from strict_cookies.cli import init as init_module
from tests.cli.commands import POLICY, assert_readable, run, write


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
        "3 files were scanned.",
        "External origins (3)",
        "//img.example (image or font): static/site.css:1",
        "https://cdn.example (script): templates/base.html:1, 3",
        "style= attributes (3)",
        "templates/base.html:4, 5",
        "on...= event handlers (1)",
        "templates/base.html:2",
        "Mail templates can stay as they are: mail clients apply no such policy.",
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
    """A tracker is to be removed; another origin is in the file, ready to be filled in."""
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
    assert f"  Policy     {tmp_path / 'cookies.toml'}" in result.output


def test_init_writes_the_schema_that_the_file_names(make_app, tmp_path):
    """Editors find the JSON Schema next to the file, without a network; schema prints the same."""
    app = make_app(protected=False, toml=None)
    run(app, "init")
    first = (tmp_path / "cookies.toml").read_text("utf-8").partition("\n")[0]
    schema = (tmp_path / first.removeprefix("#:schema ./")).read_text("utf-8")
    assert json.loads(schema)["properties"].keys() >= {"site", "cookie"}
    assert run(app, "schema").output == schema


def test_init_leaves_an_existing_file_alone(make_app, tmp_path):
    """Without --force nothing is overwritten; with it the file is overwritten."""
    app = make_app()
    result = run(app, "init")
    assert result.exit_code == 1
    assert "was not changed" in result.output
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
    """A policy object takes precedence over the file, and this is reported."""
    app = make_app(toml=None, STRICT_COOKIES_POLICY=CookiePolicy())
    assert "does not read this file until" in run(app, "init").output


@pytest.mark.parametrize("output", [".", "missing/cookies.toml"])
def test_init_that_cannot_write_says_so(make_app, tmp_path, output):
    """A directory at the path, or a missing directory, is reported without a traceback."""
    result = run(make_app(), "init", "--force", "--output", str(tmp_path / output))
    assert result.exit_code == 1
    assert "can't be written" in " ".join(result.output.split())


def test_init_tells_what_was_not_scanned(make_app, tmp_path, monkeypatch):
    """Large and unreadable files are named, and so is the bound on their number."""
    for number in range(7):
        write(tmp_path, f"static/{number}.html", " " * (1024 * 1024 + 1))
    app = make_app(protected=False, toml=None)
    flat = " ".join(run(app, "init").output.split())
    assert "7 not scanned because larger than 1024 KiB: static/0.html," in flat
    assert "static/4.html and 2 more." in flat
    monkeypatch.setattr("strict_cookies.scan.app.MAX_FILES", 3)
    flat = " ".join(run(app, "init", "--force").output.split())
    assert "There are more files; only the first 2000 were scanned." in flat


def test_init_bounds_its_list(make_app, tmp_path, monkeypatch):
    """Past a bound, places are only counted."""
    write(tmp_path, "templates/a.html", '<i style="x">\n' * 5)
    monkeypatch.setattr(init_module, "MAX_PLACES", 3)
    output = run(make_app(), "init", "--force").output
    assert "style= attributes (5)\n    templates/a.html:1, 2, 3\n    and 2 more\n" in output
    assert "1 file was scanned.\n" in output


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xff\xfe<i style=x>\xc3(", id="invalid UTF-8"),
        pytest.param(b"<a " * 100_000, id="one huge tag"),
        pytest.param(b"</p></p><script><style>{{ {% }} <!--", id="unbalanced"),
        pytest.param(b"<script src='https://\x1b[2J.example/'></script>", id="terminal codes"),
    ],
)
def test_init_survives_hostile_templates(make_app, tmp_path, data):
    """No content of a template stops the command or steers the terminal."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a\x1b[2J.html").write_bytes(data)
    result = run(make_app(), "init", "--force")
    assert result.exit_code == 0
    assert "\x1b" not in result.output
