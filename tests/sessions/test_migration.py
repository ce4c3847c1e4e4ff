"""Moving from Flask's own session: nobody is signed out by the first deploy."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface

from strict_cookies import PolicyError, StrictCookies, current_login, login
from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.sessions.app_sessions import Storage, create_sessions
from strict_cookies.sessions.interface import ServerSessionInterface
from strict_cookies.sessions.stores.memory import MemoryStore

from .apps import COOKIE, DAY, SECRET, Clock, lines, manager_of, rows_of

UNTIL = "2027-03-31"
#: The last second in which a session is taken over.
END = datetime(2027, 3, 31, 23, 59, 59, tzinfo=UTC)


def make_app(*, protect=True, clock=None, flask_login=False, **config):
    """Make an application, before or after the deploy that brings Strict Cookies."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET, STRICT_COOKIES_MODE="enforce", TESTING=True, **config)

    @app.get("/set/<key>/<value>")
    def put(key, value):
        session[key] = value
        return dict(session)

    @app.get("/show")
    def show():
        return dict(session)

    @app.get("/clear")
    def clear():
        session.clear()
        return "cleared"

    @app.get("/login/<user>")
    def sign_in(user):
        login(user)
        return "in"

    @app.get("/who")
    def who():
        found = current_login()
        return {} if found is None else {"user": found.user_id, "fresh": found.is_fresh()}

    if protect:
        app.config.setdefault("STRICT_COOKIES_SESSION_MIGRATION_UNTIL", UNTIL)
        StrictCookies(app)
        if flask_login:
            app.login_manager = object()
        protection = app.extensions["strict_cookies"]
        options, clock = protection.session_options, clock or Clock(END.timestamp() - 30 * DAY)
        protection._sessions = create_sessions(
            app,
            options,
            Storage(MemoryStore(), MemoryArchive()),
            protection.config_before(),
            clock=clock,
        )
        app.session_interface = ServerSessionInterface(protection.prepare_sessions, clock=clock)
    return app


def old_cookie(**data):
    """Give a session as plain Flask would have written it, now."""
    app = make_app(protect=False)
    return SecureCookieSessionInterface().get_signing_serializer(app).dumps(data)


def ask(app, path, **cookies):
    field = "; ".join(f"{name.replace('HOST', COOKIE)}={value}" for name, value in cookies.items())
    client = app.test_client(use_cookies=False)
    return client.get(path, headers={"Cookie": field} if field else {})


def sent(response):
    """Give the cookies of a response by name."""
    return dict(line.partition(";")[0].split("=", 1) for line in lines(response))


def test_nobody_is_signed_out_by_the_first_deploy():
    """A real browser's jar from before the deploy goes on, and holds the new cookie alone."""
    before = make_app(protect=False)
    after = make_app()
    client = before.test_client()
    client.get("/set/user/alice")
    client.application = after
    assert client.get("/show").json == {"user": "alice"}
    assert client.get_cookie("session") is None
    assert client.get_cookie(COOKIE) is not None
    assert client.get("/set/b/2").json == {"user": "alice", "b": "2"}
    assert client.get("/show").json == {"user": "alice", "b": "2"}


def test_old_cookie_is_read_once_and_expired():
    """The answer brings the new cookie, expires the former one, and is stored nowhere."""
    response = ask(make_app(), "/show", session=old_cookie(a=1))
    assert response.json == {"a": 1}
    assert set(sent(response)) == {"session", COOKIE}
    (expiry,) = [line for line in lines(response) if line.startswith("session=")]
    assert expiry == (
        "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure; HttpOnly; "
        "SameSite=Lax"
    )
    assert response.headers["Cache-Control"] == "no-store"


def test_old_cookie_shown_again_leads_to_the_same_session():
    """Parallel requests of one page share the session that the first one moved."""
    app, old = make_app(), old_cookie(a=1)
    for name in "xyz":
        assert ask(app, f"/set/{name}/1", session=old).status_code == 200
    assert ask(app, "/show", session=old).json == {"a": 1, "x": "1", "y": "1", "z": "1"}


