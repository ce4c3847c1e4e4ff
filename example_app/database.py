"""The SQLite database: one connection per request."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, abort, current_app, g

from . import demo


def init_app(app: Flask) -> None:
    """Create the database of this application, and close its connections after requests."""
    prepare(Path(app.config["DATABASE"]))
    app.teardown_appcontext(close)


def prepare(path: Path) -> None:
    """Create missing tables and demo data; existing ones are kept."""
    schema = (Path(__file__).parent / "schema.sql").read_text("utf-8")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema)
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if connection.execute("SELECT 1 FROM user").fetchone() is None:
                demo.fill(connection)


def connect() -> sqlite3.Connection:
    """Return the connection of this request; used as a context manager it is a transaction."""
    if "database" not in g:
        connection = sqlite3.connect(current_app.config["DATABASE"])
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        g.database = connection
    opened: sqlite3.Connection = g.database
    return opened


def close(_error: BaseException | None) -> None:
    """Close the connection of this request, if there was one."""
    if "database" in g:
        g.pop("database").close()


def rows(query: str, **values: object) -> list[sqlite3.Row]:
    """Run a query with named values."""
    return connect().execute(query, values).fetchall()


def row(query: str, **values: object) -> sqlite3.Row:
    """Run a query for one row; a missing row is a 404."""
    found: sqlite3.Row | None = connect().execute(query, values).fetchone()
    if found is None:
        abort(404)
    return found


def timestamp(moment: datetime | None = None) -> str:
    """Format a time, by default now, as ISO 8601 text in UTC; such texts sort by time."""
    return (moment or datetime.now(UTC)).isoformat(timespec="seconds")
