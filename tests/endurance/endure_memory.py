"""200,000 requests in one process, each with other names: neither memory nor files grow."""

from __future__ import annotations

import gc
import logging
import os
import tracemalloc

from .app import create_app
from .serving import SESSION_COOKIE, open_files

#: Requests after which the tables that are bounded are full.
WARM_UP = 50_000
REQUESTS = 200_000
#: Growth that is noise, in octets.
NOISE = 300_000


def test_memory_does_not_grow(tmp_path, monkeypatch):
    """Hostile names, new visitors and old ones, drops and strays: all that is kept is bounded."""
    logging.getLogger("strict_cookies").setLevel(logging.CRITICAL)
    monkeypatch.setenv("ENDURANCE_SESSIONS", str(tmp_path / "sessions.sqlite"))
    app = create_app()
    client = app.test_client(use_cookies=False)
    cookie = ""
    tracemalloc.start()
    begin = files = 0
    for number in range(WARM_UP + REQUESTS):
        if number == WARM_UP:
            gc.collect()
            begin, files = tracemalloc.get_traced_memory()[0], open_files(os.getpid())
        field = f"{cookie}; stray{number}=x; _ga_{number}=1; n{number % 7}\xff=2"
        path, method = ("/keys", "GET") if number % 3 else (f"/write/key{number % 5}", "POST")
        # Each hundredth is a visitor who has nothing yet.
        sent = "" if number % 100 == 0 else field
        response = client.open(path, method=method, headers={"Cookie": sent})
        for line in response.headers.getlist("Set-Cookie"):
            assert line.startswith(f"{SESSION_COOKIE}=") or "Max-Age=0" in line, line
            if line.startswith(SESSION_COOKIE):
                cookie = line.partition(";")[0]
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - begin
    tracemalloc.stop()
    assert grown < NOISE, f"{grown:,} octets more after {REQUESTS:,} requests"
    assert open_files(os.getpid()) <= files
