"""What the interface puts on responses, and what becomes of a request whose store fails."""

from __future__ import annotations

import pytest
from flask import Flask, Response, render_template_string, session
from flask.sessions import SecureCookieSessionInterface
from werkzeug.test import EnvironBuilder

from strict_cookies import ConfigurationError, StrictCookies
from strict_cookies.errors import StoreUnavailableError
from strict_cookies.sessions.interface import (
    RETRY_AFTER,
    ServerSessionInterface,
    mark_personal,
)
from strict_cookies.sessions.stores.memory import MemoryStore
from strict_cookies.sessions.stores.sqlite import SQLiteStore
from strict_cookies.signals import session_alarm
from tests.wsgi import run

from .apps import (
    COOKIE,
    DAY,
    HOUR,
    MINUTE,
    SECRET,
    Clock,
    ask,
    cookie_of,
    lines,
    make_app,
    manager_of,
    rows_of,
)

# --- Vary and Cache-Control ---


@pytest.mark.parametrize(
    ("given", "vary"),
    [({}, "Cookie"), ({"Vary": "Accept"}, "Accept, Cookie"), ({"vary": "cookie"}, "cookie"),
     ({"Vary": "*"}, "*, Cookie")],
)  # fmt: skip
def test_personal_response_varies_by_cookie(given, vary):
    """What the view says stays."""
    response = Response(headers=given)
    mark_personal(response)
    assert response.headers.getlist("Vary") == [vary]
    assert response.headers.getlist("Cache-Control") == ["private"]


@pytest.mark.parametrize("cookie", [None, "forged", "live"])
@pytest.mark.parametrize(
    "look",
    [
        pytest.param(lambda: "a" in session, id="in"),
        pytest.param(lambda: len(session), id="len"),
        pytest.param(lambda: bool(session), id="bool"),
        pytest.param(lambda: list(session), id="iteration"),
        pytest.param(lambda: session.get("a"), id="get"),
        pytest.param(lambda: session.keys(), id="keys"),
        pytest.param(lambda: session.permanent, id="permanent"),
        pytest.param(lambda: session == {}, id="comparison"),
        pytest.param(lambda: session.new, id="new"),
        pytest.param(lambda: render_template_string("{{ session.a }}"), id="template"),
        pytest.param(lambda: render_template_string("{% if session %}{% endif %}"), id="truth"),
    ],
)
def test_every_look_is_marked(cookie, look):
    """CVE-2026-27205: whatever way a request looks at its session, the response says so."""
    app = make_app()
    app.add_url_rule("/look", view_func=lambda: f"{look() and 1}")
    if cookie == "live":
        cookie = cookie_of(ask(app, "/set/a/1"))
    response = ask(app, "/look", cookie)
    assert response.headers.getlist("Vary") == ["Cookie"]
    assert response.headers.getlist("Cache-Control") == ["private"]
    assert lines(response) == []


@pytest.mark.parametrize("path", ["/set/a/1", "/clear", "/renew/x", "/login/x", "/logout"])
def test_response_with_a_cookie_is_stored_nowhere(path):
    """CVE-2023-30861: every response with the session's Set-Cookie has Vary and no-store."""
    app = make_app()
    cookie = None if path == "/set/a/1" else cookie_of(ask(app, "/set/a/1"))
    response = ask(app, path, cookie)
    assert len(lines(response)) == 1
    assert response.headers["Vary"] == "Cookie"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["CDN-Cache-Control", "Surrogate-Control", "X-Accel-Expires"])
def test_fields_for_single_caches_do_not_share_a_personal_response(name):
    """A view's own field that overrides Cache-Control somewhere is removed."""
    app = make_app()

    @app.get("/look")
    def look():
        return f"{session.get('a')}", {name: "max-age=60", "Cache-Control": "public, max-age=60"}

    response = ask(app, "/look", cookie_of(ask(app, "/set/a/1")))
    assert name not in response.headers
    assert response.headers.getlist("Cache-Control") == ["max-age=60, private"]


@pytest.mark.parametrize(("setting", "control"), [(False, "private"), (True, "no-store")])
def test_setting_keeps_what_reads_a_login_out_of_all_caches(setting, control):
    """It is about signed-in users; a visitor's page may be stored by their browser."""
    app = make_app(no_store=setting)
    signed_in = cookie_of(ask(app, "/login/alice"))
    visitor = cookie_of(ask(app, "/set/a/1"))
    assert ask(app, "/show", signed_in).headers["Cache-Control"] == control
    assert ask(app, "/show", visitor).headers["Cache-Control"] == "private"


