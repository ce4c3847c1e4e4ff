"""Which pages the audited site allows robots to visit, and how long to wait between two of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..._util.urls import host_of, is_local
from ...http.cookies import path_matches
from .links import origin_of, read_sitemap
from .robots import Robots

if TYPE_CHECKING:
    from .options import AuditOptions

#: Default delay between two pages of an origin, in seconds.
DELAY_SECONDS = 0.5
#: Largest robots.txt and sitemap that are read, in bytes.
MAX_ROBOTS = 512 * 1024
MAX_SITEMAP = 4 * 1024 * 1024
#: Most sitemaps that are read.
MAX_SITEMAPS = 5


class CrawlPolicy:
    """
    The robots.txt of the audited origins, their sitemaps, and the time of the next visit to each.

    Args:
        options: Of the audit.
        is_own: Returns whether a host belongs to the audited site.
        fetch: Returns at most so many bytes of a file, as text; None if it is not available.
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
        self._lock = asyncio.Lock()
        self._next_visits: dict[str, float] = {}
        self._routes: dict[str, None] = dict.fromkeys(options.known_routes)

    @property
    def known_routes(self) -> tuple[str, ...]:
        """Paths of pages that are known to exist, from the options or the sitemaps."""
        return tuple(self._routes)

    async def prepare(self, url: str) -> None:
        """Read robots.txt and the sitemaps of a URL's origin, unless they have been read."""
        if not self._is_own(host_of(url)):
            return
        origin = origin_of(url)
        if origin in self._robots:
            return
        # Until the file is read, no other tab may take its absence for permission.
        async with self._lock:
            if origin not in self._robots:
                self._robots[origin] = await self._read_robots(origin)

    async def _read_robots(self, origin: str) -> Robots:
        """Return the rules of an origin; read its sitemaps, too."""
        if self._options.ignore_robots and self._options.known_routes:
            return Robots()
        text = await self._fetch(f"{origin}/robots.txt", MAX_ROBOTS) or ""
        # In a thread: a large file takes longer to parse than other tabs should wait.
        robots = await asyncio.to_thread(Robots, text)
        if not self._options.known_routes:
            await self._read_sitemaps(robots.sitemaps() or [f"{origin}/sitemap.xml"])
        return Robots() if self._options.ignore_robots else robots

    async def _read_sitemaps(self, urls: list[str]) -> None:
        for position, url in enumerate(urls):
            if position >= MAX_SITEMAPS or not self._is_own(host_of(url)):
                break
            text = await self._fetch(url, MAX_SITEMAP) or ""
            for page in await asyncio.to_thread(read_sitemap, text):
                if not self._is_own(host_of(page)):
                    continue
                if urlsplit(page).path.endswith(".xml"):
                    urls.append(page)
                else:
                    self._routes.setdefault(urlsplit(page).path or "/")

    def may_visit(self, url: str) -> bool:
        """Return whether the options and robots.txt allow to visit a page."""
        path = urlsplit(url).path
        if any(path_matches(path, excluded) for excluded in self._options.exclude):
            return False
        robots = self._robots.get(origin_of(url))
        return robots is None or robots.allows(url)

    async def wait(self, url: str) -> None:
        """Wait until the next page of a URL's origin may be visited."""
        origin = origin_of(url)
        robots = self._robots.get(origin, Robots())
        delay = self._options.delay_seconds
        if delay is None:
            delay = robots.delay()
        if delay is None:
            delay = 0.0 if is_local(host_of(url)) else DELAY_SECONDS
        now = time.monotonic()
        start = max(self._next_visits.get(origin, now), now)
        self._next_visits[origin] = start + delay
        await asyncio.sleep(start - now)
