"""
Which links of a site the crawler follows, and in which order.

It follows links within the site, those nearest to the start first, within limits and as robots.txt
allows. It does not follow links that sign out or delete something, downloads, and anything that
only a form can reach. This module needs no browser.

Source: sitemaps.org for the sitemap.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit

#: Most URLs that differ only in their query.
MAX_VARIANTS = 5
#: Most URLs in the queue, and the longest URL, in characters.
MAX_QUEUED = 5000
MAX_URL = 2000
#: Most URLs that are read from a sitemap.
MAX_SITEMAP = 5000

#: Words in the URL or the text of a link that changes something.
_CHANGES = re.compile(
    r"(?:^|[\W_])(?:log[\s_-]?(?:out|off)|sign[\s_-]?(?:out|off)|abmelden|ausloggen|d[eé]connexion"
    r"|d[eé]connecter|cerrar[\s_-]sesi[oó]n|uitloggen|wyloguj|esci|disconnetti|terminar[\s_-]sess"
    r"|delete|remove|destroy|unsubscribe|l[oö]schen|supprimer|eliminar)(?:$|[\W_])",
    re.IGNORECASE,
)
#: File extensions of paths that are not pages.
_FILES = re.compile(
    r"\.(?:7z|avi|bmp|css|csv|docx?|exe|gif|gz|ico|jpe?g|js|json|md|mjs|mov|mp[34]|ogg|pdf|png|pptx?"
    r"|rar|svg|tar|txt|wav|webm|webp|woff2?|xlsx?|xml|zip)$",
    re.IGNORECASE,
)
_LOCATION = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*<", re.I)


class QueuedPage(NamedTuple):
    """A page to visit; the depth is the number of links from the start."""

    url: str
    depth: int


class Frontier:
    """
    The queue of pages to visit; no page is queued twice.

    Args:
        is_own: Returns whether a host belongs to the site.
        may_visit: Returns whether robots.txt allows a URL.
        max_pages: Most pages that are visited.
        max_depth: Most links from the start.
    """

    def __init__(
        self,
        is_own: Callable[[str], bool],
        may_visit: Callable[[str], bool],
        *,
        max_pages: int,
        max_depth: int,
    ) -> None:
        self._is_own = is_own
        self._may_visit = may_visit
        self._max_pages = max_pages
        self._max_depth = max_depth
        self._queue: deque[QueuedPage] = deque()
        self._seen: set[str] = set()
        self._variants: dict[str, int] = {}
        self._ports: set[int | None] = set()
        self.taken = 0

    def start(self, urls: Iterable[str]) -> None:
        """Queue the URLs to start from, regardless of robots.txt: the user named them."""
        for url in urls:
            self._ports.add(_port(url))
            self._add(url, 0)

    def add_links(self, links: Iterable[Mapping[str, Any]], depth: int) -> None:
        """Queue the links of a page at this depth."""
        if depth >= self._max_depth:
            return
        for link in links:
            url = str(link.get("url", ""))
            if not is_harmless(link) or not self._is_inside(url):
                continue
            # A large robots.txt takes milliseconds to match, so known pages are skipped first.
            if normalise(url) not in self._seen and self._may_visit(url):
                self._add(url, depth + 1)

    def mark_reached(self, page: QueuedPage, url: str) -> None:
        """Record the final URL of a page, so that it is not visited again under that URL."""
        self._seen.add(normalise(url))
        if not page.depth:
            self._ports.add(_port(url))

    def take(self) -> QueuedPage | None:
        """Return the next page; None if there is none, or if the limit is reached."""
        if not self._queue or self.taken >= self._max_pages:
            return None
        self.taken += 1
        return self._queue.popleft()

    def count(self) -> int:
        """Return the number of pages that were taken or will be."""
        return min(self.taken + len(self._queue), self._max_pages)

    def _is_inside(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            return (
                parts.scheme in ("http", "https")
                and len(url) <= MAX_URL
                and _port(url) in self._ports
                and self._is_own(parts.hostname or "")
            )
        except ValueError:
            return False

    def _add(self, url: str, depth: int) -> None:
        url = normalise(url)
        path = url.partition("?")[0]
        if url in self._seen or len(self._queue) >= MAX_QUEUED:
            return
        self._variants[path] = self._variants.get(path, 0) + 1
        if self._variants[path] <= MAX_VARIANTS:
            self._seen.add(url)
            self._queue.append(QueuedPage(url, depth))


def is_harmless(link: Mapping[str, Any]) -> bool:
    """
    Return whether following a link changes nothing, judging by its URL and its text.

    Args:
        link: ``url``, ``words`` and ``download``, from ``page.js``.
    """
    url = str(link.get("url", ""))
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if link.get("download") or _FILES.search(parts.path):
        return False
    texts = (parts.path, parts.query, *map(str, link.get("words", ())))
    return not any(map(_CHANGES.search, texts))


def normalise(url: str) -> str:
    """Return the one form of a URL that is compared: without fragment, and with a path."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def read_sitemap(text: str) -> list[str]:
    """Return the URLs in a sitemap, or in an index of sitemaps."""
    matches = islice(_LOCATION.finditer(text), MAX_SITEMAP)
    return [html.unescape(match[1]) for match in matches]


def declaration_links(header: str, base: str) -> list[str]:
    """
    Return the targets of ``rel="cookie-declaration"`` in a Link header.

    Source: RFC 8288 section 3.
    """
    urls = []
    for target, parameters in re.findall(r"<([^>]*)>((?:\s*;[^,<]*)*)", header[:8192]):
        relation = re.search(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;]+))', parameters, re.IGNORECASE)
        if relation and "cookie-declaration" in (relation[1] or relation[2]).lower().split():
            with contextlib.suppress(ValueError):
                urls.append(urljoin(base, target))
    return urls


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