# --- The store is away ---


class Away:
    """A store that answers, or not."""

    def __init__(self, *failing):
        self.failing = failing
        self.store = MemoryStore()

    def __getattr__(self, name):
        if name in self.failing or ("all" in self.failing and name != "tag"):

            def fail(*args, **options):
                raise StoreUnavailableError("The disk is full. Make room.")

            return fail
        return getattr(self.store, name)


def assert_unavailable(response, body=None):
    """A 503 that says when to try again, carries no cookie and no trace, and is kept nowhere."""
    assert response.status_code == 503
    assert response.headers["Retry-After"] == str(RETRY_AFTER)
    assert response.headers["Cache-Control"] == "no-store"
    assert lines(response) == []
    assert "Traceback" not in response.text
    assert "disk" not in response.text
    if body is None:
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert response.text.startswith("Service Unavailable\n")
    else:
        assert response.text == body


def look_after_each_request(app):
    """Look at the session when the view has answered, as Flask-Login does."""

    @app.after_request
    def look(response):
        session.get("a")
        return response


@pytest.mark.parametrize("testing", [True, False])
@pytest.mark.parametrize(
    ("failing", "path"),
    [
        ("read", "/show"),
        ("read", "/set/a/2"),
        ("read", "/login/alice"),
        ("read", "/logout"),
        ("read", "/clear"),
        ("read", "/count"),
        ("update", "/set/a/2"),
        ("update", "/count"),
        ("replace", "/login/alice"),
        ("end", "/logout"),
        ("end", "/clear"),
        ("end", "/renew/alice"),
        ("lock", "/count"),
    ],
)
def test_failing_store_is_a_503(failing, path, testing):
    """Whatever part of the store fails, and wherever: never a page, a trace or a new session."""
    store = Away()
    app = make_app(store, TESTING=testing)
    cookie = cookie_of(ask(app, "/set/a/1"))
    store.failing = (failing,)
    assert_unavailable(ask(app, path, cookie))
    store.failing = ()
    assert ask(app, "/show", cookie).json == {"a": "1"}


@pytest.mark.parametrize("path", ["/set/a/1", "/flash/x", "/login/alice", "/renew/alice"])
def test_session_that_can_not_be_begun_is_a_503(path):
    """No cookie leaves for a session that is not there."""
    store = Away("create")
    app = make_app(store)
    assert_unavailable(ask(app, path))
    assert store.store._rows == {}


@pytest.mark.parametrize("cookie", [None, "live"])
def test_page_that_does_not_look_works_without_the_store(cookie):
    """Nobody misses a store that is not asked."""
    store = Away()
    app = make_app(store)
    if cookie:
        cookie = cookie_of(ask(app, "/set/a/1"))
    store.failing = ("all",)
    assert ask(app, "/untouched", cookie).text == "untouched"


def test_visitor_without_a_cookie_can_read_without_the_store():
    """Whoever has no session can be told so by nobody else."""
    app = make_app(Away("all"))
    assert ask(app, "/show").json == {}


def test_touch_that_fails_does_not_matter():
    """The page was read already; only the note of its time is missing, and the log has it."""
    store, clock, seen = Away(), Clock(), []
    app = make_app(store, clock=clock)
    cookie = cookie_of(ask(app, "/set/a/1"))
    store.failing = ("touch",)
    clock.turn(5 * MINUTE)

    def receive(sender, reason, count):
        seen.append(reason.id)

    with session_alarm.connected_to(receive):
        assert ask(app, "/show", cookie).json == {"a": "1"}
    assert seen == ["SC705"]


def test_notice_that_fails_does_not_matter():
    """The logout has happened, and that is what counts."""
    store = Away()
    app = make_app(store)
    cookie = cookie_of(ask(app, "/set/a/1"))
    store.failing = ("create",)
    assert ask(app, "/logout", cookie).text == "out"
    store.failing = ()
    assert ask(app, "/show", cookie).json == {}


