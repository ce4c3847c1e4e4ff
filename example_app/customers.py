"""Customers: all users read them, managers edit them."""

from __future__ import annotations

import sqlite3

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from strict_cookies import requires_role

from . import auth, database, journal, paging
from .forms import Form

#: Columns that a manager edits, with their labels.
FIELDS = {
    "name": "Company",
    "contact_name": "Contact person",
    "email": "Email",
    "phone": "Phone",
    "city": "City",
    "country": "Country",
}

bp = Blueprint("customers", __name__, url_prefix="/customers")
bp.before_request(auth.require_login)


@bp.get("/")
def index() -> str:
    """List customers whose name, contact or city contains a text."""
    search = request.args.get("q", "").strip()
    page = paging.fetch(
        "SELECT *, COUNT(*) OVER () AS total FROM customer"
        " WHERE instr(lower(name || ' ' || contact_name || ' ' || city), lower(:search))"
        " ORDER BY name",
        search=search,
    )
    return render_template("customers/index.html", page=page, search=search)


@bp.get("/<int:customer_id>")
def detail(customer_id: int) -> str:
    """Show one customer and the orders."""
    orders = database.rows(
        "SELECT * FROM order_summary WHERE customer_id = :id ORDER BY id DESC", id=customer_id
    )
    return render_template("customers/detail.html", customer=_load(customer_id), orders=orders)


@bp.route("/new", methods=["GET", "POST"])
@requires_role(auth.Role.MANAGER)
def create() -> str | Response | tuple[str, int]:
    """Add a customer."""
    return _edit(
        None,
        "INSERT INTO customer (name, contact_name, email, phone, city, country)"
        " VALUES (:name, :contact_name, :email, :phone, :city, :country) RETURNING id",
    )


@bp.route("/<int:customer_id>/edit", methods=["GET", "POST"])
@requires_role(auth.Role.MANAGER)
def edit(customer_id: int) -> str | Response | tuple[str, int]:
    """Change a customer."""
    return _edit(
        _load(customer_id),
        "UPDATE customer SET name = :name, contact_name = :contact_name, email = :email,"
        " phone = :phone, city = :city, country = :country WHERE id = :id RETURNING id",
    )


def _load(customer_id: int) -> sqlite3.Row:
    """Fetch a customer; an unknown one is a 404."""
    return database.row("SELECT * FROM customer WHERE id = :id", id=customer_id)


def _edit(customer: sqlite3.Row | None, statement: str) -> str | Response | tuple[str, int]:
    """Show the form for a customer, or run the statement with the submitted values."""
    status = 200
    form = Form(dict(customer) if customer else None)
    if request.method == "POST":
        form = Form(request.form)
        values = {name: form.text(name) for name in FIELDS}
        if not form.errors:
            with database.connect():
                saved = database.row(statement, id=customer and customer["id"], **values)
                action = "Changed customer" if customer else "Added customer"
                journal.record(action, values["name"], by=g.user["id"])
            flash(f"{values['name']} is saved.")
            return redirect(url_for("customers.detail", customer_id=saved["id"]))
        status = 422
    html = render_template("customers/form.html", form=form, fields=FIELDS, customer=customer)
    return html, status
