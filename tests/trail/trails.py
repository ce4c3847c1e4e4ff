"""Trails to test, and how an attacker might forge them."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager

from strict_cookies.archive.sqlite import SQLiteArchive
from strict_cookies.trail.audit_trail import LOG, AuditTrail
from strict_cookies.trail.chain import Point

NOW = 1_800_000_000
DAY = 24 * 60 * 60
#: What a SECRET_KEY would give.
PSEUDONYM_KEYS = (b"p" * 32,)


class Clock:
    """Seconds since the epoch, set by a test."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def fill(trail: AuditTrail, count: int = 10) -> list[Point]:
    """Record some events; return the point after each."""
    points = []
    for number in range(count):
        trail.record("order-approved", order=number, user=f"user {number % 3}")
        points.append(trail.last())
    return points


@contextmanager
def file_trail(path, **options):
    """Open a trail in a file."""
    with closing(SQLiteArchive(path)) as archive:
        yield AuditTrail(archive, pseudonym_keys=PSEUDONYM_KEYS, **options)


def forge(path, statement: str, *parameters: object) -> None:
    """Do what an attacker with access to the file can do."""
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, parameters).rowcount > 0


def row(path, number: int) -> bytes:
    """Return the bytes of an entry."""
    with closing(sqlite3.connect(path)) as connection:
        select = "SELECT data FROM archive_logs WHERE log = ? AND number = ?"
        return connection.execute(select, (LOG, number)).fetchone()[0]