@pytest.mark.parametrize("where", ["application", "blueprint"])
@pytest.mark.parametrize("testing", [True, False])
def test_error_handlers_of_the_application_change_nothing(where, testing):
    """A handler of every exception, which itself looks at the session, ends in the 503 as well."""
    from flask import Blueprint

    store = Away()
    app = make_app(store, TESTING=testing)
    blueprint = Blueprint("own", __name__)
    blueprint.add_url_rule("/own", view_func=lambda: str(session.get("a")))
    handler = (app if where == "application" else blueprint).register_error_handler
    handler(Exception, lambda error: (f"an error page for {session.get('a')}", 500))
    app.register_blueprint(blueprint)
    look_after_each_request(app)
    cookie = cookie_of(ask(app, "/set/a/1"))
    store.failing = ("all",)
    assert_unavailable(ask(app, "/own", cookie))


def test_after_request_function_that_looks_first_is_a_503():
    """Flask-Login looks at the session after every request; also then there is no error page."""
    store = Away()
    app = make_app(store, TESTING=False, PROPAGATE_EXCEPTIONS=False)
    look_after_each_request(app)
    cookie = cookie_of(ask(app, "/set/a/1"))
    store.failing = ("all",)
    assert_unavailable(ask(app, "/untouched", cookie))


def test_own_page_for_a_503_is_shown():
    """An application that has a page for a 503 shows it, and it may look at the session."""
    store = Away()
    app = make_app(store)

    @app.errorhandler(503)
    def answer(error):
        response = Response(f"Closed for {session.get('a', 'you')}", 503)
        response.set_cookie("other", "1")
        return response

    cookie = cookie_of(ask(app, "/set/a/1"))
    store.failing = ("all",)
    assert_unavailable(ask(app, "/show", cookie), body="Closed for you")


def test_failure_while_saving_closes_the_body_that_was_to_be_sent():
    """A streamed answer that is replaced is closed, as the server would have closed it."""
    store, closed = Away(), []
    app = make_app(store)

    class Body:
        def __iter__(self):
            return iter([b"never sent"])

        def close(self):
            closed.append(True)

    @app.get("/stream")
    def stream():
        session["a"] = 2
        return Response(Body(), headers={"X-Other": "1", "Content-Type": "text/html"})

    cookie = cookie_of(ask(app, "/set/a/1"))
    store.failing = ("update",)
    response = ask(app, "/stream", cookie, buffered=True)
    assert_unavailable(response)
    assert "X-Other" not in response.headers
    assert closed == [True]


def test_two_stores_in_use_at_once_are_a_503():
    """Two servers with a store each answer with an error, not with a login page in turns."""
    clock = Clock()
    one, other = make_app(clock=clock), make_app(clock=clock)
    cookie = cookie_of(ask(one, "/login/alice"))
    assert_unavailable(ask(other, "/who", cookie))
    assert ask(one, "/who", cookie).json["user_id"] == "alice"


def test_503_passes_the_lint_of_wsgi():
    """The answer keeps to PEP 3333, for HEAD as well."""
    app = make_app(Away("all"))
    app.testing = False
    for method in ("GET", "HEAD"):
        environ = EnvironBuilder("/set/a/1", method="GET").get_environ()
        environ["REQUEST_METHOD"] = method
        body, status, headers = run(app, environ)
        assert status == "503 SERVICE UNAVAILABLE"
        assert headers["Retry-After"] == str(RETRY_AFTER)
        assert bool(body) is (method == "GET")


# --- Life ---


def test_idle_session_ends(monkeypatch):
    """After an hour without activity the visitor begins anew, with a cookie of his own."""
    clock = Clock()
    app = make_app(clock=clock)
    cookie = cookie_of(ask(app, "/login/alice"))
    clock.turn(HOUR)
    assert ask(app, "/who", cookie).json == {}
    assert lines(ask(app, "/who", cookie)) == []
    assert cookie_of(ask(app, "/set/csrf/x", cookie)) != cookie


def test_background_request_is_no_activity():
    """A page that asks for news every minute does not keep its user signed in."""
    clock = Clock()
    app = make_app(clock=clock)
    cookie = cookie_of(ask(app, "/login/alice"))
    for _ in range(59):
        clock.turn(MINUTE)
        assert ask(app, "/background/a/nothing", cookie).status_code == 200
    clock.turn(MINUTE)
    assert ask(app, "/who", cookie).json == {}


