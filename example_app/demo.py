"""Demo data: the same customers, orders and messages at every first start."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta

from werkzeug.security import generate_password_hash

#: Username, full name, role and password of each demo account.
ACCOUNTS = (
    ("clerk", "Clara Winter", "clerk", "clerk-on-track"),
    ("manager", "Marc Ostrom", "manager", "manager-on-track"),
    ("auditor", "Aud Lindqvist", "auditor", "auditor-on-track"),
)

#: The day of the first order.
FIRST_DAY = date(2026, 1, 5)
ORDERS = 32

PRODUCTS = (
    ("TRK-100", "Vehicle tracker", 18_900),
    ("TRK-210", "Container tracker, solar", 34_500),
    ("SEN-020", "Temperature sensor", 4_950),
    ("SEN-035", "Door sensor", 3_200),
    ("SIM-001", "Data plan, 12 months", 7_188),
    ("SVC-010", "Installation, per hour", 8_400),
    ("SVC-900", "Yearly support contract", 120_000),
)

CUSTOMERS = (
    ("Alder & Sons Haulage", "Ruth Alder", "Leeds", "United Kingdom"),
    ("Brightwater Foods", "Tom Quill", "Bristol", "United Kingdom"),
    ("Cordova Logistics", "Inés Cordova", "Valencia", "Spain"),
    ("Delta Cold Chain", "Pieter de Wit", "Rotterdam", "Netherlands"),
    ("Elbe Spedition", "Jana Krüger", "Hamburg", "Germany"),
    ("Fjord Marine Supply", "Sindre Haug", "Bergen", "Norway"),
    ("Galway Couriers", "Aoife Byrne", "Galway", "Ireland"),
    ("Hochland Molkerei", "Lukas Moser", "Innsbruck", "Austria"),
    ("Istria Yachting", "Marko Babić", "Pula", "Croatia"),
    ("Jura Timber", "Claire Monnier", "Besançon", "France"),
    ("Kalmar Rail Parts", "Elin Ek", "Kalmar", "Sweden"),
    ("Lisbon Harbour Services", "Rui Matos", "Lisbon", "Portugal"),
)

#: Sender, recipient (places in ACCOUNTS, from 1), subject and text.
MESSAGES = (
    (2, 1, "Elbe Spedition: new contact", "Please send invoices to Jana Krüger from now on."),
    (1, 2, "Order waits for you", "Order SO-1032 is a draft; could you confirm it today?"),
    (3, 2, "Quarterly access review", "I need the list of accounts and roles by Friday."),
    (2, 3, "Re: Quarterly access review", "Three accounts, one role each. All still needed."),
    (3, 1, "Thank you", "Your order notes made this month's sample easy to follow."),
)


def fill(connection: sqlite3.Connection) -> None:
    """Write the demo data into empty tables, inside the caller's transaction."""
    connection.executemany(
        "INSERT INTO user (username, full_name, role, password_hash) VALUES (?, ?, ?, ?)",
        [(*who, generate_password_hash(password)) for *who, password in ACCOUNTS],
    )
    connection.executemany(
        "INSERT INTO product (sku, name, price_cents) VALUES (?, ?, ?)", PRODUCTS
    )
    connection.executemany(
        "INSERT INTO customer (name, contact_name, email, phone, city, country)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [
            (name, contact, f"office@customer{number}.example", f"555 01{number:02}", city, country)
            for number, (name, contact, city, country) in enumerate(CUSTOMERS, start=1)
        ],
    )
    for number in range(1, ORDERS + 1):
        _fill_order(connection, number)
    connection.executemany(
        "INSERT INTO message (sender_id, recipient_id, subject, body, sent_at)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (*message, f"{FIRST_DAY + timedelta(days=60 + day)}T08:30:00+00:00")
            for day, message in enumerate(MESSAGES)
        ],
    )


def _fill_order(connection: sqlite3.Connection, number: int) -> None:
    """Write one order with one to four lines; older orders are further on their way."""
    if number % 11 == 0:
        status = "cancelled"
    elif number > ORDERS - 4:
        status = "draft"
    else:
        status = ("invoiced", "shipped", "confirmed")[(number - 1) * 3 // (ORDERS - 4)]
    connection.execute(
        "INSERT INTO sales_order (id, customer_id, created_by, ordered_on, status)"
        " VALUES (?, ?, ?, ?, ?)",
        (
            1000 + number,
            number * 7 % len(CUSTOMERS) + 1,
            number % 2 + 1,
            f"{FIRST_DAY + timedelta(days=number * 2)}",
            status,
        ),
    )
    for line in range(number % 4 + 1):
        product = (number + line * 3) % len(PRODUCTS)
        connection.execute(
            "INSERT INTO order_line (order_id, product_id, quantity, price_cents)"
            " VALUES (?, ?, ?, ?)",
            (1000 + number, product + 1, number * (line + 2) % 9 + 1, PRODUCTS[product][2]),
        )
