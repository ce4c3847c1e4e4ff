"""Flask-DebugToolbar: its inline code needs a policy that is open, in debug mode only."""

from __future__ import annotations

import pytest
from flask import Flask, session
from flask_debugtoolbar import DebugToolbarExtension

from strict_cookies import StrictCookies
from tests.serving import serve

#: What docs/howto/extensions.md has the site set where it is in debug mode.
OPEN = {
    "content_security_policy_add": {"style-src": "'unsafe-inline'", "script-src": "'unsafe-inline'"}
}


def make_app(talisman=None):
    """Make an application in debug mode, with the toolbar."""
    app = Flask(__name__)
    app.debug = True
    app.config.update(SECRET_KEY="k" * 32, TRUSTED_HOSTS=["localhost"])
    if talisman:
        app.config["STRICT_COOKIES_HEADERS"] = talisman
    StrictCookies(app)
    DebugToolbarExtension(app)

    @app.get("/")
    def index():
        session["user"] = "alice"
        return "<!doctype html><title>Shop</title><body><p>shop</p></body>"

    return app


@pytest.mark.browser
@pytest.mark.parametrize("talisman", [None, OPEN], ids=["closed", "open"])
def test_toolbar_shows_where_inline_code_is_let_in(chromium, talisman):
    """Under the closed policy the toolbar does not run, and the page is unharmed."""
    with serve(make_app(talisman)) as server:
        context = chromium.new_context()
        page = context.new_page()
        faults = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(server.url("localhost"))
        assert page.get_by_text("shop", exact=True).is_visible()
        ran = page.evaluate("typeof DEBUG_TOOLBAR_STATIC_PATH") == "string"
        cookies = [cookie["name"] for cookie in context.cookies()]
        context.close()
    assert ran == bool(talisman)
    assert bool(faults) != ran
    assert cookies == ["__Host-Http-session"]