def test_purge_runs_after_the_response(monkeypatch):
    """It is drawn at a touch, happens when the answer has gone, and harms nobody if it fails."""
    clock, store = Clock(), Away()
    app = make_app(store, clock=clock)
    manager = manager_of(app)
    monkeypatch.setattr(manager, "is_purge_due", lambda: True)
    cookie_of(ask(app, "/set/old/1"))
    clock.turn(3 * DAY)
    cookie = cookie_of(ask(app, "/set/new/1"))
    ask(app, "/show", cookie, buffered=True)
    assert len(store.store._rows) == 2
    clock.turn(2 * MINUTE)
    with app.test_client(use_cookies=False) as client:
        response = client.get("/show", headers={"Cookie": f"{COOKIE}={cookie}"})
        assert len(store.store._rows) == 2
        response.close()
        assert len(store.store._rows) == 1
    store.failing = ("purge",)
    clock.turn(2 * MINUTE)
    assert ask(app, "/show", cookie, buffered=True).json == {"new": "1"}


# --- Which interface ---


def make_plain(**config):
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET, **config)
    StrictCookies(app)
    app.add_url_rule("/set", view_func=lambda: session.update(a=1) or "set")
    return app


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        pytest.param({}, SQLiteStore, id="default"),
        pytest.param({"TESTING": True}, MemoryStore, id="testing"),
        pytest.param({"TESTING": True, "STRICT_COOKIES_SESSIONS": "sqlite"}, SQLiteStore,
                     id="testing, named"),
    ],
)  # fmt: skip
def test_store_is_a_file_unless_testing(config, kind):
    """A file in the instance folder; in memory while testing, unless one was named."""
    app = make_plain(**config)
    assert lines(app.test_client().get("/set")) != []
    assert type(manager_of(app).store) is kind


def test_store_may_be_named_by_path(tmp_path):
    """A path makes the file there, and nothing before it is used."""
    app = make_plain(
        STRICT_COOKIES_SESSIONS=str(tmp_path / "own.sqlite"), STRICT_COOKIES_TRAIL="off"
    )
    app.test_client().get("/missing")
    assert not (tmp_path / "own.sqlite").exists()
    app.test_client().get("/set")
    assert (tmp_path / "own.sqlite").exists()


def test_store_may_be_handed_in():
    """Any object that keeps the contract."""
    store = MemoryStore()
    app = make_plain(STRICT_COOKIES_SESSIONS=store)
    app.test_client().get("/set")
    assert len(store._rows) == 1


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({"STRICT_COOKIES_SESSIONS": "flask"}, id="by name"),
        pytest.param({"STRICT_COOKIES_MODE": "report-only"}, id="report-only"),
        pytest.param(
            {"STRICT_COOKIES_MODE": "report-only", "STRICT_COOKIES_SESSIONS": "sqlite"},
            id="report-only, named",
        ),
    ],
)
def test_flask_keeps_its_own_session_where_it_is_asked_to(config):
    """Flask's own interface stays, or is given back; signing in then says what to do."""
    app = make_plain(**config)
    line = app.test_client().get("/set").headers["Set-Cookie"]
    assert type(app.session_interface) is SecureCookieSessionInterface
    assert SecureCookieSessionInterface().get_signing_serializer(app).loads(
        line.partition("=")[2].partition(";")[0]
    ) == {"a": 1}
    with pytest.raises(ConfigurationError, match="Flask's own session is in use"):
        manager_of(app)


def test_interface_of_the_application_stays():
    """Whoever brings a session interface of his own keeps it, before or after."""

    class Own(SecureCookieSessionInterface):
        pass

    for before in (True, False):
        app, own = Flask(__name__), Own()
        app.config.update(SECRET_KEY=SECRET)
        if before:
            app.session_interface = own
        StrictCookies(app)
        app.session_interface = own
        assert app.test_client().get("/").status_code == 404
        assert app.session_interface is own


def test_two_ways_to_keep_sessions_are_refused():
    """A store that was named beside an interface of somebody else's would be for nothing."""
    app = make_plain(STRICT_COOKIES_SESSIONS="sqlite")
    app.session_interface = SecureCookieSessionInterface()
    with pytest.raises(ConfigurationError, match="SecureCookieSessionInterface opens the sessions"):
        app.test_client().get("/set")


def test_rows_of_another_application_are_not_shared():
    """Two applications on one store do not read each other's sessions, having other secrets."""
    store = MemoryStore()
    one = make_app(store, options={"secret": "1" * 32})
    other = make_app(store, options={"secret": "2" * 32})
    cookie = cookie_of(ask(one, "/set/a/1"))
    assert ask(other, "/show", cookie).json == {}
    assert rows_of(manager_of(other)) == 1


def test_interface_is_ours_by_default():
    """The default keeps sessions on the server."""
    assert isinstance(make_plain().session_interface, ServerSessionInterface)
