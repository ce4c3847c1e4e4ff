"""
``flask cookies report`` and ``report-link``: write the auditor's report, create links to it.

A link is printed once, when it is created. The list shows only its id, which opens nothing.
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
from ..report.contents import build_report
from ..report.pages import render_standalone, report_links
from .app import find_app_state, open_app
from .terminal import failure, format_time, write_failure

if TYPE_CHECKING:
    from flask import Flask

    from ..report.links import ReportLink

#: Longest lifetime of a link.
MAX_EXPIRES = timedelta(days=90)
_SHORT = {"m": "minute", "h": "hour", "d": "day"}


@click.command("report-link")
@click.option(
    "--expires",
    default="7d",
    show_default=True,
    metavar="TIME",
    help="Lifetime of the link: 12h, 7d, or '7 days'; at most 90 days.",
)
@click.option("--list", "listing", is_flag=True, help="List the valid links.")
@click.option("--revoke", metavar="ID", help="Revoke a link and the sessions that it opened.")
@click.pass_context
def link_command(ctx: click.Context, expires: str, listing: bool, revoke: str | None) -> None:
    """
    Create a link that opens the auditor's report without an account.

    Until it expires, anyone who has the link can read the report, and nothing else.
    """
    with open_app(ctx) as (app, _):
        if not app.config["SECRET_KEY"]:
            raise failure("SECRET_KEY is not set, so links can't be signed. Set it.")
        links = report_links()
        if revoke is not None:
            if not links.revoke(revoke):
                raise failure(
                    f"There is no link '{printable(revoke)}'. Use --list to see the links."
                )
            click.echo(f"Link {printable(revoke)} is revoked.")
        elif listing:
            _print_links(links.list())
        else:
            link, token = links.create(_parse_lifetime(expires))
            _print_created(app, link, token)


@click.command("report")
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_context
def report_command(ctx: click.Context, path: Path) -> None:
    """
    Write the auditor's report to a file with the suffix .html, .json or .pdf.

    A PDF needs the system's Chromium.
    """
    with open_app(ctx) as (app, state):
        if path.suffix not in (".html", ".json", ".pdf"):
            raise failure(f"{printable(path.name)} has the wrong suffix. Use .html, .json or .pdf.")
        with app.test_request_context(base_url="https://localhost"):
            if path.suffix == ".json":
                report = build_report(app, datetime.now(UTC))
                data = (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode()
            else:
                data = render_standalone().encode()
            state.trail.record("report-opened", form=path.suffix[1:], by="command")
        if path.suffix == ".pdf":
            from ..audit.browser.printing import print_alone

            data = print_alone(data.decode())
        try:
            path.write_bytes(data)
        except OSError as error:
            raise write_failure(path, error) from None
    click.echo(f"Wrote {path}.")


def _parse_lifetime(text: str) -> int:
    short = re.fullmatch(r"([0-9]{1,4})([mhd])", text)
    try:
        lifetime = read_duration(f"{int(short[1])} {_SHORT[short[2]]}s" if short else text)
    except ValueError as error:
        raise failure(f"--expires: {error}") from None
    if not timedelta(0) < lifetime <= MAX_EXPIRES:
        raise failure(
            f"--expires is {say_duration(lifetime)}. Use at most 90 days, and create "
            "another link later."
        )
    return int(lifetime.total_seconds())


def _print_links(links: list[ReportLink]) -> None:
    if not links:
        click.echo("No valid links.")
    for link in links:
        click.echo(
            f"{link.id}  created {format_time(link.created)}  "
            f"expires {format_time(link.expires)} UTC"
        )


def _print_created(app: Flask, link: ReportLink, token: str) -> None:
    prefix = find_app_state(app).url_prefix
    root = str(app.config["APPLICATION_ROOT"]).rstrip("/")
    host = app.config["STRICT_COOKIES_CANONICAL_HOST"] or app.config["SERVER_NAME"]
    path = f"{root}{prefix}/report/link#{token}"
    click.echo(f"Link {link.id} opens the report until {format_time(link.expires)} UTC:")
    click.echo(f"\n    {f'https://{host}' if host else ''}{path}\n")
    if not host:
        click.echo("Put the site's origin before it.")
    click.echo(f"To revoke it: flask cookies report-link --revoke {link.id}")
