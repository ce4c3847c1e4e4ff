"""Flask-Session in place of ours: its cookie is declared and judged, and nothing else changes."""

from __future__ import annotations

import pytest
from cachelib import FileSystemCache
from flask import Flask, session
from flask_session import Session

from strict_cookies import ConfigurationError, StrictCookies, login

SITE = "https://localhost"
COOKIE = "__Host-Http-session"


@pytest.fixture(params=["before", "after"])
def app(request, tmp_path):
    """An application with Flask-Session, added before or after Strict Cookies."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k" * 32,
        TESTING=True,
        SESSION_TYPE="cachelib",
        SESSION_CACHELIB=FileSystemCache(str(tmp_path)),
    )
    for add in (Session, StrictCookies)[:: 1 if request.param == "before" else -1]:
        add(app)

    @app.get("/")
    def index():
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    @app.get("/sign-in")
    def sign_in():
        login("alice")

    return app


def test_session_is_kept_by_flask_session(app):
    """The session works, under the name that browsers protect, and ends with the browser."""
    client = app.test_client()
    responses = [client.get("/", base_url=SITE) for _ in range(2)]
    assert [response.text for response in responses] == ["1", "2"]
    name, _, rest = responses[0].headers["Set-Cookie"].partition("=")
    assert name == COOKIE
    assert rest.partition("; ")[2] == "Path=/; Secure; HttpOnly; SameSite=Lax"
    assert type(app.session_interface).__module__ == "flask_session.cachelib.cachelib"


def test_login_says_what_to_remove(app):
    """What needs our sessions says so, and which lines stand in the way."""
    with pytest.raises(ConfigurationError, match=r"remove .* other session interfaces"):
        app.test_client().get("/sign-in", base_url=SITE)


def test_page_of_sessions_does_not_break(app):
    """The declaration is there, and the page of sessions does not pretend to know any."""
    client = app.test_client()
    assert client.get("/cookies/", base_url=SITE).status_code == 200
    assert client.get("/cookies/sessions", base_url=SITE).status_code == 404
