"""The declaration of a policy of 1,000 entries: rendered for the first time, and from the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from flask import Flask

from strict_cookies import CookiePolicy, DeclaredCookie, Site
from strict_cookies.declaration.pages.blueprint import create_blueprint
from strict_cookies.declaration.sources import PolicySnapshot, Sources

from .measure import measure

ENTRIES = 1_000


def declaration_table() -> Iterator[str]:
    """Show what the page costs, templates being compiled."""
    yield f"## The declaration of {ENTRIES:,} entries"
    yield ""
    yield "The client that asks is included; the page has about one MiB."
    yield ""
    yield "| case | ms | spread | at most |"
    yield "|---|---:|---:|---:|"
    limits = {"first time": 150, "from the cache": 2}
    for name, timing in measure(_cases(), rounds=20).items():
        median, spread = timing.median / 1000, timing.spread / 1000
        yield f"| {name} | {median:.1f} | {spread:.1f} | {limits[name]} |"
    yield ""


def _cases() -> dict[str, Callable[[], object]]:
    policies = [_policy(), _policy()]
    app = Flask("benchmark")
    blueprint = create_blueprint(
        Sources(snapshot=lambda: PolicySnapshot(policies[0], enforced=True, credentialless=True))
    )
    app.register_blueprint(blueprint, url_prefix="/cookies")
    client = app.test_client()

    def first() -> None:
        # Another policy builds the document, its texts and the page again.
        policies.reverse()
        assert client.get("/cookies/").status_code == 200

    def again() -> None:
        assert client.get("/cookies/").status_code == 200

    return {"first time": first, "from the cache": again}


def _policy() -> CookiePolicy:
    return CookiePolicy(
        site=Site(jurisdictions=("EU", "UK")),
        cookies=tuple(
            DeclaredCookie(
                name=f"declared{number}",
                title=f"Form {number}",
                purposes=("user_input", "security"),
                description=f"Keeps what you typed into form {number}.",
                without_it=f"Form {number} would be empty after each step.",
                lifetime=timedelta(minutes=1 + number % 240),
            )
            for number in range(ENTRIES)
        ),
    )
