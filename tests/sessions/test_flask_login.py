"""Beside the real Flask-Login: its login and logout drive the session."""

from __future__ import annotations

import pytest
from flask import Flask, flash, get_flashed_messages, request, session
from flask_login import (
    LoginManager,
    UserMixin,
    confirm_login,
    current_user,
    fresh_login_required,
    login_required,
    login_user,
    logout_user,
)

from strict_cookies import (
    CookiePolicy,
    SessionLimitError,
    StrictCookies,
    current_login,
    requires_fresh_login,
    requires_role,
)
from tests.policies import declare

from .apps import COOKIE, SECRET, ask, cookie_of, lines, manager_of


class User(UserMixin):
    def __init__(self, id, roles=()):
        self.id = id
        self.roles = roles


USERS = {
    "alice": User("alice", ["auditor"]),
    "bob": User("bob"),
    "carol": User("carol", "auditor"),
    "dave": User("dave", [object()]),
}


@pytest.fixture(params=["before", "after"])
def app(request):
    """An application that uses Flask-Login, added before or after Strict Cookies."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET, TESTING=True, STRICT_COOKIES_MODE="enforce")
    login_manager = LoginManager()
    login_manager.login_view = "sign_in_page"
    login_manager.user_loader(USERS.get)
    for add in (login_manager.init_app, StrictCookies().init_app)[
        :: 1 if request.param == "before" else -1
    ]:
        add(app)
    add_views(app)
    return app


def add_views(app):
    @app.get("/sign-in")
    def sign_in_page():
        return "sign in"

    @app.get("/enter/<user>")
    def enter(user):
        stale = "stale" in request.args
        login_user(USERS[user], remember="remember" in request.args, fresh=not stale)
        return "in"

    @app.get("/leave")
    def leave():
        logout_user()
        if "flash" in request.args:
            flash("Bye.")
        return "out"

    @app.get("/confirm")
    def confirm():
        confirm_login()
        return "confirmed"

    @app.get("/home")
    @login_required
    def home():
        return current_user.get_id()

    @app.get("/fresh")
    @fresh_login_required
    def fresh():
        return "fresh"

    @app.get("/audit")
    @requires_role("auditor")
    def audit():
        return "audit"

    @app.get("/sensitive")
    @requires_fresh_login()
    def sensitive():
        return "sensitive"

    @app.get("/set/<key>")
    def put(key):
        session[key] = 1
        return "set"

    @app.get("/keys")
    def keys():
        return sorted(session)

    @app.get("/who")
    def who():
        found = current_login()
        return "" if found is None else f"{found.user_id} {found.roles}"

    @app.get("/flashed")
    def flashed():
        return get_flashed_messages()


def test_login_and_logout(app):
    """A user who signs in by Flask-Login is signed in with us too, and out again."""
    cookie = cookie_of(ask(app, "/enter/alice"))
    assert ask(app, "/home", cookie).text == "alice"
    assert ask(app, "/who", cookie).text == "alice ('auditor',)"
    response = ask(app, "/leave", cookie)
    assert "Max-Age=0" in lines(response)[0]
    assert ask(app, "/home", cookie).status_code == 302
    assert ask(app, "/who", cookie).text == ""


def test_planted_identifier_is_worth_nothing(app):
    """Session fixation: whoever knows the identifier from before the login is not signed in."""
    planted = cookie_of(ask(app, "/set/a"))
    cookie = cookie_of(ask(app, "/enter/alice", planted))
    assert cookie != planted
    assert ask(app, "/home", planted).status_code == 302
    assert ask(app, "/keys", planted).json == []
    assert {"a", "_user_id"} <= set(ask(app, "/keys", cookie).json)


def test_login_in_place_of_another_user(app):
    """Who signs in where somebody else was signed in is signed in, and finds nothing of theirs."""
    old = cookie_of(ask(app, "/enter/alice"))
    ask(app, "/set/basket", old)
    new = cookie_of(ask(app, "/enter/bob", old))
    assert ask(app, "/home", new).text == "bob"
    assert ask(app, "/who", new).text == "bob ()"
    assert "basket" not in ask(app, "/keys", new).json
    assert ask(app, "/home", old).status_code == 302


def test_stolen_cookie_ends_with_the_logout(app):
    """What Flask's own session could not do."""
    cookie = cookie_of(ask(app, "/enter/alice"))
    stolen = cookie
    ask(app, "/leave", cookie)
    assert ask(app, "/home", stolen).status_code == 302


