"""Sign-in, sign-out, and who may do what."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import ParamSpec, TypeVar

from flask import (
    Blueprint,
    Flask,
    abort,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.security import check_password_hash, generate_password_hash
from werkzeug.wrappers import Response

from strict_cookies import erase

from . import database, journal
from .forms import Form

P = ParamSpec("P")
R = TypeVar("R")

bp = Blueprint("auth", __name__)


class Role(StrEnum):
    """What a user is there for; everybody signed in may read."""

    CLERK = "clerk"
    MANAGER = "manager"
    AUDITOR = "auditor"


def init_app(app: Flask) -> None:
    """Mount sign-in and sign-out, and know the user of each request as ``g.user``."""
    app.before_request(load_user)
    app.register_blueprint(bp)


def load_user() -> None:
    """Put the user of this session into ``g.user``; None for a visitor."""
    g.user = None
    if "user_id" in session:
        found = database.rows("SELECT * FROM user WHERE id = :id", id=session["user_id"])
        g.user = found[0] if found else None


def require_login() -> Response | None:
    """Send visitors to the sign-in page; for ``before_request`` of a blueprint."""
    return None if g.user else redirect(url_for("auth.login"))


def require_role(*roles: Role) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only users with one of these roles into a view; others get a 403 page."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if g.user["role"] not in roles:
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return decorate


@bp.route("/login", methods=["GET", "POST"])
def login() -> str | Response:
    """Check a name and password, and start a session that carries nothing over."""
    form = Form(request.form)
    if request.method == "POST":
        user_id = _check(form.text("username"), request.form.get("password", ""))
        with database.connect():
            journal.record("Signed in" if user_id else "Sign-in failed", by=user_id)
        if user_id:
            session.clear()
            session["user_id"] = user_id
            return redirect(url_for("overview.index"))
        form.errors["username"] = "Unknown user name or wrong password."
    return render_template("login.html", form=form)


@bp.post("/logout")
def logout() -> Response:
    """End the session, preferences included, and leave nothing in the browser."""
    if g.user:
        with database.connect():
            journal.record("Signed out", by=g.user["id"])
    return erase(redirect(url_for("auth.login")))


def _check(username: str, password: str) -> int | None:
    """Return the user's id; an unknown name takes as long as a wrong password."""
    found = database.rows("SELECT id, password_hash FROM user WHERE username = :u", u=username)
    password_hash = found[0]["password_hash"] if found else _nobodys_hash()
    if check_password_hash(password_hash, password) and found:
        user_id: int = found[0]["id"]
        return user_id
    return None


@functools.cache
def _nobodys_hash() -> str:
    """Hash a password that nobody has."""
    return generate_password_hash(secrets.token_urlsafe())
