"""What sweeping leaves in Chromium, of this host's cookies, of its parents' and of neighbours'."""

from __future__ import annotations

import pytest
from flask import Flask, Response, request

from strict_cookies import CookiePolicy, StrictCookies
from tests.policies import declare
from tests.serving import serve

pytestmark = pytest.mark.browser

SITE, PARENT, HOST, SIBLING = "site.test", "b.site.test", "a.b.site.test", "c.site.test"


def make_app(sweep):
    """Make an application that sets nothing by itself; ``/set`` tries to set its own stray."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k" * 32,
        TRUSTED_HOSTS=[f".{SITE}", "localhost"],
        STRICT_COOKIES_EXPIRE_UNDECLARED=sweep,
        STRICT_COOKIES_POLICY=CookiePolicy(cookies=(declare("declared"),)),
    )

    @app.get("/")
    def index():
        return "<title>Page</title>"

    @app.get("/data")
    def data():
        return Response("{}", mimetype="application/json")

    @app.get("/set")
    def set_stray():
        response = Response("tried")
        response.set_cookie("mine", "1", domain=request.args.get("domain"))
        return response

    StrictCookies(app)
    return app


def planter(*lines):
    """Make another application, which sets cookies on its page, and not on a late favicon."""

    def plant(environ, start_response):
        if environ["PATH_INFO"] != "/":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b""]
        headers = [("Content-Type", "text/html"), *(("Set-Cookie", line) for line in lines)]
        start_response("200 OK", headers)
        return [b"<title>Planted</title>"]

    return plant


#: By a neighbour on the same host: host-only, for the host as a domain, for its path.
NEIGHBOUR = planter(
    "odd=1; Secure; Path=/",
    f"odd_domain=1; Secure; Path=/; Domain={HOST}",
    "_ga=1; Secure; Path=/",
    f"_gid=1; Secure; Path=/; Domain={HOST}",
    "mine=1; Secure; Path=/",
    "declared=1; Secure; Path=/",
    "_fbp=1; Secure; SameSite=None; Path=/; Partitioned",
)
#: By a sibling and by the parent: for all hosts below.
ABOVE = planter(
    f"odd_site=1; Secure; Path=/; Domain={SITE}",
    f"_ga_site=1; Secure; Path=/; Domain={SITE}",
    f"mine=2; Secure; Path=/; Domain={SITE}",
    "theirs=1; Secure; Path=/",
)
PARENTS = planter(f"odd_parent=1; Secure; Path=/; Domain={PARENT}")

#: Name and domain of all that they plant.
PLANTED = {
    ("odd", HOST),
    ("odd_domain", f".{HOST}"),
    ("_ga", HOST),
    ("_gid", f".{HOST}"),
    ("mine", HOST),
    ("declared", HOST),
    ("_fbp", HOST),
    ("odd_site", f".{SITE}"),
    ("_ga_site", f".{SITE}"),
    ("mine", f".{SITE}"),
    ("theirs", SIBLING),
    ("odd_parent", f".{PARENT}"),
}
#: What is never this application's to sweep.
OTHERS = {("declared", HOST), ("theirs", SIBLING)}
ABOVE_HOST = {
    ("odd_site", f".{SITE}"),
    ("_ga_site", f".{SITE}"),
    ("mine", f".{SITE}"),
    ("odd_parent", f".{PARENT}"),
}


def jar(page):
    """List name and domain of what is in the jar."""
    return {(cookie["name"], cookie["domain"]) for cookie in page.context.cookies()}


@pytest.mark.parametrize(
    ("sweep", "left"),
    [
        pytest.param("off", PLANTED, id="off"),
        pytest.param(
            "known", OTHERS | ABOVE_HOST | {("odd", HOST), ("odd_domain", f".{HOST}")}, id="known"
        ),
        pytest.param("host", OTHERS | ABOVE_HOST, id="host"),
        pytest.param("site", OTHERS, id="site"),
    ],
)
def test_each_choice_reaches_as_far_as_it_says(page, sweep, left):
    """Trackers and own strays; every stray of the host; every stray of the parents too."""
    for host, app in ((HOST, NEIGHBOUR), (SIBLING, ABOVE), (PARENT, PARENTS)):
        with serve(app, tls_hosts=(host,)) as server:
            page.goto(server.url(host))
    assert jar(page) == PLANTED
    with serve(make_app(sweep), tls_hosts=(HOST,)) as server:
        page.goto(server.url(HOST, "/set"))
        # One response sweeps with a bounded number of lines, so it takes a few visits.
        for _ in range(4):
            page.goto(server.url(HOST))
        assert jar(page) == left


def test_what_is_no_page_sweeps_nothing(page):
    """A script that fetches data gets no expiries; the next page that is opened does."""
    with serve(NEIGHBOUR, tls_hosts=(HOST,)) as server:
        page.goto(server.url(HOST))
    before = jar(page)
    with serve(make_app("host"), tls_hosts=(HOST,)) as server:
        page.goto(server.url(HOST, "/data"))
        page.evaluate("fetch('/')")
        page.evaluate("fetch('/', {method: 'POST'})")
        assert jar(page) == before
        page.goto(server.url(HOST))
        assert ("odd", HOST) not in jar(page)


@pytest.mark.parametrize("sweep", ["known", "host", "site"])
def test_neighbour_on_localhost_keeps_its_cookies(page, sweep):
    """Two applications on two ports of localhost share a jar, and leave each other alone."""
    neighbour = planter("odd=1; Path=/", "_ga=1; Path=/", "mine=1; Path=/")
    with serve(neighbour) as other, serve(make_app(sweep)) as own:
        page.goto(other.url("localhost"))
        before = jar(page)
        assert len(before) == 3
        page.goto(own.url("localhost", "/set"))
        page.goto(own.url("localhost"))
        assert jar(page) == before


def test_neighbour_on_another_port_keeps_its_cookies_by_default(page):
    """On a real host as well: of what a neighbour stores, only trackers' cookies are swept."""
    neighbour = planter("odd=1; Secure; Path=/", "sessionid=1; Secure; Path=/", "_ga=1; Secure")
    with (
        serve(neighbour, tls_hosts=(HOST,)) as other,
        serve(make_app("known"), tls_hosts=(HOST,)) as own,
    ):
        page.goto(other.url(HOST))
        page.goto(own.url(HOST))
        assert jar(page) == {("odd", HOST), ("sessionid", HOST)}
