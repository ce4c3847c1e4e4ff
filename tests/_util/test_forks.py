"""A forked process starts with open locks, and objects are called around a fork in order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import strict_cookies

#: Forks while a thread holds the lock of what the child then uses.
SCRIPT = """
import os, signal, sys, threading
from strict_cookies._util.rate_limit import TokenBuckets
from strict_cookies.firewall.recorder import Recorder
from strict_cookies.reasons import Reason
from strict_cookies.firewall.browser_reports import Report, ReportTable
from strict_cookies.sessions.events import SessionEvents

ledger, table, events = Recorder("app"), ReportTable("app"), SessionEvents("app")
buckets = TokenBuckets(rate=1, burst=1)
found = ((Reason.UNDECLARED_RECEIVED, "other"),)
uses = {
    "ledger": (ledger, lambda: ledger.record(found, {"PATH_INFO": "/"})),
    "counts": (ledger, lambda: ledger.counts),
    "reports": (table, lambda: table.record([Report("coep", "image", "self")])),
    "events": (events, lambda: events.alarm(Reason.UNKNOWN_SESSIONS, "Text.")),
    "buckets": (buckets, lambda: buckets.take("key")),
}
owner, use = uses[sys.argv[1]]
held, done = threading.Event(), threading.Event()

def hold():
    with owner._lock:
        held.set()
        done.wait()

threading.Thread(target=hold, daemon=True).start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    use()
    os._exit(7)
_, status = os.waitpid(child, 0)
done.set()
assert os.waitstatus_to_exitcode(status) == 7, status
use()
"""


@pytest.mark.parametrize("used", ["ledger", "counts", "reports", "events", "buckets"])
def test_lock_that_a_thread_holds_is_open_in_a_child(used):
    """The child counts, and so does its parent afterwards; neither waits for ever."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, used],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


ORDER = """
import gc, os, sys, weakref
from strict_cookies._util.forks import ForkAware, ForkOrder, register_forks

calls = []

class Part(ForkAware):
    def __init__(self, order):
        self.order = order
        register_forks(self, order)

    def _before_fork(self):
        calls.append(("before", self.order.name))

    def _after_fork_in_parent(self):
        calls.append(("parent", self.order.name))

    def _after_fork_in_child(self):
        calls.append(("child", self.order.name))

parts = [Part(order) for order in (ForkOrder.TRAIL, ForkOrder.LOCK, ForkOrder.APP, ForkOrder.STORE)]
collected = weakref.ref(Part(ForkOrder.APP))
gc.collect()
assert collected() is None
up = ["LOCK", "STORE", "TRAIL", "APP"]
for _ in range(2):
    calls.clear()
    child = os.fork()
    side = "parent" if child else "child"
    expected = [("before", name) for name in reversed(up)] + [(side, name) for name in up]
    if child == 0:
        os._exit(7 if calls == expected else 8)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert calls == expected, calls
"""


def test_objects_are_called_in_order():
    """Before a fork from the top down, afterwards upwards; what is collected is not called."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ORDER],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr


def test_there_is_one_registry():
    """No other module registers hooks of a fork with the system."""
    root = Path(strict_cookies.__file__).parent
    found = [
        path.name for path in root.rglob("*.py") if "register_at_fork" in path.read_text("utf-8")
    ]
    assert found == ["forks.py"]