def test_remembered_login_is_cut(app):
    """The remember-me cookie does not leave, since nobody declared it; the login itself works."""
    response = ask(app, "/enter/alice?remember=1")
    assert [line.partition("=")[0] for line in lines(response)] == [COOKIE]
    assert ask(app, "/home", cookie_of(response)).text == "alice"


def test_logout_of_a_remembered_login_clears_its_cookie(app):
    """A remember-me cookie from before the deploy is cut, and a logout leaves no session."""
    cookie = cookie_of(ask(app, "/enter/alice"))
    client = app.test_client(use_cookies=False)
    headers = {"Cookie": f"{COOKIE}={cookie}; remember_token=alice|0"}
    response = client.get("/leave", headers=headers)
    assert [line.partition("=")[0] for line in lines(response)] == [COOKIE]
    assert ask(app, "/keys", cookie).json == []


def test_message_after_a_logout_is_shown(app):
    """The session that carries it is a new one, in which nobody is signed in."""
    old = cookie_of(ask(app, "/enter/alice"))
    new = cookie_of(ask(app, "/leave?flash=1", old))
    assert ask(app, "/flashed", new).json == ["Bye."]
    assert ask(app, "/home", new).status_code == 302


def test_sessions_are_listed_and_ended(app):
    """What Flask-Login never had: all sessions of a user, ended from elsewhere at once."""
    cookies = [cookie_of(ask(app, "/enter/bob")) for _ in range(2)]
    manager = manager_of(app)
    assert [info.device for info in manager.list_user("bob")] == ["Firefox on Linux"] * 2
    assert manager.end_user("bob") == 2
    for cookie in cookies:
        assert ask(app, "/home", cookie).status_code == 302


@pytest.mark.parametrize(
    ("user", "status"), [("alice", 200), ("bob", 403), ("carol", 403), ("dave", 403)]
)
def test_roles_of_the_user_object_count(app, user, status):
    """A collection of texts in ``roles``; anything else is no role."""
    assert ask(app, "/audit", cookie_of(ask(app, f"/enter/{user}"))).status_code == status


def test_guards_send_visitors_to_flask_logins_view(app):
    """There is one login view, and it need not be named twice."""
    for path in ("/audit", "/sensitive"):
        response = ask(app, path)
        assert response.headers["Location"] == f"/sign-in?next={path}"


def test_confirmed_login_is_fresh_with_us_too(app):
    """confirm_login() gives a new identifier, as every authentication does."""
    old = cookie_of(ask(app, "/enter/alice"))
    new = cookie_of(ask(app, "/confirm", old))
    assert new != old
    assert ask(app, "/fresh", new).text == "fresh"
    assert ask(app, "/sensitive", new).text == "sensitive"
    assert ask(app, "/home", old).status_code == 302


def test_confirmation_does_not_revive_an_ended_session(app):
    """confirm_login() in a session that an administrator has just ended answers 401."""

    @app.get("/late")
    def late():
        assert current_user.get_id() == "alice"
        manager_of(app).end_user("alice")
        confirm_login()
        return "confirmed"

    response = ask(app, "/late", cookie_of(ask(app, "/enter/alice")))
    assert (response.status_code, lines(response)) == (401, [])
    assert manager_of(app).list_user("alice") == []