def test_copy_of_an_old_cookie_is_worth_nothing_after_a_logout():
    """What Flask's own session could not do: a stolen cookie ends with the session."""
    app, old = make_app(), old_cookie(user="alice")
    new = sent(ask(app, "/show", session=old))[COOKIE]
    ask(app, "/clear", HOST=new)
    for _ in range(2):
        response = ask(app, "/show", session=old)
        assert response.json == {}
        assert COOKIE not in sent(response)


def test_logout_with_the_old_cookie_ends_it_too():
    """Whoever signs out in the very first request after the deploy is signed out."""
    app, old = make_app(), old_cookie(user="alice")
    response = ask(app, "/clear", session=old)
    assert sent(response) == {"session": "", COOKIE: ""}
    assert ask(app, "/show", session=old).json == {}


def test_new_session_beats_the_old_one():
    """A browser that sends both, because the former one was not expired yet, has the new one."""
    app, old = make_app(), old_cookie(a="old")
    new = sent(ask(app, "/set/a/new", session=old))[COOKIE]
    assert ask(app, "/show", session=old, HOST=new).json == {"a": "new"}


def test_same_name_is_moved_as_well():
    """Where the cookie's name stays, its value says of which kind it is."""
    app = make_app(SESSION_COOKIE_NAME="erp")
    response = ask(app, "/show", erp=old_cookie(a=1))
    assert response.json == {"a": 1}
    assert list(sent(response)) == ["erp"]
    assert ask(app, "/show", erp=sent(response)["erp"]).json == {"a": 1}


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        pytest.param(END - timedelta(seconds=1), True, id="last second"),
        pytest.param(END, False, id="end"),
        pytest.param(END + timedelta(days=1), False, id="day after"),
    ],
)
def test_after_the_end_old_cookies_count_for_nothing(now, moved):
    """The last day counts whole, and from then on nothing is taken over or answered."""
    app = make_app(clock=Clock(now.timestamp()))
    response = ask(app, "/show", session=old_cookie(a=1))
    assert response.json == ({"a": 1} if moved else {})
    assert bool(lines(response)) is moved


def test_without_the_setting_old_cookies_count_for_nothing():
    """The former cookie is a stray that is cut, and nothing of it is read."""
    app = make_app(STRICT_COOKIES_SESSION_MIGRATION_UNTIL=None)
    assert ask(app, "/show", session=old_cookie(a=1)).json == {}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("rubbish", id="rubbish"),
        pytest.param("", id="empty"),
        pytest.param(old_cookie(a=1)[:-1] + "!", id="changed"),
        pytest.param(old_cookie(), id="empty session"),
    ],
)
def test_cookie_that_flask_would_refuse_is_not_taken_over(value):
    """A forged or empty one brings neither a session nor an answer, and leaves no row."""
    app = make_app()
    response = ask(app, "/show", session=value)
    assert response.json == {}
    assert lines(response) == []
    assert rows_of(app.extensions["strict_cookies"].sessions) == 0


def test_cookie_that_is_too_old_for_flask_is_not_taken_over(monkeypatch):
    """PERMANENT_SESSION_LIFETIME holds as it held before."""
    old = old_cookie(a=1)
    app = make_app(PERMANENT_SESSION_LIFETIME=timedelta(days=1))
    from itsdangerous import timed

    real = timed.time.time
    monkeypatch.setattr(timed.time, "time", lambda: real() + 2 * DAY)
    assert ask(app, "/show", session=old).json == {}


def test_page_that_does_not_look_moves_nothing():
    """As ever, only who looks at the session is answered."""
    app = make_app()
    app.add_url_rule("/quiet", view_func=lambda: "quiet")
    assert lines(ask(app, "/quiet", session=old_cookie(a=1))) == []


def test_moved_login_is_listed_and_not_fresh():
    """Beside Flask-Login the user is known; when he signed in is not, so he proves it again."""
    app = make_app(flask_login=True)
    response = ask(app, "/who", session=old_cookie(_user_id="7"))
    assert response.json == {"user": "7", "fresh": False}
    (info,) = app.extensions["strict_cookies"].sessions.list_user("7")
    assert info.device == "Unknown browser"


