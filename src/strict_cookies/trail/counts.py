"""
Daily counters: how often the firewall dropped, cut or refused, by day, reason and name.

The firewall's ledger counts anyway; now and then the difference since the last time is added to the
counters in the store, so that a request does nothing for them. A killed process loses at most what
it counted since. The first of its kind on a day, among all processes, becomes an event.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from .._util.text import OTHER
from .gaps import report_gap

if TYPE_CHECKING:
    from ..archive.base import Archive

#: The tally, and the shelf of what has been an event today.
TALLY, FIRSTS = "trail-counts", "trail-firsts"
#: Most kinds of one process on a day; the rest is counted under ``other``.
MAX_KINDS = 512

#: Which event the first of a kind is, by the first digits of the reason's id.
_EVENTS = {"SC10": "cookie-dropped", "SC20": "stray-seen", "SC60": "request-refused"}

#: Gives how often each reason id and cookie name occurred in this process.
CountSource = Callable[[], Mapping[tuple[str, str], int]]


class Count(NamedTuple):
    """
    One counter.

    Attributes:
        day: UTC.
        reason: The id, for example ``"SC101"``.
        name: Of the cookie, or ``other``.
        times: How often.
    """

    day: date
    reason: str
    name: str
    times: int


class DailyCounts:
    """
    Add up what is counted.

    Args:
        archive: Where the counters are.
        record: Records an event.
        today: Gives the day, UTC, as ``2027-03-31``.
    """

    def __init__(
        self, archive: Archive, record: Callable[..., object], today: Callable[[], str]
    ) -> None:
        self._archive = archive
        self._record = record
        self._today = today
        self._lock = threading.Lock()
        self._source: CountSource = dict
        #: What the source said when its difference was last written.
        self._written: Mapping[tuple[str, str], int] = {}
        #: What this process has seen today.
        self._kinds: set[tuple[str, str]] = set()
        self._day = ""

    def follow(self, source: CountSource) -> None:
        """
        Take a source for what is counted from now on.

        After a fork, call it again: what the parent counted is the parent's.
        """
        self._lock = threading.Lock()
        self._source, self._written = source, dict(source())

    def flush(self) -> None:
        """Write what was counted since the last time; a fault is logged and tried again later."""
        try:
            with self._lock:
                self._flush()
        except Exception as error:  # noqa: BLE001 - observers never change a response
            report_gap(error)

    def read(self) -> list[Count]:
        """
        Give all counters by day, reason and name.

        Raises:
            StoreUnavailableError: The store can't be read.
        """
        return sorted(self._rows())

    def clear_before(self, day: date) -> None:
        """Remove the counters of earlier days."""
        past = {
            _key(row.day.isoformat(), row.reason, row.name) for row in self._rows() if row.day < day
        }
        if past:
            self._archive.clear_tally(TALLY, frozenset(past))

    def _flush(self) -> None:
        counts = dict(self._source())
        added = {
            kind: count - self._written.get(kind, 0)
            for kind, count in counts.items()
            if count > self._written.get(kind, 0)
        }
        if not added:
            return
        day = self._today()
        if day != self._day:
            self._forget_firsts(day)
            self._day, self._kinds = day, set()
        amounts: dict[str, int] = {}
        for kind, count in added.items():
            if kind not in self._kinds and len(self._kinds) < MAX_KINDS:
                self._tell_first(day, *kind)
                self._kinds.add(kind)
            reason, name = kind
            key = _key(day, reason, name if kind in self._kinds else OTHER)
            amounts[key] = amounts.get(key, 0) + count
        self._archive.add(TALLY, amounts)
        self._written = counts

    def _tell_first(self, day: str, reason: str, name: str) -> None:
        event = _EVENTS.get(reason[:4])
        if event is None:
            return
        token = secrets.token_bytes(8)
        if self._archive.put_new(FIRSTS, _key(day, reason, name), token) == token:
            self._record(event, reason=reason, name=name)

    def _forget_firsts(self, day: str) -> None:
        for key in self._archive.items(FIRSTS):
            if key.partition("|")[0] < day:
                self._archive.delete(FIRSTS, key)

    def _rows(self) -> Iterator[Count]:
        for key, count in self._archive.amounts(TALLY).items():
            day, reason, name = key.split("|", 2)
            yield Count(date.fromisoformat(day), reason, name, count)


def _key(day: str, reason: str, name: str) -> str:
    return f"{day}|{reason}|{name}"
