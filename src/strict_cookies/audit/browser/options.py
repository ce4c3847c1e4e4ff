"""The options of an audit: the browser, its limits, its crawl policy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .journeys import DEFAULT_JOURNEY, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """
    The options of one audit.

    Args:
        journey: The steps, in order.
        max_pages: Most pages of each step.
        max_depth: Most links from the start of a step.
        max_seconds: Time limit of each step.
        page_seconds: Time limit for loading a page.
        settle_seconds: Wait for scripts that write late, after the network is idle.
        exclude: Paths; links to them or below are not followed.
        tabs: Number of pages visited at the same time.
        delay_seconds: Delay between two pages of an origin; None for the Crawl-delay of
            robots.txt, or else half a second, or none on localhost.
        ignore_robots: Whether to ignore robots.txt; only for sites of your own.
        ignore_certificates: Whether to accept any certificate; only for tests.
        known_routes: Paths of pages that are known to exist; empty to read the sitemap.
        find_declaration: Whether to look for the declaration that the site publishes.
        screenshots: The directory of the screenshots; None to take none.
        chromium: The executable of the browser; None to find one.
        flags: More command-line flags of the browser.
    """

    journey: tuple[Step, ...] = DEFAULT_JOURNEY
    max_pages: int = 50
    max_depth: int = 5
    max_seconds: float = 900.0
    page_seconds: float = 15.0
    settle_seconds: float = 0.25
    exclude: tuple[str, ...] = ()
    tabs: int = 3
    delay_seconds: float | None = None
    ignore_robots: bool = False
    ignore_certificates: bool = False
    known_routes: tuple[str, ...] = ()
    find_declaration: bool = False
    screenshots: Path | None = None
    chromium: Path | None = None
    flags: tuple[str, ...] = ()
