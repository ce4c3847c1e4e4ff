"""flask.session on the server: a mapping as ever, lazy, merged, locked, ended."""

from __future__ import annotations

import pytest
from flask import (
    Flask,
    request_finished,
    session,
)

from strict_cookies import StrictCookies
from strict_cookies.sessions.session import ServerSession
from strict_cookies.sessions.stores.memory import MemoryStore

from .apps import COOKIE, MINUTE, Clock, ask, cookie_of, lines, make_app, manager_of, rows_of, view


@pytest.fixture
def app():
    return make_app()


class Counted:
    """A store that counts what is asked of it."""

    def __init__(self):
        self.store = MemoryStore()
        self.calls = []

    def __getattr__(self, name):
        found = getattr(self.store, name)
        if callable(found):
            self.calls.append(name)
        return found


# --- A mapping as ever ---


def test_session_behaves_as_a_dict(app):
    """Every method that a dict has and Flask's users call gives what a dict gives."""

    @view(app)
    def use():
        session["a"] = 1
        session.update(b=2, c=[3])
        assert session.setdefault("d", 4) == 4
        assert session.pop("d") == 4
        assert session.pop("gone", None) is None
        assert (len(session), list(session), bool(session)) == (3, ["a", "b", "c"], True)
        assert "a" in session
        assert "d" not in session
        assert session.get("gone", 5) == 5
        assert dict(session) == {**session} == session.copy() == {"a": 1, "b": 2, "c": [3]}
        assert list(session.items()) == [("a", 1), ("b", 2), ("c", [3])]
        assert list(session.values()) == [1, 2, [3]]
        assert session == {"a": 1, "b": 2, "c": [3]}
        del session["b"]
        assert session.popitem()[0] in {"a", "c"}
        with pytest.raises(KeyError):
            session["gone"]
        return "used"

    assert ask(app, "/view").text == "used"


def test_types_survive(app):
    """What Flask's session gives back unchanged is given back unchanged."""
    from datetime import UTC, datetime
    from uuid import UUID

    from markupsafe import Markup

    kept = {
        "tuple": (1, 2), "bytes": b"\xff", "markup": Markup("<b>"), "uuid": UUID(int=7),
        "moment": datetime(2026, 1, 2, tzinfo=UTC), "deep": {"list": [{"a": (1,)}]},
    }  # fmt: skip
    seen = []
    view(app, "/put")(lambda: session.update(kept) or "put")
    view(app, "/see")(lambda: seen.append(session.copy()) or "seen")
    ask(app, "/see", cookie_of(ask(app, "/put")))
    assert seen == [kept]
    assert [type(value) for value in seen[0].values()] == [type(value) for value in kept.values()]


def test_sessions_of_requests_share_nothing(app):
    """What one request changes in place is seen by another only after it was stored."""
    cookie = cookie_of(ask(app, "/set/a/1"))
    first = ServerSession(app.session_interface._find, {"HTTP_COOKIE": f"{COOKIE}={cookie}"}, 0)
    second = ServerSession(app.session_interface._find, {"HTTP_COOKIE": f"{COOKIE}={cookie}"}, 0)
    first["a"] = "changed"
    assert second["a"] == "1"


def test_value_that_can_not_be_kept_is_refused_loudly(app):
    """Storing a set fails the request and names the key; the session is as it was."""
    view(app)(lambda: session.update(basket={1}) or "stored")
    cookie = cookie_of(ask(app, "/set/a/1"))
    with pytest.raises(TypeError, match=r"session\['basket'\] holds a set"):
        ask(app, "/view", cookie)
    assert ask(app, "/show", cookie).json == {"a": "1"}


def test_repr_shows_neither_keys_nor_values(app):
    """What a debugger prints by itself is a number."""

    @view(app)
    def show():
        before = repr(session)
        session["canary"] = "secret"
        return f"{before} {session!r}"

    assert ask(app, "/view").text == "<ServerSession, not opened> <ServerSession, 1 keys>"


# --- Lazy ---


@pytest.mark.parametrize("path", ["/untouched", "/missing", "/static/x.css"])
def test_request_that_does_not_look_asks_nothing(path):
    """A page that never looks at the session costs the store nothing, with a cookie or without."""
    store = Counted()
    app = make_app(store)
    cookie = cookie_of(ask(app, "/set/a/1"))
    store.calls.clear()
    for sent in (None, cookie, "forged"):
        response = ask(app, path, sent)
        assert "Vary" not in response.headers
        assert lines(response) == []
    assert store.calls == []


def test_looking_costs_one_read():
    """A page that looks, however often, asks the store once and writes nothing."""
    store = Counted()
    app = make_app(store)
    cookie = cookie_of(ask(app, "/set/a/1"))
    store.calls.clear()

    @view(app)
    def look():
        return f"{session.get('a')} {len(session)} {'a' in session} {bool(session)}"

    assert ask(app, "/view", cookie).text == "1 1 True True"
    assert store.calls == ["read"]


