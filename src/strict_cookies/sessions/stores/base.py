"""
The contract of a session store. Memory, SQLite and Redis implement it; one test suite covers all.

A store keeps rows. It knows no cookie, no identifier and no clock: keys are the SHA-256 of an
identifier, times are passed in, and the content of a row is opaque bytes. So neither a copy of the
store nor its timing reveals an identifier.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol


class StoredSession(NamedTuple):
    """
    One row, as a store keeps it.

    Attributes:
        version: 1 when created; each :meth:`SessionStore.update` and
            :meth:`SessionStore.transact` writes one more.
        user: Where :meth:`SessionStore.list_user` finds it; None for a visitor.
        created_at: Whole seconds since the epoch, UTC.
        seen_at: Likewise: the last touch or write.
        ends_at: Likewise: when it ends unless it is touched; a store never judges it, it only
            purges by it.
        payload: Opaque bytes.
    """

    version: int
    user: str | None
    created_at: int
    seen_at: int
    ends_at: int
    payload: bytes

    def __repr__(self) -> str:
        """Version and times; neither payload nor user."""
        return (
            f"<StoredSession version={self.version} created_at={self.created_at} "
            f"seen_at={self.seen_at} ends_at={self.ends_at}>"
        )


class Update(NamedTuple):
    """
    What became of an update.

    Attributes:
        written: Whether the row is now as asked for.
        current: Where it was not written: the live row that stood in the way; None where there is
            none, since the session was ended or never was.
    """

    written: bool
    current: StoredSession | None = None


class SessionStore(Protocol):
    """
    Keep rows under keys, so that what was acknowledged is never lost and what was ended never
    comes back.

    **Keys** are 32 bytes. A key that was never created, was ended, or whose row is unreadable is
    simply *not found*: ``None`` or ``False``. Errors are for a store that can't answer.

    **Ended** rows are tombstones until :meth:`purge` removes them: no late write, touch or
    transaction brings a session back. A removed row comes back as little: nothing but
    :meth:`create` and :meth:`replace` makes a row.

    **Acknowledged** means: when a method has returned, any other process that opens the store sees
    its effect. An end survives a power cut where the store can promise that.

    **Processes and threads** share a store freely, also across ``fork``: connections are opened
    when first used in a process, never inherited.

    Raises:
        StoreUnavailableError: From every method, where the store can't be reached, is full,
            read-only, locked for too long, or broken. It recovers by itself at a later call.
        StoreCorruptError: A subclass: what is there is no store of ours, or damaged.
    """

    @property
    def tag(self) -> str:
        """
        Six or more letters and digits that name this very store, made when it was created.

        Two replicas with a file each have different tags; every process on one store sees one tag.
        """

    def read(self, key: bytes) -> StoredSession | None:
        """Return the live row, regardless of its times; one round trip."""

    def create(self, key: bytes, session: StoredSession) -> None:
        """
        Add a row that was never there, and list it under its user before anybody can read it.

        Raises:
            ValueError: The key exists, ended or not; with random identifiers it can't.
        """

    def update(self, key: bytes, session: StoredSession) -> Update:
        """
        Replace the live row if its version is one below ``session.version``; one round trip.

        A change of ``user`` moves the listing too. ``created_at`` stays as it was created.
        """

    def transact(
        self, key: bytes, change: Callable[[StoredSession], StoredSession]
    ) -> StoredSession | None:
        """
        Read, change and write atomically; for a request that lost an :meth:`update`.

        Args:
            key: Of the row.
            change: Gets the live row and gives what it becomes; pure, since it may be called more
                than once. The store sets the version.

        Returns:
            The row as written; None where it is not found.
        """

    def touch(self, key: bytes, seen_at: int, ends_at: int) -> bool:
        """
        Move the times forward, never back, without a new version.

        Returns:
            Whether the row is live.
        """

    def replace(self, old: bytes | None, new: bytes, session: StoredSession) -> bool:
        """
        Create a row in the place of another, which ends.

        Args:
            old: The row that ends; None where there was none.
            new: As for :meth:`create`.
            session: The new row.

        Returns:
            False, and nothing was created, if ``old`` was not live: it was ended.
        """

    def end(self, keys: Sequence[bytes]) -> int:
        """End sessions for good; return how many were live."""

    def list_user(self, user: str) -> list[tuple[bytes, StoredSession]]:
        """List the live rows of a user, oldest first; of one moment, by key."""

    def end_user(self, user: str, *, but: bytes | None = None) -> int:
        """End all live rows of a user, except one; return how many."""

    def end_all(self) -> int:
        """End every live row, it may be with such as are created meanwhile; return how many."""

    def purge(self, before: int, limit: int) -> int:
        """
        Remove rows, tombstones included, whose ``ends_at`` is smaller than ``before``.

        Args:
            before: Seconds since the epoch.
            limit: Most rows that one call removes.

        Returns:
            How many were removed.
        """

    def lock(self, key: bytes, *, timeout: float) -> AbstractContextManager[None]:
        """
        Keep others out of :meth:`lock` for the same key, in all processes, while the block lasts.

        It hinders no other method. A process that dies sets it free after ``timeout`` at most.

        Args:
            key: Any.
            timeout: Seconds to wait for it, and the longest that it is held: afterwards others
                may take it over, and the block goes on without it.

        Raises:
            StoreUnavailableError: It was not acquired in time.
        """

    def close(self) -> None:
        """Close the connections of this process; the store opens them again when used."""
