"""
``flask cookies sessions``: list a user's sessions, end them, and remove expired data.

Session identifiers are not printed; a row has its handle, as on the users' page of sessions.
"""

from __future__ import annotations

import click
from flask.cli import AppGroup

from .._util.text import format_count, printable
from .app import open_app
from .terminal import format_time

_HEADINGS = ("Handle", "User", "Device", "Signed in (UTC)", "Last used (UTC)")


sessions_group = AppGroup("sessions", help="List and end the sessions on this site.")


@sessions_group.command("list", with_appcontext=False)
@click.option("--user", required=True, metavar="ID", help="The id passed to login().")
@click.pass_context
def list_command(ctx: click.Context, user: str) -> None:
    """List the active sessions of a user, oldest first."""
    with open_app(ctx) as (_, state):
        sessions = state.sessions.list_user(user)
    if not sessions:
        click.echo(f"User '{printable(user)}' has no active sessions.")
        return
    rows = [
        (info.handle, user, info.device, format_time(info.begun_at), format_time(info.seen_at))
        for info in sessions
    ]
    _print_table([_HEADINGS, *rows])


@sessions_group.command("end", with_appcontext=False)
@click.option("--user", metavar="ID", help="End all sessions of this user.")
@click.option(
    "--all", "everyone", is_flag=True, help="End every session, including those of visitors."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.pass_context
def end_command(ctx: click.Context, user: str | None, everyone: bool, yes: bool) -> None:
    """End all sessions of one user, or of all users, at once."""
    if everyone == (user is not None):
        raise click.UsageError("Use either --user ID or --all.", ctx)
    whose = "all users" if user is None else f"user '{printable(user)}'"
    with open_app(ctx) as (_, state):
        if not yes:
            click.confirm(f"End all sessions of {whose}?", abort=True)
        sessions = state.sessions
        count = sessions.end_everyone() if user is None else sessions.end_user(user)
    if user is None:
        # The count would include rows that are not sessions.
        click.echo("Every session has ended.")
    else:
        click.echo(f"{format_count(count, 'session', zero='No')} of {whose} ended.")


@sessions_group.command("purge", with_appcontext=False)
@click.pass_context
def purge_command(ctx: click.Context) -> None:
    """Remove the data of sessions that ended more than a day ago."""
    total = 0
    with open_app(ctx) as (_, state):
        while count := state.sessions.purge():
            total += count
    click.echo(f"{format_count(total, 'row', zero='No')} removed.")


def _print_table(rows: list[tuple[str, ...]]) -> None:
    shown = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    for row in shown:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(line.rstrip())
