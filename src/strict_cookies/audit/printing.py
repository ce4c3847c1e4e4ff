"""Print the HTML of a report to PDF, with the browser that made the audit."""

from __future__ import annotations

from pathlib import Path

from ..errors import AuditError
from .apart import run_apart
from .chromium import find_chromium, import_playwright, launch_flags

#: Longest time that printing takes, in seconds.
PRINT_SECONDS = 60.0


def print_pdf(html: str, *, chromium: Path | None = None) -> bytes:
    """
    Print a page.

    Args:
        html: Whole, with everything that it shows inside.
        chromium: The browser's executable; None to find one.

    Raises:
        AuditError: It can't be printed.
    """
    return run_apart(_print(html, chromium))


async def _print(html: str, chromium: Path | None) -> bytes:
    playwright = import_playwright()
    async with playwright.async_playwright() as driver:
        try:
            browser = await driver.chromium.launch(
                executable_path=find_chromium(chromium), args=list(launch_flags())
            )
            try:
                # What stands in a report came from strangers: no script of it runs.
                context = await browser.new_context(java_script_enabled=False, offline=True)
                page = await context.new_page()
                await page.set_content(html, timeout=PRINT_SECONDS * 1000)
                pdf: bytes = await page.pdf(format="A4", print_background=True, tagged=True)
                return pdf
            finally:
                await browser.close()
        except playwright.Error as error:
            reason = str(error).split("\n", 1)[0]
            raise AuditError(f"The report could not be printed: {reason}") from None
