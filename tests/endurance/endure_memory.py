"""200,000 requests, each with other names: neither memory nor files grow in a process."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import sys
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO

import pytest

from .app import create_app
from .serving import SESSION_COOKIE, open_files

#: Each has a core, and half of the requests.
PROCESSES = 2
REQUESTS = 100_000
#: Requests after which the tables that are bounded are full.
WARM_UP = 20_000
#: Requests that are traced before it counts, since what a table had before is traced when replaced.
SETTLING = 2_000
#: Growth of a process that is noise, in octets.
NOISE = 150_000


@pytest.fixture(autouse=True)
def sessions(tmp_path, monkeypatch):
    """Where all processes keep their sessions."""
    monkeypatch.setenv("ENDURANCE_SESSIONS", str(tmp_path / "sessions.sqlite"))


def test_memory_does_not_grow():
    """Hostile names, new visitors and old ones, drops and strays: all that is kept is bounded."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        found = list(pool.map(measure_growth, [WARM_UP] * PROCESSES, [REQUESTS] * PROCESSES))
    print(found)
    for octets, files in found:
        assert octets < NOISE, f"{octets:,} octets more after {REQUESTS:,} requests"
        assert files <= 0, f"{files} files more"


def test_a_table_without_bounds_is_seen():
    """Where a text of each request is kept, growth is far above noise."""
    kept = []
    octets, _ = measure_growth(0, 2_000, lambda number: kept.append(str(number)))
    assert octets / 2_000 > NOISE / REQUESTS * 10


def measure_growth(
    warm_up: int, requests: int, also: Callable[[int], object] | None = None
) -> tuple[int, int]:
    """
    Serve requests, and measure what this process keeps of them.

    Args:
        warm_up: Requests before anything is traced.
        requests: Those that count.
        also: Called with the number of each request.

    Returns:
        Octets that Python has allocated since and not given back, and files opened and not closed.
    """
    logging.getLogger("strict_cookies").setLevel(logging.CRITICAL)
    visitor = _Visitor()
    for number in range(warm_up):
        visitor.ask(number)
    tracemalloc.start()
    try:
        begin = files = 0
        for number in range(warm_up, warm_up + SETTLING + requests):
            if number == warm_up + SETTLING:
                gc.collect()
                begin, files = tracemalloc.get_traced_memory()[0], open_files(os.getpid())
            visitor.ask(number)
            if also is not None:
                also(number)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - begin, open_files(os.getpid()) - files
    finally:
        tracemalloc.stop()


class _Visitor:
    """Calls an application as a server would; werkzeug's client takes longer than what it calls."""

    def __init__(self) -> None:
        self._app = create_app()
        self._cookie = ""

    def ask(self, number: int) -> None:
        """Send one request with names of its own, and see what it sets."""
        path, method = ("/keys", "GET") if number % 3 else (f"/write/key{number % 5}", "POST")
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        # Each hundredth is a visitor who has nothing yet.
        if number % 100:
            strays = f"stray{number}=x; _ga_{number}=1; n{number % 7}\xff=2"
            environ["HTTP_COOKIE"] = f"{self._cookie}; {strays}"
        body = self._app(environ, self._start_response)
        for _ in body:
            pass
        close = getattr(body, "close", None)
        if close is not None:
            close()

    def _start_response(self, status, headers, exc_info=None):
        assert status == "200 OK"
        for name, line in headers:
            if name != "Set-Cookie":
                continue
            if line.startswith(f"{SESSION_COOKIE}="):
                self._cookie = line.partition(";")[0]
            else:
                assert "Max-Age=0" in line, line
