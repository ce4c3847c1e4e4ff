"""The example ERP end to end in Chromium, over TLS and at http://localhost."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from example_app import create_app
from example_app.demo import ACCOUNTS
from example_app.tracker import Tracker
from tests.serving import serve

pytestmark = pytest.mark.browser

SESSION = "__Host-Http-session"
HOST = "erp.test"
PASSWORDS = {username: password for username, _, _, password in ACCOUNTS}


class WsgiStack:
    """Stands outside the ERP and notes what crosses in either direction."""

    def __init__(self, app):
        self._app = app
        self._inner = app.wsgi_app.inner
        self.arrived, self.left = [], []
        app.wsgi_app.inner = self._inside

    def _inside(self, environ, start_response):
        """Note what the application gets to see."""
        self.arrived += [
            pair.partition("=")[0].strip()
            for pair in environ.get("HTTP_COOKIE", "").split(";")
            if pair.strip()
        ]
        return self._inner(environ, start_response)

    def __call__(self, environ, start_response):
        def noting(status, headers, exc_info=None):
            self.left += [
                value.partition("=")[0] for key, value in headers if key.lower() == "set-cookie"
            ]
            return start_response(status, headers, exc_info)

        return self._app(environ, noting)


@pytest.fixture(params=["https", "http"])
def erp(request, tmp_path):
    """Serve the ERP over TLS at a real host name, or over http at localhost, with its tracker."""
    tracker = Tracker()
    with serve(tracker) as third_party:
        app = create_app(
            {
                "DATABASE": tmp_path / "erp.sqlite",
                "SECRET_KEY": "k" * 32,
                "TRUSTED_HOSTS": ["localhost", HOST],
                "TRACKER": tracker,
                "TRACKER_URL": third_party.url("tracker.test", "/pixel.gif"),
            }
        )
        wire = WsgiStack(app)
        with serve(wire, tls_hosts=(HOST,) if request.param == "https" else ()) as server:
            base = server.url(HOST if request.param == "https" else "localhost", "")
            yield base, wire, tracker, request.param


def sign_in(page, base, username="clerk"):
    page.goto(f"{base}/login")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(PASSWORDS[username])
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()


def stored(page):
    """Return the cookies of every host in the jar, by name."""
    return {cookie["name"]: cookie for cookie in page.context.cookies()}


def test_a_working_day_needs_one_cookie(erp, page):
    """Sign in, work, choose, sign out: one declared cookie, in the browser and on the wire."""
    base, wire, _, _ = erp
    errors = []
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else 0
    )
    page.goto(base)
    sign_in(page, base)
    assert "/login" not in page.url
    for path in ("/orders/", "/customers/", "/messages/", "/privacy", "/cookies/"):
        assert page.goto(f"{base}{path}").status == 200, path
    page.goto(f"{base}/preferences/")
    page.get_by_label("Dark").check()
    with page.expect_navigation():
        page.locator("main form button").click()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    found = stored(page)
    assert list(found) == [SESSION]
    cookie = found[SESSION]
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"], cookie["path"]) == (
        True, True, "Lax", "/",
    )  # fmt: skip
    assert cookie["expires"] == -1
    assert set(wire.arrived) == {SESSION}
    assert set(wire.left) == {SESSION}
    page.evaluate("localStorage.setItem('kept', '1')")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").click()
    assert page.evaluate("localStorage.length") == 0
    assert page.goto(f"{base}/orders/").url.startswith(f"{base}/login")
    assert errors == []


def test_looking_around_sets_nothing_before_it_is_needed(erp, page):
    """A visitor who only reads the declaration and the privacy page leaves with an empty jar."""
    base, wire, _, _ = erp
    for path in ("/privacy", "/cookies/", "/cookies/declaration.json"):
        assert page.goto(f"{base}{path}").status == 200
    assert stored(page) == {}
    assert wire.left == []


def test_misbehaving_page_stores_nothing_over_the_wire(erp, page):
    """Whatever way it tries, no tracker's cookie leaves, arrives or is fetched."""
    base, wire, tracker, scheme = erp
    # The tracker would set a cookie if it were asked.
    page.goto(f"{base}/misbehave")
    page.wait_for_load_state("networkidle")
    page.goto(f"{base}/misbehave")
    page.wait_for_load_state("networkidle")
    assert tracker.requests == 0
    assert set(wire.arrived) <= {SESSION}
    undeclared = set(wire.left) - {SESSION}
    # Over TLS what a script wrote past the guard is swept: an expiry leaves, which stores nothing.
    assert undeclared <= ({"_clck"} if scheme == "https" else set())
    in_jar = set(stored(page)) - {SESSION}
    assert in_jar <= {"_clck"}
    rows = page.locator("table tbody tr")
    assert rows.count() >= 12
    assert "SC10" in page.locator("table").first.inner_text()


def test_misbehaving_page_stores_nothing_by_script(erp, page):
    """The guard refuses each kind of storage, the page says so, and the server was told."""
    base, _, _, _ = erp
    page.goto(f"{base}/misbehave")
    rows = page.locator("td.known", has_text="Refused by the guard, which reported: SC802")
    expect(rows).to_have_count(5, timeout=20_000)
    expect(page.locator("td.known", has_text="Not stored in the browser")).to_have_count(
        5, timeout=20_000
    )
    assert page.context.storage_state(indexed_db=True)["origins"] == []
    assert page.evaluate("() => sessionStorage.length") == 0
    assert page.evaluate("() => caches.keys()") == []


def test_declaration_tells_the_truth_about_the_jar(erp, page):
    """Each cookie in the browser is in the published declaration, as strict as declared."""
    base, _, _, _ = erp
    sign_in(page, base, "auditor")
    document = json.loads(page.goto(f"{base}/cookies/declaration.json").text())
    declared = {cookie["name"]: cookie for cookie in document["cookies"]}
    for name, cookie in stored(page).items():
        assert declared[name]["samesite"] == cookie["sameSite"]
        assert declared[name]["httponly"] == cookie["httpOnly"]
        assert declared[name]["secure"] == cookie["secure"]
        assert declared[name]["lifetime"]["session"] == (cookie["expires"] == -1)
