"""The pages for a visitor's own browser as people meet them: by eye, by ear, by key alone."""

from __future__ import annotations

import pytest
from flask import Flask, session

from strict_cookies import CookiePolicy, Site, StrictCookies, login
from strict_cookies.sessions.record import NewLogin
from tests.declaration.i18n.test_language import TRANSLATED
from tests.declaration.pages.test_blueprint_browser import AXE, LONG
from tests.policies import declare
from tests.serving import serve

pytestmark = pytest.mark.browser

HOST = "app.site.test"
PAGE, SESSIONS = "/cookies/this-browser", "/cookies/sessions"
CANARY = "canary7f3a"
POLICY = CookiePolicy(
    site=Site(name="A site", controller="A Ltd", contact="privacy@site.test", privacy_url="/p"),
    cookies=(declare("theme", title="Colours"), declare("cart_*", title="Basket")),
)
SESSION = "__Host-Http-session"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
#: What a screen reader is given, without paragraphs.
SNAPSHOT = f"""\
- main:
  - heading "What your browser sent" [level=1]
  - region "On the list, and sent":
    - heading "On the list, and sent" [level=2]
    - list:
      - listitem:
        - text: Session
        - code: {SESSION}
      - listitem:
        - text: Colours
        - code: theme
      - listitem:
        - text: Basket
        - code: cart_1
  - region "Sent, but not on the list":
    - heading "Sent, but not on the list" [level=2]
    - list:
      - listitem:
        - code: _ga
        - text: A name commonly associated with Google Analytics
      - listitem:
        - code: wiki
      - listitem:
        - code: {"W" * 61}...
  - paragraph:
    - link "The whole list, and what each cookie is for":
      - /url: /cookies/?lang=en
  - region "Delete and sign out":
    - heading "Delete and sign out" [level=2]
    - button "Delete this site's cookies and sign out"
  - region "What your session holds about you":
    - heading "What your session holds about you" [level=2]
    - paragraph:
      - link "Copy of my session (JSON)":
        - /url: /cookies/this-browser/session.json
      - text: ·
      - link "Your sessions":
        - /url: /cookies/sessions
  - region "What is not deleted":
    - heading "What is not deleted" [level=2]
    - term: Responsible
    - definition: A Ltd
    - term: Contact
    - definition: privacy@site.test
    - term: Privacy notice
    - definition:
      - link "/p":
        - /url: /p"""


@pytest.fixture(scope="module")
def served():
    """Serve both pages over TLS, with a way to sign in and a page that stores something."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_POLICY=POLICY, TRUSTED_HOSTS=[HOST])
    StrictCookies(app)

    @app.get("/in")
    def sign_in():
        login("alice")
        session["value"] = CANARY
        return '<!doctype html><html lang="en"><title>In</title>'

    with serve(app, tls_hosts=(HOST,)) as server:
        app.extensions["strict_cookies"].sessions.sign_in(NewLogin(user_id="alice"), {}, WINDOWS)
        yield server


@pytest.fixture
def visitor(chromium, served):
    """Open a page in a browser with a session, a declared cookie, a tracker's and a neighbour's."""
    contexts = []

    def visit(path, **options):
        context = chromium.new_context(ignore_https_errors=True, bypass_csp=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(served.url(HOST, "/in"))
        page.evaluate(f"localStorage.setItem('kept', '{CANARY}')")
        context.add_cookies(
            [
                {"name": name, "value": CANARY, "domain": HOST, "path": "/", "secure": True}
                for name in ("theme", "cart_1", "_ga", "wiki", LONG)
            ]
        )
        page.goto(served.url(HOST, path))
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
@pytest.mark.parametrize("path", [PAGE, f"{PAGE}?after=deleted&lang=pl", SESSIONS])
def test_axe_finds_no_violation(visitor, path, width, scheme):
    """The judge of accessibility has nothing to say, in either scheme, on any screen."""
    page = visitor(path, color_scheme=scheme, viewport={"width": width, "height": 800})
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert len(found["passes"]) > 10


def test_nothing_scrolls_sideways(visitor, served):
    """At 320 px every line fits, in each language and with the widest name."""
    page = visitor(PAGE, viewport={"width": 320, "height": 700})
    for lang in ("en", *TRANSLATED):
        for path in (PAGE, SESSIONS):
            page.goto(served.url(HOST, f"{path}?lang={lang}"))
            assert page.evaluate("document.documentElement.scrollWidth") == 320, (path, lang)


def test_page_by_ear(visitor):
    """A screen reader meets one heading for each part, lists of items, and one button."""
    page = visitor(PAGE)
    snapshot = page.locator("main").aria_snapshot()
    lines = [line for line in snapshot.splitlines() if "- paragraph: " not in line]
    assert "\n".join(lines) == SNAPSHOT


def test_keyboard_alone_finds_deletes_and_confirms(visitor, served):
    """Tab and Enter lead from the declaration to the page, to its button, and to what came then."""
    page = visitor("/cookies/")
    _tab_to(page, "See what your browser has just sent")
    with page.expect_navigation(url=f"**{PAGE}?lang=en"):
        page.keyboard.press("Enter")
    _tab_to(page, "Delete this site's cookies and sign out")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    with page.expect_navigation(url=f"**{PAGE}?after=deleted&lang=en"):
        page.keyboard.press("Enter")
    status = page.get_by_role("status").inner_text()
    assert "This site has ended your session" in status
    assert "What your browser sent after that is listed below." in status
    assert page.locator("#sc-received").count() == 0
    assert page.locator("section[aria-labelledby=sc-undeclared] code").all_inner_texts() == [
        "wiki",
        "W" * 61 + "...",
    ]
    assert sorted(cookie["name"] for cookie in page.context.cookies()) == [LONG, "wiki"]
    assert page.evaluate("localStorage.length") == 0
    page.goto(served.url(HOST, SESSIONS))
    assert "you are not signed in" in page.inner_text("main")


def test_page_shows_no_value_and_runs_no_script(visitor):
    """What cookies and storage hold stands nowhere in it."""
    said = []
    page = visitor(PAGE)
    page.on("console", lambda message: said.append(message.text))
    page.reload()
    assert CANARY not in page.content()
    assert page.locator("script").count() == 0
    assert said == []


def test_reading_stores_nothing(chromium, served):
    """A visitor without cookies leaves the page without cookies."""
    with chromium.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        page.goto(served.url(HOST, PAGE))
        assert "your browser sent no cookie." in page.inner_text("main")
        assert context.cookies() == []


def test_other_sites_page_deletes_nothing(visitor, served):
    """A form on another site that is sent here is refused, and the session lives."""
    page = visitor(PAGE)
    page.goto(served.url("evil.test", "/"))
    page.evaluate(
        """url => {
            const form = document.createElement("form");
            form.method = "post";
            form.action = url;
            document.body.append(form);
            form.submit();
        }""",
        served.url(HOST, PAGE),
    )
    page.wait_for_url(f"**{PAGE}")
    assert page.inner_text("body").startswith("SC601 cross-origin request")
    assert SESSION in {cookie["name"] for cookie in page.context.cookies()}


def _tab_to(page, name):
    """Press Tab until what has the focus is called so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == name:
            return
    raise AssertionError(f"Tab never reached {name!r}.")
