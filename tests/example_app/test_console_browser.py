"""
What Chromium complains about on the pages of the example ERP: nothing.

Errors and warnings of the console, uncaught exceptions, and the entries of the "Issues" tab, for a
visitor and for each role, over https at a host name and over http at localhost.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from example_app.tracker import Tracker
from tests import erp
from tests.serving import serve

pytestmark = pytest.mark.browser

#: The page that does wrong on purpose.
MISBEHAVING = "/misbehave"
#: How what Chromium and the guard say there begins.
SAID_THERE = (
    "console: Executing inline script violates the following Content Security Policy directive",
    "console: Loading the image '{tracker}' violates the following Content Security Policy",
    'console: Strict Cookies: declare cookie "_hjid"',
    'console: Strict Cookies: declare local "ajs_user_id"',
    'console: Strict Cookies: declare session "_hjSession_42"',
    'console: Strict Cookies: declare indexeddb "visitors"',
    'console: Strict Cookies: declare cache "tracker-pixels"',
)
#: The first two as issues, and one for a script that reads ``document.cookie``.
ISSUES_THERE = ("issue: ContentSecurityPolicyIssue", "issue: PerformanceIssue")
#: What answers GET and is no page.
NO_PAGES = (
    "/static/",
    "/cookies/static/",
    "/cookies/declaration.",
    # There is none until one is published.
    "/cookies/versions/",
    "/cookies/trail-head",
    "/cookies/report/report.json",
    "/cookies/report/static/",
    # Its form needs a token: tests/report/test_pages_browser.py opens it.
    "/cookies/report/link",
    "/cookies/this-browser/session.json",
    "/misbehave/outcome.json",
)


class Deployed(NamedTuple):
    """The ERP as a browser meets it."""

    app: object
    base: str
    tracker_url: str
    pages: dict[str, list[str]]


@pytest.fixture(scope="module", params=["https", "http"])
def deployed(request, tmp_path_factory):
    """The ERP over https at a host name, as when deployed, and at localhost, as when developed."""
    secure = request.param == "https"
    with serve(Tracker(), tls_hosts=("tracker.test",) if secure else ()) as third_party:
        tracker_url = third_party.url("tracker.test", "/pixel.gif")
        app = erp.build(tmp_path_factory.mktemp("erp"), TRACKER_URL=tracker_url)
        host = erp.HOST if secure else "localhost"
        with serve(app, tls_hosts=(host,) if secure else ()) as server:
            pages = {username: erp.pages(app, username) for username in erp.VISITORS}
            yield Deployed(app, server.url(host, ""), tracker_url, pages)


@pytest.fixture
def page(page):
    """A page with an empty jar, and in ``page.complaints`` what the browser says about it."""
    page.context.set_default_timeout(20_000)
    page.complaints = []

    def complain(kind, text):
        page.complaints.append((page.url, f"{kind}: {text}"))

    page.on(
        "console",
        lambda said: said.type in {"error", "warning"} and complain("console", said.text),
    )
    page.on("pageerror", lambda error: complain("exception", error))
    devtools = page.context.new_cdp_session(page)
    devtools.on("Audits.issueAdded", lambda event: complain("issue", event["issue"]["code"]))
    devtools.send("Audits.enable")
    return page


def test_every_page_is_opened_by_somebody(deployed):
    """No page of the ERP escapes the tests below for want of somebody who may open it."""
    opened = {path for paths in deployed.pages.values() for path in paths}
    rest = set(erp.addresses(deployed.app)) - opened
    assert MISBEHAVING in opened
    assert [path for path in rest if not path.startswith(NO_PAGES)] == []


@pytest.mark.parametrize("username", erp.VISITORS, ids=lambda name: name or "visitor")
def test_browser_complains_about_nothing(deployed, page, username):
    """On no page that somebody may open is there an error, a warning or an issue."""
    if username:
        page.goto(f"{deployed.base}/login")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(erp.PASSWORDS[username])
        with page.expect_navigation():
            page.get_by_role("button", name="Sign in").click()
    paths = [path for path in deployed.pages[username] if path != MISBEHAVING]
    assert {path: page.goto(f"{deployed.base}{path}").status for path in paths} == dict.fromkeys(
        paths, 200
    )
    # What was said last has arrived once something else is answered.
    page.goto("about:blank")
    assert page.complaints == []


def test_browser_complains_about_the_page_that_misbehaves(deployed, page):
    """The page that does wrong on purpose is told so: what listens here does hear."""
    page.goto(f"{deployed.base}{MISBEHAVING}")
    for attempt in ("_gcl_au", "IDE"):
        page.locator(f'[data-attempt="{attempt}"].known').wait_for()
    said = [text for _, text in page.complaints]
    expected = tuple(text.format(tracker=deployed.tracker_url) for text in SAID_THERE)
    assert [text for text in said if not text.startswith((*expected, *ISSUES_THERE))] == []
    assert [begin for begin in expected if not any(text.startswith(begin) for text in said)] == []
