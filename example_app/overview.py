"""The first page after sign-in, with current figures."""

from __future__ import annotations

from flask import Blueprint, render_template

from . import auth, database

bp = Blueprint("overview", __name__)
bp.before_request(auth.require_login)


@bp.get("/")
def index() -> str:
    """Show open orders, invoiced amounts, and the latest orders."""
    figures = database.row(
        "SELECT COUNT(*) FILTER (WHERE status IN ('draft', 'confirmed')) AS open_orders,"
        " COALESCE(SUM(total_cents) FILTER (WHERE status = 'invoiced'), 0) AS invoiced_cents,"
        " (SELECT COUNT(*) FROM customer) AS customers FROM order_summary"
    )
    orders = database.rows("SELECT * FROM order_summary ORDER BY id DESC LIMIT 5")
    return render_template("overview.html", figures=figures, orders=orders)
