"""
What was seen while the application served requests.

A requirement is not met because of a setting alone: views and middleware can undo it. The audit
trail's daily counters say what was seen, in all processes; the firewall of this process says where.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from .._util.text import join_words
from ..reasons import Reason
from ..trail.counts import SIGNED_IN, Count

if TYPE_CHECKING:
    from .state import ReportedState

#: For how many days a weakened header fails a requirement.
DAYS = 30


class Sighting(NamedTuple):
    """
    A header that a view or middleware weakened.

    Attributes:
        name: The header, and the directive if it has any.
        first: The first day, UTC, within the last :data:`DAYS`.
        last: The last day.
        places: Endpoints or paths that this process knows of.
    """

    name: str
    first: datetime.date
    last: datetime.date
    places: tuple[str, ...]

    @property
    def where(self) -> str:
        """Where and when it was seen, as part of a sentence."""
        places = f" at {join_words([f'{place!r}' for place in self.places])}" if self.places else ""
        if self.first == self.last:
            return f"seen{places} on {self.last}"
        return f"seen{places} since {self.first}, the last time on {self.last}"


class Evidence(NamedTuple):
    """
    Everything that was seen.

    Attributes:
        weakened: Security headers that were sent weaker than configured.
        bypasses: Why requests are not checked, one sentence each.
        last_login: The last day with a sign-in by ``login()`` or Flask-Login; None if there was
            none.
        is_recorded: Whether sign-ins are recorded.
    """

    weakened: tuple[Sighting, ...] = ()
    bypasses: tuple[str, ...] = ()
    last_login: datetime.date | None = None
    is_recorded: bool = True

    def find_weakened(self, names: Iterable[str]) -> list[Sighting]:
        """Return the sightings of headers, or of directives written ``"Header directive"``."""
        wanted = set(names)
        return [one for one in self.weakened if {one.name, one.name.partition(" ")[0]} & wanted]


def describe_sightings(sightings: Iterable[Sighting]) -> str:
    """Return what was seen; headers that were weakened at the same places and days together."""
    names: dict[str, list[str]] = {}
    for one in sightings:
        names.setdefault(one.where, []).append(one.name)
    return "; ".join(f"{join_words(found)}, {where}" for where, found in names.items())


def collect_evidence(
    counts: Iterable[Count],
    places: Mapping[tuple[str, str], tuple[str, ...]],
    bypasses: Iterable[str],
    today: datetime.date,
    *,
    is_recorded: bool,
) -> Evidence:
    """
    Collect the evidence.

    Args:
        counts: By day; see :class:`~strict_cookies.trail.counts.DailyCounts`.
        places: Of the firewall of this process, by reason id and name.
        bypasses: Why requests are not checked.
        today: UTC.
        is_recorded: Whether sign-ins are recorded.
    """
    rows = list(counts)
    oldest = today - datetime.timedelta(days=DAYS)
    days: dict[str, list[datetime.date]] = {}
    for row in rows:
        if row.reason == Reason.WEAKER_HEADER.id and row.day >= oldest:
            days.setdefault(row.name, []).append(row.day)
    return Evidence(
        weakened=tuple(
            Sighting(name, min(seen), max(seen), places.get((Reason.WEAKER_HEADER.id, name), ()))
            for name, seen in sorted(days.items())
        ),
        bypasses=tuple(bypasses),
        last_login=max((row.day for row in rows if row.reason == SIGNED_IN), default=None),
        is_recorded=is_recorded,
    )


def observe(state: ReportedState) -> Evidence:
    """
    Read what was seen: in all processes by the audit trail's counters, without it in this one.

    Raises:
        StoreUnavailableError: The counters can't be read.
    """
    trail, recorder = state.trail, state.freeze().recorder
    today = datetime.datetime.now(datetime.UTC).date()
    if trail.kept:
        trail.flush()
        today = trail.now().date()
        counts = trail.counts.read()
    else:
        counts = [Count(today, *kind, times) for kind, times in recorder.counts.items()]
    return collect_evidence(
        counts, recorder.places(), state.find_bypasses(), today, is_recorded=trail.kept
    )
