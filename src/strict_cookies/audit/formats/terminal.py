"""
The report on a terminal.

Text from the site is printed verbatim: markup and control sequences in it have no effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..._util.text import format_count
from ..report import Report

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

#: Most pages that are printed for a finding; the other formats list more.
MAX_PAGES = 3
#: Most unvisited pages that are printed.
MAX_UNVISITED = 20

_STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold cyan",
    "clean": "bold green",
    "findings": "bold red",
    "incomplete": "bold yellow",
    "failed": "bold red",
}


def print_report(report: Report, console: Console) -> None:
    """
    Print the findings, errors last, and the result.

    Args:
        report: From :func:`~strict_cookies.audit.report.build_report`.
        console: The output.
    """
    from rich.text import Text

    if "sensitive" in report:
        console.print(Text(f"Sensitive: {report['sensitive']}.", style="bold red"))
    for finding in reversed(report["findings"]):
        _print_finding(finding, console)
    coverage = report["coverage"]
    seen = sum(page["outcome"] == "visited" for page in report["pages"])
    summary = f"{format_count(seen, 'page')} visited"
    if coverage["known"]:
        summary += f", {coverage['visited']} of {coverage['known']} known pages"
    stored = ", ".join(_count(report))
    console.print(Text(f"{summary}. Stored: {stored}. {report['browser']}.", style="dim"))
    if coverage["unvisited"]:
        console.print(Text("Known pages not visited:"))
        for route in coverage["unvisited"][:MAX_UNVISITED]:
            note = " (redirected)" if route in coverage["redirected"] else ""
            console.print(_indent(f"{route}{note}"))
        more = len(coverage["unvisited"]) - MAX_UNVISITED
        if more > 0:
            console.print(_indent(f"and {more} more"))
    console.print(
        Text.assemble(
            (report["result"].capitalize(), _STYLES[report["result"]]),
            f": {report['statement']}.",
        )
    )


def _print_finding(finding: Mapping[str, Any], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    head = Text.assemble(
        (finding["severity"].ljust(8), _STYLES[finding["severity"]]),
        (f"{finding['id']} {finding['title']}", "bold"),
    )
    console.print(head)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, text in _rows(finding):
        grid.add_row(f"  {label}", Text(text))
    console.print(grid)
    console.print()


def _rows(finding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "What", finding["subject"]
    yield "Details", finding["detail"]
    pages = finding["pages"]
    if pages:
        more = len(pages) - MAX_PAGES
        yield "Where", ", ".join(pages[:MAX_PAGES]) + (f" and {more} more" if more > 0 else "")
    if finding["step"]:
        yield "Step", finding["step"]
    setter = finding["setter"]
    if setter is not None and setter["kind"] != "unknown":
        word = "script" if setter["kind"] == "script" else "response"
        yield "Set by", f"{word} {setter['url']}" if setter["url"] else word
        if setter["stack"]:
            yield "", f"at {setter['stack'][0]}"
    yield "Fix", finding["remedy"]


def _count(report: Report) -> Iterator[str]:
    yield format_count(len(report["cookies"]), "cookie", zero="no")
    yield format_count(len(report["storage"]), "other item", zero="no")


def _indent(text: str) -> Text:
    from rich.text import Text

    return Text(f"  {text}")
