"""
Ends of migrated sessions, so that no older copy of Flask's cookie opens one again.

Flask signs a session's cookie again at each change, so a browser, a proxy or a thief may have many
valid copies of one session. Each end is noted with its time under the user, as far as the data name
one; a copy that was signed before is refused. The notes are in the archive, which no end of
sessions empties.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import StoreUnavailableError
from ..reasons import Reason
from .end_markers import digest

if TYPE_CHECKING:
    from ..archive.base import Archive
    from .events import SessionEvents

#: The shelf of the archive.
SHELF = "migration-ends"
#: The name of the note for everybody.
_ALL = "all"
#: Keys under which applications keep who is signed in.
_USER_KEY = re.compile(r"user|uid|account|member|customer|login|mail|profile", re.IGNORECASE)
MAX_IDENTITIES = 8


def find_identities(data: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return digests of what in a session's data says whose it is."""
    values = {
        str(value)
        for key, value in data.items()
        if _USER_KEY.search(key) and isinstance(value, str | int) and not isinstance(value, bool)
    }
    return tuple(identify(value) for value in sorted(values)[:MAX_IDENTITIES])


def identify(user_id: object) -> bytes:
    """Return the digest of a user."""
    return digest(b"migrated user", str(user_id).encode("utf-8", "replace"))


class MigrationEnds:
    """Note ends, and refuse cookies that were signed before."""

    def __init__(
        self, archive: Archive, until: int, clock: Callable[[], float], events: SessionEvents
    ) -> None:
        self._archive = archive
        self.until = until
        self._clock = clock
        self._events = events

    def note(self, *identities: bytes) -> None:
        """Note an end of sessions of these users; without any, of all users."""
        now = int(self._clock())
        if now >= self.until:
            return
        for name in [one.hex() for one in identities] or [_ALL]:
            try:
                self._archive.put(SHELF, name, b"%d" % now)
            except StoreUnavailableError as error:
                self._events.alarm(Reason.STORE_UNAVAILABLE, f"{error}")

    def refuse(self, identities: tuple[bytes, ...], signed_at: float) -> bool:
        """
        Return whether a cookie was signed before an end of its sessions.

        Args:
            identities: From :func:`find_identities`.
            signed_at: Seconds since the epoch; itsdangerous writes whole seconds.

        Raises:
            StoreUnavailableError: The archive can't be read.
        """
        for name in (_ALL, *(one.hex() for one in identities)):
            noted = self._archive.get(SHELF, name)
            if noted is not None and int(signed_at) <= int(noted):
                return True
        return False
