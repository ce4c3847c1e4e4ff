"""Internal notes from one user to another."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from . import auth, database, journal, paging
from .forms import Form

bp = Blueprint("messages", __name__, url_prefix="/messages")
bp.before_request(auth.require_login)


def unread() -> int:
    """Count the unread messages of the current user."""
    count: int = database.row(
        "SELECT COUNT(*) AS count FROM message WHERE recipient_id = :id AND read_at IS NULL",
        id=g.user["id"],
    )["count"]
    return count


@bp.get("/")
def index() -> str:
    """List the messages to this user, newest first."""
    page = paging.fetch(
        "SELECT message.*, sender.full_name AS sender_name, COUNT(*) OVER () AS total"
        " FROM message JOIN user AS sender ON sender.id = sender_id"
        " WHERE recipient_id = :id ORDER BY message.id DESC",
        id=g.user["id"],
    )
    return render_template("messages/index.html", page=page)


@bp.get("/<int:message_id>")
def detail(message_id: int) -> str:
    """Show a message to its recipient, and mark it as read; for others it is a 404."""
    message = database.row(
        "SELECT message.*, sender.full_name AS sender_name"
        " FROM message JOIN user AS sender ON sender.id = sender_id"
        " WHERE message.id = :id AND recipient_id = :user_id",
        id=message_id,
        user_id=g.user["id"],
    )
    with database.connect() as connection:
        connection.execute(
            "UPDATE message SET read_at = ? WHERE id = ? AND read_at IS NULL",
            (database.timestamp(), message_id),
        )
    return render_template("messages/detail.html", message=message)


@bp.route("/new", methods=["GET", "POST"])
def create() -> Response | tuple[str, int]:
    """Write a message to another user."""
    people = database.rows(
        "SELECT id, full_name, role FROM user WHERE id != :id ORDER BY full_name", id=g.user["id"]
    )
    form = Form(request.values)
    status = 200
    if request.method == "POST":
        recipient_id = form.choice("recipient_id", {str(person["id"]) for person in people})
        subject = form.text("subject")
        body = form.text("body", longest=2_000)
        if not form.errors:
            with database.connect() as connection:
                connection.execute(
                    "INSERT INTO message (sender_id, recipient_id, subject, body, sent_at)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (g.user["id"], recipient_id, subject, body, database.timestamp()),
                )
                journal.record("Sent message", by=g.user["id"])
            flash("Your message is sent.")
            return redirect(url_for("messages.index"))
        status = 422
    return render_template("messages/form.html", form=form, people=people), status
