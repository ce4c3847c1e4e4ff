"""The security headers in Chromium: what they allow works, nothing fills the console."""

from __future__ import annotations

import json
import time

import pytest
from flask import Flask, render_template_string, request

from strict_cookies import StrictCookies
from strict_cookies.http.permissions_policy import ELSEWHERE, KNOWN
from tests.serving import serve

pytestmark = pytest.mark.browser

HOST = "erp.test"
PAGE = """<!doctype html><html lang="en"><title>Page</title>
<link rel="icon" href="/static/none.svg"><link rel="stylesheet" href="/style.css">
<style nonce="{{ csp_nonce() }}">p { color: red }</style>
<p>text<script src="/script.js"></script>
<script nonce="{{ csp_nonce() }}">document.title += " inline"</script>"""
QUIET = """<!doctype html><html lang="en"><title>Page</title><link rel="icon" href="/icon.svg">"""
#: Longer than Chromium takes to send reports when it is told not to wait for more.
PATIENCE = 30


def make_app(**options):
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_HEADERS=options)

    @app.get("/")
    def index():
        return render_template_string(PAGE)

    @app.get("/style.css")
    def style():
        return "p { margin-left: 7px }", {"Content-Type": "text/css"}

    @app.get("/script.js")
    def script():
        return "document.title += ' file'", {"Content-Type": "text/javascript"}

    @app.get("/icon.svg")
    @app.get("/static/none.svg")
    def icon():
        return "<svg xmlns='http://www.w3.org/2000/svg'/>", {"Content-Type": "image/svg+xml"}

    StrictCookies(app)
    return app


@pytest.fixture
def page(page):
    """A page with an empty jar, and what it writes to the console."""
    page.said = []
    page.on("console", lambda message: page.said.append(message.text))
    return page


@pytest.mark.parametrize(
    ("host", "tls"),
    [
        pytest.param(HOST, (HOST,), id="https"),
        pytest.param("localhost", (), id="localhost"),
        pytest.param("127.0.0.1", (), id="loopback"),
        pytest.param("localhost", ("localhost",), id="https localhost"),
        pytest.param("dev.test", (), id="plain http"),
    ],
)
@pytest.mark.parametrize("profile", ["default", "embedder"])
def test_page_works_and_the_console_stays_empty(page, host, tls, profile):
    """On each wire own files and nonces run, and no header is complained of."""
    chosen = {} if profile == "default" else {"cross_origin_embedder_policy": "credentialless"}
    with serve(make_app(**chosen), tls_hosts=tls) as server:
        page.goto(server.url(host))
        assert page.title() == "Page file inline"
        style = "p => [getComputedStyle(p).color, getComputedStyle(p).marginLeft]"
        assert page.locator("p").evaluate(style) == ["rgb(255, 0, 0)", "7px"]
    assert page.said == []


def test_strict_profile_and_a_trial_fill_no_console(page):
    """Trusted Types and a second policy are taken without a word while nothing breaks them."""
    tried = {"img-src": "'self'", "require-trusted-types-for": "'script'"}
    app = make_app(profile="strict", content_security_policy_report_only=tried)
    with serve(app, tls_hosts=(HOST,)) as server:
        page.goto(server.url(HOST))
        assert page.title() == "Page file inline"
    assert page.said == []


def test_names_of_features_are_known(page):
    """Chromium knows each name that we take, but for two that it knows on other systems."""

    def serve_policy(names):
        policy = dict.fromkeys(names, "()")

        def app(environ, start_response):
            body = QUIET.replace("/icon.svg", "data:,").encode()
            value = ", ".join(f"{name}={allowed}" for name, allowed in policy.items())
            start_response("200 OK", [("Content-Type", "text/html"), ("Permissions-Policy", value)])
            return [body]

        return serve(app)

    with serve_policy(KNOWN) as server:
        page.goto(server.url("localhost"))
    assert page.said == []
    with serve_policy(ELSEWHERE) as server:
        page.goto(server.url("localhost"))
    assert [text for text in page.said if "Unrecognized feature" not in text] == []


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_violations_are_reported_to_the_site_itself(page, scheme):
    """Over https by the Reporting API, on http by report-uri: each arrives at our own path."""
    app = make_app(content_security_policy_report_uri="/own/reports")
    arrived = []

    @app.post("/own/reports")
    def reports():
        arrived.append((request.mimetype, json.loads(request.data)))
        return "", 204

    @app.get("/broken")
    def broken():
        return QUIET + "<img src='https://elsewhere.test/x.png'>"

    tls = (HOST,) if scheme == "https" else ()
    with serve(app, tls_hosts=tls) as server:
        page.goto(server.url(HOST if tls else "localhost", "/broken"))
        deadline = time.monotonic() + PATIENCE
        while not arrived and time.monotonic() < deadline:
            page.wait_for_timeout(100)
    mimetype, payload = arrived[0]
    if scheme == "https":
        assert mimetype == "application/reports+json"
        assert payload[0]["body"]["blockedURL"] == "https://elsewhere.test/x.png"
    else:
        assert mimetype == "application/csp-report"
        assert payload["csp-report"]["blocked-uri"] == "https://elsewhere.test/x.png"
