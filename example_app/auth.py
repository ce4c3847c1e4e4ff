"""Sign-in, sign-out and the change of a password; who may do what is up to the library."""

from __future__ import annotations

import functools
import secrets
import sqlite3
from enum import StrEnum

from flask import (
    Blueprint,
    Flask,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug.security import check_password_hash, generate_password_hash
from werkzeug.wrappers import Response

import strict_cookies
from strict_cookies import current_login, erase, reauthenticate, requires_login

from . import database, journal
from .forms import Form

#: Shortest password, in characters, where there is no second factor.
#: Source: NIST SP 800-63B-4 section 3.1.1.2.
MIN_PASSWORD = 15
MAX_PASSWORD = 100

bp = Blueprint("auth", __name__)


class Role(StrEnum):
    """What a user is there for; everybody signed in may read."""

    CLERK = "clerk"
    MANAGER = "manager"
    AUDITOR = "auditor"


def init_app(app: Flask) -> None:
    """Mount the pages, and know the user of each request as ``g.user``."""
    app.before_request(load_user)
    app.register_blueprint(bp)


def load_user() -> None:
    """Put the user of this session into ``g.user``; None for a visitor."""
    g.user = None
    found = current_login()
    if found is not None:
        users = database.rows("SELECT * FROM user WHERE id = :id", id=found.user_id)
        if users:
            g.user = users[0]
        else:
            strict_cookies.logout()


@requires_login
def require_login() -> None:
    """Send visitors to the sign-in page; for ``before_request`` of a blueprint."""


@bp.route("/login", methods=["GET", "POST"])
def login() -> str | Response:
    """Check a name and password, and sign in under a new identifier and a new form token."""
    form = Form(request.form)
    if request.method == "POST":
        user = _check(form.text("username"), request.form.get("password", ""))
        with database.connect():
            journal.record(
                "Signed in" if user else "Sign-in failed", by=user["id"] if user else None
            )
        if user:
            session.pop("csrf_token", None)
            strict_cookies.login(user["id"], roles=[user["role"]], method="pwd")
            return redirect(_local_path(request.args.get("next", "")))
        form.errors["username"] = "Unknown user name or wrong password."
    return render_template("login.html", form=form)


@bp.post("/logout")
def logout() -> Response:
    """End the session, including preferences, and delete everything in the browser."""
    if g.user:
        with database.connect():
            journal.record("Signed out", by=g.user["id"])
    return erase(redirect(url_for("auth.login")))


@bp.route("/password", methods=["GET", "POST"])
@requires_login
def change_password() -> str | Response | tuple[str, int]:
    """Change the password after checking the current one, and end all other sessions."""
    form = Form()
    if request.method == "GET":
        return render_template("password.html", form=form, shortest=MIN_PASSWORD)
    password = request.form.get("new_password", "")
    if not check_password_hash(g.user["password_hash"], request.form.get("present", "")):
        form.errors["present"] = "This is not your current password."
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        form.errors["new_password"] = (
            f"Please use {MIN_PASSWORD} to {MAX_PASSWORD} characters; a few words will do."
        )
    if password != request.form.get("repeated", ""):
        form.errors["repeated"] = "This differs from the new password."
    if form.errors:
        return render_template("password.html", form=form, shortest=MIN_PASSWORD), 422
    with database.connect() as connection:
        connection.execute(
            "UPDATE user SET password_hash = ? WHERE id = ?",
            (generate_password_hash(password), g.user["id"]),
        )
        journal.record("Changed password", by=g.user["id"])
    reauthenticate(g.user["id"], method="pwd")
    sessions = current_app.extensions["strict_cookies"].sessions
    ended = sessions.end_others(session.visit)  # type: ignore[attr-defined]
    flash(f"Your password was changed. Other sessions ended: {ended}.")
    return redirect(url_for("preferences.index"))


def _check(username: str, password: str) -> sqlite3.Row | None:
    """Return the user; an unknown name takes as long as a wrong password."""
    found = database.rows("SELECT * FROM user WHERE username = :u", u=username)
    password_hash = found[0]["password_hash"] if found else _unused_hash()
    return found[0] if check_password_hash(password_hash, password) and found else None


def _local_path(path: str) -> str:
    """Return the requested path of this site, or the overview for any other URL."""
    local = path.startswith("/") and not path.startswith("//")
    if local and "\\" not in path and path.isascii() and path.isprintable():
        return path
    return url_for("overview.index")


@functools.cache
def _unused_hash() -> str:
    """Hash a password that no user has."""
    return generate_password_hash(secrets.token_urlsafe())
