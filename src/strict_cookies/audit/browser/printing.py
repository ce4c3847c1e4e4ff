"""
Print HTML to PDF with Chromium: tagged, with an outline, a title and page numbers.

A function of the caller answers every request of the page, such as for a style sheet, so no request
leaves the machine. No script runs. Playwright runs in another thread, because the caller's may
already run an event loop.

Source: PDF 1.7 section 14.8 (tagged PDF); Chrome DevTools Protocol, ``Page.printToPDF``.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ...errors import AuditError
from .chromium import find_chromium, import_playwright, launch_flags

if TYPE_CHECKING:
    from types import ModuleType

_FOOTER = (
    '<div style="width:100%;margin:0 15mm;font:8px sans-serif;color:#333;display:flex;'
    'justify-content:space-between"><span>{note}</span>'
    '<span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>'
)


class Page(NamedTuple):
    """
    A page to print.

    Attributes:
        url: The base of its links; it is not requested.
        text: The HTML.
        note: Text at the foot of each sheet, next to the page number.
    """

    url: str
    text: str
    note: str = ""


class Resource(NamedTuple):
    """A file that a page links to: its content and its media type."""

    data: bytes
    content_type: str


Fetch = Callable[[str], Resource | None]


def print_to_pdf(
    pages: Iterable[Page], fetch: Fetch, *, chromium: str | Path | None = None
) -> list[bytes]:
    """
    Print each page to a separate PDF.

    Args:
        pages: The pages.
        fetch: Returns the file at a URL; None if there is none.
        chromium: The executable of the browser; None to find one.

    Raises:
        AuditError: Playwright or a Chromium is missing, or printing failed.
    """
    playwright = import_playwright("playwright.sync_api")
    executable = find_chromium(chromium)
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(_print, playwright, executable, list(pages), fetch).result()
        except playwright.Error as error:
            reason = str(error).partition("\n")[0]
            raise AuditError(f"Printing to PDF failed: {reason}. Try another Chromium.") from None


def print_alone(text: str, *, chromium: str | Path | None = None) -> bytes:
    """
    Print a self-contained page.

    Args:
        text: The HTML.
        chromium: See :func:`print_to_pdf`.

    Raises:
        AuditError: Playwright or a Chromium is missing, or printing failed.
    """
    page = Page("https://report.invalid/", text)
    return print_to_pdf([page], lambda url: None, chromium=chromium)[0]


def _print(
    playwright: ModuleType, executable: Path, pages: list[Page], fetch: Fetch
) -> list[bytes]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(launch_flags()))
        try:
            return [_print_one(browser, page, fetch) for page in pages]
        finally:
            browser.close()


def _print_one(browser: Any, page: Page, fetch: Fetch) -> bytes:
    def answer(route: Any) -> None:
        url = route.request.url
        if url == page.url:
            route.fulfill(content_type="text/html; charset=utf-8", body=page.text)
        elif resource := fetch(url):
            route.fulfill(content_type=resource.content_type, body=resource.data)
        else:
            route.abort()

    with browser.new_context(java_script_enabled=False, service_workers="block") as context:
        context.route("**/*", answer)
        tab = context.new_page()
        tab.goto(page.url, wait_until="load")
        data: bytes = tab.pdf(
            format="A4",
            tagged=True,
            outline=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_FOOTER.format(note=html.escape(page.note)),
            margin={"top": "15mm", "bottom": "18mm", "left": "15mm", "right": "15mm"},
        )
    return data
