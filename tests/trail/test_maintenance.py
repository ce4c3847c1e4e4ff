"""The maintenance thread: what it does, when, and that it keeps nothing alive."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import textwrap
import threading
import weakref

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.trail import maintenance
from strict_cookies.trail.audit_trail import AuditTrail
from strict_cookies.trail.maintenance import PRUNED, TrailMaintenance, maintain
from tests.sessions.places import wait_until

from .trails import DAY, Clock, fill


def make(compare=lambda: None):
    """A trail, its clock, what its process counted, and its work."""
    clock, counted = Clock(), {}
    trail = AuditTrail(MemoryArchive(), clock=clock)
    trail.counts.follow(lambda: counted)
    return trail, clock, counted, TrailMaintenance(trail, compare)


def test_settings_are_compared_once():
    """At the first run in a process, and again only if that failed."""
    calls = []

    def compare():
        calls.append(1)
        if len(calls) == 1:
            raise OSError("hidden")

    _, _, _, work = make(compare)
    for _ in range(4):
        work.run()
    assert len(calls) == 2


def test_exception_is_logged_without_its_message(caplog):
    """An exception of the thread does not leave it."""
    _, _, _, work = make(lambda: {}["secret value"])
    with caplog.at_level(logging.ERROR, "strict_cookies"):
        work.run()
    assert "SC905" in caplog.text
    assert "KeyError raised at" in caplog.text


def test_expired_entries_are_removed_once_a_day():
    """One process a day does it for all."""
    trail, clock, _, work = make()
    fill(trail, 3)
    work.run()
    assert trail.last().number == 3
    clock.now += 400 * DAY
    work.run()
    assert [entry.event for entry in trail.entries()] == ["pruned"]
    TrailMaintenance(trail, lambda: None).run()
    assert trail.last().number == 4
    assert len(trail.archive.items(PRUNED)) == 1


def test_thread_writes_what_was_counted(monkeypatch):
    """It is woken by the first request, and continues by itself."""
    monkeypatch.setattr(maintenance, "EVERY", 0.01)
    monkeypatch.setattr(maintenance, "thread", maintenance.MaintenanceThread())
    trail, _, counted, work = make()
    maintain(work)
    counted["SC101", "sid"] = 2
    wait_until(lambda: [row.times for row in trail.counts.read()] == [2])
    counted["SC101", "sid"] = 3
    wait_until(lambda: [row.times for row in trail.counts.read()] == [3])
    (thread,) = [one for one in threading.enumerate() if one.name == "strict-cookies-trail"][-1:]
    assert thread.daemon


def test_thread_keeps_no_application_alive(monkeypatch):
    """A dropped trail is collected."""
    monkeypatch.setattr(maintenance, "EVERY", 0.01)
    monkeypatch.setattr(maintenance, "thread", maintenance.MaintenanceThread())
    trail, _, _, work = make()
    maintain(work)
    gone = weakref.ref(trail)
    del trail, work

    def is_gone():
        gc.collect()
        return gone() is None

    wait_until(is_gone)


APP = """
    import os, sys
    from flask import Flask
    from strict_cookies import StrictCookies
    app = Flask("app", instance_path=sys.argv[1])
    app.secret_key = "k" * 40
    StrictCookies(app)
    trail = lambda: app.extensions["strict_cookies"].trail

    @app.get("/")
    def drop():
        from flask import make_response
        response = make_response("ok")
        response.set_cookie("undeclared", "VALUE")
        return response

    def ask():
        assert app.test_client().get("/", base_url="https://localhost").status_code == 200
"""


def run(code, directory):
    """Run a program with an application of its own."""
    text = textwrap.dedent(APP) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", text, str(directory)],
        capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": ":".join(filter(None, sys.path))},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_remaining_counts_are_written_at_exit(tmp_path):
    """A process that ends in order loses no count, however short its life."""
    run("ask(); ask()", tmp_path)
    out = run("print([(r.reason, r.name, r.times) for r in trail().counts.read()])", tmp_path)
    assert out == "[('SC101', 'undeclared', 2)]\n"
    out = run("print([e.event for e in trail().entries()])", tmp_path)
    assert "cookie-dropped" in out
    assert out.count("settings-changed") == 5


def test_each_process_counts_its_own(tmp_path):
    """A child that was forked after requests has a thread of its own, and counts nothing twice."""
    run(
        """
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        ask()
        if os.fork() == 0:
            ask(); ask()
            import atexit
            atexit._run_exitfuncs()
            os._exit(0)
        assert os.wait()[1] == 0
        ask()
        """,
        tmp_path,
    )
    out = run("print([(r.reason, r.times) for r in trail().counts.read()])", tmp_path)
    assert out == "[('SC101', 4)]\n"


def test_fork_waits_until_the_thread_rests(tmp_path):
    """No child inherits a lock that the thread held, such as that of an import."""
    run(
        """
        import threading, time, warnings
        from strict_cookies.archive.memory import MemoryArchive
        from strict_cookies.trail.audit_trail import AuditTrail
        from strict_cookies.trail.maintenance import TrailMaintenance, maintain
        warnings.simplefilter("ignore", DeprecationWarning)
        lock, began = threading.Lock(), threading.Event()

        def compare():
            with lock:
                began.set()
                time.sleep(0.3)

        work = TrailMaintenance(AuditTrail(MemoryArchive()), compare)
        maintain(work)
        began.wait()
        if os.fork() == 0:
            os._exit(0 if lock.acquire(timeout=5) else 1)
        assert os.wait()[1] == 0
        """,
        tmp_path,
    )
