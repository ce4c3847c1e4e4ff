"""
What the firewall saw: counted, logged once for each name and place, sent as signals.

Observers never decide: an exception in a log handler, a signal's receiver or ``on_verdict`` changes
no response; the gap itself is counted as ``SC903``. Every table is bounded, names are escaped and
cut, values are not here at all. Counters are those of one process since its start.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import signals
from .._util.faults import log_fault
from .._util.forks import make_lock
from .._util.notify import notify
from .._util.rate_limit import TokenBuckets
from .._util.text import OTHER, show
from ..policy.draft import suggest_entry
from ..reasons import Reason

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

logger = logging.getLogger("strict_cookies")

#: Most kinds (reason and name) that are counted; others are counted under the name ``other``. Also
#: most rows (kind and place) of which it is remembered that they were logged.
MAX_ROWS = 2048
#: Most places of one kind that are logged, so that no client fills the table with paths.
MAX_PLACES = 32
#: Lines that are logged of rows beyond the table: at once, and then in a second.
OVERFLOW_BURST, OVERFLOW_RATE = 20, 1 / 60

#: Most events that wait to be counted.
MAX_PENDING = 256

#: Reasons with their cookie names, found together.
Found = tuple[tuple[Reason, str], ...]
OnVerdict = Callable[[Reason, str, str], object]


class Recorder:
    """
    Record verdicts without ever disturbing the request that caused them.

    Args:
        sender: Sender of the signals.
        place: Return from the WSGI environ where in the application something happened.
        on_verdict: Called with reason, name and place for each verdict that was not a pass.
        enforced: Whether verdicts are carried out; False in report-only mode.
    """

    def __init__(
        self,
        sender: object,
        *,
        place: Callable[[WSGIEnvironment], str] | None = None,
        on_verdict: OnVerdict | None = None,
        enforced: bool = True,
    ) -> None:
        self._sender = sender
        self._place = place or _path
        self._on_verdict = on_verdict
        self._enforced = enforced
        #: Events whose rows are all known, numbered; they are only counted.
        self._known_events: dict[tuple[Found, str], int] = {}
        #: Numbers of events that are not counted yet; appending needs no lock.
        self._pending: deque[int] = deque()
        self._counts: dict[tuple[Reason, str], int] = {}
        #: The places of each kind that were logged, and how many they are in all.
        self._places: dict[tuple[Reason, str], set[str]] = {}
        self._row_count = 0
        self._overflow = TokenBuckets(rate=OVERFLOW_RATE, burst=OVERFLOW_BURST, max_keys=1)
        self._overflow_logged = TokenBuckets(rate=1 / 3600, burst=1, max_keys=1)
        self._lock = make_lock(self)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """How often each ``(reason id, cookie name)`` occurred in this process; a copy."""
        with self._lock:
            self._fold()
            return {(reason.id, name): count for (reason, name), count in self._counts.items()}

    def places(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """Return where each ``(reason id, name)`` was logged in this process."""
        with self._lock:
            return {
                (reason.id, name): tuple(sorted(places))
                for (reason, name), places in self._places.items()
            }

    def record(self, found: Found, environ: WSGIEnvironment) -> None:
        """
        Record what was found in one request or response.

        Args:
            found: At least one reason with its cookie name; for a received cookie, a known
                name or ``other``. All of the request, or all of the response.
            environ: The request.
        """
        try:
            # A received cookie depends on the browser, not on the place.
            place = "" if found[0][0].is_received else show(self._place(environ))
            event = (found, place)
            number = self._known_events.get(event)
            if number is not None:
                self._pending.append(number)
                if len(self._pending) >= MAX_PENDING:
                    with self._lock:
                        self._fold()
            else:
                self._record_new(event, environ)
            if self._on_verdict is not None or any(signals.RECEIVERS):
                place = show(self._place(environ))
                for reason, name in found:
                    self._announce(reason, show(name), place)
        except Exception as error:  # noqa: BLE001 - observers never change a response
            self.fault(Reason.OBSERVER_FAULT, error)

    def fault(self, reason: Reason, error: BaseException) -> None:
        """Record a fault by type and frames; its message might hold a value."""
        with self._lock:
            self._count(reason, OTHER)
        log_fault(reason, error)

    def _record_new(self, event: tuple[Found, str], environ: WSGIEnvironment) -> None:
        """Count one by one what came together for the first time; log what is new of it."""
        found, place = event
        is_full = False
        with self._lock:
            new = []
            for reason, name in found:
                kind = self._count(reason, name)
                is_new, overflows = self._remember(kind, place)
                is_full = is_full or overflows
                if is_new:
                    new.append((reason, name))
            # A client chooses what comes together: when it goes on and on, it is counted here.
            if len(self._known_events) < MAX_ROWS and all(
                place in self._places.get((reason, show(name)), ()) for reason, name in found
            ):
                self._known_events.setdefault(event, len(self._known_events))
        shown = show(self._place(environ)) if new else ""
        for reason, name in new:
            logger.warning("%s", explain(reason, name, shown, enforced=self._enforced))
        if is_full and not self._overflow_logged.take():
            logger.warning("%s. %s", Reason.TABLE_FULL, Reason.TABLE_FULL.remedy)

    def _count(self, reason: Reason, name: str) -> tuple[Reason, str]:
        """Count one occurrence; return the kind that it was counted as. The lock is held."""
        kind = reason, show(name)
        if kind not in self._counts and len(self._counts) >= MAX_ROWS:
            kind = reason, OTHER
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return kind

    def _remember(self, kind: tuple[Reason, str], place: str) -> tuple[bool, bool]:
        """Return whether to log a row, and whether the table is full. The lock is held."""
        places = self._places.get(kind, set())
        if place in places or len(places) >= MAX_PLACES:
            # With a name that is counted as other, each is new.
            is_other = kind[1] == OTHER and len(self._counts) >= MAX_ROWS
            return is_other and not self._overflow.take(), is_other
        if self._row_count >= MAX_ROWS:
            return not self._overflow.take(), True
        places.add(place)
        self._places[kind] = places
        self._row_count += 1
        return True, False

    def _fold(self) -> None:
        """Bring the counts up to date; the lock is held."""
        numbers = [self._pending.popleft() for _ in range(len(self._pending))]
        events = list(self._known_events)
        for number, count in Counter(numbers).items():
            found, _ = events[number]
            for reason, name in found:
                self._counts[reason, show(name)] += count

    def place_of(self, environ: WSGIEnvironment) -> str:
        """Return where in the application a request went, as in the log."""
        try:
            return show(self._place(environ))
        except Exception as error:  # noqa: BLE001 - observers never change a response
            self.fault(Reason.OBSERVER_FAULT, error)
            return OTHER

    def _announce(self, reason: Reason, name: str, place: str) -> None:
        signal = signals.BY_GROUP.get(reason.group)
        if signal is not None:
            facts = {"cookie_name": name, "reason": reason, "place": place}
            notify(signal, self._sender, facts, on_fault=self.fault)
        if self._on_verdict is not None:
            try:
                self._on_verdict(reason, name, place)
            except Exception as error:  # noqa: BLE001 - observers never change a response
                self.fault(Reason.OBSERVER_FAULT, error)


def explain(reason: Reason, cookie_name: str, place: str, *, enforced: bool = True) -> str:
    """
    Return what was found, where, and what to do; for an undeclared cookie with the lines to add.

    Args:
        reason: Why something was done.
        cookie_name: Any text; it is escaped and cut.
        place: An endpoint or a path.
        enforced: False in report-only mode.
    """
    mark = "" if enforced else "[report-only] "
    what = f"{mark}{reason}: {show(cookie_name)!r} at {show(place)!r}."
    if reason is not Reason.UNDECLARED:
        return f"{what} {reason.remedy}"
    verb = "was not" if enforced else "would not be"
    return (
        f"{what} It {verb} sent. Stop setting it, or, if the site strictly needs it, add to "
        f"cookies.toml:\n{suggest_entry(cookie_name)}"
    )


def _path(environ: WSGIEnvironment) -> str:
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return path or "/"
