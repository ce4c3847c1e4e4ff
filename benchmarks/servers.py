"""Whole servers: gunicorn with one, two and four workers, asked by wrk. Shown, and not gated."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from flask import Flask, session

from strict_cookies import StrictCookies
from tests.sessions.places import wait_until
from tests.sessions.redis_servers import free_port, redis_server

WORKERS = (1, 2, 4)
#: Seconds that each server is asked for.
SECONDS = 4
CONNECTIONS = 8


def create_app() -> Flask:
    """Create the application; ``BENCHMARK_SESSIONS`` names their store, if it has sessions."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "k" * 32
    where = os.environ["BENCHMARK_SESSIONS"]
    if where != "none":
        app.config["STRICT_COOKIES_SESSIONS"] = where
        StrictCookies(app)

    @app.get("/write")
    def write() -> str:
        session["user"] = "alice"
        return "written"

    @app.get("/read")
    def read() -> str:
        return str(session.get("user"))

    @app.get("/untouched")
    def untouched() -> str:
        return "untouched"

    return app


def servers_table() -> Iterator[str]:
    """Ask each server, and show how many requests a second it answers."""
    yield "## Whole servers"
    yield ""
    yield (
        f"Requests a second: gunicorn, synchronous workers, asked by wrk over {CONNECTIONS} "
        f"connections for {SECONDS} s from the same machine, which has {os.cpu_count()} cores. "
        "Shown and not gated: what asks takes its share of the cores."
    )
    yield ""
    yield f"| server | page | {' | '.join(f'{count} workers' for count in WORKERS)} |"
    yield f"|---|---|{'---:|' * len(WORKERS)}"
    with tempfile.TemporaryDirectory() as directory, redis_server() as redis:
        places = {
            "Flask": "none",
            "Strict Cookies on SQLite": str(Path(directory, "sessions.sqlite")),
            "Strict Cookies on Redis": redis.url,
        }
        for name, sessions in places.items():
            for page in ("untouched", "read", "write"):
                rates = [f"{_ask(sessions, page, count):,.0f}" for count in WORKERS]
                yield f"| {name} | {page} | {' | '.join(rates)} |"
    yield ""


def _ask(sessions: str, page: str, workers: int) -> float:
    wrk = shutil.which("wrk")
    assert wrk, "No wrk found. Install it: apt-get install wrk"
    with _serving(sessions, workers) as address:
        with urlopen(f"{address}/write") as answer:
            cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", f"Cookie: {cookie}"]
        command += [f"{address}/{page}"]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in said, said
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found, said
    return float(found[1])


@contextmanager
def _serving(sessions: str, workers: int) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "benchmarks.servers:create_app()"]
    command += ["--workers", str(workers), "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    process = subprocess.Popen(
        command, env={**os.environ, "BENCHMARK_SESSIONS": sessions}, start_new_session=True
    )
    address = f"http://localhost:{port}"

    def answers() -> bool:
        try:
            with urlopen(f"{address}/untouched"):
                return True
        except URLError:
            return False

    try:
        wait_until(answers, 30)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
