"""The page that misbehaves on purpose, and the log of what became of it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from example_app import misbehave, outcomes
from example_app.tracker import Tracker
from strict_cookies import browser_reported, cookie_dropped, undeclared_cookie_received
from strict_cookies.firewall.browser_reports import Report

UNDECLARED = SimpleNamespace(id="SC101", title="undeclared cookie")
STRAY = SimpleNamespace(id="SC201", title="undeclared cookie received")
REFUSED = SimpleNamespace(id="SC802", title="script wrote an undeclared name")


@pytest.fixture
def findings(app):
    """Return a function that asks the server what it knows."""

    def ask():
        with app.app_context():
            return misbehave.findings()

    return ask


def test_nothing_is_known_at_first(findings):
    """Without a visit there is nothing to tell."""
    assert findings() == {}


def test_dropped_cookie_is_told_with_its_reason(app, findings):
    """The finding names reason and place."""
    cookie_dropped.send(app, cookie_name="_ga", reason=UNDECLARED, place="misbehave.index")
    assert findings() == {
        "_ga": "Dropped by the server: SC101 undeclared cookie, at misbehave.index"
    }


def test_smuggled_attribute_is_found_under_the_name_that_a_browser_reads(app, findings):
    """The line's name ends at the semicolon, so that the cookie has none."""
    cookie_dropped.send(app, cookie_name="", reason=UNDECLARED, place="misbehave.index")
    assert "_gid" in findings()


def test_stray_cookie_of_a_script_is_told(app, findings):
    """A script's cookie was not dropped: it was cut from a request."""
    undeclared_cookie_received.send(
        app, cookie_name="_clck", reason=STRAY, place="misbehave.outcome"
    )
    assert findings() == {
        "_clck": "Written by script; removed from the request before the app read it: "
        "SC201 undeclared cookie received, at misbehave.outcome"
    }


@pytest.mark.parametrize(
    ("storage", "name"),
    [
        ("cookie", "_hjid"),
        ("local", "ajs_user_id"),
        ("session", "_hjSession_42"),
        ("indexeddb", "visitors"),
        ("cache", "tracker-pixels"),
    ],
)
def test_write_that_the_guard_refused_is_told(app, findings, storage, name):
    """Each kind of storage has its row, which names the reason and the script."""
    report = Report("guard", storage, "/static/misbehave.js", "other")
    browser_reported.send(app, reason=REFUSED, report=report)
    assert findings() == {
        name: "Refused by the guard, which reported: SC802 script wrote an undeclared name, "
        "by /static/misbehave.js"
    }


def test_other_reports_of_browsers_are_no_outcome(app, findings):
    """What the Content-Security-Policy blocked is told by the browser itself."""
    report = Report("csp-violation", "local", "inline")
    browser_reported.send(app, reason=REFUSED, report=report)
    assert findings() == {}


def test_stray_does_not_hide_what_the_server_dropped(app, findings):
    """An old cookie of another application on the same host is another story."""
    cookie_dropped.send(app, cookie_name="_ga", reason=UNDECLARED, place="misbehave.index")
    undeclared_cookie_received.send(app, cookie_name="_ga", reason=STRAY, place="overview.index")
    assert findings()["_ga"].startswith("Dropped by the server")


def test_log_hears_its_own_application_only(app, findings):
    """Two applications in one process don't mix."""
    cookie_dropped.send(object(), cookie_name="_ga", reason=UNDECLARED, place="elsewhere")
    assert findings() == {}


def test_log_is_bounded_and_forgets_the_oldest(app):
    """A flood of names costs no memory."""
    log = app.extensions["outcomes"]
    for number in range(outcomes.LIMIT + 1):
        cookie_dropped.send(app, cookie_name=f"c{number}", reason=UNDECLARED, place="x")
    assert log.dropped("c0") is None
    assert log.dropped("c1") is not None
    assert log.dropped(f"c{outcomes.LIMIT}") is not None


def test_page_stores_nothing_and_tells_why(visitor):
    """Each attempt of the server is dropped at the wire, and told at the next visit."""
    first = visitor.get("/misbehave")
    assert first.text.count("Unknown so far.") == len(misbehave.ATTEMPTS)
    pixel = visitor.get("/legacy/pixel.gif")
    names = {cookie.key for cookie in visitor.client._cookies.values()}
    assert names.isdisjoint({"_ga", "_gid", "_fbp", "my_own_tracker", ""})
    assert (pixel.status_code, pixel.mimetype) == (200, "image/gif")
    told = visitor.get("/misbehave/outcome.json")
    assert set(told.json) == {"_ga", "_gid", "_fbp", "my_own_tracker"}
    assert told.headers["Cache-Control"] == "no-store"
    again = visitor.get("/misbehave").text
    assert again.count("Dropped by the server: SC10") == 4


def test_cookie_written_by_a_script_never_reaches_the_app(visitor):
    """A known tracker is cut from the request and told by name."""
    visitor.client.set_cookie("_clck", "1")
    assert visitor.get("/misbehave/outcome.json").json["_clck"].startswith("Written by script")


def test_content_security_policy_is_closed(visitor):
    """The third party's image and the inline script are for the browser to block."""
    policy = visitor.get("/misbehave").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "127.0.0.2" not in policy


def test_requests_that_reached_the_third_party_are_counted(app, findings):
    """Where the tracker runs in the same process, the server tells its count."""
    app.config["TRACKER"] = Tracker()
    assert findings() == {"IDE": "Requests that reached the third party so far: 0"}


@pytest.mark.parametrize("path", ["/login", "/privacy", "/misbehave", "/missing"])
def test_guard_comes_before_any_other_script(visitor, path):
    """Each page loads the guard first, so that no script ran before it."""
    page = visitor.get(path).text
    head = page[: page.index("</head>")]
    assert head.index('<script src="/cookies/guard.js?') == head.index("<script")
