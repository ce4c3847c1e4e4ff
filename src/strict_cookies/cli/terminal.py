"""
Write text to a terminal: plain, wrapped at :data:`WIDTH`, and readable without colour.

Code, paths and URLs are not broken. Control characters are replaced.
"""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from .._util.text import printable

if TYPE_CHECKING:
    from pathlib import Path

#: Longest line that is not code, a path or a URL, in columns.
WIDTH = 88


def failure(message: str, *, code: int = 1) -> click.ClickException:
    """Return an exception that ends the command with a message and an exit code."""
    error = click.ClickException(wrap(message, width=WIDTH - len("Error: ")))
    error.exit_code = code  # type: ignore[misc]
    return error


def write_failure(path: Path | None, error: OSError) -> click.ClickException:
    """Return an exception for a file that can't be written; None for standard output."""
    place = "Standard output" if path is None else path
    return failure(
        f"{place} can't be written: {error.strerror}. Check the path and its permissions."
    )


def print_heading(text: str) -> None:
    """Print an empty line and a bold line."""
    click.echo()
    click.echo(click.style(text, bold=True))


def print_rows(rows: list[tuple[str, str]]) -> None:
    """Print labels and texts in two columns."""
    width = max(len(label) for label, _ in rows)
    for label, text in rows:
        column = " " * (2 + width + 2)
        wrapped = wrap(text, indent=column)
        click.echo(f"  {label.ljust(width)}  {wrapped[len(column) :]}")


def print_text(text: str, *, indent: str = "", hanging: str | None = None) -> None:
    """Print a text, wrapped by :func:`wrap`."""
    click.echo(wrap(text, indent=indent, hanging=hanging))


def wrap(text: str, *, indent: str = "", hanging: str | None = None, width: int = WIDTH) -> str:
    """
    Wrap each line of a text, except code, which begins with four spaces.

    Args:
        text: One or more lines; a line that begins with ``"- "`` is an item of a list.
        indent: Put before the first line of each paragraph.
        hanging: Put before its other lines; None for the same as ``indent``.
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


def format_time(seconds: int) -> str:
    """Return a timestamp, in seconds since the epoch, as UTC to the minute."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"
