"""The auditor's report in a browser: checked by axe-core, on a phone, and opened by a link."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask

from strict_cookies import StrictCookies
from strict_cookies.report.pages import report_links
from tests.serving import serve

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[1] / "judges" / "node_modules" / "axe-core" / "axe.min.js"
AUDIT = {
    "ended": "2027-03-31T12:00:00+00:00",
    "targets": ["https://site.example/"],
    "browser": "Chromium 156",
    "result": "findings",
    "counts": {"error": 1, "warning": 2},
    "visited": 9,
    "known": 10,
    "declaration_hash": "sha256:0",
    "manifest_hash": "sha256:" + "0" * 64,
}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """An application with something in each part of its report."""
    app = Flask("shop", instance_path=str(tmp_path_factory.mktemp("report")))
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_TRUSTED_MIDDLEWARE=["x.y"])

    @app.get("/banner")
    def banner():
        response = app.make_response("")
        response.set_cookie("W" * 60, "1")
        return response

    StrictCookies(app)
    client = app.test_client()
    client.set_cookie("_ga", "1")
    for _ in range(4):
        client.get("/banner")
    app.extensions["strict_cookies"].archive.put("audits", "last", json.dumps(AUDIT).encode())
    return app


@pytest.fixture(scope="module")
def served(app):
    """Serve it."""
    with serve(app) as server:
        yield server


@pytest.fixture
def open_report(app, served, chromium):
    """Return a page on which a link has opened the report."""
    contexts = []

    def open_it(**options):
        context = chromium.new_context(**{"bypass_csp": True, **options})
        contexts.append(context)
        page = context.new_page()
        with app.app_context():
            _, token = report_links().create(3600)
        page.goto(served.url("localhost", f"/cookies/report/link#{token}"))
        return page, token

    yield open_it
    for context in contexts:
        context.close()


def violations(page):
    """Check a page with axe-core."""
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 10
    return [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_axe_finds_no_violation(open_report, width, scheme):
    """Neither on the page of a link nor in the report, which fits a phone."""
    page, _ = open_report(color_scheme=scheme, viewport={"width": width, "height": 800})
    assert violations(page) == []
    page.get_by_role("button", name="Open the report").click()
    page.wait_for_url("**/cookies/report/")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_link_leaves_neither_address_nor_referrer(open_report):
    """The report's URL has no token, and the previous page is not sent as referrer."""
    page, token = open_report()
    sent = []
    page.on("request", lambda request: sent.append((request.url, request.headers)))
    page.get_by_role("button", name="Open the report").click()
    page.wait_for_url("**/cookies/report/")
    assert token not in page.url
    assert len(sent) > 1
    page.go_back()
    assert token not in page.url
    assert [
        url for url, headers in sent if token in url or token in headers.get("referer", "")
    ] == []


def test_report_prints(open_report):
    """In print nothing is truncated, and every requirement is there."""
    page, _ = open_report()
    page.get_by_role("button", name="Open the report").click()
    page.wait_for_url("**/cookies/report/")
    page.emulate_media(media="print")
    assert page.locator(".requirement:visible").count() == 50
    assert page.pdf().startswith(b"%PDF")


def test_secret_of_a_link_leaves_the_address(open_report):
    """Under the site's own Content-Security-Policy, the script moves it into the form."""
    page, token = open_report(bypass_csp=False)
    assert page.evaluate("location.href").endswith("/cookies/report/link")
    assert page.input_value("#token") == token
    assert not page.locator("#token").is_visible()


def test_link_opens_without_scripts(open_report):
    """The reader pastes the part of the link behind the sign."""
    page, token = open_report(java_script_enabled=False, bypass_csp=False)
    page.get_by_label("Code of the link").fill(token)
    page.get_by_role("button", name="Open the report").click()
    page.wait_for_url("**/cookies/report/")
    assert "report" in page.title()
