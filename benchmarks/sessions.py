"""What a session costs: Flask's own, Flask-Session's and ours, through whole applications."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import BytesIO

from flask import Flask, session
from flask_session import Session
from redis import Redis

from strict_cookies import StrictCookies
from tests.sessions.redis_servers import redis_server

from .measure import ROUNDS, Timing, measure

FLASK = "Flask, signed cookie"
SHIPPED = "Flask-Session on Redis, as shipped"
NO_REFRESH = "Flask-Session on Redis, refresh off"
ON_SQLITE = "Strict Cookies on SQLite"
ON_REDIS = "Strict Cookies on Redis"
USES = ("untouched", "read", "read and write")

#: Figures to reach, by case and use: against which other case, and at most which part of it.
LIMITS: dict[tuple[str, str], tuple[tuple[str, float], ...]] = {
    (ON_SQLITE, "read"): ((FLASK, 0.85),),
    (ON_SQLITE, "read and write"): ((FLASK, 0.8),),
    (ON_REDIS, "read"): ((SHIPPED, 0.65), (NO_REFRESH, 1.1)),
    (ON_REDIS, "read and write"): ((NO_REFRESH, 1.05),),
}
_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

Case = Callable[[], object]


def sessions_table() -> Iterator[str]:
    """Measure, and show each case beside Flask's own session and beside its figures."""
    found = measure_sessions()
    yield "## Sessions"
    yield ""
    yield f"Wall time of a whole request, one thread; medians of {ROUNDS} rounds."
    yield "The page is a few octets; the session holds a user, a token, two preferences, a number."
    yield "Ours has every header, verdict and check on, the others have none of them."
    yield "Flask-Session as shipped writes at each request to slide the expiry."
    yield ""
    yield "| case | us | spread | x Flask | to reach |"
    yield "|---|---:|---:|---:|---|"
    for name in (FLASK, SHIPPED, NO_REFRESH, ON_SQLITE, ON_REDIS):
        for use in USES:
            timing = found[name, use]
            limits = ", ".join(
                f"{timing.over(found[other, use]):.2f} of {limit} x {other}"
                for other, limit in LIMITS.get((name, use), ())
            )
            yield (
                f"| {name}: {use} | {timing.median:.0f} | {timing.spread:.0f} "
                f"| {timing.over(found[FLASK, use]):.2f} | {limits} |"
            )
    yield ""


def measure_sessions(rounds: int = ROUNDS) -> dict[tuple[str, str], Timing]:
    """
    Measure every case and use, taking turns.

    Args:
        rounds: As for :func:`~benchmarks.measure.measure`.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(redis_server())
        client = stack.enter_context(Redis(host="127.0.0.1", port=server.port))
        shared = {"SESSION_TYPE": "redis", "SESSION_REDIS": client}
        apps = {
            FLASK: _make_app(),
            SHIPPED: _make_app(**shared, SESSION_KEY_PREFIX="shipped:"),
            NO_REFRESH: _make_app(
                **shared, SESSION_KEY_PREFIX="off:", SESSION_REFRESH_EACH_REQUEST=False
            ),
            ON_SQLITE: _make_app(STRICT_COOKIES_SESSIONS=f"{folder}/sessions.sqlite"),
            ON_REDIS: _make_app(STRICT_COOKIES_SESSIONS=server.url),
        }
        Session(apps[SHIPPED])
        Session(apps[NO_REFRESH])
        for name in (ON_SQLITE, ON_REDIS):
            StrictCookies(apps[name])
        cases = {
            (name, use): case for name, app in apps.items() for use, case in _cases(app).items()
        }
        found = measure(
            {f"{name}\n{use}": case for (name, use), case in cases.items()},
            rounds,
            clock=time.perf_counter,
        )
        for app in apps.values():
            _assert_counted(app)
        for name in (ON_SQLITE, ON_REDIS):
            apps[name].extensions["strict_cookies"].sessions.store.close()
        return {(name, use): found[f"{name}\n{use}"] for name, use in cases}


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


def _cases(app: Flask) -> dict[str, Case]:
    """Begin a session, and give a callable for each use of it."""
    jar = _Jar(app)
    jar.ask("/begin")
    app.extensions["benchmark"] = jar
    return {
        "untouched": lambda: jar.ask("/untouched"),
        "read": lambda: jar.ask("/read"),
        "read and write": lambda: jar.ask("/write"),
    }


def _assert_counted(app: Flask) -> None:
    """A cookie that was refused, or a write that was skipped, would have measured nothing."""
    jar: _Jar = app.extensions["benchmark"]
    assert jar.ask("/read") == b"42"
    assert int(jar.ask("/write")) > ROUNDS / 10


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
