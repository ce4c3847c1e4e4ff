"""
The progress of an audit on a terminal: a progress bar, the last pages, and counts.

Nothing is printed if the output is not a terminal, for example in CI.
"""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import TYPE_CHECKING

from .._util.text import show

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from .browser.crawler import Progress
    from .observation import ObservedPage

#: Number of recent pages that are shown.
SHOWN_PAGES = 6

_STYLES = {"visited": "green", "download": "yellow"}


class Display:
    """
    Shows progress during a ``with`` block.

    Args:
        console: The output; nothing is shown if it is not a terminal.
    """

    def __init__(self, console: Console) -> None:
        from rich.live import Live
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeElapsedColumn as Elapsed

        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("pages"),
            Elapsed(),
            console=console,
        )
        self._task = self._bar.add_task("Starting the browser", total=None)
        self._pages: deque[ObservedPage] = deque(maxlen=SHOWN_PAGES)
        self._is_shown = console.is_terminal
        self._live = Live(self._render(None), console=console, transient=True)

    def __enter__(self) -> Display:
        """Start the display."""
        if self._is_shown:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Clear the display, to make room for the report."""
        if self._is_shown:
            self._live.stop()

    def update(self, progress: Progress) -> None:
        """Update the display."""
        if progress.page is not None:
            self._pages.append(progress.page)
        self._bar.update(
            self._task,
            description=show(progress.step),
            completed=progress.done,
            total=progress.known,
        )
        if self._is_shown:
            self._live.update(self._render(progress))

    def _render(self, progress: Progress | None) -> RenderableType:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0))
        for head in ("Page", "Outcome", "Status", "Seconds"):
            table.add_column(head, justify="right" if head in ("Status", "Seconds") else "left")
        for page in self._pages:
            table.add_row(
                Text(show(page.url)),
                Text(page.outcome, style=_STYLES.get(page.outcome, "red")),
                "" if page.status is None else str(page.status),
                f"{page.seconds:.1f}",
            )
        if progress is None:
            return self._bar
        counts = f"Cookies: {progress.cookies}   Third-party hosts: {progress.hosts}"
        return Group(self._bar, table, Text(counts))
