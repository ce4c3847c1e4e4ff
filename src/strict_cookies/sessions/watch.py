"""
Detect unknown identifiers, identifiers of another store, and sessions used by another browser.

A session stores a keyed hash of its browser's family and platform: no version, which updates
change, and no address, which changes with the network. A thief can imitate it; it catches the
careless ones and never signs users out.

Source: NIST SP 800-63B-4 section 5.3; OWASP Session Management Cheat Sheet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from .._util.forks import make_lock
from .._util.keys import SessionKeys, code
from ..errors import OtherStoreError
from ..reasons import Reason
from .device import read_device
from .events import SessionEvents
from .ids import ReadId
from .limits import MAX_SKEW, Binding
from .loaded_session import LoadedSession

#: Seconds in which an identifier of another store means that both are in use.
FOREIGN_SECONDS = 600
#: Identifiers within a minute that are no session's, at which an alarm is raised.
MANY_UNKNOWN = 100
_MINUTE = 60
#: Most values of ``User-Agent`` of which a process remembers the hash.
MAX_BROWSERS = 256


class Watch:
    """Raise alarms; with the binding ``"challenge"`` a login in another browser is not fresh."""

    def __init__(
        self, keys: SessionKeys, binding: Binding, clock: Callable[[], float], events: SessionEvents
    ) -> None:
        self._key = keys.derive("binding")[0]
        self._binding = binding
        self._clock = clock
        self._events = events
        #: Gives the keyed hash of a browser's family and platform; empty where none is known.
        self.bind: Callable[[str], str] = lru_cache(maxsize=MAX_BROWSERS)(self._bind)
        self._started = int(clock())
        self._unknown = 0
        self._since = 0.0
        self._lock = make_lock(self)

    def meet_other_browser(self, visit: LoadedSession) -> None:
        """Report that a session is used by another browser than it began in."""
        if self._binding == "off":
            return
        visit.familiar = self._binding != "challenge"
        self._events.alarm(
            Reason.OTHER_BROWSER,
            "A session is used by another browser, or on another platform, than it began in.",
        )

    def _bind(self, user_agent: str) -> str:
        device = read_device(user_agent)
        if not device.known or self._binding == "off":
            return ""
        return code(self._key, f"{device.family}|{device.platform}".encode(), 8).hex()

    def count_unknown(self) -> None:
        """Count an identifier that has no session."""
        now = self._clock()
        with self._lock:
            if not 0 <= now - self._since < _MINUTE:
                self._unknown, self._since = 0, now
            self._unknown += 1
            many = self._unknown == MANY_UNKNOWN
        if many:
            self._events.alarm(
                Reason.UNKNOWN_SESSIONS,
                f"{MANY_UNKNOWN} identifiers within a minute were no session's.",
            )

    def report_foreign_store(self, read: ReadId) -> None:
        """
        Report another store's identifier.

        If that store has just signed it, two servers that should share a store have one each, and
        every second request would sign the visitor out; so OtherStoreError is raised. An older
        identifier is from a discarded store and counts as ended.
        """
        age = self._clock() - read.issued_at
        in_use = read.issued_at >= self._started and -MAX_SKEW < age < FOREIGN_SECONDS
        self._events.alarm(
            Reason.FOREIGN_STORE,
            "It is in use at the same time as this process's own."
            if in_use
            else "Its sessions count as ended here.",
        )
        if in_use:
            raise OtherStoreError(f"{Reason.FOREIGN_STORE}. {Reason.FOREIGN_STORE.remedy}")
