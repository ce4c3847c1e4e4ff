"""
Chromium with third-party cookies switched on: what reaches a third party, and with which cookies.

Without the library each way does reach it, so that what is shown with the library has teeth.
"""

from __future__ import annotations

import json
import time

import pytest

from strict_cookies import CookiePolicy, ExternalOrigin, Recipient, StrictCookies
from strict_cookies.policy.external_origin import KINDS
from tests.serving import serve
from tests.third_parties import BELOW, STRANGER, WAYS, Arrival, Stranger, site

pytestmark = pytest.mark.browser

#: Chromium's own settings for "allow third-party cookies"; an empty profile blocks them.
WORST_PROFILE = {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}
#: Longest that one page may need, in seconds.
PATIENCE = 20


class Stage:
    """One browser, the sites that it visits, and the stranger that all of them know."""

    def __init__(self, context):
        self.context = context
        self.page = context.pages[0]
        self.stranger = Stranger()
        self.hosts = {}
        self.port = None

    def __call__(self, environ, start_response):
        """Send each host to its application; any other is the stranger."""
        host = environ["HTTP_HOST"].partition(":")[0]
        return self.hosts.get(host, self.stranger)(environ, start_response)

    def build(self, host):
        """Make the site whose page tries all the ways, and keep it by its host."""
        self.hosts[host] = app = site(host, lambda: self.port)
        return app

    def admit(self, host, kinds, *, scheme="https"):
        """Make a protected site that declares the stranger for some kinds."""
        app = self.build(host)
        app.config["STRICT_COOKIES_POLICY"] = CookiePolicy(
            external_origins=(
                ExternalOrigin(
                    origin=f"{scheme}://{STRANGER}:{self.port}",
                    kinds=kinds,
                    reason="For the test.",
                    recipient="Stranger",
                ),
            ),
            recipients=(
                Recipient(
                    name="Stranger",
                    role="Shows what arrives.",
                    data="Nothing.",
                    purpose="For the test.",
                    country="DE",
                ),
            ),
        )
        StrictCookies(app)

    def declared(self, host):
        """Read what a site's declaration says on each kind of its one external origin."""
        self.page.goto(self.url(host))
        document = self.page.evaluate(
            "fetch('/cookies/declaration.json').then((answer) => answer.json())"
        )
        (origin,) = document["external_origins"]
        return origin["kinds"]

    def url(self, host):
        """Give the front page of a host."""
        return f"https://{host}:{self.port}/"

    def greet(self, host):
        """Visit both kinds of strangers themselves, who have a cookie in the browser then."""
        for owner in (STRANGER, f"{BELOW}.{host}"):
            self.page.goto(self.url(owner))

    def visit(self, host):
        """Open a site's page in a browser that both kinds of strangers have a cookie in."""
        for other in self.context.pages[1:]:
            other.close()
        self.context.clear_cookies()
        self.greet(host)
        self.stranger.arrivals.clear()
        self.page.goto(self.url(host), wait_until="load")

    def wait_for(self, *, arrived=(), stopped=()):
        """Wait until each way has come to its end, by reaching the stranger or by being stopped."""
        expected = set(arrived), sorted(WAYS[name].told_as or name for name in stopped)
        deadline = time.monotonic() + PATIENCE
        while (found := self.ends()) != expected and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        assert found == expected

    def ends(self):
        """Give the ways that have arrived, and what the browser has told the page of others."""
        return {came.way for came in self.stranger.arrivals}, sorted(self.page.evaluate("stopped"))

    def stored(self, host):
        """
        Return by which ways a stranger's cookies were stored for good.

        The stranger is asked, since DevTools lists those of a credentialless frame as well, which
        nobody sees again.
        """
        self.stranger.found.clear()
        self.greet(host)
        return self.stranger.found


