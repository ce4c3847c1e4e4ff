"""A manager and Flask applications with a clock that tests turn, and short ways to use them."""

from __future__ import annotations

from flask import Flask, flash, get_flashed_messages, request, session
from werkzeug.routing import Rule

import strict_cookies
from strict_cookies import StrictCookies, current_login, login, logout, reauthenticate
from strict_cookies._util.keys import SessionKeys
from strict_cookies.sessions.app_sessions import AppSessions
from strict_cookies.sessions.events import SessionEvents
from strict_cookies.sessions.interface import ServerSessionInterface
from strict_cookies.sessions.manager import SessionManager
from strict_cookies.sessions.options import SessionOptions
from strict_cookies.sessions.record import FORMAT, NewLogin
from strict_cookies.sessions.stores.memory import MemoryStore

SECRET = "k" * 32
COOKIE = "__Host-Http-session"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
MINUTE, HOUR, DAY = 60, 3600, 86_400


class Clock:
    """A clock that stands still until it is turned."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        """Let time pass, or set the clock back."""
        self.now += seconds


def make_manager(store=None, *, clock=None, secret=SECRET, fallbacks=(), **options):
    """Make a manager; its alarms are never held back."""
    return SessionManager(
        MemoryStore() if store is None else store,
        SessionKeys(secret, fallbacks),
        clock=Clock() if clock is None else clock,
        events=SessionEvents("test", clock=Counting()),
        options=SessionOptions(**options),
    )


class Counting:
    """A clock of alarms that is an hour on whenever it is asked."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> float:
        self.now += HOUR
        return self.now


def make_app(store=None, *, clock=None, options=None, no_store=False, **config) -> Flask:
    """
    Make a protected application with views for whatever tests do.

    Args:
        store: By default one in memory.
        clock: Of the manager; by default one that stands still.
        options: For the manager.
        no_store: As the setting of that name.
        config: Of the application.
    """
    app = Flask(__name__)
    app.config.update(SECRET_KEY=SECRET, STRICT_COOKIES_MODE="enforce", TESTING=True)
    app.config.update(config)
    StrictCookies(app)
    clock = Clock() if clock is None else clock
    manager = make_manager(store, clock=clock, **(options or {}))
    protection = app.extensions["strict_cookies"]
    prepared = AppSessions(manager, COOKIE, None, no_store)
    protection._sessions = prepared
    app.session_interface = ServerSessionInterface(lambda: prepared, clock=clock)
    add_views(app)
    return app


def add_views(app: Flask) -> None:
    """Add views that do to the session what their paths say."""

    @app.get("/untouched")
    def untouched():
        return "untouched"

    @app.get("/show")
    def show():
        return dict(session)

    @app.route("/set/<key>/<value>", methods=["GET", "POST"])
    def put(key, value):
        session[key] = value
        return dict(session)

    @app.get("/pop/<key>")
    def pop(key):
        return {"popped": session.pop(key, None)}

    @app.get("/clear")
    def clear():
        session.clear()
        return "cleared"

    @app.get("/renew/<user>")
    def renew(user):
        session.clear()
        session["user"] = user
        return "renewed"

    @app.get("/flash/<message>")
    def flashing(message):
        flash(message)
        return "flashed"

    @app.get("/flashed")
    def flashed():
        return get_flashed_messages()

    @app.route("/login/<user>", methods=["GET", "POST"])
    def sign_in(user):
        login(user, roles=request.args.getlist("role"), aal=request.args.get("aal", 1, int))
        return "in"

    @app.get("/reauthenticate")
    def again():
        reauthenticate(request.args.get("user", "alice"))
        return "again"

    @app.get("/logout")
    def sign_out():
        logout()
        return "out"

    @app.get("/who")
    def who():
        found = current_login()
        return {} if found is None else {**found._asdict(), "authenticated_at": None}

    @app.get("/background/<key>/<value>")
    @strict_cookies.background_request
    def background(key, value):
        if value != "nothing":
            session[key] = value
        return dict(session)

    @app.get("/count")
    def count():
        with session.locked():
            session["count"] = session.get("count", 0) + 1
        return {"count": session["count"]}


def manager_of(app: Flask) -> SessionManager:
    """Give the manager of an application."""
    return app.extensions["strict_cookies"].sessions


def lines(response) -> list[str]:
    """Give the Set-Cookie lines of a response."""
    return response.headers.getlist("Set-Cookie")


def cookie_of(response) -> str:
    """Give the session's cookie of the one Set-Cookie line of a response."""
    (line,) = lines(response)
    name, _, value = line.partition(";")[0].partition("=")
    assert name == COOKIE
    assert value
    return value


def ask(app: Flask, path: str, cookie: str | None = None, **options):
    """Send one request with a cookie, by a client that keeps none."""
    headers = {"User-Agent": FIREFOX, **options.pop("headers", {})}
    if cookie is not None:
        headers["Cookie"] = f"{COOKIE}={cookie}"
    client = app.test_client(use_cookies=False)
    return client.open(path, headers=headers, **options)


def rows_of(manager: SessionManager) -> int:
    """Count the live sessions of a store in memory; a notice of an end is none."""
    return sum(row.payload[:1] == FORMAT for row in manager.store._rows.values())


def view(app, path="/view"):
    """Add a view under a path of its own, also after the first request."""

    def add(function):
        app.view_functions[path] = function
        app.url_map.add(Rule(path, endpoint=path, methods=["GET"]))
        return function

    return add


def open_visit(manager, signed):
    """Find a live session, as a request of the same browser does."""
    return manager.open(signed, FIREFOX).visit


def begin(manager, **data):
    """Begin a visitor's session; give the signed identifier."""
    return manager.begin(data or {"a": 1}, FIREFOX).signed


def sign_in(manager, user_id="alice", data=(), **options):
    request = {name: options.pop(name) for name in ("visit", "former") if name in options}
    login = NewLogin(user_id=user_id, **options)
    return manager.sign_in(login, dict(data), FIREFOX, **request)
