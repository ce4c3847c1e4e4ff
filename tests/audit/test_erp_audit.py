"""The example ERP under a real browser: clean where it should be, and where it misbehaves, seen."""

from __future__ import annotations

import pytest

from example_app.tracker import Tracker
from strict_cookies.audit.browser.crawler import audit_site
from strict_cookies.audit.browser.journeys import Step, parse_journey
from strict_cookies.audit.browser.options import AuditOptions
from strict_cookies.audit.report import build_report
from strict_cookies.cli.audit import read_declared
from tests import erp
from tests.serving import serve

pytestmark = pytest.mark.browser

SESSION = "__Host-Http-session"
FLAGS = ("--host-resolver-rules=MAP *.test 127.0.0.1",)
JOURNEY = """
[[step]]
do = "visit"

[[step]]
do = "return"

[[step]]
do = "login"
page = "/login"
fields = { username = "clerk", password = { env = "ERP_PASSWORD" } }
expect = "text=Sign out"
crawl = true

[[step]]
do = "submit"
page = "/preferences/"
fields = { theme = "dark", rows = "25" }
expect = "html[data-theme=dark]"

[[step]]
do = "logout"
page = "/"
click = "text=Sign out"
expect = "text=Sign in"
"""


@pytest.fixture(scope="module")
def working_day(tmp_path_factory):
    """The observation of a clerk's day, with its progress."""
    told = []
    app = erp.build(tmp_path_factory.mktemp("erp"))
    screenshots = tmp_path_factory.mktemp("screenshots")
    with pytest.MonkeyPatch.context() as patch, serve(app, tls_hosts=(erp.HOST,)) as server:
        patch.setenv("ERP_PASSWORD", erp.PASSWORDS["clerk"])
        options = AuditOptions(
            journey=parse_journey(JOURNEY),
            max_pages=5,
            exclude=("/misbehave",),
            find_declaration=True,
            screenshots=screenshots,
            ignore_certificates=True,
            flags=FLAGS,
            delay_seconds=0,
        )
        seen = audit_site([server.url(erp.HOST)], options, told.append)
    return seen, told, screenshots


def test_working_day_shows_one_cookie_and_nothing_else(working_day):
    """The clean ERP stores its session's cookie, as declared, and not a thing besides."""
    seen = working_day[0]
    assert [(it.name, it.httponly, it.secure, it.samesite, it.path) for it in seen.cookies] == [
        (SESSION, True, True, "Lax", "/")
    ]
    assert seen.cookies[0].stored_seconds is None
    assert (seen.storage, seen.blocked) == ((), ())
    assert [host.host for host in seen.hosts] == [erp.HOST]
    assert {page.outcome for page in seen.pages} == {"visited"}


def test_each_step_of_the_journey_is_taken(working_day):
    """Login, preference and logout work with the site's forms, and record what is left."""
    seen = working_day[0]
    assert [(step.name, step.problem) for step in seen.steps] == [
        ("first visit", None),
        ("second visit", None),
        ("login", None),
        ("preference", None),
        ("logout", None),
    ]
    assert seen.steps[-2].cookies_left == (f"{SESSION} @ {erp.HOST} /",)
    assert (seen.steps[-1].cookies_left, seen.steps[-1].storage_left) == ((), ())


def test_pages_behind_the_login_are_visited(working_day):
    """After the login the crawl goes on as a clerk, and leaves alone what is excluded."""
    seen = working_day[0]
    titles = {page.title for page in seen.pages if page.step == "login"}
    assert "Orders · Definitive Track ERP" in titles
    assert not any("/misbehave" in page.url for page in seen.pages)
    headers = seen.pages[0].headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "set-cookie" not in headers


def test_declaration_is_found_and_read(working_day):
    """The site's own declaration is found by its Link header."""
    seen = working_day[0]
    assert seen.declaration_url.endswith("/cookies/declaration.json")
    assert [cookie["name"] for cookie in seen.declaration["cookies"]] == [SESSION]


def test_working_day_is_clean_by_its_own_declaration(working_day):
    """No finding at all, not even a note, and the sentence that the law asks about."""
    seen = working_day[0]
    report = build_report(seen, read_declared(seen))
    assert (report["result"], report["findings"]) == ("clean", [])
    assert report["statement"] == (
        "no item was found that needs consent, under the purposes that the site states"
    )


def test_no_secret_of_the_journey_is_kept(working_day):
    """What was typed in is in no observation."""
    assert erp.PASSWORDS["clerk"] not in repr(working_day[0])


def test_progress_and_pictures_come_with_the_pages(working_day):
    """Each page is reported as progress, and has a screenshot."""
    seen, told, screenshots = working_day
    assert [event.page for event in told if event.page] == list(seen.pages)
    assert {page.screenshot for page in seen.pages} == {path.name for path in screenshots.iterdir()}
    assert all(event.done <= event.known for event in told)


def test_misbehaving_page_is_seen_through(tmp_path):
    """Without the firewall, each item of the page is found, with its setter."""
    tracker = Tracker()
    with serve(tracker, tls_hosts=("tracker.test",)) as third_party:
        app = erp.build(
            tmp_path,
            TRACKER=tracker,
            TRACKER_URL=third_party.url("tracker.test", "/pixel.gif"),
        )
        options = AuditOptions(
            journey=(Step(do="visit", name="first visit"),),
            ignore_certificates=True,
            flags=FLAGS,
        )
        with serve(app.wsgi_app.inner, tls_hosts=(erp.HOST,)) as server:
            seen = audit_site([server.url(erp.HOST, "/misbehave")], options)
    found = {(item.name, item.setter.kind, item.setter.url.rpartition("/")[2])
             for item in (*seen.cookies, *seen.storage)}  # fmt: skip
    assert found >= {
        ("_ga", "http", "misbehave"),
        ("my_own_tracker", "http", "misbehave"),
        ("_fbp", "http", "pixel.gif"),
        ("_hjid", "script", "misbehave.js"),
        ("ajs_user_id", "script", "misbehave.js"),
        ("_hjSession_42", "script", "misbehave.js"),
        ("visitors", "script", "misbehave.js"),
        ("tracker-pixels", "script", "misbehave.js"),
        ("_clck", "script", "misbehave.js"),
        ("IDE", "http", "pixel.gif"),
    }
    assert "_gcl_au" in {cookie.name for cookie in seen.cookies}
