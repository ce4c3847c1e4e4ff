"""
Create what the sessions of one Flask application need, from its settings.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from flask.sessions import SecureCookieSessionInterface

from .._util.keys import SessionKeys
from ..http.cookies import find_cookie
from .events import SessionEvents
from .ids import has_form
from .limits import SessionRules
from .loaded_session import Found
from .manager import SessionManager
from .migration import SessionMigration
from .stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from .._util.notify import EventRecorder
    from .options import SessionOptions
    from .stores.base import SessionStore


class PreparedSessions(NamedTuple):
    """
    What the session interface works with.

    Attributes:
        manager: Of this application.
        cookie_name: Of the session's cookie.
        move: Reads Flask's own sessions; None where none is taken over.
        no_store: See :class:`~strict_cookies.sessions.options.SessionOptions`.
    """

    manager: SessionManager
    cookie_name: str
    move: SessionMigration | None
    no_store: bool = False

    def find(self, field: str, user_agent: str) -> tuple[str | None, Found]:
        """
        Find the session that a request leads to.

        Args:
            field: The request's ``Cookie`` field.
            user_agent: The request's field value.

        Returns:
            The name of Flask's own cookie where the session was taken over from it, else None; and
            what was found.
        """
        signed = find_cookie(field, self.cookie_name)
        if self.move is not None and (signed is None or not has_form(signed)):
            name, found = self.move.migrate(self.manager, field, user_agent)
            if name is not None:
                return name, found
        return None, Found() if signed is None else self.manager.open(signed, user_agent)


def choose_store(app: Flask, options: SessionOptions) -> SessionStore:
    """
    Create the store that the settings name; it is not opened yet.

    While testing the default is one in memory, so that a test leaves nothing behind and finds
    nothing of another.

    Raises:
        ConfigurationError: It can't be made.
    """
    if options.store is None and app.testing:
        return MemoryStore()
    # Imported here, so that unused kinds of stores cost nothing.
    from .stores.open import open_store

    return open_store(options.store, app.instance_path)


def prepare_sessions(
    app: Flask,
    options: SessionOptions,
    store: SessionStore,
    former: Mapping[str, Any],
    *,
    record: EventRecorder | None = None,
    clock: Callable[[], float] = time.time,
) -> PreparedSessions:
    """
    Put the manager together.

    Args:
        app: With its final configuration and a ``SECRET_KEY``.
        options: Read from it.
        store: From :func:`choose_store`.
        former: The configuration without what Strict Cookies set in it.
        record: Records the events of sessions, in the audit trail.
        clock: Seconds since the epoch, UTC.
    """
    keys = SessionKeys(app.config["SECRET_KEY"], app.config["SECRET_KEY_FALLBACKS"] or ())
    manager = SessionManager(
        store,
        keys,
        rules=SessionRules(
            limits=options.limits,
            per_user=options.per_user,
            at_limit=options.at_limit,
            binding=options.binding,
        ),
        events=SessionEvents(app, record=record),
        clock=clock,
    )
    name = app.config["SESSION_COOKIE_NAME"]
    move = None
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    if options.move_until is not None and serializer is not None:
        move = SessionMigration(
            keys,
            serializer.loads,
            cookie_names=tuple(dict.fromkeys((name, former["SESSION_COOKIE_NAME"]))),
            max_age=int(app.permanent_session_lifetime.total_seconds()),
            until=options.move_until,
            user_key="_user_id" if hasattr(app, "login_manager") else None,
        )
    return PreparedSessions(manager, name, move, options.no_store)
