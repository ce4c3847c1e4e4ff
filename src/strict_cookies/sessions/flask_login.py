"""
Follow Flask-Login: its login and logout change the session as this library's do.

A login that is refused here, because another site caused it or the user has too many sessions, is
undone there. A remembered login also gets a new identifier, and is not fresh. Roles are taken from
``user.roles``, a collection of texts. Flask-Login is not imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flask import g, session

from .access import login, logout, reauthenticate, server_session
from .record import NewLogin

if TYPE_CHECKING:
    from flask import Flask

#: What Flask-Login leaves in the session for the end of the request, to forget a remembered login.
_REMEMBER = "_remember"
_FRESH = "_fresh"
#: What it puts into the session before it sends its signal.
_LOGIN_KEYS = ("_user_id", _FRESH, "_id", _REMEMBER, "_remember_seconds")


def connect_flask_login(app: Flask) -> None:
    """Follow the signals of Flask-Login, where an application uses it."""
    signals = sys.modules.get("flask_login.signals")
    if signals is None or not hasattr(app, "login_manager"):
        return
    # Strong references: the signals hold these functions weakly.
    signals.user_logged_in.connect(_follow_login, app, weak=False)
    signals.user_loaded_from_cookie.connect(_follow_remembered, app, weak=False)
    signals.user_logged_out.connect(_follow_logout, app, weak=False)
    signals.user_login_confirmed.connect(_follow_confirmation, app, weak=False)


def _follow_login(app: Flask, *, user: Any, **_: object) -> None:
    if not session.get(_FRESH, True):
        _follow_remembered(app, user=user)
        return
    with _keeping_login():
        login(user.get_id(), roles=_roles_of(user))


def _follow_remembered(app: Flask, *, user: Any, **_: object) -> None:
    with _keeping_login():
        server_session().sign_in(
            NewLogin(user_id=user.get_id(), roles=_roles_of(user), fresh=False)
        )


def _follow_logout(app: Flask, **_: object) -> None:
    remember = session.get(_REMEMBER)
    logout()
    if remember is not None:
        session[_REMEMBER] = remember


def _follow_confirmation(app: Flask, **_: object) -> None:
    reauthenticate(session.get("_user_id", ""))


@contextmanager
def _keeping_login() -> Iterator[None]:
    """
    Keep what Flask-Login put into the session before the login emptied it; undo it on refusal.
    """
    placed = {key: session[key] for key in _LOGIN_KEYS if key in session}
    try:
        yield
    except Exception:
        _take_back()
        raise
    for key, value in placed.items():
        session.setdefault(key, value)


def _take_back() -> None:
    """Undo what Flask-Login has done already, so that no user is signed in after a refusal."""
    visit = server_session().visit
    stored = {} if visit is None else visit.read_data()
    for key in _LOGIN_KEYS:
        if key in stored:
            session[key] = stored[key]
        else:
            session.pop(key, None)
    g.pop("_login_user", None)


def _roles_of(user: object) -> tuple[str, ...]:
    roles = getattr(user, "roles", ())
    if isinstance(roles, str) or not isinstance(roles, Iterable):
        return ()
    return tuple(role for role in roles if isinstance(role, str))
