"""
The maintenance of all audit trails of a process: one daemon thread, which no request waits for.

It starts with the first request that a process serves, so after any fork, and finishes when the
process ends.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from .._util.forks import ForkAware, ForkOrder, register_forks
from .gaps import report_gap

if TYPE_CHECKING:
    from .audit_trail import AuditTrail
    from .head_stamper import HeadStamper

#: Seconds between two writes of the counters: the most that a killed process loses.
EVERY = 10.0
#: The shelf that records which process removed the expired entries of a day.
PRUNED = "trail-tidied"


class TrailMaintenance:
    """
    Maintain one trail.

    ``compare`` records which settings have changed; ``stamper`` has heads stamped.
    """

    def __init__(
        self,
        trail: AuditTrail,
        compare: Callable[[], None],
        stamper: HeadStamper | None = None,
    ) -> None:
        self.trail = trail
        self._stamper = stamper
        self._compare: Callable[[], None] | None = compare
        self._day = ""
        self._reported = ""

    def run(self) -> None:
        """Do what is due; an exception is logged, and the rest is done the next time."""
        try:
            if self._compare is not None:
                self._compare()
                self._compare = None
            self.trail.flush()
            self._prune()
            self.trail.note_head()
            if self._stamper is not None:
                self._stamper.prepare()
            self._reported = ""
        except Exception as error:  # noqa: BLE001 - observers never change a response
            self._report(error)

    def stamp(self) -> None:
        """Have a head stamped if that is due; it may wait for another host."""
        if self._stamper is None:
            return
        try:
            self._stamper.stamp_daily()
        except Exception as error:  # noqa: BLE001 - observers never change a response
            self._report(error)

    def _report(self, error: Exception) -> None:
        """Log an exception only once while it lasts."""
        if f"{error}" != self._reported:
            self._reported = f"{error}"
            report_gap(error)

    def _prune(self) -> None:
        """Remove expired entries, once a day among all processes."""
        day = self.trail.today()
        if day == self._day:
            return
        archive, worker = self.trail.archive, os.urandom(8)
        if archive.put_new(PRUNED, day, worker) == worker:
            self.trail.prune()
            for previous in archive.items(PRUNED):
                if previous < day:
                    archive.delete(PRUNED, previous)
        self._day = day


class MaintenanceThread(ForkAware):
    """The thread of this process, with the trails that it maintains."""

    def __init__(self) -> None:
        self._reset()
        register_forks(self, ForkOrder.TRAIL)

    def _reset(self) -> None:
        #: Held while the thread works.
        self._working = threading.Lock()
        self._lock = threading.Lock()
        self._trails: weakref.WeakSet[TrailMaintenance] = weakref.WeakSet()
        self._wakeup = threading.Event()
        self._is_running = False
        self._is_paused = False

    def add(self, maintenance: TrailMaintenance) -> None:
        """Maintain one more trail; start the thread if it is not running."""
        with self._lock:
            self._trails.add(maintenance)
            if not self._is_running:
                threading.Thread(target=self._run, name="strict-cookies-trail", daemon=True).start()
                self._is_running = True
        self._wakeup.set()

    def clear(self) -> None:
        """Maintain no trail any more."""
        with self._lock:
            self._trails.clear()

    def finish(self) -> None:
        """Wait for the work in progress, and do what remains."""
        self._work()

    def _before_fork(self) -> None:
        """Wait until the thread rests: a fork during an import, say, would leave its lock held."""
        self._is_paused = self._working.acquire(timeout=EVERY)

    def _after_fork_in_parent(self) -> None:
        """Resume the thread."""
        if self._is_paused:
            self._working.release()

    def _after_fork_in_child(self) -> None:
        """Start without a thread and without trails; the parent writes what it counted."""
        self._reset()

    def _run(self) -> None:
        while True:
            self._wakeup.wait(EVERY)
            self._wakeup.clear()
            self._work()
            self._stamp()

    def _work(self) -> None:
        # A call of its own, so that no variable here keeps an application alive in between.
        with self._lock:
            trails = list(self._trails)
        with self._working:
            for maintenance in trails:
                maintenance.run()

    def _stamp(self) -> None:
        """Have heads stamped; neither a fork nor the end of the process waits for that."""
        with self._lock:
            trails = list(self._trails)
        for maintenance in trails:
            maintenance.stamp()


#: The thread of this process.
thread = MaintenanceThread()


def maintain(maintenance: TrailMaintenance) -> None:
    """Maintain a trail from now on, for as long as the caller keeps ``maintenance``."""
    thread.add(maintenance)


def _finish() -> None:
    thread.finish()


atexit.register(_finish)
