"""What a session costs: Flask's own, Flask-Session's and ours, through whole applications."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from io import BytesIO

from cachelib import FileSystemCache
from flask import Flask, session
from flask_session import Session
from redis import Redis

from strict_cookies import StrictCookies
from tests.sessions.redis_servers import redis_server

from .measure import ROUNDS, Timing, measure

FLASK = "Flask, signed cookie"
SHIPPED = "Flask-Session on Redis, as shipped"
NO_REFRESH = "Flask-Session on Redis, refresh off"
ON_FILES = "Flask-Session in files"
ON_SQLALCHEMY = "Flask-Session on SQLAlchemy, SQLite"
ON_SQLITE = "Strict Cookies on SQLite"
ON_REDIS = "Strict Cookies on Redis"
#: What a request does with its session, and where.
USES = {"untouched": "/untouched", "read": "/read", "read and write": "/write"}

#: Figures to reach, by case and use: against which other case, and at most which part of it.
LIMITS: dict[tuple[str, str], tuple[tuple[str, float], ...]] = {
    (ON_SQLITE, "read"): ((FLASK, 0.85),),
    (ON_SQLITE, "read and write"): ((FLASK, 0.8),),
    (ON_REDIS, "read"): ((SHIPPED, 0.65), (NO_REFRESH, 1.1)),
    (ON_REDIS, "read and write"): ((NO_REFRESH, 1.05),),
}
_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

Found = dict[tuple[str, str], Timing]


def sessions_table() -> Iterator[str]:
    """Measure, and show each case next to Flask's own session and its figures."""
    with (
        tempfile.TemporaryDirectory() as directory,
        redis_server() as server,
        server.client() as client,
    ):
        yield from _table(
            "## Sessions on SQLite",
            "CPU time of a whole request.",
            measure_sessions(sqlite_apps(directory), time.process_time),
        )
        yield from _table(
            "## Sessions on Redis",
            "Wall time of a whole request, since waiting for Redis is most of it.",
            measure_sessions(redis_apps(client, server.url), time.perf_counter),
        )


def _table(heading: str, what: str, found: Found) -> Iterator[str]:
    yield heading
    yield ""
    yield f"{what} One thread; medians of {ROUNDS} rounds."
    yield "The page is a few bytes; the session holds a user, a token, two preferences, a number."
    yield "Ours has every header, verdict and check on, the others have none of them."
    yield "Flask-Session as shipped writes at each request to slide the expiry."
    yield ""
    yield "| case | us | spread | x Flask | to reach |"
    yield "|---|---:|---:|---:|---|"
    for (name, use), timing in found.items():
        limits = ", ".join(
            f"{timing.over(found[other, use]):.2f} of {limit} x {other}"
            for other, limit in LIMITS.get((name, use), ())
        )
        yield (
            f"| {name}: {use} | {timing.median:.0f} | {timing.spread:.0f} "
            f"| {timing.over(found[FLASK, use]):.2f} | {limits} |"
        )
    yield ""


def sqlite_apps(directory: str) -> dict[str, Flask]:
    """Return Flask's own session, Flask-Session's ways without a server, and ours in a file."""
    files = _make_app(
        SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(f"{directory}/files", threshold=0)
    )
    tables = _make_app(
        SESSION_TYPE="sqlalchemy", SQLALCHEMY_DATABASE_URI=f"sqlite:///{directory}/tables.sqlite"
    )
    Session(files)
    Session(tables)
    ours = _make_app(STRICT_COOKIES_SESSIONS=f"{directory}/sessions.sqlite")
    StrictCookies(ours)
    return {FLASK: _make_app(), ON_FILES: files, ON_SQLALCHEMY: tables, ON_SQLITE: ours}


def redis_apps(client: Redis, url: str) -> dict[str, Flask]:
    """Return Flask's own session, Flask-Session in two ways, and ours in the same Redis."""
    shared = {"SESSION_TYPE": "redis", "SESSION_REDIS": client}
    shipped = _make_app(**shared, SESSION_KEY_PREFIX="shipped:")
    no_refresh = _make_app(**shared, SESSION_KEY_PREFIX="off:", SESSION_REFRESH_EACH_REQUEST=False)
    Session(shipped)
    Session(no_refresh)
    ours = _make_app(STRICT_COOKIES_SESSIONS=url)
    StrictCookies(ours)
    return {FLASK: _make_app(), SHIPPED: shipped, NO_REFRESH: no_refresh, ON_REDIS: ours}


def measure_sessions(
    apps: Mapping[str, Flask], clock: Callable[[], float], rounds: int = ROUNDS
) -> Found:
    """
    Measure every application and use, taking turns.

    Args:
        apps: By name.
        clock: As for :func:`~benchmarks.measure.measure`.
        rounds: The number of rounds.
    """
    names = [(name, use) for name in apps for use in USES]
    jars = {name: _Jar(app) for name, app in apps.items()}
    for jar in jars.values():
        jar.ask("/begin")
    timings = measure(
        {" ".join(one): partial(jars[one[0]].ask, USES[one[1]]) for one in names},
        rounds,
        clock=clock,
    )
    for jar in jars.values():
        # A cookie that was refused, or a write that was skipped, would have measured nothing.
        assert jar.ask("/read") == b"42"
        assert int(jar.ask("/write")) > rounds
    return {one: timings[" ".join(one)] for one in names}


def _make_app(**config: object) -> Flask:
    app = Flask("benchmark")
    app.config.update(SECRET_KEY="k" * 32, SESSION_COOKIE_SECURE=True, **config)

    @app.get("/begin")
    def begin() -> str:
        session.update(
            user_id=42, csrf="c" * 43, preferences={"language": "en", "density": "compact"}, count=0
        )
        return "begun"

    @app.get("/untouched")
    def untouched() -> str:
        return "untouched"

    @app.get("/read")
    def read() -> str:
        return str(session["user_id"])

    @app.get("/write")
    def write() -> str:
        session["count"] += 1
        return str(session["count"])

    return app


class _Jar:
    """A browser that sends the one cookie that it was given last."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._cookie = ""
        self._environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "QUERY_STRING": "",
            "SERVER_NAME": "erp.example.com",
            "SERVER_PORT": "443",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "erp.example.com",
            "HTTP_USER_AGENT": _FIREFOX,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.input": BytesIO(),
            "wsgi.errors": None,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def ask(self, path: str) -> bytes:
        """Send one request and read the answer."""
        environ = {**self._environ, "PATH_INFO": path}
        if self._cookie:
            environ["HTTP_COOKIE"] = self._cookie
        body = self._app(environ, self._start_response)  # type: ignore[arg-type]
        text = b"".join(body)
        close = getattr(body, "close", None)
        if close is not None:
            close()
        return text

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: object = None
    ) -> None:
        assert status == "200 OK"
        for name, value in headers:
            if name == "Set-Cookie":
                self._cookie = value.partition(";")[0]
