"""
Print a page as PDF with Chromium: tagged, with an outline, a title and page numbers.

The page is handed over as text; what it links to, such as its style, is asked of a function and of
nobody else, so that nothing leaves the machine. No script runs. It works in a thread of its own,
since whoever calls may have an event loop already.

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
    What is printed.

    Attributes:
        url: Its address, for the links in it; it is not asked for.
        text: The HTML.
        note: What stands at the foot of each sheet, beside its number.
    """

    url: str
    text: str
    note: str = ""


class Resource(NamedTuple):
    """What a page links to: its octets and media type."""

    octets: bytes
    content_type: str


Fetch = Callable[[str], Resource | None]


def print_to_pdf(
    pages: Iterable[Page], fetch: Fetch, *, chromium: str | Path | None = None
) -> list[bytes]:
    """
    Print pages, each as a PDF of its own.

    Args:
        pages: What to print.
        fetch: Gives what an address leads to; None for nothing.
        chromium: The browser's executable; by default one that is found.

    Raises:
        AuditError: Playwright or a Chromium is missing, and the message says what to install; or
            it could not be printed.
    """
    playwright = import_playwright("playwright.sync_api")
    executable = find_chromium(chromium)
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(_print, playwright, executable, list(pages), fetch).result()
        except playwright.Error as error:
            reason = str(error).partition("\n")[0]
            raise AuditError(
                f"The page could not be printed: {reason}. Try another Chromium."
            ) from None


def print_alone(text: str, *, chromium: str | Path | None = None) -> bytes:
    """
    Print a page that holds all that it shows.

    Args:
        text: The HTML.
        chromium: As for :func:`print_to_pdf`.

    Raises:
        AuditError: It can't be printed.
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
        elif found := fetch(url):
            route.fulfill(content_type=found.content_type, body=found.octets)
        else:
            route.abort()

    with browser.new_context(java_script_enabled=False, service_workers="block") as context:
        context.route("**/*", answer)
        tab = context.new_page()
        tab.goto(page.url, wait_until="load")
        octets: bytes = tab.pdf(
            format="A4",
            tagged=True,
            outline=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=_FOOTER.format(note=html.escape(page.note)),
            margin={"top": "15mm", "bottom": "18mm", "left": "15mm", "right": "15mm"},
        )
    return octets
