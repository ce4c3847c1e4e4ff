"""The sessions of a Flask application: create them from its settings, find that of a request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from flask.sessions import SecureCookieSessionInterface

from .._util.keys import SessionKeys, name_of
from ..http.cookies import find_cookie
from .events import SessionEvents
from .ids import has_form
from .loaded_session import Found
from .manager import SessionManager
from .migration import SessionMigration
from .migration_ends import MigrationEnds
from .ownership import claim_store
from .stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from .._util.notify import EventRecorder
    from ..archive.base import Archive
    from .options import SessionOptions
    from .stores.base import SessionStore


class AppSessions(NamedTuple):
    """The sessions of one application; ``migration`` is None if none are migrated."""

    manager: SessionManager
    cookie_name: str
    migration: SessionMigration | None
    no_store: bool = False

    def find(self, field: str, user_agent: str) -> tuple[str | None, Found]:
        """
        Find the session for a ``Cookie`` field.

        The first item is the name of Flask's own cookie if the session was migrated from it, else
        None.
        """
        signed = find_cookie(field, self.cookie_name)
        if self.migration is not None and (signed is None or not has_form(signed)):
            name, found = self.migration.migrate(self.manager, field, user_agent)
            if name is not None:
                return name, found
        return None, Found() if signed is None else self.manager.open(signed, user_agent)


class Storage(NamedTuple):
    """Where an application keeps its sessions, and what outlives them."""

    sessions: SessionStore
    archive: Archive


def choose_store(app: Flask, options: SessionOptions) -> SessionStore:
    """
    Create the store that the settings name; while testing, the default is in memory.

    Raises:
        ConfigurationError: It can't be created.
    """
    if options.store is None and app.testing:
        return MemoryStore()
    # Imported here, so that unused kinds of stores cost nothing.
    from .stores.open import open_store

    return open_store(options.store, app.instance_path, name_of(app))


def create_sessions(
    app: Flask,
    options: SessionOptions,
    storage: Storage,
    former: Mapping[str, Any],
    *,
    record: EventRecorder | None = None,
    clock: Callable[[], float] = time.time,
) -> AppSessions:
    """
    Build the session manager of an application with its final configuration and a ``SECRET_KEY``.

    ``former`` is the configuration without what Strict Cookies set in it.

    Raises:
        ConfigurationError: The store belongs to another application.
        StoreUnavailableError: The archive can't be read or written.
    """
    keys = SessionKeys.of(app)
    claim_store(storage.archive, name_of(app), keys)
    events, ends = SessionEvents(app, record=record), None
    if options.move_until is not None:
        ends = MigrationEnds(storage.archive, options.move_until, clock, events)
    manager = SessionManager(
        storage.sessions, keys, options=options, events=events, migration_ends=ends, clock=clock
    )
    name = app.config["SESSION_COOKIE_NAME"]
    migration = None
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    if options.move_until is not None and ends is not None and serializer is not None:
        migration = SessionMigration(
            keys,
            serializer.loads,
            cookie_names=tuple(dict.fromkeys((name, former["SESSION_COOKIE_NAME"]))),
            max_age=int(app.permanent_session_lifetime.total_seconds()),
            user_key="_user_id" if hasattr(app, "login_manager") else None,
            ends=ends,
        )
    return AppSessions(manager, name, migration, options.no_store)
