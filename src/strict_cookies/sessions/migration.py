"""
Migrate Flask's own sessions, which are in the cookie itself, without signing users out.

Until an end date, a cookie that Flask would still accept is read once into a session on the server
and expired in the browser. If it is received again, from a parallel request or a copy, it leads to
the same session while that is live, and to none afterwards; a copy that was signed before an end of
that user's sessions is refused. After the end date it is ignored.

A migrated login is never fresh: the cookie does not say when it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from itsdangerous import BadData

from .._util.keys import SessionKeys, code
from ..http.cookies import find_cookie
from .loaded_session import Found
from .migration_ends import MigrationEnds, find_identities

if TYPE_CHECKING:
    from .manager import SessionManager


class SessionMigration:
    """
    Migrate sessions that were kept in the cookie.

    ``loads`` is that of Flask's serializer. ``max_age`` is in seconds. ``user_key`` names the item
    that holds the signed-in user.
    """

    def __init__(
        self,
        keys: SessionKeys,
        loads: Callable[..., Any],
        *,
        cookie_names: tuple[str, ...],
        max_age: int,
        user_key: str | None = None,
        ends: MigrationEnds,
    ) -> None:
        self._ends = ends
        self._key = keys.derive("move")[0]
        self._loads = loads
        self._cookie_names = cookie_names
        self._max_age = max_age
        self._user_key = user_key

    def migrate(
        self, manager: SessionManager, field: str, user_agent: str
    ) -> tuple[str | None, Found]:
        """Return the name of the cookie that held a session, and the session; None without one."""
        if manager.clock() >= self._ends.until:
            return None, Found()
        for name in self._cookie_names:
            signed = find_cookie(field, name)
            data, signed_at = ({}, 0.0) if signed is None else self._read(signed)
            if signed is None or not data:
                continue
            seed = code(self._key, signed.encode("latin-1"))
            identities = find_identities(data)
            if self._ends.refuse(identities, signed_at):
                return name, Found(None, manager.key_of_seed(seed))
            user_id = data.get(self._user_key) if self._user_key else None
            found = manager.adopt(
                seed,
                data,
                user_agent,
                user_id=user_id if isinstance(user_id, (str, int)) else None,
                until=self._ends.until,
                identities=identities,
            )
            return name, found
        return None, Found()

    def _read(self, signed: str) -> tuple[Mapping[str, Any], float]:
        """Return a cookie's data, empty if it is not valid, and when it was signed."""
        try:
            data, signed_at = self._loads(signed, max_age=self._max_age, return_timestamp=True)
        except BadData:
            return {}, 0.0
        return (data if isinstance(data, Mapping) else {}), signed_at.timestamp()
