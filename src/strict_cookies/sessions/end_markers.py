"""
Markers of ended sessions, so that a late response can't overwrite a fresh login.

When a request ends or exchanges its session, the browser may already have sent others with the old
identifier. A request that was received before the end, or within :data:`EXCHANGE_WINDOW` of an
exchange, starts no session, since its cookie would replace that of the login. A later one may, so
that an ended identifier locks no user out.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

from ..errors import StoreUnavailableError
from ..reasons import Reason
from .events import SessionEvents
from .stores.base import SessionStore, StoredSession

#: Seconds after an exchange during which requests with the old identifier may still be received.
EXCHANGE_WINDOW = 10
#: Seconds that a notice counts.
NOTICE_SECONDS = 3600


class EndMarkers:
    """Leave end markers, and look them up."""

    def __init__(
        self, store: SessionStore, clock: Callable[[], float], events: SessionEvents
    ) -> None:
        self._store = store
        self._clock = clock
        self._events = events

    def add(self, key: bytes, window: float = 0) -> None:
        """
        Mark a session as ended, and expect late requests for ``window`` seconds after the end.
        """
        now = self._clock()
        text = repr(now + window).encode("ascii")
        try:
            mark(
                self._store, digest(b"notice", key), text, int(now), math.ceil(now) + NOTICE_SECONDS
            )
        except StoreUnavailableError as error:
            # The session has ended, and that is what counts.
            self._events.alarm(Reason.STORE_UNAVAILABLE, f"{error}")

    def covers(self, key: bytes, received_at: float) -> bool:
        """
        Return whether a request was sent before the browser could know that the session ended.
        """
        row = self._store.read(digest(b"notice", key))
        return row is not None and 0 < float(row.payload) - received_at < NOTICE_SECONDS


def mark(store: SessionStore, key: bytes, text: bytes, now: int, ends_at: int) -> None:
    """Create a row that is not a session, or set the text and end of an existing one."""
    try:
        store.create(key, StoredSession(1, None, now, now, ends_at, text))
    except ValueError:
        store.transact(key, lambda there: there._replace(ends_at=ends_at, payload=text))


def digest(use: bytes, data: bytes) -> bytes:
    """Derive another key of a store from bytes, for one use."""
    return hashlib.sha256(use + b"\0" + data).digest()
