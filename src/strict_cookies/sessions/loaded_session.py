"""One session as one request loaded it, and its conversion from and to a stored row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .._util.keys import SessionKeys
from .limits import MAX_SKEW, PRESETS, PURGE_AFTER, UNUSED_SECONDS, Limits
from .record import Payloads, Record, Unreadable, dump_record, split
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
    """What a signed identifier leads to: a live session, or the key of one that has ended."""

    visit: LoadedSession | None = None
    former: bytes | None = None

    def __repr__(self) -> str:
        """Return the session without its key."""
        return f"<Found {self.visit!r}>"


class Saved(NamedTuple):
    """
    The result of a save.

    ``live`` is False if the session has ended meanwhile, so that nothing was written. ``merged`` is
    the data if other requests wrote meanwhile. ``touched`` is whether the last activity was
    recorded.
    """

    live: bool
    merged: dict[str, Any] | None = None
    touched: bool = False

    def __repr__(self) -> str:
        """Return the result without the data."""
        return f"<Saved live={self.live} touched={self.touched}>"


class Bounds(NamedTuple):
    """Limits in whole seconds; ``idle`` is None if there is no such limit."""

    absolute: int
    idle: int | None
    touch_every: int


class SessionCodec:
    """Convert rows to loaded sessions and back, and check their limits."""

    def __init__(self, keys: SessionKeys, limits: Limits, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._payloads = Payloads(keys)
        levels = [limits if aal < 2 else limits.stricter(PRESETS[f"aal{aal}"]) for aal in range(4)]
        #: By the level of the login; a visitor's at 0.
        self.bounds = tuple(
            Bounds(
                int(one.absolute.total_seconds()),
                None if one.idle is None else int(one.idle.total_seconds()),
                one.touch_every,
            )
            for one in levels
        )

    def read(self, key: bytes, row: StoredSession) -> LoadedSession:
        """
        Read a row; raise :class:`Unreadable` if its payload was not written by this application.
        """
        record, data = self._payloads.open(key, row.payload)
        if row.user != record.user or row.created_at != record.begun_at:
            # Such a row could be in no list of its user, so that no end would reach it.
            raise Unreadable("its user or its beginning was changed in the store")
        return LoadedSession(key, record, data, row)

    def is_live(self, visit: LoadedSession) -> bool:
        """Return whether a stored session is within its limits."""
        now, record = int(self._clock()), visit.record
        absolute, idle, _ = self.bounds[record.aal]
        if now >= record.deadline or now >= record.begun_at + absolute:
            return False
        if record.begun_at > now + MAX_SKEW:
            return False
        if idle is None:
            if record.user_id is None and visit.seen_at == record.begun_at and visit.version == 1:
                return now < record.begun_at + UNUSED_SECONDS
            return True
        return now < visit.seen_at + idle

    def ends_at(self, record: Record, seen_at: int) -> int:
        """Return when a session ends unless it is seen again."""
        absolute, idle, _ = self.bounds[record.aal]
        end = min(record.deadline, record.begun_at + absolute)
        return end if idle is None else min(end, seen_at + idle)

    def make(
        self, record: Record, data: Mapping[str, Any], identifier: tuple[bytes, str]
    ) -> tuple[LoadedSession, StoredSession]:
        """
        Build a session that is not stored yet, and its row, for a key and a signed identifier.
        """
        key, signed = identifier
        ends_at = self.ends_at(record, record.begun_at)
        if record.user_id is None:
            # Purged as soon as it ends, unless it is used again: bots would fill the store.
            ends_at = min(ends_at, record.begun_at + UNUSED_SECONDS) - PURGE_AFTER
        row = StoredSession(
            version=1,
            user=record.user,
            created_at=record.begun_at,
            seen_at=record.begun_at,
            ends_at=ends_at,
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
