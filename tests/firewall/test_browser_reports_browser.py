"""What Chromium reports reaches the endpoint, by both ways that a policy can name."""

from __future__ import annotations

import time

import pytest
from flask import Flask, Response, render_template_string, session

from strict_cookies import CookiePolicy, StrictCookies
from strict_cookies.firewall.browser_reports import Report
from tests.serving import serve

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><title>x</title>{{ strict_cookies_guard() }}
<link rel="icon" href="data:,"><script src="/writer.js"></script>
<img src="https://tracker.test/pixel.gif?visitor=Ada"><script>1</script>"""
CSP = "default-src 'self'"
#: Each way of asking for reports, as headers of the page.
WAYS = {
    "report-uri": {"Content-Security-Policy": f"{CSP}; report-uri /cookies/reports"},
    "report-to": {
        "Content-Security-Policy": f"{CSP}; report-to here",
        "Reporting-Endpoints": 'here="/cookies/reports"',
    },
}
EXPECTED = {
    Report("csp-violation", "img-src", "https://tracker.test"): 1,
    Report("csp-violation", "img-src", "data"): 1,
    Report("csp-violation", "script-src-elem", "inline"): 1,
    Report("guard", "local", "/writer.js", "other"): 1,
}
#: How long reports may take to arrive, in seconds.
PATIENCE = 30


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cross_origin", ["refuse", "require-proof"])
def test_chromium_reports_what_it_blocked(chromium, way, cross_origin):
    """Whoever is signed in: what the policy blocked and the guard refused is counted, once each."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k" * 32,
        STRICT_COOKIES_POLICY=CookiePolicy(),
        STRICT_COOKIES_CROSS_ORIGIN=cross_origin,
    )

    @app.get("/login")
    def login():
        session["user"] = "Ada"
        return ""

    @app.get("/")
    def index():
        page = render_template_string(PAGE)
        return Response(page, headers=WAYS[way], content_type="text/html")

    @app.get("/writer.js")
    def writer():
        return Response("localStorage.visitor = 'Ada';", content_type="text/javascript")

    StrictCookies(app)
    reports = app.extensions["strict_cookies"].reports
    # The Reporting API sends to secure hosts only.
    with serve(app, tls_hosts=("erp.test",)) as server:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(server.url("erp.test", "/login"))
        page.goto(server.url("erp.test"))
        end = time.monotonic() + PATIENCE
        while len(reports.counts) < len(EXPECTED) and time.monotonic() < end:
            page.wait_for_timeout(50)
        assert reports.counts == EXPECTED
        assert [cookie["name"] for cookie in context.cookies()] == ["__Host-Http-session"]
        context.close()
