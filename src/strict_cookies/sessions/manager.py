"""
The life of sessions: create, find, save, exchange and end them. Imports no Flask.

Identifiers change at every authentication, and the record of an identifier never changes, so no
request can change who is signed in. An ended session stays ended: a save updates a live row only. A
clock that jumps back ends a session that began later than now, so that no jump extends the absolute
limit; a session that was seen later than now counts as seen now.

Source: OWASP ASVS 5.0.0 chapter 7; NIST SP 800-63B-4 section 5; CVE-2025-46336.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from .._util.keys import SessionKeys
from ..errors import SessionLimitError, StoreUnavailableError
from ..reasons import Reason
from ..signals import signed_in
from .control import SessionControl
from .device import read_device
from .end_markers import EXCHANGE_WINDOW, digest, mark
from .events import SessionEvents
from .ids import SessionIds
from .limits import MAX_SKEW
from .loaded_session import Found, LoadedSession, Saved, SessionCodec
from .merging import merge
from .migration_ends import MigrationEnds
from .options import SessionOptions
from .record import NewLogin, Record, SessionEndedError, Unreadable, UserId
from .stores.base import SessionStore, StoredSession
from .tagged import dump
from .watch import Watch

#: Seconds to wait for a user's lock at a login that is counted.
LOCK_SECONDS = 5.0

_LIVE = Saved(True)
#: A named tuple's own constructor takes twice the time.
_new = tuple.__new__


class SessionManager(SessionControl):
    """
    Create, find, save, exchange and end sessions in a store, and list them.

    ``clock`` returns seconds since the epoch, UTC.
    """

    def __init__(
        self,
        store: SessionStore,
        keys: SessionKeys,
        *,
        options: SessionOptions | None = None,
        events: SessionEvents | None = None,
        migration_ends: MigrationEnds | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        options = options or SessionOptions()
        events = SessionEvents(self) if events is None else events
        codec = SessionCodec(keys, options.limits, clock)
        super().__init__(store, codec, clock, events, migration_ends)
        self._options = options
        #: The store's, as it was last asked for.
        self._tag = ""
        self._ids = SessionIds(keys)
        self._watch = Watch(keys, options.binding, clock, self.events)
        self._bind = self._watch.bind

    # Finding

    def open(self, signed: str, user_agent: str = "") -> Found:
        """
        Find the session of a signed identifier, as the browser sent it.

        Raises:
            StoreUnavailableError: The store can't answer.
            OtherStoreError: Another store has just signed the identifier.
        """
        read = self._ids.verify(signed)
        if read is None:
            self._watch.count_unknown()
            return Found()
        if read.tag != self._tag:
            self._tag = self.store.tag
            if read.tag != self._tag:
                self._watch.report_foreign_store(read)
                return Found()
        row = self.store.read(read.key)
        if row is None:
            self._watch.count_unknown()
            return Found(None, read.key)
        try:
            visit = self._visits.read(read.key, row)
        except Unreadable as error:
            self._alarm_unreadable(error)
            return Found(None, read.key)
        if not self._visits.is_live(visit):
            self._end_expired(read.key)
            return Found(None, read.key)
        bound = visit.record.binding
        if bound and self._bind(user_agent) != bound:
            self._watch.meet_other_browser(visit)
        return _new(Found, (visit, None))

    def refresh(self, visit: LoadedSession, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """
        Read a session again, and return its data merged with the request's; None if it has ended.
        """
        row = self.store.read(visit.key)
        current = None if row is None else self._read_live(visit.key, row)
        if row is None or current is None:
            return None
        if current.version == visit.version:
            return dict(data)
        merged = merge(visit.read_data(), data, current.read_data())
        visit.follow(row)
        return merged

    # Saving

    def begin(
        self,
        data: Mapping[str, Any],
        user_agent: str = "",
        *,
        former: bytes | None = None,
        received_at: float | None = None,
        explicit: bool = False,
    ) -> LoadedSession | None:
        """
        Begin a visitor's session to store something in it; None if it could replace a fresh login.

        Args:
            former: The key of an ended identifier that the request sent.
            received_at: When the request was received, by the clock; None for now.
            explicit: Whether the request itself ended its session, to start over.
        """
        if former is not None and not explicit:
            received_at = self.clock() if received_at is None else received_at
            if self._end_markers.covers(former, received_at):
                return None
        visit, row = self._make(self._visitor(user_agent), data)
        self.store.create(visit.key, row)
        if former is not None and explicit:
            self._end_markers.add(former, EXCHANGE_WINDOW)
        return visit

    def save(
        self, visit: LoadedSession, data: Mapping[str, Any] | None, *, background: bool = False
    ) -> Saved:
        """
        Save a request's changes, or else record from time to time that the session was used.

        Try one update; if another request has written meanwhile, merge in a transaction. Saving
        again writes nothing.

        Args:
            data: The request's data; None if nothing can have changed.
            background: Whether the request is not an activity of the user.

        Raises:
            StoreUnavailableError: As far as is known, nothing was written.
            TypeError: A value can't be stored.
        """
        data_text = None if data is None else dump(data)
        now = int(self.clock())
        if data_text is None or data_text == visit.data_text:
            age = now - visit.seen_at
            if -MAX_SKEW <= age < self._visits.bounds[visit.record.aal].touch_every:
                return _LIVE
            if age >= -MAX_SKEW:
                return _LIVE if background else self._touch(visit, now)
            data_text = visit.data_text
        seen_at = min(visit.seen_at, now) if background else now
        row = self._visits.write(visit, data_text, seen_at)
        update = self.store.update(visit.key, row)
        if update.written:
            visit.follow(row)
            return _LIVE
        if update.current is None:
            return Saved(False)
        return self._merge(visit, visit.read_data() if data is None else data, seen_at)

    # Signing in and out

    def sign_in(
        self,
        login: NewLogin,
        data: Mapping[str, Any],
        user_agent: str = "",
        *,
        visit: LoadedSession | None = None,
        former: bytes | None = None,
        on_entered: Callable[[LoadedSession], None] | None = None,
    ) -> LoadedSession:
        """
        Exchange a session for one in which a user is signed in.

        A visitor's data are kept; those of another user are not. ``former`` is the key of an ended
        identifier that the request sent. ``on_entered`` gets the new session before any receiver of
        a signal is called, which may use it.

        Raises:
            SessionEndedError: The login only renews a session, and that has ended.
            SessionLimitError: The user has as many sessions as are allowed.
            StoreUnavailableError: The store did not answer; no user was signed in.
        """
        user_id, again = login.user_id, False
        if visit is not None and visit.record.user is not None:
            again = visit.record.user == str(user_id)
            data = data if again else {}
        record = login.describe(self._visitor(user_agent), self._visits.bounds[login.aal].absolute)
        limit = self._options.per_user
        evicted = 0
        if login.renews:
            entered = self._renew(visit, record, data)
        elif limit is None:
            entered = self._exchange(visit, record, data)
        else:
            user = digest(b"user", str(user_id).encode())
            with self.store.lock(user, timeout=LOCK_SECONDS):
                entered, evicted = self._exchange_counted(visit, record, data, limit)
        ended = former if visit is None else visit.key
        if ended is not None:
            self._end_markers.add(ended, EXCHANGE_WINDOW)
            self._carry_migrated(ended, entered.key)
        if on_entered is not None:
            on_entered(entered)
        self._notify_ended(user_id, evicted)
        self.events.notify(
            signed_in, user_id=user_id, aal=login.aal, again=again, method=login.method
        )
        return entered

    def adopt(
        self,
        seed: bytes,
        data: Mapping[str, Any],
        user_agent: str,
        *,
        user_id: UserId | None,
        until: int,
        identities: tuple[bytes, ...] = (),
    ) -> Found:
        """
        Import a session that was kept elsewhere, once.

        Requests that send it at the same time get the same new session; when that has ended, it
        stays ended.

        Args:
            seed: 32 bytes of the session that an outsider can't compute.
            user_id: The signed-in user, if known; the login does not count as fresh.
            until: Whole seconds since the epoch, after which no session is imported.
            identities: Whose it is; see :mod:`~strict_cookies.sessions.migration_ends`.
        """
        key, signed = self._ids.derive(seed, self.store.tag, int(self.clock()))
        moved = digest(b"moved", key)
        # In this order: the mark is left after the row was created.
        was_moved = self.store.read(moved) is not None
        row = self.store.read(key)
        if row is None and not was_moved:
            record = self._visitor(user_agent)
            if user_id is not None:
                record = record._replace(user_id=user_id, aal=1)
            visit, row = self._visits.make(record, data, (key, signed))
            try:
                self.store.create(key, row)
            except ValueError:
                row = self.store.read(key)
            else:
                mark(self.store, moved, b"".join(identities), record.begun_at, until)
                return Found(visit, key)
        found = None if row is None else self._read_live(key, row)
        if found is not None:
            found.signed = signed
        return Found(found, key)

    def key_of_seed(self, seed: bytes) -> bytes:
        """Return the key of the session that was imported under a seed."""
        return self._ids.derive(seed, self.store.tag, int(self.clock()))[0]

    def _end_expired(self, key: bytes) -> None:
        """End an expired session, so that a clock that is set back does not revive it."""
        try:
            self.store.end([key])
            self._note_migrated(key)
        except StoreUnavailableError as error:
            self.events.alarm(Reason.STORE_UNAVAILABLE, f"{error}")

    def _visitor(self, user_agent: str) -> Record:
        """Build the record of a visitor who is not signed in."""
        now, device = int(self.clock()), read_device(user_agent)
        return Record(
            user_id=None,
            roles=(),
            aal=0,
            authenticated_at=0,
            begun_at=now,
            deadline=now + self._visits.bounds[0].absolute,
            device=device.label,
            binding=self._bind(user_agent),
        )

    def _make(self, record: Record, data: Mapping[str, Any]) -> tuple[LoadedSession, StoredSession]:
        identifier = self._ids.issue(self.store.tag, record.begun_at)
        return self._visits.make(record, data, identifier)

    def _touch(self, visit: LoadedSession, now: int) -> Saved:
        try:
            live = self.store.touch(visit.key, now, self._visits.ends_at(visit.record, now))
        except StoreUnavailableError as error:
            # What the request reads is read already; only the note of its time is missing.
            self.events.alarm(Reason.STORE_UNAVAILABLE, f"{error}")
            return _LIVE
        visit.seen_at = now
        return Saved(live, touched=True)

    def _merge(self, visit: LoadedSession, data: Mapping[str, Any], seen_at: int) -> Saved:
        """Merge the request's changes into a row that another request has written meanwhile."""
        base = visit.read_data()
        merged: dict[str, Any] | None = None

        def change(row: StoredSession) -> StoredSession:
            nonlocal merged
            current = self._read_live(visit.key, row)
            if current is None:
                merged = None
                return row
            merged = merge(base, data, current.read_data())
            return self._visits.write(visit, dump(merged), max(seen_at, row.seen_at))

        written = self.store.transact(visit.key, change)
        if written is None or merged is None:
            return Saved(False)
        visit.follow(written)
        return Saved(True, merged)

    def _exchange_counted(
        self,
        visit: LoadedSession | None,
        record: Record,
        data: Mapping[str, Any],
        limit: int,
    ) -> tuple[LoadedSession, int]:
        """Exchange a session within the number that a user may have; return how many it ended."""
        user_id = record.user_id
        assert user_id is not None
        others = [
            other.key for other in self._live(user_id) if visit is None or other.key != visit.key
        ]
        if self._options.at_limit == "deny" and len(others) >= limit:
            raise SessionLimitError(limit)
        fresh = self._exchange(visit, record, data)
        surplus = others[: max(0, len(others) + 1 - limit)]
        return fresh, self.store.end(surplus) if surplus else 0

    def _exchange(
        self, visit: LoadedSession | None, record: Record, data: Mapping[str, Any]
    ) -> LoadedSession:
        """Replace a session, keeping what others wrote there meanwhile."""
        if visit is None:
            fresh, row = self._make(record, data)
            self.store.create(fresh.key, row)
            return fresh
        base = visit.read_data()
        same_user = visit.record.user in (None, record.user)
        current = self.refresh(visit, data) if same_user else data
        replaced = self._replace(visit, record, current)
        if replaced is not None:
            return replaced
        # It was ended meanwhile: only what this request itself wrote is kept.
        fresh, row = self._make(record, merge(base, data, {}))
        self.store.create(fresh.key, row)
        return fresh

    def _renew(
        self, visit: LoadedSession | None, record: Record, data: Mapping[str, Any]
    ) -> LoadedSession:
        """Replace a live session by one with a new identifier; what has ended stays ended."""
        current = None if visit is None else self.refresh(visit, data)
        fresh = None if visit is None else self._replace(visit, record, current)
        if fresh is None:
            raise SessionEndedError
        return fresh

    def _replace(
        self, visit: LoadedSession, record: Record, data: Mapping[str, Any] | None
    ) -> LoadedSession | None:
        """Replace a live session; return None if it has ended."""
        if data is None:
            return None
        fresh, row = self._make(record, data)
        return fresh if self.store.replace(visit.key, fresh.key, row) else None
