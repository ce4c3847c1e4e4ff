"""The command-line options that ``strict-cookies audit`` and ``flask cookies audit`` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def audit_options(command: _Command) -> _Command:
    """Add the shared options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        help="Directory for the report and its evidence; must be empty.",
    ),
    click.option("--pdf", is_flag=True, help="Also write the report as PDF; needs --output."),
    click.option(
        "--draft",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write a first cookies.toml from what the browser saw.",
    ),
    click.option(
        "--journey",
        type=click.Path(path_type=Path, dir_okay=False),
        help="TOML file with the steps of a visit: visit, return, login, submit, logout.",
    ),
    click.option(
        "--max-pages",
        default=50,
        show_default=True,
        type=click.IntRange(1),
        help="Maximum number of pages per step.",
    ),
    click.option(
        "--max-depth",
        default=5,
        show_default=True,
        type=click.IntRange(0),
        help="Maximum number of links from the start page.",
    ),
    click.option(
        "--max-seconds",
        default=900.0,
        show_default=True,
        type=click.FloatRange(1),
        help="Time limit of each step.",
    ),
    click.option(
        "--page-seconds",
        default=15.0,
        show_default=True,
        type=click.FloatRange(1),
        help="Time limit for loading a page.",
    ),
    click.option(
        "--tabs",
        default=3,
        show_default=True,
        type=click.IntRange(1, 16),
        help="Number of pages visited at the same time.",
    ),
    click.option(
        "--delay",
        type=click.FloatRange(0),
        metavar="SECONDS",
        help="Delay between two pages; default: Crawl-delay of robots.txt, or half a second.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATH",
        help="Do not follow links to this path or below. Can be repeated.",
    ),
    click.option(
        "--ignore-robots", is_flag=True, help="Ignore robots.txt; only for sites of your own."
    ),
    click.option(
        "--ignore-certificates", is_flag=True, help="Accept any certificate; only for tests."
    ),
    click.option("--no-screenshots", is_flag=True, help="Take no screenshots."),
    click.option(
        "--with-values",
        is_flag=True,
        help="Write the values of cookies and web storage to the bundle, which makes it "
        "sensitive; needs --output.",
    ),
    click.option(
        "--min-coverage",
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        help="Percentage of the known pages that must be visited for a clean result.",
    ),
    click.option("--chromium", metavar="PATH", help="The browser; default: an installed Chromium."),
)