def test_former_cookie_is_declared_while_sessions_are_moved():
    """The page tells visitors of it, the firewall lets it in, and it may not last."""
    names = [cookie.name for cookie in make_app().extensions["strict_cookies"].policy.cookies]
    assert names == [COOKIE, "session"]
    app = make_app(STRICT_COOKIES_SESSION_MIGRATION_UNTIL=None)
    names = [cookie.name for cookie in app.extensions["strict_cookies"].policy.cookies]
    assert names == [COOKIE]


def test_former_cookie_with_a_domain_is_expired_where_it_was_set():
    """The expiry has the attributes under which Flask had set it."""
    app = make_app(SESSION_COOKIE_DOMAIN="example.com", SESSION_COOKIE_PATH="/shop")
    client = app.test_client(use_cookies=False)
    headers = {"Cookie": f"session={old_cookie(a=1)}", "Host": "example.com"}
    response = client.get("/show", headers=headers, base_url="https://example.com")
    expiry = next(line for line in lines(response) if line.startswith("session="))
    assert "; Domain=example.com; Path=/shop; Secure; HttpOnly" in expiry


def test_policy_that_contradicts_the_former_cookie_is_told():
    """Settings under which no cookie could be declared stop the start, as ever."""
    with pytest.raises(PolicyError, match="SESSION_COOKIE_"):
        make_app(SESSION_COOKIE_NAME="erp", SESSION_COOKIE_DOMAIN="nodot")


# --- Older copies of a cookie, as Flask signed them at each change ---


def migrate(app, **data):
    """Take a session over; return two other copies of its cookie, and the new one."""
    copies = [old_cookie(**data, page=page) for page in (1, 2)]
    new = sent(ask(app, "/show", session=old_cookie(**data, page=3)))[COOKIE]
    return copies, new


ENDS = {
    "logout": lambda app, new: ask(app, "/clear", HOST=new),
    "logout after a login": lambda app, new: ask(
        app, "/clear", HOST=sent(ask(app, "/login/7", HOST=new))[COOKIE]
    ),
    "end_user": lambda app, new: manager_of(app).end_user("7"),
    "end_everyone": lambda app, new: manager_of(app).end_everyone(),
}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("key", ["_user_id", "user_id", "memberId"])
def test_no_copy_opens_an_ended_session_again(how, key):
    """Neither an older one nor the one that was migrated; another user is not affected."""
    app = make_app(flask_login=key == "_user_id")
    copies, new = migrate(app, **{key: "7"})
    other = old_cookie(**{key: "8"})
    ENDS[how](app, new)
    for copy in copies:
        response = ask(app, "/show", session=copy)
        assert response.json == {}
        assert sent(response)["session"] == ""
    expected = {} if how == "end_everyone" else {key: "8"}
    assert ask(app, "/show", session=other).json == expected


def test_copy_stays_refused_after_a_purge():
    """The note is kept as long as sessions are migrated."""
    clock = Clock(END.timestamp() - 30 * DAY)
    app = make_app(clock=clock)
    copies, new = migrate(app, user_id="7")
    ask(app, "/clear", HOST=new)
    clock.turn(5 * DAY)
    while manager_of(app).purge():
        pass
    assert ask(app, "/show", session=copies[0]).json == {}


def test_expired_session_is_not_opened_again_by_a_copy():
    """Once its expiry is noticed, older copies do not extend it."""
    clock = Clock(END.timestamp() - 30 * DAY)
    app = make_app(clock=clock)
    copies, new = migrate(app, user_id="7")
    clock.turn(2 * DAY)
    assert ask(app, "/show", HOST=new).json == {}
    assert ask(app, "/show", session=copies[0]).json == {}


def test_end_of_a_session_without_a_user_affects_no_other():
    """The session of a visitor says not whose it is."""
    app = make_app()
    _, new = migrate(app, cart=[1])
    ask(app, "/clear", HOST=new)
    assert ask(app, "/show", session=old_cookie(cart=[2])).json == {"cart": [2]}


def test_cookie_that_was_signed_later_is_accepted():
    """After a rollback, Flask signs again; an end of before is about the past."""
    clock = Clock(time.time() - 10)
    app = make_app(clock=clock, STRICT_COOKIES_SESSION_MIGRATION_UNTIL="2099-01-01")
    manager_of(app).end_user("7")
    assert ask(app, "/show", session=old_cookie(user_id="7")).json == {"user_id": "7"}
