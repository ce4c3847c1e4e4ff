"""gunicorn with two workers, and browsers that remember what it acknowledged."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.sessions.places import wait_until
from tests.sessions.redis_servers import free_port

ADDRESS = "127.0.0.1"
#: The only cookie that may leave.
SESSION_COOKIE = "__Host-Http-session"


class Gunicorn:
    """
    One server.

    Args:
        sessions: Where they are kept.
        log: A file for what it says.
        environ: Further variables.
    """

    def __init__(self, sessions: str, log: Path, **environ: str) -> None:
        self.port = free_port()
        self.log = log
        command = [sys.executable, "-m", "gunicorn", "tests.endurance.app:create_app()"]
        command += ["--workers", "2", "--threads", "4", "--bind", f"{ADDRESS}:{self.port}"]
        command += ["--keep-alive", "5", "--log-level", "warning"]
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command,
                stdout=file,
                stderr=file,
                env={**os.environ, "ENDURANCE_SESSIONS": sessions, **environ},
                start_new_session=True,
            )

    @property
    def workers(self) -> list[int]:
        """The process ids of its workers."""
        master = self.process.pid
        return [
            int(one) for one in Path(f"/proc/{master}/task/{master}/children").read_text().split()
        ]

    def answers(self) -> bool:
        """Tell whether it serves."""
        with suppress(OSError, http.client.HTTPException):
            return Browser(self.port).ask("GET", "/keys")[0] == 200
        return False

    def stop(self) -> None:
        """End it with its workers."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def gunicorn(sessions: str, log: Path, **environ: str) -> Iterator[Gunicorn]:
    """Serve as long as the block lasts."""
    server = Gunicorn(sessions, log, **environ)
    try:
        wait_until(server.answers, 60)
        yield server
    finally:
        server.stop()


class Browser:
    """
    Keeps one session, knows what was acknowledged, and counts what came.

    Attributes:
        acknowledged: Keys whose writing was answered with 200.
        statuses: How often each status came; 0 for no answer.
        strays: Lines that must never have left.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookie = ""
        self.acknowledged: set[str] = set()
        self.statuses: dict[int, int] = {}
        self.strays: set[str] = set()

    def ask(self, method: str, path: str) -> tuple[int, bytes]:
        """Send one request; raise what a browser would show as a broken connection."""
        connection = http.client.HTTPConnection(ADDRESS, self._port, timeout=30)
        try:
            headers = {
                "Host": f"localhost:{self._port}",
                "Origin": f"http://localhost:{self._port}",
            }
            # A stray goes along, which must not reach the application.
            headers["Cookie"] = "; ".join(filter(None, (self._cookie, "_ga=1", "other=2")))
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or ():
            if line.startswith(f"{SESSION_COOKIE}="):
                self._cookie = line.partition(";")[0]
            elif "Max-Age=0" not in line:
                self.strays.add(line)
        return response.status, body

    def write(self, key: str) -> None:
        """Write one key, and note whether that was acknowledged."""
        try:
            status, _ = self.ask("POST", f"/write/{key}")
        except (OSError, http.client.HTTPException):
            status = 0
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status == 200:
            self.acknowledged.add(key)

    def lost(self) -> set[str]:
        """Give the keys that were acknowledged and are not there."""
        status, body = self.ask("GET", "/keys")
        assert status == 200, status
        return self.acknowledged - set(json.loads(body))


def endure(
    server: Gunicorn,
    seconds: float,
    disturb,
    browsers: int = 6,
    pause: tuple[float, float] = (1, 2),
) -> list[Browser]:
    """
    Write from several browsers for a while, and disturb meanwhile.

    Args:
        disturb: Called again and again; does harm and makes it good.
        pause: Seconds between two disturbances.
    """
    found = [Browser(server.port) for _ in range(browsers)]
    for browser in found:
        browser.write("first")
    end = time.monotonic() + seconds

    def work(browser: Browser) -> None:
        number = 0
        while time.monotonic() < end:
            number += 1
            browser.write(f"key{number % 40}-{number}" if number < 200 else f"key{number % 200}")

    threads = [threading.Thread(target=work, args=(browser,)) for browser in found]
    for thread in threads:
        thread.start()
    while time.monotonic() < end - pause[1]:
        disturb()
        time.sleep(random.uniform(*pause))
    for thread in threads:
        thread.join()
    wait_until(server.answers, 60)
    return found


def check(browsers: list[Browser], allowed: set[int]) -> None:
    """See that nothing was lost, nothing strayed, and work was done."""
    statuses = {status for browser in browsers for status in browser.statuses}
    assert statuses <= allowed, statuses
    assert all(len(browser.acknowledged) > 10 for browser in browsers)
    assert [browser.strays for browser in browsers if browser.strays] == []
    assert [lost for browser in browsers if (lost := browser.lost())] == []


def open_files(pid: int) -> int:
    """Count a process's open files and connections."""
    return len(os.listdir(f"/proc/{pid}/fd"))