def test_writing_costs_one_read_and_one_update():
    """Also where only something inside a list changed."""
    store = Counted()
    app = make_app(store)
    view(app, "/begin")(lambda: session.update(l=[]) or "begun")
    view(app, "/append")(lambda: session["l"].append(1) or "appended")
    cookie = cookie_of(ask(app, "/begin"))
    assert store.calls == ["create"]
    store.calls.clear()
    ask(app, "/append", cookie)
    assert store.calls == ["read", "update"]
    assert ask(app, "/show", cookie).json == {"l": [1]}


@pytest.mark.parametrize("path", ["/show", "/flashed", "/who", "/pop/x", "/clear", "/logout"])
@pytest.mark.parametrize("cookie", [None, "forged"])
def test_reading_creates_neither_row_nor_cookie(app, path, cookie):
    """Visitors who store nothing leave nothing, nor do those who send rubbish."""
    assert lines(ask(app, path, cookie)) == []
    assert rows_of(manager_of(app)) == 0


# --- Changes ---


def test_nested_change_is_seen(app):
    """A change inside what the session holds is stored without being announced."""

    @view(app)
    def change():
        session.setdefault("cart", {"items": []})["items"].append("pen")
        return session["cart"]

    cookie = cookie_of(ask(app, "/view"))
    for count in (2, 3):
        assert ask(app, "/view", cookie).json == {"items": ["pen"] * count}


@pytest.mark.parametrize("way", ["values", "items", "copy", "get", "pop", "iteration"])
def test_nested_change_is_seen_however_it_was_reached(app, way):
    """Whichever way leads to a list, what is put into it is stored."""
    reach = {
        "values": lambda: next(iter(session.values())),
        "items": lambda: next(iter(session.items()))[1],
        "copy": lambda: session.copy()["l"],
        "get": lambda: session.get("l"),
        "pop": lambda: session.setdefault("l", session.pop("l")),
        "iteration": lambda: session[next(iter(session))],
    }[way]
    view(app, "/begin")(lambda: session.update(l=[0]) or "begun")
    view(app)(lambda: reach().append(1) or "appended")
    cookie = cookie_of(ask(app, "/begin"))
    ask(app, "/view", cookie)
    assert ask(app, "/show", cookie).json == {"l": [0, 1]}


def test_reading_a_list_writes_nothing():
    """A list that was looked at and not changed is compared, not stored."""
    store = Counted()
    app = make_app(store)
    view(app, "/begin")(lambda: session.update(l=[1]) or "begun")
    view(app)(lambda: str(sum(session["l"])))
    cookie = cookie_of(ask(app, "/begin"))
    store.calls.clear()
    ask(app, "/view", cookie)
    assert store.calls == ["read"]


def test_emptied_session_goes_on(app):
    """Whoever takes out the last key does not take the session from a parallel request."""
    cookie = cookie_of(ask(app, "/set/a/1"))
    assert lines(ask(app, "/pop/a", cookie)) == []
    assert ask(app, "/set/b/2", cookie).json == {"b": "2"}


def test_permanent_is_kept_and_the_cookie_is_not(app):
    """``session.permanent`` is what it was, but the browser forgets the cookie when it closes."""

    @view(app)
    def remember():
        session.permanent = True
        return f"{session.permanent}"

    response = ask(app, "/view")
    (line,) = lines(response)
    assert "Expires" not in line
    assert "Max-Age" not in line
    assert ask(app, "/view", cookie_of(response)).text == "True"


def test_modified_and_new_are_there(app):
    """The attributes that Flask promises tell what they say."""

    @view(app)
    def tell():
        before = (session.new, session.modified)
        session["a"] = 1
        return f"{before} {(session.new, session.modified)}"

    response = ask(app, "/view")
    assert response.text == "(True, False) (True, True)"
    assert ask(app, "/view", cookie_of(response)).text == "(False, False) (False, True)"


def test_flashed_messages_survive_a_redirect(app):
    """And are shown once."""
    cookie = cookie_of(ask(app, "/flash/saved"))
    assert ask(app, "/flashed", cookie).json == ["saved"]
    assert ask(app, "/flashed", cookie).json == []


# --- Cookies ---


def test_cookie_leaves_only_when_the_identifier_changes(app):
    """Neither a write nor a read nor a touch sends it again."""
    clock = Clock()
    app = make_app(clock=clock)
    cookie = cookie_of(ask(app, "/set/a/1"))
    for path in ("/show", "/set/a/2", "/set/b/3", "/pop/b", "/flash/x", "/count"):
        clock.turn(2 * MINUTE)
        assert lines(ask(app, path, cookie)) == []


def test_clear_ends_the_session_and_expires_the_cookie(app):
    """A copy of the cookie is worth nothing afterwards."""
    cookie = cookie_of(ask(app, "/set/a/1"))
    (line,) = lines(ask(app, "/clear", cookie))
    assert line == (
        f"{COOKIE}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure; HttpOnly; "
        "SameSite=Lax"
    )
    assert ask(app, "/show", cookie).json == {}
    assert rows_of(manager_of(app)) == 0


