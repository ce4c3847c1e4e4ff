"""Signing in and out, and who is let into a view."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, session

from strict_cookies import (
    ConfigurationError,
    Login,
    SessionLimitError,
    StrictCookies,
    current_login,
    login,
    reauthenticate,
    requires_fresh_login,
    requires_login,
    requires_role,
)
from strict_cookies.sessions.limits import MAX_SKEW
from strict_cookies.sessions.stores.memory import MemoryStore

from .apps import (
    CHROME,
    HOUR,
    MINUTE,
    SECRET,
    ask,
    cookie_of,
    lines,
    make_app,
    manager_of,
)


def make_guarded(clock=None, **config):
    """Make an application with a view for each kind of guard."""
    app = make_app(clock=clock, **config)
    for path, guard in (
        ("/member", requires_login),
        ("/audit", requires_role("auditor", "admin")),
        ("/sensitive", requires_fresh_login()),
        ("/critical", requires_fresh_login(timedelta(minutes=1))),
    ):

        def view(path=path):
            return f"at {path}"

        app.add_url_rule(path, path[1:], guard(view), methods=["GET", "POST"])
    app.add_url_rule("/sign-in", "sign_in_page", lambda: "sign in", methods=["GET"])
    return app


# --- login ---


def test_login_tells_who_is_signed_in(clock):
    """What was given to login() comes back, with the moment."""
    app = make_app(clock=clock)
    seen = []
    app.add_url_rule("/see", view_func=lambda: seen.append(current_login()) or "seen")
    cookie = cookie_of(ask(app, "/login/alice?role=clerk&role=auditor&aal=2"))
    ask(app, "/see", cookie)
    ask(app, "/see")
    assert seen == [
        Login("alice", ("clerk", "auditor"), 2, datetime.fromtimestamp(int(clock()), UTC)),
        None,
    ]


def test_login_changes_the_identifier_and_keeps_what_a_visitor_had():
    """The cart stays, the old identifier has ended, and the cookie is the new one."""
    app = make_app()
    old = cookie_of(ask(app, "/set/cart/pen"))
    new = cookie_of(ask(app, "/login/alice", old))
    assert new != old
    assert ask(app, "/show", new).json == {"cart": "pen"}
    assert ask(app, "/who", old).json == {}
    assert ask(app, "/show", old).json == {}


def test_data_of_another_user_are_not_taken_over():
    """Whoever signs in at a machine where somebody forgot to sign out begins with nothing."""
    app = make_app()
    alice = cookie_of(ask(app, "/login/alice"))
    ask(app, "/set/secret/1", alice)
    bob = cookie_of(ask(app, "/login/bob", alice))
    assert ask(app, "/show", bob).json == {}


def test_what_the_login_request_stores_is_stored():
    """Before and after the call, in lists that were read before, too."""
    app = make_app()

    @app.get("/begin")
    def begin():
        session["log"] = ["came"]
        return "begun"

    @app.get("/enter")
    def enter():
        log = session["log"]
        session["before"] = 1
        login("alice")
        session["after"] = 2
        log.append("entered")
        return "entered"

    new = cookie_of(ask(app, "/enter", cookie_of(ask(app, "/begin"))))
    assert ask(app, "/show", new).json == {"log": ["came", "entered"], "before": 1, "after": 2}


def test_one_role_may_be_given_as_text():
    """A text is one role, not its letters."""
    app = make_app()
    app.add_url_rule("/enter", view_func=lambda: login("alice", roles="auditor") or "in")
    assert ask(app, "/who", cookie_of(ask(app, "/enter"))).json["roles"] == ["auditor"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="no browser"),
        pytest.param({"Sec-Fetch-Site": "same-origin"}, 200, id="same origin"),
        pytest.param({"Sec-Fetch-Site": "none"}, 200, id="typed in"),
        pytest.param({"Origin": "http://localhost"}, 200, id="own origin"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, 403, id="sibling"),
        pytest.param({"Origin": "https://evil.test"}, 403, id="other origin"),
        pytest.param({"Origin": "null"}, 403, id="null"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_login_refuses_other_origins(headers, status, method):
    """Nobody is signed into somebody else's account by another site's page, cookie or not."""
    app = make_app()
    response = ask(app, "/login/mallory", method=method, headers=headers)
    assert response.status_code == status
    assert bool(lines(response)) is (status == 200)


def test_login_from_a_trusted_origin_passes():
    """An origin that may act may also sign in."""
    app = make_app(STRICT_COOKIES_TRUSTED_ORIGINS=["https://id.example.com"])
    headers = {"Origin": "https://id.example.com", "Sec-Fetch-Site": "cross-site"}
    assert ask(app, "/login/alice", method="POST", headers=headers).status_code == 200


def test_login_beyond_the_limit_raises_in_the_view():
    """The application says so to its user; nobody was signed in."""
    app = make_app(options={"per_user": 1, "at_limit": "deny"})
    app.register_error_handler(SessionLimitError, lambda error: (f"{error.limit} already", 409))
    ask(app, "/login/alice")
    response = ask(app, "/login/alice")
    assert (response.status_code, response.text, lines(response)) == (409, "1 already", [])


# --- reauthenticate, logout ---


def test_reauthentication_changes_the_identifier_and_the_moment(clock):
    """Roles, level and data stay."""
    app = make_guarded(clock)
    old = cookie_of(ask(app, "/login/alice?role=auditor&aal=2"))
    ask(app, "/set/a/1", old)
    clock.turn(20 * MINUTE)
    assert ask(app, "/sensitive", old).status_code == 401
    new = cookie_of(ask(app, "/reauthenticate", old))
    assert ask(app, "/sensitive", new).text == "at /sensitive"
    assert ask(app, "/show", new).json == {"a": "1"}
    assert ask(app, "/who", new).json["roles"] == ["auditor"]
    assert ask(app, "/who", new).json["aal"] == 2
    assert ask(app, "/who", old).json == {}


@pytest.mark.parametrize("path", ["/set/a/1", None])
def test_nobody_is_reauthenticated_who_is_not_signed_in(path):
    """A visitor gets a 401."""
    app = make_app()
    cookie = None if path is None else cookie_of(ask(app, path))
    assert ask(app, "/reauthenticate", cookie).status_code == 401


def test_another_user_does_not_confirm_the_session(caplog):
    """Whose password was checked counts, not that one was: 403, an alarm, and nothing changes."""
    app = make_guarded()
    cookie = cookie_of(ask(app, "/login/alice"))
    response = ask(app, "/reauthenticate?user=bob", cookie)
    assert (response.status_code, lines(response)) == (403, [])
    assert ask(app, "/who", cookie).json["user_id"] == "alice"
    assert manager_of(app).list_user("bob") == []
    assert [message.partition(".")[0] for message in caplog.messages] == [
        "SC707 reauthentication by another user"
    ]
    assert "alice" not in caplog.text
    assert "bob" not in caplog.text


@pytest.mark.parametrize("per_user", [None, 3])
@pytest.mark.parametrize(
    "end",
    [
        lambda sessions: sessions.end_user("alice"),
        lambda sessions: sessions.end_everyone(),
        lambda sessions: sessions.end_one("alice", sessions.list_user("alice")[0].handle),
    ],
    ids=["end_user", "end_everyone", "end_one"],
)
def test_reauthentication_does_not_revive_an_ended_session(end, per_user):
    """Ended while the view runs, it stays ended, with its roles: 401, and no cookie."""
    app = make_guarded(options={"per_user": per_user})

    def view():
        assert current_login() is not None
        end(manager_of(app))
        reauthenticate("alice", aal=2)
        return "confirmed"

    app.add_url_rule("/confirm", view_func=view)
    cookie = cookie_of(ask(app, "/login/alice?role=admin"))
    response = ask(app, "/confirm", cookie)
    assert (response.status_code, lines(response)) == (401, [])
    assert manager_of(app).list_user("alice") == []
    assert ask(app, "/who", cookie).json == {}


def test_login_begins_a_session_in_the_place_of_an_ended_one():
    """What the user has just proved holds, even if the former session was ended meanwhile."""
    app = make_guarded()

    def view():
        assert current_login() is not None
        manager_of(app).end_user("alice")
        login("alice", method="pwd")
        return "in"

    app.add_url_rule("/again", view_func=view)
    cookie = cookie_of(ask(app, "/login/alice"))
    new = cookie_of(ask(app, "/again", cookie))
    assert len(manager_of(app).list_user("alice")) == 1
    assert ask(app, "/who", new).json["user_id"] == "alice"


@pytest.mark.parametrize("method", ["", "a b", "x" * 33, "pwd\n"])
def test_method_is_a_short_word(method):
    """Nothing else of a user gets into the trail by it."""
    app = make_app()
    app.add_url_rule("/by", view_func=lambda: login("alice", method=method) or "in")
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
    assert ask(app, "/by").status_code == 500


def test_logout_ends_the_session_with_all_in_it():
    """The cookie is expired, and a copy of it worth nothing."""
    app = make_app()
    cookie = cookie_of(ask(app, "/login/alice"))
    ask(app, "/set/a/1", cookie)
    response = ask(app, "/logout", cookie)
    assert "Max-Age=0" in lines(response)[0]
    assert ask(app, "/show", cookie).json == ask(app, "/who", cookie).json == {}
    assert manager_of(app).list_user("alice") == []


def test_message_after_a_logout_is_shown():
    """A view may say good-bye in a session of its own."""
    from flask import flash

    from strict_cookies import logout

    app = make_app()
    app.add_url_rule("/bye", view_func=lambda: logout() or flash("Bye.") or "bye")
    old = cookie_of(ask(app, "/login/alice"))
    new = cookie_of(ask(app, "/bye", old))
    assert ask(app, "/who", new).json == {}
    assert ask(app, "/flashed", new).json == ["Bye."]


# --- Guards ---


@pytest.mark.parametrize("path", ["/member", "/audit", "/sensitive"])
def test_visitor_is_asked_to_sign_in(path):
    """With a login view visitors are sent there and told where they came from; else a 401."""
    assert ask(make_guarded(), path).status_code == 401
    app = make_guarded(STRICT_COOKIES_LOGIN_VIEW="sign_in_page")
    response = ask(app, f"{path}?a=1&b=2")
    assert response.status_code == 302
    assert response.headers["Location"] == f"/sign-in?next={path}?a%3D1%26b%3D2"
    response = ask(app, path, method="POST")
    assert (response.status_code, response.headers["Location"]) == (303, "/sign-in")


def test_login_view_of_flask_login_may_be_an_address():
    """Flask-Login takes an address in place of an endpoint, and so do the guards then."""
    app = make_guarded()
    app.login_manager = type("Manager", (), {"login_view": "https://id.example.com/"})()
    assert ask(app, "/member").headers["Location"] == "https://id.example.com/"


def test_store_that_failed_before_signs_nobody_in():
    """A view that catches the first failure still gets an error for the login, and a 503."""
    from strict_cookies import StoreUnavailableError

    store, caught = MemoryStore(), []

    def fail(key):
        raise StoreUnavailableError("away")

    app = make_app(store)

    @app.get("/careless")
    def careless():
        for attempt in (lambda: session.get("a"), lambda: login("alice")):
            try:
                attempt()
            except StoreUnavailableError as error:
                caught.append(str(error))
        return "went on"

    cookie = cookie_of(ask(app, "/set/a/1"))
    store.read = fail
    response = ask(app, "/careless", cookie)
    assert (response.status_code, lines(response)) == (503, [])
    assert caught == ["away", "The session store did not answer. No user was signed in."]


def test_way_back_has_the_mount(clock):
    """The path to come back to is the one in the browser."""
    app = make_guarded(STRICT_COOKIES_LOGIN_VIEW="sign_in_page")
    response = ask(app, "/member", base_url="http://localhost/erp/")
    assert response.headers["Location"] == "/erp/sign-in?next=/erp/member"


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        pytest.param("", 403, id="no role"),
        pytest.param("?role=clerk", 403, id="another role"),
        pytest.param("?role=audit", 403, id="part of a role"),
        pytest.param("?role=auditor", 200, id="the role"),
        pytest.param("?role=clerk&role=admin", 200, id="one of two"),
    ],
)
def test_role_is_asked_for(roles, status):
    """One of the roles is enough; without any, the view is forbidden."""
    app = make_guarded()
    cookie = cookie_of(ask(app, f"/login/alice{roles}"))
    assert ask(app, "/audit", cookie).status_code == status
    assert ask(app, "/member", cookie).status_code == 200


def test_login_is_fresh_for_a_while(clock):
    """Fifteen minutes, or as long as the view says."""
    app = make_guarded(clock)
    cookie = cookie_of(ask(app, "/login/alice"))
    for wait, sensitive, critical in (
        (0, 200, 200),
        (MINUTE, 200, 200),
        (1, 200, 401),
        (14 * MINUTE, 401, 401),
    ):
        clock.turn(wait)
        assert ask(app, "/sensitive", cookie).status_code == sensitive
        assert ask(app, "/critical", cookie).status_code == critical


def test_login_of_the_future_is_not_fresh(clock):
    """A clock that was set back makes no old login fresh for longer."""
    moment = datetime.fromtimestamp(clock(), UTC)
    found = Login("alice", (), 1, moment)
    for seconds, fresh in ((0, True), (MAX_SKEW, True), (MAX_SKEW + 1, False), (HOUR, False)):
        assert found.is_fresh(now=moment - timedelta(seconds=seconds)) is fresh
    assert not found._replace(authenticated_at=None).is_fresh(now=moment)


def test_login_that_was_just_now_is_fresh():
    """Without a moment the present counts."""
    assert Login("alice", (), 1, datetime.now(UTC)).is_fresh()


@pytest.mark.parametrize(("binding", "status"), [("log", 200), ("challenge", 401), ("off", 200)])
def test_other_browser_is_challenged(binding, status):
    """With a challenge a sensitive view asks anew; the rest goes on, also for the first browser."""
    app = make_guarded(options={"binding": binding})
    cookie = cookie_of(ask(app, "/login/alice"))
    other = {"User-Agent": CHROME}
    assert ask(app, "/sensitive", cookie, headers=other).status_code == status
    assert ask(app, "/member", cookie, headers=other).status_code == 200
    assert ask(app, "/sensitive", cookie).status_code == 200


def test_challenge_is_met_by_proving_it(clock):
    """After reauthentication the other browser is the familiar one."""
    app = make_guarded(clock, options={"binding": "challenge"})
    cookie = cookie_of(ask(app, "/login/alice"))
    other = {"User-Agent": CHROME}
    new = cookie_of(ask(app, "/reauthenticate", cookie, headers=other))
    assert ask(app, "/sensitive", new, headers=other).status_code == 200


@pytest.mark.parametrize("path", ["/member", "/audit", "/sensitive"])
@pytest.mark.parametrize("signed_in", [True, False])
def test_guarded_page_is_stored_nowhere(path, signed_in):
    """Neither the page nor the answer that asks for a login is in any cache."""
    app = make_guarded(STRICT_COOKIES_LOGIN_VIEW="sign_in_page")
    cookie = cookie_of(ask(app, "/login/alice?role=auditor")) if signed_in else None
    response = ask(app, path, cookie)
    assert response.status_code == (200 if signed_in else 302)
    assert response.headers["Cache-Control"] == "no-store"


def test_guards_are_used_right():
    """A guard that would let everybody in, for want of parentheses or roles, raises at once."""
    with pytest.raises(TypeError, match="needs a role"):
        requires_role()
    with pytest.raises(TypeError, match="needs a role"):
        requires_role(lambda: "view")
    with pytest.raises(TypeError, match="needs parentheses"):
        requires_fresh_login(lambda: "view")


def test_guard_keeps_the_name_of_the_view():
    """Endpoints are as before."""

    def view():
        return "view"

    for guard in (requires_login, requires_role("a"), requires_fresh_login()):
        assert guard(view).__name__ == "view"


@pytest.mark.parametrize("path", ["/member", "/audit", "/sensitive", "/who"])
def test_session_that_is_not_on_the_server_is_told(path):
    """With Flask's own session nothing is guarded by mistake: the request fails and says why."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET, TESTING=True, STRICT_COOKIES_SESSIONS="flask")
    StrictCookies(app)
    app.add_url_rule("/member", view_func=requires_login(lambda: ""))
    app.add_url_rule("/audit", "audit", requires_role("a")(lambda: ""))
    app.add_url_rule("/sensitive", "sensitive", requires_fresh_login()(lambda: ""))
    app.add_url_rule("/who", "who", lambda: str(current_login()))
    with pytest.raises(ConfigurationError, match="The session is a SecureCookieSession"):
        app.test_client().get(path)


def test_application_without_strict_cookies_is_told():
    """Whoever forgot StrictCookies(app) hears so at the first login."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET, TESTING=True)
    app.add_url_rule("/enter", view_func=lambda: login("alice") or "in")
    with pytest.raises(ConfigurationError, match=r"add StrictCookies\(app\)"):
        app.test_client().get("/enter")
