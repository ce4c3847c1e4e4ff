"""Orders: clerks and managers create them, managers change their status."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from strict_cookies import requires_role

from . import auth, database, journal, paging
from .forms import Form

#: Each status with the possible next ones.
NEXT_STATUS = {
    "draft": ("confirmed", "cancelled"),
    "confirmed": ("shipped", "cancelled"),
    "shipped": ("invoiced",),
    "invoiced": (),
    "cancelled": (),
}
#: Rows of the form for a new order; those without a product are left out.
FORM_LINES = range(1, 5)

bp = Blueprint("orders", __name__, url_prefix="/orders")
bp.before_request(auth.require_login)


@bp.get("/")
def index() -> str:
    """List orders, newest first, of one status or of all."""
    status = request.args.get("status", "")
    page = paging.fetch(
        "SELECT *, COUNT(*) OVER () AS total FROM order_summary"
        " WHERE :status IN ('', status) ORDER BY id DESC",
        status=status,
    )
    return render_template("orders/index.html", page=page, status=status, statuses=NEXT_STATUS)


@bp.get("/<int:order_id>")
def detail(order_id: int) -> str:
    """Show one order with its lines."""
    order = database.row("SELECT * FROM order_summary WHERE id = :id", id=order_id)
    lines = database.rows(
        "SELECT product.sku, product.name, quantity, order_line.price_cents"
        " FROM order_line JOIN product ON product.id = product_id"
        " WHERE order_id = :id ORDER BY order_line.id",
        id=order_id,
    )
    following = NEXT_STATUS[order["status"]]
    return render_template("orders/detail.html", order=order, lines=lines, following=following)


@bp.route("/new", methods=["GET", "POST"])
@requires_role(auth.Role.CLERK, auth.Role.MANAGER)
def create() -> Response | tuple[str, int]:
    """Create a new order, as a draft."""
    customers = database.rows("SELECT id, name FROM customer ORDER BY name")
    products = database.rows("SELECT * FROM product ORDER BY sku")
    form = Form(request.values)
    status = 200
    if request.method == "POST":
        customer_id = form.choice("customer_id", {str(row["id"]) for row in customers})
        note = form.text("note", longest=500, required=False)
        prices = {str(row["id"]): row["price_cents"] for row in products}
        lines = _read_lines(form, prices)
        if not form.errors:
            order_id = _save(customer_id, note, lines)
            flash(f"Order SO-{order_id} is saved as a draft.")
            return redirect(url_for("orders.detail", order_id=order_id))
        status = 422
    html = render_template(
        "orders/form.html", form=form, customers=customers, products=products, lines=FORM_LINES
    )
    return html, status


@bp.post("/<int:order_id>/status")
@requires_role(auth.Role.MANAGER)
def change_status(order_id: int) -> Response:
    """Move an order to a possible next status."""
    with database.connect() as connection:
        order = database.row("SELECT status FROM sales_order WHERE id = :id", id=order_id)
        status = request.form.get("status", "")
        # The old status is checked again: another manager may have changed it meanwhile.
        moved = (
            status in NEXT_STATUS[order["status"]]
            and connection.execute(
                "UPDATE sales_order SET status = ? WHERE id = ? AND status = ?",
                (status, order_id, order["status"]),
            ).rowcount
        )
        if moved:
            journal.record(f"Order {status}", f"SO-{order_id}", by=g.user["id"])
            flash(f"Order SO-{order_id} is {status}.")
        else:
            flash(f"An order that is {order['status']} can't become “{status[:20]}”.")
    return redirect(url_for("orders.detail", order_id=order_id))


def _read_lines(form: Form, prices: dict[str, int]) -> list[tuple[str, int, int]]:
    """Read product, quantity and price of each line that names a product."""
    lines = []
    for number in FORM_LINES:
        if form.values.get(f"product_{number}"):
            product_id = form.choice(f"product_{number}", prices)
            quantity = form.number(f"quantity_{number}", 1, 9_999)
            lines.append((product_id, quantity, prices.get(product_id, 0)))
    if not lines:
        form.errors["product_1"] = "Please choose at least one product."
    return lines


def _save(customer_id: str, note: str, lines: list[tuple[str, int, int]]) -> int:
    """Store a draft with its lines and return its number."""
    with database.connect() as connection:
        order_id: int = database.row(
            "INSERT INTO sales_order (customer_id, created_by, ordered_on, status, note)"
            " VALUES (:customer_id, :user_id, :today, 'draft', :note) RETURNING id",
            customer_id=customer_id,
            user_id=g.user["id"],
            today=f"{datetime.now(UTC):%Y-%m-%d}",
            note=note,
        )["id"]
        connection.executemany(
            "INSERT INTO order_line (order_id, product_id, quantity, price_cents)"
            " VALUES (?, ?, ?, ?)",
            [(order_id, *line) for line in lines],
        )
        journal.record("Added order", f"SO-{order_id}", by=g.user["id"])
    return order_id