def test_write_after_clear_gets_a_new_identifier(app):
    """An application that never heard of login() is safe from planted identifiers."""
    old = cookie_of(ask(app, "/set/a/1"))
    new = cookie_of(ask(app, "/renew/alice", old))
    assert new != old
    assert ask(app, "/show", new).json == {"user": "alice"}
    assert ask(app, "/show", old).json == {}


def test_clear_ends_at_once(app):
    """The session has ended even where the request fails afterwards and nothing is saved."""

    @view(app)
    def leave():
        session.clear()
        return "left"

    @app.after_request
    def fail(response):
        if response.get_data() == b"left":
            raise RuntimeError
        return response

    cookie = cookie_of(ask(app, "/set/a/1"))
    with pytest.raises(RuntimeError):
        ask(app, "/view", cookie)
    assert ask(app, "/show", cookie).json == {}


def test_two_cookies_of_the_name_are_none(app):
    """The strict reader takes neither of two."""
    cookie = cookie_of(ask(app, "/set/a/1"))
    headers = {"Cookie": f"{COOKIE}={cookie}; {COOKIE}={cookie}"}
    assert app.test_client(use_cookies=False).get("/show", headers=headers).json == {}


# --- save_session, none, once or twice ---


def test_failing_after_request_function_stores_nothing(app):
    """save_session is not called then: no cookie and no row."""

    @app.after_request
    def fail(response):
        raise RuntimeError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    app.extensions["strict_cookies"].freeze()._propagate = False
    response = ask(app, "/set/a/1")
    assert response.status_code == 500
    assert lines(response) == []
    assert rows_of(manager_of(app)) == 0


def test_second_save_sends_the_cookie_again_and_stores_nothing_twice():
    """A failing receiver of request_finished makes Flask save twice, on two responses."""
    store = Counted()
    app = make_app(store, TESTING=False, PROPAGATE_EXCEPTIONS=False)
    failures = iter([RuntimeError()])

    def fail_once(sender, response):
        for error in failures:
            raise error

    with request_finished.connected_to(fail_once, app):
        response = ask(app, "/set/a/1")
    assert response.status_code == 500
    assert store.calls == ["create"]
    assert ask(app, "/show", cookie_of(response)).json == {"a": "1"}


def test_error_handler_may_store_and_flash(app):
    """What is put into the session while an error is answered is stored too."""

    @app.errorhandler(ZeroDivisionError)
    def answer(error):
        session["failed"] = True
        return "sorry", 500

    view(app)(lambda: 1 / session.setdefault("zero", 0))
    cookie = cookie_of(ask(app, "/view"))
    assert ask(app, "/show", cookie).json == {"zero": 0, "failed": True}


# --- session_transaction, several applications, no key ---


def test_session_transaction_plants_and_reads(app):
    """A test may plant a session, before the first request and between any two."""
    client = app.test_client()
    with client.session_transaction() as planted:
        planted["user"] = "bob"
    assert client.get("/show").json == {"user": "bob"}
    with client.session_transaction() as planted:
        assert planted.pop("user") == "bob"
        planted["list"] = [1]
    with client.session_transaction() as planted:
        planted["list"].append(2)
    assert client.get("/show").json == {"list": [1, 2]}


def test_context_before_the_configuration_is_complete_freezes_nothing():
    """A request context that is pushed while the application is put together looks at nothing."""
    app = Flask(__name__)
    StrictCookies(app)
    with app.test_request_context():
        pass
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_SESSION_BINDING="off", TESTING=True)
    view(app)(lambda: session.update(a=1) or "stored")
    assert lines(app.test_client().get("/view")) != []


def test_applications_have_sessions_of_their_own():
    """One application's cookie opens nothing in another that has another secret."""
    first, second = make_app(), make_app(SECRET_KEY="other" * 8)
    manager_of(second)  # made with the same key by the helper; an own one follows
    app = Flask(__name__)
    app.config.update(SECRET_KEY="other" * 8, TESTING=True)
    StrictCookies(app)
    view(app, "/show")(lambda: dict(session))
    cookie = cookie_of(ask(first, "/set/a/1"))
    assert ask(app, "/show", cookie).json == {}
    assert ask(first, "/show", cookie).json == {"a": "1"}


@pytest.mark.parametrize("path", ["/put", "/login"])
def test_missing_secret_key_is_told_in_flasks_words(path):
    """Without a SECRET_KEY reading gives nothing and storing gives Flask's clear error."""
    from strict_cookies import login

    app = Flask(__name__)
    app.config.update(TESTING=True)
    StrictCookies(app)
    view(app, "/put")(lambda: session.update(a=1) or "stored")
    view(app, "/login")(lambda: login("alice") or "in")
    view(app, "/get")(lambda: str(session.get("a")))
    assert app.test_client().get("/get").text == "None"
    with pytest.raises(RuntimeError, match="no secret key was set"):
        app.test_client().get(path)
