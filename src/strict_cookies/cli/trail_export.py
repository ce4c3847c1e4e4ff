"""
``flask cookies trail export``: for others to verify, or for the place where logs live.

``--follow`` prints each new entry until it is interrupted. Warnings go to standard error.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .._util.text import printable
from ..trail.export import (
    FOLLOW_SECONDS,
    TrailReader,
    checkpoints_before,
    export_trail,
    follow_trail,
    write_jsonl,
    write_ocsf,
)
from .app import open_app
from .terminal import failure, write_failure
from .trail import NO_TRAIL

if TYPE_CHECKING:
    from ..archive.base import Entry
    from ..trail.audit_trail import AuditTrail

Writer = Callable[["AuditTrail", "Entry", str], Iterator[bytes]]

_WRITERS: dict[str, Writer] = {"jsonl": write_jsonl, "ocsf": write_ocsf}


@click.command("export")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; by default standard output.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_WRITERS)),
    default="jsonl",
    show_default=True,
    help="Lines as they are stored, which can be verified, or events of OCSF 1.8.0.",
)
@click.option("--follow", is_flag=True, help="Print each new entry until interrupted.")
@click.option(
    "--after",
    metavar="NUMBER",
    type=click.IntRange(min=0),
    default=0,
    help="Only entries with a higher number, to continue an earlier export.",
)
@click.pass_context
def export_command(
    ctx: click.Context, output: Path | None, form: str, follow: bool, after: int
) -> None:
    """Export checkpoints, entries, timestamps and the head as JSON lines."""
    with open_app(ctx) as (app, state):
        if not state.trail.kept:
            raise failure(NO_TRAIL)
        write = _WRITERS[form]
        lines = (
            _follow(state.trail, write, app.name, after)
            if follow
            else export_trail(state.trail, _warn, after=after)
            if form == "jsonl"
            else _convert(state.trail, app.name, after)
        )
        try:
            with click.open_file(str(output or "-"), "wb") as file:
                for line in lines:
                    file.write(line + b"\n")
                    if follow:
                        file.flush()
        except KeyboardInterrupt:
            if not follow:
                raise
        except OSError as error:
            raise write_failure(output, error) from None


def _follow(trail: AuditTrail, write: Writer, site: str, after: int) -> Iterator[bytes]:
    rows = follow_trail(trail, _warn, lambda: time.sleep(FOLLOW_SECONDS), after=after)
    for row in rows:
        if not after and write is write_jsonl:
            yield from checkpoints_before(trail, row)
        after = row.number
        yield from write(trail, row, site)


def _convert(trail: AuditTrail, site: str, after: int) -> Iterator[bytes]:
    for row in TrailReader(trail, after=after, warn=_warn).read():
        yield from write_ocsf(trail, row, site)


def _warn(problem: str) -> None:
    click.echo(f"Warning: {printable(problem)}", err=True)
