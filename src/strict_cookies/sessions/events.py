"""
What the session stage tells: log lines, and signals for the application.

Nothing here holds an identifier, a key or a value. As everywhere, observers never decide: an
exception in a log handler or a receiver changes nothing but is itself logged. An alarm that keeps
on is told once a minute, with how often it occurred meanwhile, so that nobody can flood a log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .._util.faults import describe_fault
from .._util.forks import make_lock
from ..reasons import Reason
from ..signals import session_alarm

if TYPE_CHECKING:
    from blinker import NamedSignal

logger = logging.getLogger("strict_cookies")

#: Seconds between two tellings of one alarm.
ALARM_EVERY = 60


class SessionEvents:
    """
    Tell what happens to sessions.

    Args:
        sender: Of the signals; the Flask application, or the manager under any other.
        clock: Seconds that only ever grow.
    """

    def __init__(self, sender: object, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._sender = sender
        self._clock = clock
        self._lock = make_lock(self)
        #: For each reason when it was told last, and how often it occurred since.
        self._alarms: dict[Reason, tuple[float, int]] = {}

    def tell(self, signal: NamedSignal, **facts: Any) -> None:
        """Send a signal to whoever listens."""
        if not signal.receivers:
            return
        try:
            signal.send(self._sender, **facts)
        except Exception as error:  # noqa: BLE001 - observers never decide
            _log_fault(error)

    def alarm(self, reason: Reason, detail: str) -> None:
        """
        Log and send an alarm, or count it where it was told a moment ago.

        Args:
            reason: What it is.
            detail: A sentence that holds nothing of a client's.
        """
        now = self._clock()
        with self._lock:
            told, count = self._alarms.get(reason, (now - ALARM_EVERY, 0))
            count += 1
            if now - told < ALARM_EVERY:
                self._alarms[reason] = (told, count)
                return
            self._alarms[reason] = (now, 0)
        try:
            times = f" ({count} times)" if count > 1 else ""
            logger.warning("%s%s. %s %s", reason, times, detail, reason.remedy)
        except Exception:  # noqa: BLE001 - a log handler's fault has nowhere left to go
            return
        self.tell(session_alarm, reason=reason, count=count)


def _log_fault(error: BaseException) -> None:
    reason = Reason.OBSERVER_FAULT
    try:
        logger.error("%s. %s %s", reason, reason.remedy, describe_fault(error))
    except Exception:  # noqa: BLE001 - likewise
        return
