"""
A visit: one session as one request found it, and how it becomes a row and a row a visit.

A :class:`LoadedSession` carries what the request read, so that a save can tell what the request
changed. :class:`SessionCodec` makes them, writes their rows, and judges by the limits whether one
is live.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .._util.keys import SessionKeys
from .ids import SessionIds
from .limits import MAX_SKEW, PRESETS, Limits
from .record import Payloads, Record, dump_record, split
from .stores.base import StoredSession
from .tagged import dump, load


class LoadedSession:
    """
    One session, as one request found it.

    Args:
        key: Under which the store has it.
        record: Who is signed in, and until when.
        data: What it holds; handed out once.
        row: As the store has it.

    Attributes:
        version: Of the row.
        seen_at: Of the row.
        signed: What the cookie must hold where the browser does not have it yet; else None.
        familiar: Whether the browser is of the family and platform that the session began in.
    """

    signed: str | None = None
    familiar = True
    #: Record and data as they are written; taken apart when first asked for.
    _texts: tuple[bytes, bytes] | None = None

    def __init__(
        self, key: bytes, record: Record, data: dict[str, Any] | None, row: StoredSession
    ) -> None:
        self.key = key
        self.record = record
        self.version = row.version
        self.seen_at = row.seen_at
        self._data = data
        self._payload = row.payload

    def __repr__(self) -> str:
        """The record's level and times; neither key nor identifier."""
        return f"<LoadedSession {self.record!r}>"

    @property
    def record_text(self) -> bytes:
        """The record as it is written."""
        return self._split()[0]

    @property
    def data_text(self) -> bytes:
        """The data as they were read or last written."""
        return self._split()[1]

    def read_data(self) -> dict[str, Any]:
        """Return the data as they were read or last written; a new copy each time."""
        data, self._data = self._data, None
        if data is None:
            data = load(self.data_text)
        return data

    def follow(self, row: StoredSession) -> None:
        """Adopt version, times and data of a row that was read or written since."""
        self.version, self.seen_at = row.version, row.seen_at
        self._data, self._payload, self._texts = None, row.payload, None

    def _split(self) -> tuple[bytes, bytes]:
        if self._texts is None:
            self._texts = split(self._payload)
        return self._texts


class Found(NamedTuple):
    """
    What a signed identifier led to.

    Attributes:
        visit: The live session; None where there is none.
        former: The key of an identifier that is genuine but has ended; None for any other.
    """

    visit: LoadedSession | None = None
    former: bytes | None = None

    def __repr__(self) -> str:
        """The visit; no key."""
        return f"<Found {self.visit!r}>"


class Saved(NamedTuple):
    """
    What became of a save.

    Attributes:
        live: False where the session has ended meanwhile, so that nothing was written.
        merged: The data with what other requests wrote meanwhile; None if none did.
        touched: Whether the time of the last activity was written down.
    """

    live: bool
    merged: dict[str, Any] | None = None
    touched: bool = False

    def __repr__(self) -> str:
        """What became of it; no data."""
        return f"<Saved live={self.live} touched={self.touched}>"


class Bounds(NamedTuple):
    """
    Limits in whole seconds.

    Attributes:
        absolute: See :class:`~strict_cookies.sessions.limits.Limits`.
        idle: Likewise; None for no such limit.
        touch_every: Seconds between two touches.
    """

    absolute: int
    idle: int | None
    touch_every: int


class SessionCodec:
    """
    Convert rows to loaded sessions and back.

    Args:
        keys: Derived from the application's secret.
        limits: For every session; one of a higher level is held to that level's as well.
        clock: Seconds since the epoch, UTC.
    """

    def __init__(self, keys: SessionKeys, limits: Limits, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ids = SessionIds(keys)
        self._payloads = Payloads(keys)
        levels = [limits if aal < 2 else limits.stricter(PRESETS[f"aal{aal}"]) for aal in range(4)]
        #: By the level of the login; a visitor's at 0.
        self.bounds = tuple(
            Bounds(one.absolute_seconds, one.idle_seconds, one.touch_every) for one in levels
        )

    def read(self, key: bytes, row: StoredSession) -> LoadedSession:
        """
        Read a row.

        Raises:
            Unreadable: Its payload is not a session of this application.
        """
        record, data = self._payloads.open(key, row.payload)
        return LoadedSession(key, record, data, row)

    def is_live(self, visit: LoadedSession) -> bool:
        """Return whether a stored session is within its limits, by the clock."""
        now, record = int(self._clock()), visit.record
        absolute, idle, _ = self.bounds[record.aal]
        if now >= record.deadline or now >= record.begun_at + absolute:
            return False
        if record.begun_at > now + MAX_SKEW:
            return False
        return idle is None or now < visit.seen_at + idle

    def ends_at(self, record: Record, seen_at: int) -> int:
        """Return when a session ends unless it is seen again."""
        absolute, idle, _ = self.bounds[record.aal]
        end = min(record.deadline, record.begun_at + absolute)
        return end if idle is None else min(end, seen_at + idle)

    def make(
        self, record: Record, data: Mapping[str, Any], identifier: tuple[bytes, str]
    ) -> tuple[LoadedSession, StoredSession]:
        """
        Create a session that is not stored yet.

        Args:
            record: Who is signed in, and until when.
            data: What it holds.
            identifier: Key and signed text, as :class:`~strict_cookies.sessions.ids.SessionIds`
                makes them.
        """
        key, signed = identifier
        row = StoredSession(
            version=1,
            user=record.user,
            created_at=record.begun_at,
            seen_at=record.begun_at,
            ends_at=self.ends_at(record, record.begun_at),
            payload=self._payloads.seal(key, dump_record(record), dump(data)),
        )
        visit = LoadedSession(key, record, None, row)
        visit.signed = signed
        return visit, row

    def write(self, visit: LoadedSession, data_text: bytes, seen_at: int) -> StoredSession:
        """Return the row that replaces the one that was read."""
        return StoredSession(
            version=visit.version + 1,
            user=visit.record.user,
            created_at=visit.record.begun_at,
            seen_at=seen_at,
            ends_at=self.ends_at(visit.record, seen_at),
            payload=self._payloads.seal(visit.key, visit.record_text, data_text),
        )
