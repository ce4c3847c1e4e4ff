"""
The manners of one audit: which pages a site lets robots visit, and how long to wait between two.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..._util.urls import host_of, is_local
from ...http.cookies import path_matches
from .links import Robots, origin_of, read_sitemap

if TYPE_CHECKING:
    from .options import AuditOptions

#: Wait between two pages of one site, in seconds, where nobody says more.
DELAY_SECONDS = 0.5
#: Largest robots.txt and sitemap that are read, in octets.
MAX_ROBOTS = 512 * 1024
MAX_SITEMAP = 4 * 1024 * 1024
#: Most sitemaps that are read.
MAX_SITEMAPS = 5


class CrawlPolicy:
    """
    What is known of the audited origins, and when each was visited last.

    Args:
        options: Of the audit.
        is_own: Tells whether a host belongs to the audited site.
        fetch: Reads a file of at most so many octets; None where there is none.
    """

    def __init__(
        self,
        options: AuditOptions,
        is_own: Callable[[str], bool],
        fetch: Callable[[str, int], Awaitable[str | None]],
    ) -> None:
        self._options = options
        self._is_own = is_own
        self._fetch = fetch
        self._robots: dict[str, Robots] = {}
        self._turns: dict[str, float] = {}
        self._routes: dict[str, None] = dict.fromkeys(options.known_routes)

    @property
    def known_routes(self) -> tuple[str, ...]:
        """Paths that are known to exist: those of the options, or of the sitemaps."""
        return tuple(self._routes)

    async def learn(self, url: str) -> None:
        """Read an origin's robots.txt before its first page, and its sitemap."""
        if not self._is_own(host_of(url)):
            return
        origin = origin_of(url)
        if origin in self._robots:
            return
        self._robots[origin] = Robots()
        if self._options.ignore_robots and self._options.known_routes:
            return
        robots = Robots(await self._fetch(f"{origin}/robots.txt", MAX_ROBOTS) or "")
        if not self._options.ignore_robots:
            self._robots[origin] = robots
        if not self._options.known_routes:
            await self._read_sitemaps(robots.sitemaps() or [f"{origin}/sitemap.xml"])

    async def _read_sitemaps(self, waiting: list[str]) -> None:
        for position, url in enumerate(waiting):
            if position >= MAX_SITEMAPS or not self._is_own(host_of(url)):
                break
            for found in read_sitemap(await self._fetch(url, MAX_SITEMAP) or ""):
                if not self._is_own(host_of(found)):
                    continue
                if urlsplit(found).path.endswith(".xml"):
                    waiting.append(found)
                else:
                    self._routes.setdefault(urlsplit(found).path or "/")

    def may_visit(self, url: str) -> bool:
        """Tell whether neither the options nor robots.txt leave a page out."""
        path = urlsplit(url).path
        if any(path_matches(path, left_out) for left_out in self._options.exclude):
            return False
        robots = self._robots.get(origin_of(url))
        return robots is None or robots.allows(url)

    async def wait_turn(self, url: str) -> None:
        """Wait as long as the site asks for between two of its pages."""
        origin = origin_of(url)
        robots = self._robots.get(origin, Robots())
        delay = self._options.delay_seconds
        if delay is None:
            delay = robots.delay()
        if delay is None:
            delay = 0.0 if is_local(host_of(url)) else DELAY_SECONDS
        now = time.monotonic()
        turn = max(self._turns.get(origin, now), now)
        self._turns[origin] = turn + delay
        await asyncio.sleep(turn - now)
