"""Requests about personal data: anyone can send one, managers answer them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from strict_cookies import requires_role

from . import database, journal, paging
from .auth import Role
from .forms import Form

#: The time limit for an answer. Source: GDPR Article 12(3), one month.
ANSWERED_WITHIN = timedelta(days=30)
#: How long an answered request is kept; the privacy page says so too.
RETENTION = timedelta(days=3 * 365)
#: The maximum number of unanswered requests, since anyone can send one.
MAX_OPEN = 500

bp = Blueprint("data_requests", __name__, url_prefix="/privacy/requests")


class Kind(StrEnum):
    """The kind of request. Source: GDPR Articles 15 to 18 and 21."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"


#: The kinds that users can choose.
LABELS = {
    Kind.ACCESS: "See my data, and get a copy",
    Kind.CORRECTION: "Correct my data",
    Kind.ERASURE: "Erase my data",
    Kind.RESTRICTION: "Restrict the use of my data",
    Kind.OBJECTION: "Object to the use of my data",
}


@bp.route("/new", methods=["GET", "POST"])
def create() -> str | Response | tuple[str, int]:
    """Store a request, which can be sent without an account."""
    if request.method == "GET":
        return _form(Form({"name": g.user["full_name"]} if g.user else {}))
    form = Form(request.form)
    kind = form.choice("kind", set(Kind))
    name = form.text("name")
    email = form.text("email")
    details = form.text("details", longest=2_000, required=False)
    if email and "@" not in email:
        form.errors["email"] = "Please write an address to which we can answer."
    if not form.errors and _count_open() >= MAX_OPEN:
        form.errors["kind"] = "We can't take down more requests now. Please send us a mail."
    if form.errors:
        return _form(form), 422
    with database.connect() as connection:
        number = connection.execute(
            "INSERT INTO data_request (kind, name, email, details, received_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (kind, name, email, details, database.timestamp()),
        ).lastrowid
        journal.record("Data request received", f"DR-{number}", by=g.user["id"] if g.user else None)
    flash(f"Your request is noted as DR-{number}. We answer within {ANSWERED_WITHIN.days} days.")
    return redirect(url_for("pages.privacy"))


@bp.get("/")
@requires_role(Role.MANAGER)
def index() -> str:
    """List the requests, unanswered ones first."""
    page = paging.fetch(
        "SELECT data_request.*, user.full_name AS answered_by_name, COUNT(*) OVER () AS total"
        " FROM data_request LEFT JOIN user ON user.id = answered_by"
        " ORDER BY answered_at IS NOT NULL, data_request.id"
    )
    return render_template(
        "data_requests/index.html",
        page=page,
        labels=LABELS,
        late_before=database.timestamp(datetime.now(UTC) - ANSWERED_WITHIN),
    )


@bp.post("/<int:request_id>/answered")
@requires_role(Role.MANAGER)
def mark_answered(request_id: int) -> Response:
    """Mark a request as answered, and delete old ones."""
    database.row("SELECT 1 FROM data_request WHERE id = :id", id=request_id)
    now = datetime.now(UTC)
    with database.connect() as connection:
        done = connection.execute(
            "UPDATE data_request SET answered_at = ?, answered_by = ?"
            " WHERE id = ? AND answered_at IS NULL",
            (database.timestamp(now), g.user["id"], request_id),
        ).rowcount
        if done:
            journal.record("Data request answered", f"DR-{request_id}", by=g.user["id"])
        connection.execute(
            "DELETE FROM data_request WHERE answered_at < ?",
            (database.timestamp(now - RETENTION),),
        )
    return redirect(url_for("data_requests.index"))


def _form(form: Form) -> str:
    return render_template("data_requests/form.html", form=form, labels=LABELS)


def _count_open() -> int:
    count: int = database.row(
        "SELECT COUNT(*) AS count FROM data_request WHERE answered_at IS NULL"
    )["count"]
    return count
