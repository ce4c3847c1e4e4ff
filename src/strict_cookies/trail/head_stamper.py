"""
Have the heads of one trail stamped, and record when that fails.

Never on the path of a request: by ``flask cookies trail timestamp``, and once a day by the
maintenance of the trail, which retries a failure every hour.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from ..reasons import Reason
from .chain import Point
from .timestamp_authority import AuthorityUnavailableError, TimestampAuthority

if TYPE_CHECKING:
    from .audit_trail import AuditTrail
    from .timestamps import Timestamp

logger = logging.getLogger("strict_cookies")

#: The shelf that records which process tries in an hour, and whether the last attempt failed.
ATTEMPTS = "trail-timestamp-attempts"
_FAILING = "failing"


class HeadStamper:
    """Have the heads of a trail stamped by the authority at a URL."""

    def __init__(self, trail: AuditTrail, url: str) -> None:
        self.trail = trail
        self.authority = TimestampAuthority(url)
        self._hour = ""

    def stamp(self) -> Timestamp | None:
        """
        Have the current head stamped; store the timestamp, and record that there is one.

        Returns:
            None if nothing was recorded since the last timestamp.

        Raises:
            AuthorityUnavailableError: There is no timestamp; the trail records it, once while it
                lasts.
            StoreCorruptError: The trail was rewritten.
        """
        head = self.trail.make_head()
        point = Point(head["number"], head["hash"])
        if self._is_stamped(point.number):
            return None
        try:
            stamp = self.authority.stamp(point)
        except AuthorityUnavailableError as error:
            self._record_failure(point, error)
            raise
        # In this order no entry refers to a timestamp that is not stored.
        self.trail.timestamps.add(stamp)
        self.trail.archive.delete(ATTEMPTS, _FAILING)
        self.trail.record("timestamped", number=point.number, hash=point.hash)
        return stamp

    def prepare(self) -> None:
        """Import what stamping needs: a fork during an import would leave its lock held."""
        self.authority.prepare()

    def stamp_daily(self) -> None:
        """Have a head stamped if there was none today; one process tries, once an hour."""
        hour = f"{self.trail.now():%Y-%m-%dT%H}"
        if hour == self._hour:
            return
        self._hour = hour
        archive, worker = self.trail.archive, os.urandom(8)
        if archive.put_new(ATTEMPTS, hour, worker) != worker:
            return
        for key in archive.items(ATTEMPTS):
            if key not in (hour, _FAILING):
                archive.delete(ATTEMPTS, key)
        stamps = [stamp for stamp in self.trail.timestamps.read().values() if stamp is not None]
        if stamps and stamps[-1].time.date() >= self.trail.now().date():
            return
        try:
            self.stamp()
        except AuthorityUnavailableError:
            return  # it is recorded and logged

    def _is_stamped(self, number: int) -> bool:
        """Return whether there is nothing after the newest timestamp but the entry about it."""
        newest = max(self.trail.timestamps.read(), default=0)
        if number in (0, newest):
            return True
        if number != newest + 1:
            return False
        row = next(self.trail.rows(after=newest), None)
        return row is not None and b'"event":"timestamped"' in row.data

    def _record_failure(self, point: Point, error: AuthorityUnavailableError) -> None:
        archive, worker = self.trail.archive, os.urandom(8)
        if archive.put_new(ATTEMPTS, _FAILING, worker) != worker:
            return
        self.trail.record("timestamp-missed", number=point.number, authority=self.authority.host)
        logger.warning("%s. %s %s", Reason.TIMESTAMP_MISSED, error, Reason.TIMESTAMP_MISSED.remedy)
