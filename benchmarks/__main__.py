"""Run every benchmark and write ``docs/benchmarks.md``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from .audits import audits_table
from .cases import firewall_cases, flask_cases
from .declaration import declaration_table
from .growth import growth_tables
from .imports import measure_import, measure_start
from .measure import ROUNDS, Timing, measure
from .pieces import pieces_table
from .servers import servers_table
from .sessions import sessions_table
from .stores import stores_table

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_PACKAGES = ("flask", "werkzeug", "flask-talisman", "flask-session", "secure", "gunicorn")


def main() -> None:
    """Measure, print and write."""
    text = "\n".join(lines()) + "\n"
    print(text)
    PAGE.write_text(text, encoding="utf-8")


def lines() -> Iterator[str]:
    """Return the page line by line."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    yield "# Benchmarks"
    yield ""
    yield "Written by `make bench`: CPU time where nothing else is said, cases taking turns, "
    yield f"medians of {ROUNDS} rounds, ratios within a round."
    yield "Absolute times drift from run to run; compare what stands in one table only."
    yield "The benchmarked application is the default one: every header and verdict is on."
    yield ""
    yield (
        f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores, "
        f"{platform.machine()}, {platform.system()}."
    )
    yield ""
    yield from firewall_table(measure(firewall_cases()))
    yield from pieces_table()
    yield from flask_table(measure(flask_cases()))
    yield from sessions_table()
    yield from stores_table()
    yield from declaration_table()
    yield from growth_tables()
    yield from import_table()
    yield from servers_table()
    yield from audits_table()


def firewall_table(found: dict[str, Timing]) -> Iterator[str]:
    """Show what the firewall adds to a bare WSGI callable."""
    yield "## The firewall alone, over a bare WSGI callable"
    yield ""
    yield "Two `Set-Cookie` lines are sent, one of them hardened; "
    yield "received cookies are read and filtered."
    yield "The limits are those of a machine on which `parse_cookie` takes 9 and 287 us:"
    yield "where it takes another time, only the ratio next to them can be compared."
    yield ""
    yield "| case | us | spread | added us | at most | x parse_cookie | at most |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    limits = {"6 cookies": (12, 1.33), "180 cookies in 16 KiB": (120, 0.42)}
    for name, timing in found.items():
        what, cookies = name.split(", ")[:2]
        row = f"| {name} | {timing.median:.1f} | {timing.spread:.1f} |"
        if what == "firewall":
            added = timing.minus(found[f"bare, {cookies}"])
            share = added.over(found[f"werkzeug.http.parse_cookie, {cookies}"])
            most, most_share = limits[cookies]
            yield f"{row} {added.median:.1f} | {most} | {share:.2f} | {most_share} |"
        else:
            yield f"{row} | | | |"
    yield ""


def flask_table(found: dict[str, Timing]) -> Iterator[str]:
    """Show what the product adds to Flask, compared with Talisman."""
    plain = found["Flask"]
    talisman = found["Flask + Talisman, nonce CSP"].minus(plain)
    yield "## A small page with a nonce, https, six cookies of which three are undeclared"
    yield ""
    yield "| case | us | x Flask | added us | of what Talisman adds |"
    yield "|---|---:|---:|---:|---:|"
    for name, timing in found.items():
        added = timing.minus(plain)
        share = "" if name == "Flask" else f"{added.over(talisman):.2f}"
        yield (
            f"| {name} | {timing.median:.0f} | {timing.over(plain):.2f} | {added.median:.1f} "
            f"| {share} |"
        )
    yield ""
    yield "To reach: at most 0.35 of what Talisman adds."
    yield ""


def import_table() -> Iterator[str]:
    """Show what an import costs."""
    yield "## Import"
    yield ""
    yield "CPU time; what else the machine does only ever adds to it."
    yield ""
    yield "| what | beyond | ms | least | MiB | at most |"
    yield "|---|---|---:|---:|---:|---|"
    for name, before in (("StrictCookies", "flask"), ("CookieFirewall", "sys")):
        median, least, mebibytes = measure_import(name, before)
        limit = "25 ms, 6 MiB" if before == "flask" else ""
        yield f"| `{name}` | `{before}` | {median:.0f} | {least:.0f} | {mebibytes:.1f} | {limit} |"
    yield f"| and an application's first response | `flask` | {measure_start():.0f} | | | |"
    yield ""


if __name__ == "__main__":
    main()
