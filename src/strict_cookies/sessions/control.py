"""
List and end sessions other than the current one, and purge expired rows.

A page that offers this to users requires a fresh login (OWASP ASVS 5.0.0 7.5.2). The sessions of
other users are for the command line only.

Source: OWASP ASVS 5.0.0 7.4.2 to 7.4.5 and 7.5.2.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple

from ..reasons import Reason
from ..signals import sessions_ended, signed_out
from .end_markers import EndMarkers, digest, mark
from .events import SessionEvents
from .limits import PURGE_AFTER
from .loaded_session import LoadedSession, SessionCodec
from .migration_ends import MigrationEnds, identify
from .record import Unreadable, UserId
from .stores.base import SessionStore, StoredSession

#: Of so many touches one is followed by a purge.
TOUCHES_PER_PURGE = 50
#: Most rows that one purge removes.
PURGE_ROWS = 500


class SessionInfo(NamedTuple):
    """
    One session of a user, for a list that people read.

    Attributes:
        handle: Names it in forms; reveals neither identifier nor key.
        device: For example ``"Firefox on Windows"``.
        begun_at: Whole seconds since the epoch: the last authentication.
        seen_at: Likewise; up to a minute behind.
        aal: Level of the login.
        current: Whether it is the one that asks.
    """

    handle: str
    device: str
    begun_at: int
    seen_at: int
    aal: int
    current: bool


class SessionControl:
    """List and end sessions in a store."""

    def __init__(
        self,
        store: SessionStore,
        visits: SessionCodec,
        clock: Callable[[], float],
        events: SessionEvents,
        migration_ends: MigrationEnds | None = None,
    ) -> None:
        self._migration_ends = migration_ends
        self.store = store
        self.clock = clock
        self.events = events
        self._visits = visits
        self._end_markers = EndMarkers(store, clock, events)

    def sign_out(self, visit: LoadedSession) -> None:
        """End the session of a request, at once."""
        if self.end(visit.key):
            self.notify_signed_out(visit)

    def notify_signed_out(self, visit: LoadedSession) -> None:
        """Report the end of a session, if a user was signed in."""
        if visit.record.user_id is not None:
            self.events.notify(signed_out, user_id=visit.record.user_id)

    def end(self, key: bytes) -> bool:
        """
        End one session by its key; return whether it was live.

        A request that was received before starts no other session in its place.
        """
        ended = self.store.end([key]) > 0
        if ended:
            self._end_markers.add(key)
            self._note_migrated(key)
        return ended

    def list_user(
        self, user_id: UserId, *, current: LoadedSession | None = None
    ) -> list[SessionInfo]:
        """
        List a user's live sessions, oldest first.

        Args:
            user_id: As at the login.
            current: The session that asks, which is marked.
        """
        return [
            SessionInfo(
                handle=_handle(visit.key),
                device=visit.record.device,
                begun_at=visit.record.begun_at,
                seen_at=visit.seen_at,
                aal=visit.record.aal,
                current=current is not None and visit.key == current.key,
            )
            for visit in self._live(user_id)
        ]

    def end_one(self, user_id: UserId, handle: str) -> bool:
        """End one session of a user by its handle; return whether it was live."""
        wanted = handle.encode("utf-8", "replace")
        for visit in self._live(user_id):
            if hmac.compare_digest(_handle(visit.key).encode(), wanted):
                self._note_ends(identify(user_id))
                return self._notify_ended(user_id, self.store.end([visit.key])) > 0
        return False

    def end_others(self, visit: LoadedSession) -> int:
        """End all sessions of the user who is signed in, but this one; return how many."""
        user_id = visit.record.user_id
        if user_id is None:
            return 0
        self._note_ends(identify(user_id))
        return self._notify_ended(user_id, self.store.end_user(str(user_id), but=visit.key))

    def end_user(self, user_id: UserId) -> int:
        """End all sessions of a user, for example when the account is closed; return how many."""
        self._note_ends(identify(user_id))
        return self._notify_ended(user_id, self.store.end_user(str(user_id)))

    def end_everyone(self) -> int:
        """End every session, visitors' too; return how many rows that were."""
        self._note_ends()
        return self._notify_ended(None, self.store.end_all())

    def purge(self, limit: int = PURGE_ROWS) -> int:
        """
        Remove rows a day after their end.

        Args:
            limit: Most rows of this call; repeat it until it removes none.

        Returns:
            How many were removed.
        """
        return self.store.purge(int(self.clock()) - PURGE_AFTER, limit)

    def is_purge_due(self) -> bool:
        """Return at random whether a purge should follow a touch."""
        return secrets.randbelow(TOUCHES_PER_PURGE) == 0

    def _note_ends(self, *identities: bytes) -> None:
        """Refuse former copies of Flask's cookies of these users; without any, of all."""
        if self._migration_ends is not None:
            self._migration_ends.note(*identities)

    def _note_migrated(self, key: bytes) -> None:
        """Do so for those whose session was migrated to this key."""
        row = self._find_migrated(key)
        if row is not None and row.payload and self._migration_ends is not None:
            size = len(identify(""))
            parts = range(0, len(row.payload), size)
            self._migration_ends.note(*(row.payload[at : at + size] for at in parts))

    def _carry_migrated(self, old: bytes, new: bytes) -> None:
        """Remember of a session's new key, too, whose migrated session it is."""
        row = self._find_migrated(old)
        if row is not None:
            mark(self.store, digest(b"moved", new), row.payload, row.created_at, row.ends_at)

    def _find_migrated(self, key: bytes) -> StoredSession | None:
        return None if self._migration_ends is None else self.store.read(digest(b"moved", key))

    def _live(self, user_id: UserId) -> list[LoadedSession]:
        rows = self.store.list_user(str(user_id))
        return [visit for key, row in rows if (visit := self._read_live(key, row)) is not None]

    def _read_live(self, key: bytes, row: StoredSession) -> LoadedSession | None:
        """Read a row; None if it is unreadable, which is reported, or expired."""
        try:
            visit = self._visits.read(key, row)
        except Unreadable as error:
            self._alarm_unreadable(error)
            return None
        return visit if self._visits.is_live(visit) else None

    def _alarm_unreadable(self, error: Unreadable) -> None:
        self.events.alarm(Reason.SESSION_UNREADABLE, f"It is ignored: {error}.")

    def _notify_ended(self, user_id: UserId | None, count: int) -> int:
        if count:
            self.events.notify(sessions_ended, user_id=user_id, count=count)
        return count


def _handle(key: bytes) -> str:
    return digest(b"handle", key).hex()[:16]
