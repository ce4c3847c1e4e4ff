"""The auditor's page: the latest sign-ins and changes."""

from __future__ import annotations

from flask import Blueprint, render_template

from strict_cookies import requires_role

from . import auth, paging

bp = Blueprint("activity", __name__, url_prefix="/activity")
bp.before_request(auth.require_login)


@bp.get("/")
@requires_role(auth.Role.AUDITOR)
def index() -> str:
    """List events, newest first."""
    page = paging.fetch(
        "SELECT activity.*, user.full_name, user.role, COUNT(*) OVER () AS total"
        " FROM activity LEFT JOIN user ON user.id = activity.user_id"
        " ORDER BY activity.id DESC"
    )
    return render_template("activity.html", page=page)
