"""What all templates use: the navigation, and filters for numbers and times."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask, g

from . import messages
from .auth import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One entry of the navigation.

    Args:
        endpoint: Where it leads.
        en: Its English words.
        de: Its German words.
        roles: Who sees it.
    """

    endpoint: str
    en: str
    de: str
    roles: frozenset[Role] = field(default=frozenset(Role))

    @property
    def blueprint(self) -> str:
        """The blueprint whose pages belong to this entry."""
        return self.endpoint.partition(".")[0]


NAVIGATION = (
    Entry(endpoint="overview.index", en="Overview", de="Übersicht"),
    Entry(endpoint="orders.index", en="Orders", de="Aufträge"),
    Entry(endpoint="customers.index", en="Customers", de="Kunden"),
    Entry(endpoint="messages.index", en="Messages", de="Nachrichten"),
    Entry(
        endpoint="data_requests.index",
        en="Data requests",
        de="Datenanfragen",
        roles=frozenset({Role.MANAGER}),
    ),
    Entry(
        endpoint="activity.index",
        en="Activity",
        de="Protokoll",
        roles=frozenset({Role.AUDITOR}),
    ),
    Entry(
        endpoint="strict_cookies_report.index",
        en="Auditor’s report",
        de="Prüfbericht",
        roles=frozenset({Role.AUDITOR}),
    ),
    Entry(endpoint="misbehave.index", en="Misbehave", de="Fehlverhalten"),
    Entry(endpoint="preferences.index", en="Preferences", de="Einstellungen"),
)


def init_app(app: Flask) -> None:
    """Add filters and variables to the templates of this application."""
    app.add_template_filter(money)
    app.add_template_filter(moment)
    app.context_processor(variables)


def variables() -> dict[str, Any]:
    """Return the navigation and the unread messages of a signed-in user."""
    if not g.get("user"):
        return {}
    return {
        "navigation": [entry for entry in NAVIGATION if g.user["role"] in entry.roles],
        "unread": messages.unread(),
    }


def money(cents: int) -> str:
    """Format an amount as ``1,234.50 €``."""
    return f"{cents / 100:,.2f} €"


def moment(timestamp: str) -> str:
    """Format an ISO 8601 time in UTC as ``5 Jan 2026, 08:30``."""
    parsed = datetime.fromisoformat(timestamp)
    return f"{parsed.day} {parsed:%b %Y, %H:%M}"