def test_confirmation_of_a_user_who_is_not_ours_is_refused(app):
    """A user whom another extension put into the session does not confirm it."""

    @app.get("/mixed")
    def mixed():
        session["_user_id"] = "bob"
        confirm_login()
        return "confirmed"

    assert ask(app, "/mixed", cookie_of(ask(app, "/enter/alice"))).status_code == 403


@pytest.mark.parametrize("before", [None, "bob"])
def test_cross_origin_login_is_taken_back(app, before):
    """login_user() for another site's page signs nobody in, and whoever was signed in stays so."""
    cookie = cookie_of(ask(app, f"/enter/{before}" if before else "/set/a"))
    response = ask(app, "/enter/alice", cookie, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert lines(response) == []
    home = ask(app, "/home", cookie)
    assert home.text == "bob" if before else home.status_code == 302
    assert ask(app, "/who", cookie).text.partition(" ")[0] == (before or "")
    assert lines(ask(app, "/enter/alice", headers={"Sec-Fetch-Site": "cross-site"})) == []


@pytest.fixture
def remembering():
    """An application that declares a remembered login, for as long as the browser is open."""
    app = Flask(__name__)
    policy = CookiePolicy(cookies=(declare("remember_token", purposes=("authentication",)),))
    app.config.update(SECRET_KEY=SECRET, TESTING=True, STRICT_COOKIES_POLICY=policy)
    LoginManager(app).user_loader(USERS.get)
    StrictCookies(app)
    add_views(app)
    return app


def test_remembered_login_is_listed_and_not_fresh(remembering):
    """Where the cookie for it is declared, the session that it begins can be ended too."""
    client = remembering.test_client()
    client.get("/enter/alice?remember=1")
    manager = manager_of(remembering)
    manager.end_user("alice")
    assert client.get("/home").text == "alice"
    assert len(manager.list_user("alice")) == 1
    assert client.get("/sensitive").status_code == 401
    assert client.get("/home").text == "alice"
    assert len(manager.list_user("alice")) == 1


def test_login_that_is_not_fresh_is_not_fresh_with_us(app):
    """login_user(fresh=False) signs in, with a new identifier, and asks again where it matters."""
    planted = cookie_of(ask(app, "/set/a"))
    cookie = cookie_of(ask(app, "/enter/alice?stale=1", planted))
    assert ask(app, "/home", cookie).text == "alice"
    assert ask(app, "/sensitive", cookie).status_code == 302
    assert ask(app, "/home", planted).status_code == 302


def test_remembered_login_beyond_the_limit_is_taken_back(remembering):
    """Where another session is refused, a remembered login begins none."""
    remembering.config["STRICT_COOKIES_SESSION_LIMIT_PER_USER"] = (1, "deny")
    remembering.register_error_handler(SessionLimitError, lambda error: ("too many", 409))
    client = remembering.test_client()
    client.get("/enter/alice?remember=1")
    client.delete_cookie(COOKIE)
    response = client.get("/home")
    assert (response.status_code, response.text) == (409, "too many")
    assert client.get("/who").text == ""
    assert len(manager_of(remembering).list_user("alice")) == 1


def test_logout_forgets_a_remembered_login(remembering):
    """Flask-Login's own cookie is expired with the session."""
    client = remembering.test_client()
    client.get("/enter/alice?remember=1")
    response = client.get("/leave")
    assert {line.partition("=")[0] for line in lines(response)} == {COOKIE, "remember_token"}
    assert client.get("/home").status_code == 401


def test_other_applications_are_left_alone(app):
    """The signals of an application without Strict Cookies change nothing there."""
    other = Flask("other")
    other.config.update(SECRET_KEY=SECRET, TESTING=True)
    LoginManager(other).user_loader(USERS.get)
    add_views(other)
    ask(app, "/enter/alice")
    line = other.test_client().get("/enter/bob").headers["Set-Cookie"]
    assert line.startswith("session=eyJ") or line.startswith("session=.")
