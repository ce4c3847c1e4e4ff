"""
Log and send the events of sessions.

Nothing here holds an identifier, a key or a value. An exception in a log handler or a receiver
changes nothing and is itself logged. A repeated alarm is reported once a minute, with the number of
occurrences since the last report, so that no client can flood the log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .._util.forks import make_lock
from .._util.notify import EventRecorder, notify
from ..reasons import Reason
from ..signals import session_alarm

if TYPE_CHECKING:
    from blinker import NamedSignal

logger = logging.getLogger("strict_cookies")

#: Seconds between two reports of one alarm.
ALARM_EVERY = 60


class SessionEvents:
    """
    Report session events: record them in the audit trail, then send their signals.

    ``clock`` returns monotonic seconds.
    """

    def __init__(
        self,
        sender: object,
        *,
        record: EventRecorder | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sender = sender
        self._record = record
        self._clock = clock
        self._lock = make_lock(self)
        #: For each reason the time of its last report and the number of occurrences since.
        self._alarms: dict[Reason, tuple[float, int]] = {}

    def notify(self, signal: NamedSignal, **facts: Any) -> None:
        """Record an event and send its signal; the caller must hold no lock of the library."""
        notify(signal, self._sender, facts, record=self._record)

    def alarm(self, reason: Reason, detail: str) -> None:
        """
        Log and send an alarm, or only count it if it was reported within the last minute.

        The detail is a sentence that contains no client data.
        """
        now = self._clock()
        with self._lock:
            reported, count = self._alarms.get(reason, (now - ALARM_EVERY, 0))
            count += 1
            if now - reported < ALARM_EVERY:
                self._alarms[reason] = (reported, count)
                return
            self._alarms[reason] = (now, 0)
        with suppress(Exception):  # a log handler's fault has no log left to go to
            times = f" ({count} times)" if count > 1 else ""
            logger.warning("%s%s. %s %s", reason, times, detail, reason.remedy)
        self.notify(session_alarm, reason=reason, count=count)
