"""
``flask cookies report`` writes the auditor's report; ``report-link`` makes links that open it.

A link is printed once, when it is made; what is listed is its id, which opens nothing.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .._util.durations import read_duration, say_duration
from .._util.text import printable
from .app import protection_of
from .terminal import failure, say_moment

if TYPE_CHECKING:
    from flask import Flask

    from ..report.links import ReportLink

#: Longest life of a link.
MAX_EXPIRES = timedelta(days=90)
_SHORT = {"m": "minute", "h": "hour", "d": "day"}


@click.command("report-link")
@click.option(
    "--expires",
    default="7d",
    show_default=True,
    metavar="TIME",
    help="When the link ends: 12h, 7d, or '7 days'; 90 days at most.",
)
@click.option("--list", "listing", is_flag=True, help="List the links that still open.")
@click.option("--revoke", metavar="ID", help="End a link, and what it has opened.")
@click.pass_context
def link_command(ctx: click.Context, expires: str, listing: bool, revoke: str | None) -> None:
    """
    Make a link that opens the auditor's report without an account.

    Whoever has it may read the report, and nothing else, until it expires.
    """
    from ..report.pages import report_links

    with protection_of(ctx) as (app, _):
        if not app.config["SECRET_KEY"]:
            raise failure("There is no SECRET_KEY to sign links with. Set it.")
        found = report_links()
        if revoke is not None:
            if not found.revoke(revoke):
                raise failure(f"There is no link '{printable(revoke)}'. See --list.")
            click.echo(f"Link {printable(revoke)} opens nothing any more.")
        elif listing:
            _print_links(found.list())
        else:
            link, token = found.create(_read_expires(expires))
            _print_made(app, link, token)


@click.command("report")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def report_command(ctx: click.Context, path: Path) -> None:
    """
    Write the auditor's report to a file that ends in .html, .json or .pdf.

    For a PDF the system's Chromium is needed.
    """
    from ..report.contents import build_report
    from ..report.pages import render_standalone

    with protection_of(ctx) as (app, protection):
        if path.suffix not in (".html", ".json", ".pdf"):
            raise failure(
                f"{printable(path.name)} ends in none of .html, .json and .pdf. Name it so."
            )
        with app.test_request_context(base_url="https://localhost"):
            if path.suffix == ".json":
                report = build_report(app, datetime.now(UTC))
                octets = (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode()
            else:
                octets = render_standalone().encode()
            protection.trail.record("report-opened", form=path.suffix[1:], by="command")
        if path.suffix == ".pdf":
            from ..audit.browser.printing import print_alone

            octets = print_alone(octets.decode())
        try:
            path.write_bytes(octets)
        except OSError as error:
            raise failure(f"{path} can't be written: {error.strerror}. Mend its folder.") from None
    click.echo(f"Wrote {path}.")


def _read_expires(text: str) -> int:
    short = re.fullmatch(r"([0-9]{1,4})([mhd])", text)
    try:
        found = read_duration(f"{int(short[1])} {_SHORT[short[2]]}s" if short else text)
    except ValueError as error:
        raise failure(f"--expires: {error}") from None
    if not timedelta(0) < found <= MAX_EXPIRES:
        raise failure(
            f"--expires is {say_duration(found)}. A link may live for 90 days at most: make "
            "another then."
        )
    return int(found.total_seconds())


def _print_links(found: list[ReportLink]) -> None:
    if not found:
        click.echo("No link opens the report.")
    for link in found:
        click.echo(
            f"{link.id}  made {say_moment(link.created)}  until {say_moment(link.expires)} UTC"
        )


def _print_made(app: Flask, link: ReportLink, token: str) -> None:
    prefix = app.extensions["strict_cookies"].url_prefix
    root = str(app.config["APPLICATION_ROOT"]).rstrip("/")
    host = app.config["STRICT_COOKIES_CANONICAL_HOST"] or app.config["SERVER_NAME"]
    path = f"{root}{prefix}/report/link/{token}"
    click.echo(f"Link {link.id} opens the report until {say_moment(link.expires)} UTC:")
    click.echo(f"\n    {f'https://{host}' if host else ''}{path}\n")
    if not host:
        click.echo("Put the site's address in front of it. ", nl=False)
    click.echo(f"To end it sooner: flask cookies report-link --revoke {link.id}")
