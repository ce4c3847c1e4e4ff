"""A process that is forked while another thread is at work begins with open locks."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
uses = {
    "ledger": (ledger, lambda: ledger.record(((Reason.UNDECLARED_RECEIVED, "other"),), {"PATH_INFO": "/"})),
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
