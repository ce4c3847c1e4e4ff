"""
What is done for the trails of a process beside its requests: one daemon thread for all of them.

It begins with the first request that a process serves, so after any fork. First it compares the
settings with those that were recorded last; then it writes the counters every :data:`EVERY`
seconds, and once a day removes what is past its time. What is left is written when the process
ends. No request ever waits for it.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from .gaps import tell_gap

if TYPE_CHECKING:
    from .audit_trail import AuditTrail

#: Seconds between two writings of the counters: what a killed process loses at most.
EVERY = 10.0
#: The shelf that says which day was tidied up by whom.
TIDIED = "trail-tidied"


class Keeper:
    """
    Keep one trail.

    Args:
        trail: Of an application.
        compare: Records what has changed in its settings.
    """

    def __init__(self, trail: AuditTrail, compare: Callable[[], None]) -> None:
        self.trail = trail
        self._compare: Callable[[], None] | None = compare
        self._day = ""

    def work(self) -> None:
        """Do what is due; a fault is logged, and what it left is done the next time."""
        try:
            if self._compare is not None:
                self._compare()
                self._compare = None
            self.trail.flush()
            self._tidy()
        except Exception as error:  # noqa: BLE001 - observers never change a response
            tell_gap(error)

    def _tidy(self) -> None:
        """Remove what is past its time, once a day among all processes."""
        day = self.trail.today()
        if day == self._day:
            return
        archive, worker = self.trail.archive, os.urandom(8)
        if archive.put_new(TIDIED, day, worker) == worker:
            self.trail.prune()
            for former in archive.items(TIDIED):
                if former < day:
                    archive.delete(TIDIED, former)
        self._day = day


class _Thread:
    """The thread of this process, with the keepers that it works for."""

    def __init__(self) -> None:
        #: Held while something is done.
        self.working = threading.Lock()
        self._lock = threading.Lock()
        self._keepers: weakref.WeakSet[Keeper] = weakref.WeakSet()
        self._woken = threading.Event()
        self._runs = False

    def keep(self, keeper: Keeper) -> None:
        """Begin, and work for one more."""
        with self._lock:
            self._keepers.add(keeper)
            if not self._runs:
                threading.Thread(target=self._run, name="strict-cookies-trail", daemon=True).start()
                self._runs = True
        self._woken.set()

    def finish(self) -> None:
        """Wait for what is being done, and do what is left."""
        self._work()

    def _run(self) -> None:
        while True:
            self._woken.wait(EVERY)
            self._woken.clear()
            self._work()

    def _work(self) -> None:
        # By a call of its own, so that nothing here keeps an application alive in between.
        with self._lock:
            keepers = list(self._keepers)
        with self.working:
            for keeper in keepers:
                keeper.work()


_thread = _Thread()


def keep(keeper: Keeper) -> None:
    """Work for a trail from now on, for as long as somebody has its keeper."""
    _thread.keep(keeper)


def _finish() -> None:
    _thread.finish()


def _before_fork() -> None:
    """Wait until nothing is being done: the import of a module, say, would leave its lock shut."""
    global _waited
    _waited = _thread.working.acquire(timeout=EVERY)


def _after_fork() -> None:
    if _waited:
        _thread.working.release()


def _after_fork_in_child() -> None:
    # A child has no such thread yet; what its parent counted is the parent's.
    global _thread
    _thread = _Thread()


_waited = False
atexit.register(_finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child
    )
