"""
Text for a terminal: plain, wrapped at :data:`WIDTH`, and readable without colour.

Code, paths and addresses are never broken; what could steer a terminal is replaced.
"""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

import click

from .._util.text import printable

#: Columns of the widest line that is not code, a path or an address.
WIDTH = 88


def failure(message: str) -> click.ClickException:
    """Make an exception of a message; the exit code is 1."""
    return click.ClickException(lay_out(message, width=WIDTH - len("Error: ")))


def print_heading(text: str) -> None:
    """Print a line of its own kind after an empty one."""
    click.echo()
    click.echo(click.style(text, bold=True))


def print_rows(rows: list[tuple[str, str]]) -> None:
    """Print labels and texts in two columns."""
    width = max(len(label) for label, _ in rows)
    for label, text in rows:
        column = " " * (2 + width + 2)
        laid_out = lay_out(text, indent=column)
        click.echo(f"  {label.ljust(width)}  {laid_out[len(column) :]}")


def print_text(text: str, *, indent: str = "", hanging: str | None = None) -> None:
    """Print a text as :func:`lay_out` lays it out."""
    click.echo(lay_out(text, indent=indent, hanging=hanging))


def lay_out(text: str, *, indent: str = "", hanging: str | None = None, width: int = WIDTH) -> str:
    """
    Wrap each line; code (after four spaces) is kept whole, a list (``"- "``) hangs.

    Args:
        text: In any number of lines.
        indent: Before the first line of each paragraph.
        hanging: Before its other lines; None for the same.
        width: In columns.
    """
    hanging = indent if hanging is None else hanging
    lines = []
    for line in text.split("\n"):
        line = printable(line)
        if line.startswith("    ") or not line:
            lines.append(f"{hanging}{line}".rstrip())
            continue
        lines += textwrap.wrap(
            line,
            width,
            initial_indent=indent,
            subsequent_indent=f"{hanging}  " if line.startswith("- ") else hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return "\n".join(lines)


def say_count(count: int, one: str, many: str) -> str:
    """Say how many there are: ``No rows``, ``1 row``, ``2 rows``."""
    return f"{count or 'No'} {one if count == 1 else many}"


def say_moment(seconds: int) -> str:
    """Say a moment, in seconds since the epoch, to the minute; UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
