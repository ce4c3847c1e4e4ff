"""Applications that share a store or a secret, and processes that do not share a secret."""

from __future__ import annotations

import os

import pytest
from flask import Flask

from strict_cookies import ConfigurationError, StrictCookies, current_login, login
from strict_cookies._util.keys import SessionKeys

from .apps import SECRET, ask, cookie_of


def make_app(name, store, secret=SECRET, **config):
    """Create an application whose views sign in and say who is signed in."""
    app = Flask(name)
    app.config.update(SECRET_KEY=secret, STRICT_COOKIES_SESSIONS=store, **config)
    StrictCookies(app)
    app.add_url_rule("/in", "in", lambda: login("7", roles=["admin"]) or "in")
    app.add_url_rule("/who", "who", lambda: f"{current_login() is not None}")
    return app


def sessions_of(app):
    return app.extensions["strict_cookies"].sessions


@pytest.fixture(params=["sqlite", "redis"])
def store(request, tmp_path):
    """A setting that names a store which others can name, too."""
    if request.param == "sqlite":
        return str(tmp_path / "shared.sqlite")
    server = request.getfixturevalue("redis_single")
    with server.client() as client:
        client.flushdb()
    return server.url


def test_applications_on_one_store_do_not_end_each_others_sessions(store, request):
    """In Redis each has keys of its own; a file belongs to one of them."""
    one, other = make_app("one", store), make_app("other", store, "z" * 40)
    cookie = cookie_of(ask(one, "/in"))
    if store.startswith("redis"):
        assert sessions_of(other).end_user("7") == 0
        assert sessions_of(other).end_everyone() == 0
        assert ask(one, "/who", cookie).text == "True"
        return
    with pytest.raises(ConfigurationError, match="belongs to the application 'one'"):
        sessions_of(other)
    assert ask(one, "/who", cookie).text == "True"


def test_staging_is_not_production(tmp_path):
    """With the same secret, a session of the one is none of the other, whatever the store."""
    store = tmp_path / "s.sqlite"
    staging = make_app("shop", str(store), STRICT_COOKIES_APP_NAME="staging")
    cookie = cookie_of(ask(staging, "/in"))
    store.rename(tmp_path / "copied.sqlite")
    production = make_app("shop", str(tmp_path / "t.sqlite"))
    assert ask(production, "/who", cookie).text == "False"
    assert SessionKeys(SECRET, name="staging").derive("x") != SessionKeys(SECRET).derive("x")
    ambiguous = (SessionKeys(SECRET, name=name) for name in ("a b", "a"))
    assert next(ambiguous).derive("c") != next(ambiguous).derive("b c")


def test_shared_store_that_is_wanted(store):
    """Programs with one name and one secret are one application."""
    one = make_app("one", store, STRICT_COOKIES_APP_NAME="site")
    other = make_app("other", store, STRICT_COOKIES_APP_NAME="site")
    cookie = cookie_of(ask(one, "/in"))
    assert ask(other, "/who", cookie).text == "True"
    assert sessions_of(other).end_user("7") == 1
    assert ask(one, "/who", cookie).text == "False"


def test_random_secret_of_each_worker_is_logged(store, caplog):
    """The most frequent cause of sessions that come and go."""
    for _ in range(3):
        ask(make_app("shop", store, os.urandom(32)), "/in")
    messages = [message for message in caplog.messages if message.startswith("SC708")]
    assert len(messages) == 2
    assert "os.urandom()" in messages[0]


def test_rotated_secret_is_not_logged(store, caplog):
    """The former one is a fallback."""
    ask(make_app("shop", store, "a" * 40), "/in")
    for _ in range(2):
        ask(make_app("shop", store, "b" * 40, SECRET_KEY_FALLBACKS=["a" * 40]), "/in")
    ask(make_app("shop", store, "b" * 40), "/in")
    assert not [message for message in caplog.messages if message.startswith("SC708")]


@pytest.mark.parametrize("name", ["", 3, b"x"])
def test_name_is_a_text(tmp_path, name):
    """Anything else is an error that says what to write."""
    app = make_app("shop", str(tmp_path / "s.sqlite"), STRICT_COOKIES_APP_NAME=name)
    with pytest.raises(ConfigurationError, match="STRICT_COOKIES_APP_NAME is of type"):
        sessions_of(app)
