"""How an audit is made: the browser, its limits, its manners."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .journeys import DEFAULT_JOURNEY, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """
    The options of one audit.

    Args:
        journey: What is done, in order.
        max_pages: Most pages of one step.
        max_depth: Most links away from where a step begins.
        max_seconds: Longest time that one step takes.
        page_seconds: Longest time that one page takes to load.
        settle_seconds: How long to wait for late writers, once the network is quiet.
        exclude: Paths below which no link is followed.
        tabs: How many pages are looked at at once.
        delay_seconds: Wait between two pages of one site, as a courtesy; None for half a second,
            and for none on the user's own machine.
        ignore_robots: Whether robots.txt counts for nothing, for a site of one's own.
        ignore_certificates: Whether a certificate that nobody vouches for is taken; for tests.
        known_routes: Paths of pages that are known to exist; empty to take them from the sitemap.
        find_declaration: Whether to look for the site's own declaration, and read it.
        screenshots: A folder for a screenshot of each page; None for no screenshots.
        chromium: The browser's executable; None to find one.
        flags: Further flags for it.
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
