"""What is left in Chromium after a site has erased what it stored."""

from __future__ import annotations

import pytest
from flask import Flask, make_response, redirect, session

from strict_cookies import CookiePolicy, StrictCookies, erase
from tests.policies import declare
from tests.serving import serve

pytestmark = pytest.mark.browser

SITE, HOST, SIBLING = "site.test", "app.site.test", "blog.site.test"
SESSION = "__Host-Http-session"
POLICY = CookiePolicy(
    cookies=(
        declare("__Host-csrf", purposes=("security",), script_readable=True),
        declare("area", path="/erp"),
        declare("shared", domain=SITE),
        declare("narrow", domain=SITE),
        declare("own", domain=SITE),
        declare("embed", samesite="None", partitioned=True),
        declare("draft_*"),
    )
)
#: What the site stores: name, domain, path, and whether it is partitioned.
STORED = {
    (SESSION, HOST, "/", False),
    ("__Host-csrf", HOST, "/", False),
    ("area", HOST, "/erp", False),
    ("shared", f".{SITE}", "/", False),
    ("narrow", f".{HOST}", "/", False),
    ("own", HOST, "/", False),
    ("embed", HOST, "/", True),
    ("draft_7", HOST, "/", False),
}
#: What the sibling stores.
SIBLINGS = {
    ("theirs", SIBLING, "/", False),
    ("everybodys", f".{SITE}", "/", False),
}
STORE = """async () => {
    localStorage.setItem("kept", "1");
    sessionStorage.setItem("kept", "1");
    await new Promise(resolve => { indexedDB.open("kept").onsuccess = resolve; });
    await caches.open("kept");
}"""
KEPT = """async () => ({
    localStorage: localStorage.length,
    indexedDB: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
})"""


def make_app():
    """Make an application that stores in every way that it declares, and erases by two."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k" * 32, TRUSTED_HOSTS=[HOST, "localhost"], STRICT_COOKIES_POLICY=POLICY
    )

    @app.get("/")
    def index():
        session["user"] = "alice"
        response = make_response("<title>Site</title>")
        strict = {"secure": True, "httponly": True, "samesite": "Lax"}
        response.set_cookie("__Host-csrf", "1", secure=True, samesite="Lax")
        response.set_cookie("area", "1", path="/erp", **strict)
        response.set_cookie("shared", "1", domain=SITE, **strict)
        response.set_cookie("narrow", "1", domain=HOST, **strict)
        response.set_cookie("own", "1", **strict)
        response.set_cookie(
            "embed", "1", secure=True, httponly=True, samesite="None", partitioned=True
        )
        response.set_cookie("draft_7", "1", **strict)
        return response

    @app.get("/logout")
    def logout():
        return erase(redirect("/gone"))

    @app.get("/forget")
    def forget():
        return erase(redirect("/gone"), cookies=True)

    @app.get("/gone")
    def gone():
        return "<title>Gone</title>"

    StrictCookies(app)
    return app


def sibling(environ, start_response):
    """Store a cookie of its own, and one for the whole site; not on a late favicon."""
    if environ["PATH_INFO"] != "/":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b""]
    headers = [
        ("Content-Type", "text/html"),
        ("Set-Cookie", "theirs=1; Secure; Path=/"),
        ("Set-Cookie", f"everybodys=1; Secure; Path=/; Domain={SITE}"),
    ]
    start_response("200 OK", headers)
    return [b"<title>Sibling</title>"]


def jar(page):
    """List what is in the jar, by what tells two cookies apart."""
    return {
        (cookie["name"], cookie["domain"], cookie["path"], "partitionKey" in cookie)
        for cookie in page.context.cookies()
    }


@pytest.fixture
def site(page):
    """Let the site and its sibling store all they can; return their addresses."""
    with serve(make_app(), tls_hosts=(HOST,)) as own, serve(sibling, tls_hosts=(SIBLING,)) as other:
        page.goto(other.url(SIBLING))
        page.evaluate(STORE)
        page.goto(own.url(HOST))
        page.evaluate(STORE)
        assert jar(page) == STORED | SIBLINGS
        assert page.evaluate(KEPT) == {"localStorage": 1, "indexedDB": 1, "caches": 1}
        yield own, other


def test_logout_leaves_nothing_of_the_site(site, page):
    """Cookies of each form and storage are gone; the sibling's cookies and storage stay."""
    own, other = site
    page.goto(own.url(HOST, "/logout"))
    assert page.title() == "Gone"
    assert jar(page) == SIBLINGS
    assert page.evaluate(KEPT) == {"localStorage": 0, "indexedDB": 0, "caches": 0}
    page.goto(other.url(SIBLING))
    assert page.evaluate(KEPT) == {"localStorage": 1, "indexedDB": 1, "caches": 1}


def test_cookies_of_siblings_go_by_choice(site, page):
    """Clear-Site-Data with cookies empties the jar of the whole registrable domain."""
    own, other = site
    page.goto(own.url(HOST, "/forget"))
    assert jar(page) == set()
    page.goto(other.url(SIBLING))
    assert page.evaluate(KEPT) == {"localStorage": 1, "indexedDB": 1, "caches": 1}


def test_logout_works_on_localhost(page):
    """A developer's machine without TLS behaves alike."""
    with serve(make_app()) as server:
        page.goto(server.url("localhost"))
        page.evaluate(STORE)
        assert (SESSION, "localhost", "/", False) in jar(page)
        page.goto(server.url("localhost", "/logout"))
        assert jar(page) == set()
        assert page.evaluate(KEPT) == {"localStorage": 0, "indexedDB": 0, "caches": 0}
