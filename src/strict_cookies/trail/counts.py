"""
Daily counters: how often the firewall dropped, removed or refused, by day, reason and name.

The firewall's recorder counts anyway; at intervals the difference since the last write is added to
the counters in the store, so that they cost a request nothing. A killed process loses at most what
it counted since the last write. The first occurrence of a kind on a day, among all processes,
becomes an event.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from .._util.forks import make_lock
from .._util.text import OTHER
from .gaps import report_gap

if TYPE_CHECKING:
    from ..archive.base import Archive

#: The tally of the counters, and the shelf of the kinds that have been an event today.
TALLY, FIRSTS = "trail-counts", "trail-firsts"
#: The kind of a sign-in, in the place of a reason id; its name is empty.
SIGNED_IN = "signed-in"
#: The maximum number of kinds per process and day; others are counted as ``other``.
MAX_KINDS = 512

#: The event of the first occurrence of a kind, by the first digits of the reason's id.
_EVENTS = {"SC10": "cookie-dropped", "SC20": "undeclared-received", "SC60": "request-refused"}

#: Returns how often each reason id and cookie name occurred in this process.
CountSource = Callable[[], Mapping[tuple[str, str], int]]


class Count(NamedTuple):
    """
    One counter.

    Attributes:
        day: UTC.
        reason: The id, for example ``"SC101"``.
        name: The name of the cookie, or ``other``.
        times: How often.
    """

    day: date
    reason: str
    name: str
    times: int


class DailyCounts:
    """Add the counts of this process to the counters in the archive, under the UTC day."""

    def __init__(
        self, archive: Archive, record: Callable[..., object], today: Callable[[], str]
    ) -> None:
        self._archive = archive
        self._record = record
        self._today = today
        self._lock = make_lock(self)
        self._source: CountSource = dict
        #: The counts of the source at the last write.
        self._written: Mapping[tuple[str, str], int] = {}
        #: The kinds that this process has seen today.
        self._kinds: set[tuple[str, str]] = set()
        self._day = ""

    def follow(self, source: CountSource) -> None:
        """Count what a source counts from now on; call it again after a fork."""
        self._source, self._written = source, dict(source())

    def flush(self) -> None:
        """Write the counts since the last write; after an exception the next call retries."""
        try:
            with self._lock:
                self._flush()
        except Exception as error:  # noqa: BLE001 - observers never change a response
            report_gap(error)

    def read(self) -> list[Count]:
        """Return all counters by day, reason and name."""
        return sorted(self._rows())

    def clear_before(self, day: date) -> None:
        """Remove the counters of the days before ``day``."""
        expired = {
            _key(row.day.isoformat(), row.reason, row.name) for row in self._rows() if row.day < day
        }
        if expired:
            self._archive.clear_tally(TALLY, frozenset(expired))

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
                self._record_first(day, *kind)
                self._kinds.add(kind)
            reason, name = kind
            key = _key(day, reason, name if kind in self._kinds else OTHER)
            amounts[key] = amounts.get(key, 0) + count
        self._archive.add(TALLY, amounts)
        self._written = counts

    def _record_first(self, day: str, reason: str, name: str) -> None:
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