@pytest.fixture(scope="module")
def stage(playwright, chromium_options, tmp_path_factory):
    """A browser that keeps third-party cookies."""
    profile = tmp_path_factory.mktemp("profile")
    (profile / "Default").mkdir()
    (profile / "Default" / "Preferences").write_text(json.dumps(WORST_PROFILE))
    context = playwright.chromium.launch_persistent_context(
        str(profile), ignore_https_errors=True, **chromium_options
    )
    context.set_default_timeout(PATIENCE * 1000)
    stage = Stage(context)
    with serve(stage, tls_hosts=(STRANGER,)) as server:
        stage.port = server.port
        yield stage
    context.close()


def arrivals(names, *, withheld=False):
    """Give what should arrive by some ways, with what cookies a browser sends, or withholds."""
    return {
        Arrival(name, way.cookie and (way.asked or not withheld))
        for name, way in WAYS.items()
        if name in names
    }


def admitted(kind):
    """Give the ways that a kind of the policy opens."""
    return {name for name, way in WAYS.items() if kind in way.kinds.split()}


def test_every_way_reaches_the_stranger_without_the_library(stage):
    """The page has teeth: each way arrives, with the stranger's cookie where browsers send it."""
    stage.build("bare.test")
    stage.visit("bare.test")
    stage.wait_for(arrived=WAYS)
    assert stage.stranger.arrivals == arrivals(WAYS)
    # A refused handshake stores nothing.
    assert stage.stored("bare.test") == {name for name, way in WAYS.items() if way.cookie} - {
        "web-socket"
    }


def test_no_way_reaches_the_stranger_with_the_library(stage):
    """The browser stops each way itself: no request leaves, and nothing is stored."""
    StrictCookies(stage.build("strict.test"))
    stage.visit("strict.test")
    stage.wait_for(stopped=WAYS)
    assert stage.stranger.arrivals == set()
    assert stage.stored("strict.test") == set()


def test_trial_stops_nothing(stage):
    """Report-only is what its name says: each way still arrives."""
    app = stage.build("trial.test")
    app.config["STRICT_COOKIES_MODE"] = "report-only"
    StrictCookies(app)
    stage.visit("trial.test")
    stage.wait_for(arrived=WAYS)
    assert stage.stranger.arrivals == arrivals(WAYS)


@pytest.mark.parametrize("kind", KINDS)
def test_declared_kind_behaves_as_the_declaration_says(stage, kind):
    """The ways of one declared kind arrive, with cookies where the declaration warns of them."""
    host = f"{kind}.test"
    ways = admitted(kind)
    stage.admit(host, (kind,))
    (declared,) = stage.declared(host)
    stage.visit(host)
    stage.wait_for(arrived=ways, stopped=WAYS.keys() - ways)
    expected = arrivals(ways, withheld=declared["cookies"] != "possible")
    assert declared["id"] == kind
    assert stage.stranger.arrivals == expected
    assert stage.stored(host) == {arrival.way for arrival in expected if arrival.cookie}


def test_declared_web_socket_behaves_as_the_declaration_says(stage):
    """A WebSocket is an origin of its own scheme, which opens nothing else."""
    stage.admit("socket.test", ("connect",), scheme="wss")
    (declared,) = stage.declared("socket.test")
    stage.visit("socket.test")
    stage.wait_for(arrived={"web-socket"}, stopped=WAYS.keys() - {"web-socket"})
    assert declared["cookies"] == "possible"
    assert stage.stranger.arrivals == arrivals({"web-socket"})


def test_all_kinds_together_open_no_other_way(stage):
    """What no kind admits stays shut, and what one withholds from is not undone by another."""
    stage.admit("all.test", tuple(KINDS))
    stage.visit("all.test")
    ways = set().union(*map(admitted, KINDS))
    stage.wait_for(arrived=ways, stopped=WAYS.keys() - ways)
    came = stage.stranger.arrivals
    assert {arrival.way for arrival in came} == ways
    withheld = {"script", "style", "image", "font"}
    quiet = set().union(*map(admitted, withheld))
    assert {arrival for arrival in came if arrival.way in quiet} == arrivals(quiet, withheld=True)
