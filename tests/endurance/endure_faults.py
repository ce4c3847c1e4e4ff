"""
A minute of load while things are killed, filled up and set wrong: nothing acknowledged is lost.

Whatever befalls it, the server answers 200, a 503 that says so, or not at all; what it answered
with 200 is there afterwards, no undeclared cookie ever left, and it recovers by itself.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress

import pytest

from tests.sessions.places import wait_until
from tests.sessions.redis_servers import redis_server

from .serving import ADDRESS, check, endure, gunicorn, open_files

#: Seconds of load in each case.
SECONDS = 60
#: No answer: the connection broke.
NONE = 0


@pytest.fixture
def log(tmp_path):
    """Where the server writes; shown if the test fails."""
    path = tmp_path / "log"
    yield path
    print(path.read_text(errors="replace")[-4000:])


def test_workers_killed_on_sqlite(tmp_path, log):
    """kill -9 of a worker, every second."""
    with gunicorn(str(tmp_path / "sessions.sqlite"), log) as server:

        def kill() -> None:
            for pid in random.sample(server.workers, k=1):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

        check(endure(server, SECONDS, kill), {200, NONE})


def test_redis_killed_and_restarted(log):
    """kill -9 of a Redis that writes each command to its disk; its connections come back."""
    durable = ("--appendonly", "yes", "--appendfsync", "always")
    with redis_server(*durable) as store, gunicorn(store.url, log) as server:
        endure(server, 5, lambda: None)
        before = {pid: open_files(pid) for pid in server.workers}

        def restart() -> None:
            store.kill()
            time.sleep(random.uniform(0.1, 1))
            store.start()

        browsers = endure(server, SECONDS, restart, pause=(2, 4))
        check(browsers, {200, 503})
        assert any(503 in browser.statuses for browser in browsers)
        wait_until(lambda: all(open_files(pid) <= files + 4 for pid, files in before.items()), 60)
        with store.client() as client:
            # One for each thread of two workers, one for each trail, and this one.
            assert client.info("clients")["connected_clients"] <= 2 * (4 + 1) + 1
        assert sorted(server.workers) == sorted(before)


def test_clock_stepped(tmp_path, log):
    """The clock jumps ahead and back, within what a session lives; nobody is signed out."""
    clock = tmp_path / "clock"
    clock.write_text("-1800")
    # gunicorn's master does not outlive faketime, so the workers step their own clock.
    with gunicorn(str(tmp_path / "sessions.sqlite"), log, ENDURANCE_CLOCK=str(clock)) as server:
        steps = itertools.cycle((0, -1_500, -300, -1_200))
        browsers = endure(server, SECONDS, lambda: clock.write_text(str(next(steps))), pause=(2, 4))
        clock.write_text("0")
        check(browsers, {200})


def test_disk_full(tmp_path, log):
    """The disk of the sessions fills up and is emptied again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(disk)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"A small disk is needed, so run as root: {done.stderr}"
    try:
        with gunicorn(str(disk / "sessions.sqlite"), log) as server:
            ballast = disk / "ballast"

            def fill_up() -> None:
                with suppress(OSError), ballast.open("wb") as file:
                    while True:
                        file.write(b"x" * 65536)
                        file.flush()
                time.sleep(1)
                ballast.unlink()

            browsers = endure(server, SECONDS, fill_up, pause=(1, 2))
            check(browsers, {200, 503})
            assert any(503 in browser.statuses for browser in browsers)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_slow_clients(tmp_path, log):
    """Clients that send and read a few octets a second; files and connections come back."""
    with gunicorn(str(tmp_path / "sessions.sqlite"), log) as server:
        endure(server, 5, lambda: None)
        before = {pid: open_files(pid) for pid in server.workers}
        stop = threading.Event()

        def dawdle(request: bytes) -> None:
            while not stop.is_set():
                with suppress(OSError), socket.create_connection((ADDRESS, server.port)) as client:
                    client.settimeout(2)
                    for octet in request:
                        client.send(bytes([octet]))
                        if stop.wait(0.02):
                            return
                    for _ in range(20):
                        client.recv(500)
                        if stop.wait(0.1):
                            return

        large = b"GET /large HTTP/1.1\r\nHost: localhost\r\nCookie: _ga=1\r\n\r\n"
        slow = [threading.Thread(target=dawdle, args=(large,)) for _ in range(3)]
        for thread in slow:
            thread.start()
        browsers = endure(server, SECONDS, lambda: None)
        stop.set()
        for thread in slow:
            thread.join()
        check(browsers, {200})
        wait_until(lambda: all(open_files(pid) <= files + 4 for pid, files in before.items()), 60)
        assert sorted(server.workers) == sorted(before)
