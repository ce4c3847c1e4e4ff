"""Long lists, one page at a time, with as many rows as the visitor prefers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from flask import abort, request

from strict_cookies import preferences

from . import database


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    One page of a list.

    Args:
        rows: What to show.
        number: Which page this is, from 1.
        count: How many pages there are, at least 1.
        total: How many rows the complete list has.
    """

    rows: list[sqlite3.Row]
    number: int
    count: int
    total: int


def fetch(query: str, **values: object) -> Page:
    """
    Fetch the page in the ``page`` argument of this request.

    Args:
        query: A SELECT with an ORDER BY and a column ``COUNT(*) OVER () AS total``.
        values: Its named values.

    Returns:
        The page; one after the last is a 404, and an invalid page number means 1.
    """
    size = int(preferences["rows"])
    # Bounded, since SQLite's integers are.
    number = min(max(request.args.get("page", 1, type=int), 1), 1_000_000)
    rows = database.rows(
        query + " LIMIT :size OFFSET :skip", size=size, skip=(number - 1) * size, **values
    )
    if not rows and number > 1:
        abort(404)
    total: int = rows[0]["total"] if rows else 0
    return Page(rows=rows, number=number, count=max(-(-total // size), 1), total=total)
