"""The record of sign-ins and changes: who did what, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from . import database

#: How long an entry is kept; the privacy page says so too.
RETENTION = timedelta(days=365)


def record(action: str, subject: str = "", *, by: int | None) -> None:
    """
    Record one event inside the caller's transaction, and delete expired entries.

    Args:
        action: What was done, for example ``"Changed customer"``.
        subject: What it was done to; never a password or a message's text.
        by: The user's id; None for a sign-in that failed.
    """
    now = datetime.now(UTC)
    connection = database.connect()
    connection.execute(
        "INSERT INTO activity (user_id, action, subject, happened_at) VALUES (?, ?, ?, ?)",
        (by, action, subject, database.timestamp(now)),
    )
    connection.execute(
        "DELETE FROM activity WHERE happened_at < ?", (database.timestamp(now - RETENTION),)
    )
