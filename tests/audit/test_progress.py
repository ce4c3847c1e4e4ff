"""What a person sees while an audit runs."""

from __future__ import annotations

import io

from rich.console import Console

from strict_cookies.audit.browser.crawler import Progress
from strict_cookies.audit.progress import Display
from tests.audit.observations import make_page


def show(*, is_terminal):
    """Show two pages on a console; return the output."""
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=100)
    with Display(console) as display:
        for done, page in enumerate(
            (None, make_page("/a"), make_page("/\x1b[31mb", outcome="crashed"))
        ):
            display.update(
                Progress(step="first visit", page=page, done=done, known=2, cookies=3, hosts=1)
            )
    return console.file.getvalue()


def test_progress_pages_and_counts_are_shown():
    """On a terminal there are a bar, the last pages and what was seen; nothing in them steers."""
    text = show(is_terminal=True)
    for part in ("first visit", "2/2", "crashed", "Cookies: 3", "Third-party hosts: 1"):
        assert part in text
    assert "\x1b[31mb" not in text


def test_nothing_is_shown_where_nobody_looks():
    """In a log of CI nothing moves."""
    assert show(is_terminal=False) == ""
