"""What Chromium's Back button shows after a logout, with its back/forward cache switched on."""

from __future__ import annotations

import pytest
from flask import Flask, redirect, session

from strict_cookies import StrictCookies, erase, login, logout, requires_login
from tests.serving import serve

pytestmark = pytest.mark.browser

HOST = "app.site.test"
#: Its title says whether it is shown from the cache.
PAGE = """<!doctype html><title>{title}</title><p id=text>{text}</p>
<script nonce="{nonce}">
onpagehide = () => {{ document.title = "{title}"; }};
onpageshow = event => {{ document.title += event.persisted ? " persisted" : " loaded"; }};
</script>"""


@pytest.fixture
def app():
    """An application with a public page, a guarded one, and one that reads the login itself."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k" * 32, TRUSTED_HOSTS=[HOST], STRICT_COOKIES_SESSION_NO_STORE=True
    )
    StrictCookies(app)
    nonce = app.jinja_env.globals["csp_nonce"]

    def page(title, text):
        return PAGE.format(title=title, text=text, nonce=nonce())

    app.add_url_rule("/", "public", lambda: page("public", "public"))
    app.add_url_rule("/mine", "mine", requires_login(lambda: page("mine", "private: Alice")))
    app.add_url_rule("/read", "read", lambda: page("read", f"private: {session.get('name')}"))

    @app.get("/in")
    def sign_in():
        login("alice")
        session["name"] = "Alice"
        return redirect("/")

    app.add_url_rule("/logout", "out", lambda: logout() or "bye")
    app.add_url_rule("/erase", "erase", lambda: erase(app.make_response("bye")))
    return app


@pytest.fixture
def page(playwright, chromium_options):
    """A page of a Chromium whose back/forward cache is not switched off, as Playwright does."""
    browser = playwright.chromium.launch(
        **chromium_options, ignore_default_args=["--disable-back-forward-cache"]
    )
    browser_page = browser.new_context(ignore_https_errors=True).new_page()
    yield browser_page
    browser.close()


def visit(page, server, path):
    """Open a page and stay a little: Chromium keeps none that was left at once."""
    page.goto(server.url(HOST, path))
    page.wait_for_timeout(500)


def go_back(page):
    """Press the Back button; return the title and the text that are shown then."""
    page.evaluate("history.back()")
    page.wait_for_function("document.title.includes(' ') || !document.getElementById('text')")
    shown = page.query_selector("#text") or page.query_selector("body")
    return page.title(), shown.inner_text().strip()


@pytest.fixture
def server(app):
    """The application over TLS, where Chromium finds it."""
    with serve(app, tls_hosts=(HOST,)) as server:
        yield server


def test_public_page_is_shown_from_the_cache(page, server):
    """The cache is on: otherwise the other tests would prove nothing."""
    visit(page, server, "/")
    visit(page, server, "/logout")
    assert go_back(page) == ("public persisted", "public")


@pytest.mark.parametrize("private", ["/mine", "/read"])
@pytest.mark.parametrize("end", ["/logout", "/erase"])
def test_private_page_is_gone_after_the_end(page, server, private, end):
    """Back asks the server again, which shows nothing of the user."""
    visit(page, server, "/in")
    visit(page, server, private)
    assert page.inner_text("#text") == "private: Alice"
    visit(page, server, end)
    title, text = go_back(page)
    assert "persisted" not in title
    assert "Alice" not in text
    assert "Unauthorized" in text if private == "/mine" else text == "private: None"
