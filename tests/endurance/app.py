"""
What is served under load: an application that means well with its session and ill with cookies.

Where it keeps sessions is told by ``ENDURANCE_SESSIONS``, a path or a URL of Redis. The file that
``ENDURANCE_CLOCK`` names says by how many seconds the clock is wrong.
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from flask import Flask, make_response, session


def step_clock(file: Path) -> None:
    """Let this process's clock be as wrong as a file says; a text half-written is the last one."""
    right = time.time
    wrong_by = [0]

    def read() -> float:
        with suppress(ValueError):
            wrong_by[0] = int(file.read_text())
        return right() + wrong_by[0]

    time.time = read


if "ENDURANCE_CLOCK" in os.environ:
    # The library takes the clock when it is imported.
    step_clock(Path(os.environ["ENDURANCE_CLOCK"]))

from strict_cookies import StrictCookies  # noqa: E402

#: What it tries to set with each response, beside its session.
STRAYS = ("_ga=GA1.2.3; Path=/; Max-Age=63072000", "_fbp=fb.1; Domain=example.com", "tracker=1")


def create_app() -> Flask:
    """Make the application."""
    # What is dropped is known here; what fails is to be seen.
    logging.getLogger("strict_cookies").setLevel(logging.ERROR)
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, STRICT_COOKIES_SESSIONS=os.environ["ENDURANCE_SESSIONS"])
    StrictCookies(app)

    @app.post("/write/<key>")
    def write(key: str) -> str:
        session[key] = "v" * 50
        return "written"

    @app.get("/keys")
    def keys() -> list[str]:
        return sorted(session)

    @app.get("/large")
    def large():
        return make_response("x" * 2_000_000)

    @app.after_request
    def misbehave(response):
        for line in STRAYS:
            response.headers.add("Set-Cookie", line)
        return response

    return app
