"""The commands ``strict-cookies audit`` and ``flask cookies audit``, as they are typed."""

from __future__ import annotations

import dataclasses
import json

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo

from strict_cookies import StrictCookies
from strict_cookies.audit.analysis.headers import find_weak_headers
from strict_cookies.audit.last_audit import read_last_audit
from strict_cookies.cli.audit import program, read_declared
from strict_cookies.cli.audited_app import expect_own_headers, find_routes
from strict_cookies.cli.main import cookies
from strict_cookies.errors import AuditError
from tests import erp
from tests.audit.observations import make_page, observe
from tests.serving import serve


def run(*arguments, command=program, **options):
    return CliRunner().invoke(command, ["audit", *map(str, arguments)], **options)


def small_app():
    """An application with one page and one cookie, the session's."""
    app = Flask("small")
    app.config.update(
        SECRET_KEY="k" * 32, TRUSTED_HOSTS=["localhost"], STRICT_COOKIES_TRAIL_KEY=None
    )

    @app.get("/")
    def index():
        from flask import session

        session["seen"] = True
        return "<!doctype html><title>Small</title><link rel='icon' href='data:,'>Text"

    @app.get("/logout")
    def logout():
        return "Bye"

    @app.post("/send")
    def send():
        return "Sent"

    StrictCookies(app)
    return app


@pytest.mark.browser
def test_clean_site_is_clean_by_its_own_declaration(tmp_path):
    """The printed command works: exit code 0, the sentence, and a bundle that can be checked."""
    bundle = tmp_path / "evidence"
    with serve(erp.build(tmp_path)) as server:
        result = run(
            server.url("localhost"), "--against-declaration", "--output", bundle,
            "--exclude", "/misbehave", "--max-pages", 5, "--pdf",
        )  # fmt: skip
    assert result.exit_code == 0, result.output
    words = " ".join(result.output.split())
    assert "no item was found that needs consent, under the purposes that the site states" in words
    report = json.loads((bundle / "report.json").read_text())
    assert report["result"] == "clean"
    assert {page["screenshot"] for page in report["pages"]} <= {
        path.name for path in bundle.iterdir()
    }
    assert (bundle / "report.pdf").read_bytes().startswith(b"%PDF-")
    checked = CliRunner().invoke(program, ["verify-bundle", str(bundle)])
    assert checked.exit_code == 0, checked.output


@pytest.mark.browser
def test_undeclared_cookie_is_a_finding(tmp_path):
    """A site that declares nothing and sets a cookie ends with 1, and with a draft if asked for."""
    app = Flask(__name__)

    @app.get("/")
    def index():
        return (
            "<!doctype html><link rel='icon' href='data:,'>Text",
            {"Set-Cookie": "basket=secret-value; Max-Age=600"},
        )

    with serve(app) as server:
        result = run(
            server.url("localhost"), "--max-pages", 1, "--draft", tmp_path / "drafted.toml"
        )
    assert result.exit_code == 1, result.output
    assert "basket" in result.output
    draft = (tmp_path / "drafted.toml").read_text()
    assert 'name = "basket"' in draft
    assert "secret-value" not in result.output + draft


@pytest.mark.browser
def test_own_application_is_audited_and_remembered():
    """flask cookies audit knows the policy and the pages, and keeps that there was an audit."""
    app = small_app()
    with serve(app) as server:
        result = run(
            server.url("localhost"), "--max-pages", 1, "--min-coverage", 1,
            command=cookies, obj=ScriptInfo(create_app=lambda: app),
        )  # fmt: skip
    assert result.exit_code == 0, result.output
    remembered = read_last_audit(app.extensions["strict_cookies"].archive)
    assert (remembered.result, remembered.visited > 0) == ("clean", True)


def test_site_without_a_declaration_can_not_be_held_against_it():
    """Without a declaration to compare with the audit fails, and the message says what to do."""
    with pytest.raises(AuditError, match=r"No declaration of the site .* Use --policy"):
        read_declared(observe())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param((), "Missing argument 'URL...'", id="no URL"),
        pytest.param(("ftp://x",), "'ftp://x' is not the URL of a site", id="no site"),
        pytest.param(
            ("http://x.test", "--chromium", "/not/there"), "'/not/there' is not an executable",
            id="no browser",
        ),
        pytest.param(
            ("http://x.test", "--journey", "/not/there"), "can't be read", id="no journey"
        ),
        pytest.param(
            ("http://x.test", "--output", "."), ". is not empty", id="directory in use"
        ),
        pytest.param(
            ("http://x.test", "--policy", "p", "--against-declaration"), "not both",
            id="two policies",
        ),
    ],
)  # fmt: skip
def test_audit_that_can_not_begin_ends_with_two(arguments, message):
    """The mistake is reported before a browser is started."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_own_application_needs_an_address():
    """Without a URL and a canonical host the address of the site is unknown."""
    app = small_app()
    result = run(command=cookies, obj=ScriptInfo(create_app=lambda: app))
    assert result.exit_code == 2
    assert "STRICT_COOKIES_CANONICAL_HOST" in result.output


def test_application_without_protection_is_reported():
    """The command says that the extension is missing."""
    result = run("http://x.test", command=cookies, obj=ScriptInfo(create_app=lambda: Flask("bare")))
    assert result.exit_code == 1
    assert "StrictCookies was not added to the application 'bare'" in result.output


def test_headers_are_those_of_the_view():
    """A view with its own options is compared with exactly those."""
    app = Flask("parts")
    app.config.update(SECRET_KEY="k" * 32, TRUSTED_HOSTS=["shop.example"])
    strict = StrictCookies()

    @app.get("/map/<int:number>")
    @strict.headers(content_security_policy_add={"img-src": "https://tiles.example.com"})
    def show_map(number):
        return "<!doctype html>"

    app.add_url_rule("/", "index", lambda: "<!doctype html>")
    strict.init_app(app)
    expected = expect_own_headers(app)

    def page(path, **changes):
        found = make_page(f"https://shop.example{path}", **changes)
        sent = app.test_client().get(path, base_url="https://shop.example").headers
        return dataclasses.replace(
            found, headers={name.lower(): text for name, text in sent.items()}, **changes
        )

    plain, tiles, missing = page("/"), page("/map/7"), page("/nowhere", status=404)
    for one in (plain, tiles, missing):
        assert find_weak_headers(one, expected(one)) == []
    # As if a proxy had changed them on the way.
    loose = dataclasses.replace(plain, headers=tiles.headers)
    assert find_weak_headers(loose, expected(loose)) == [
        ("Content-Security-Policy", ("Content-Security-Policy default-src",))
    ]
    bare = dataclasses.replace(tiles, headers={"content-type": "text/html"})
    names = {name for name, _ in find_weak_headers(bare, expected(bare))}
    assert {"Content-Security-Policy", "Cross-Origin-Opener-Policy", "Permissions-Policy"} <= names


def test_routes_are_the_pages_of_an_application():
    """Pages count for coverage; forms' targets, files and sign-out do not."""
    routes = find_routes(small_app())
    assert {"/", "/cookies/"} <= set(routes)
    assert not {"/logout", "/send", "/static/<path:filename>"} & set(routes)
    assert not any(route.endswith(".json") for route in routes)
