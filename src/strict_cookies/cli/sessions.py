"""
``flask cookies sessions``: list a user's sessions, end them, and remove what is past.

Identifiers are never printed; a row has its handle, as on the page for users.
"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from .._util.text import printable
from .app import protection_of
from .terminal import say_count, say_moment

_HEADS = ("Handle", "User", "Device", "Signed in (UTC)", "Last used (UTC)")


sessions_group = AppGroup("sessions", help="List and end the sessions that this site keeps.")


@sessions_group.command("list", with_appcontext=False)
@click.option("--user", required=True, metavar="ID", help="As it was given to login().")
@click.pass_context
def list_command(ctx: click.Context, user: str) -> None:
    """List the live sessions of a user, oldest first."""
    with protection_of(ctx) as (_, protection):
        found = protection.sessions.list_user(user)
    if not found:
        click.echo(f"User '{printable(user)}' has no session.")
        return
    rows = [
        (info.handle, user, info.device, say_moment(info.begun_at), say_moment(info.seen_at))
        for info in found
    ]
    _print_table([_HEADS, *rows])


@sessions_group.command("end", with_appcontext=False)
@click.option("--user", metavar="ID", help="End all sessions of this user.")
@click.option("--all", "everyone", is_flag=True, help="End every session, visitors' too.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.pass_context
def end_command(ctx: click.Context, user: str | None, everyone: bool, yes: bool) -> None:
    """End the sessions of a user, or of everybody, at once."""
    if everyone == (user is not None):
        raise click.UsageError("Say whose: either --user ID or --all.", ctx)
    whose = "everybody" if user is None else f"user '{printable(user)}'"
    with protection_of(ctx) as (_, protection):
        if not yes:
            click.confirm(f"End all sessions of {whose}?", abort=True)
        sessions = protection.sessions
        count = sessions.end_everyone() if user is None else sessions.end_user(user)
    if user is None:
        # Rows of a store are more than sessions.
        click.echo("Every session has ended.")
    else:
        click.echo(f"{say_count(count, 'session', 'sessions')} of {whose} ended.")


@sessions_group.command("purge", with_appcontext=False)
@click.pass_context
def purge_command(ctx: click.Context) -> None:
    """Remove what is kept of sessions that ended more than a day ago."""
    total = 0
    with protection_of(ctx) as (_, protection):
        while count := protection.sessions.purge():
            total += count
    click.echo(f"{say_count(total, 'row', 'rows')} removed.")


def _print_table(rows: list[tuple[str, ...]]) -> None:
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
