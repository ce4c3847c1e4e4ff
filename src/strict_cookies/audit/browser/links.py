"""
Which pages of a site are visited, in which order, and which are left alone.

Links of the site itself, the nearest first, within limits. robots.txt is kept to, but for what was
asked for by name. Left alone are links that sign out or destroy something, downloads, and whatever
only a form can reach. Knows no browser.

Source: RFC 9309 for robots.txt; sitemaps.org for the sitemap.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit, urlunsplit
from urllib.robotparser import RobotFileParser

#: How the audit is called in robots.txt.
ROBOT = "strict-cookies"
#: Longest wait between two pages that a robots.txt can ask for, in seconds.
MAX_DELAY = 10.0
#: Most addresses that differ in their query only.
MAX_VARIANTS = 5
#: Most addresses that wait, and longest that is taken, in characters.
MAX_WAITING = 5000
MAX_URL = 2000
#: Most addresses that are taken from a sitemap.
MAX_SITEMAP = 5000

#: What, in an address or in the words of a link, means that following it changes something.
_CHANGES = re.compile(
    r"(?:^|[\W_])(?:log[\s_-]?(?:out|off)|sign[\s_-]?(?:out|off)|abmelden|ausloggen|d[eé]connexion"
    r"|d[eé]connecter|cerrar[\s_-]sesi[oó]n|uitloggen|wyloguj|esci|disconnetti|terminar[\s_-]sess"
    r"|delete|remove|destroy|unsubscribe|l[oö]schen|supprimer|eliminar)(?:$|[\W_])",
    re.IGNORECASE,
)
#: Ends of paths that are no pages.
_FILES = re.compile(
    r"\.(?:7z|avi|bmp|css|csv|docx?|exe|gif|gz|ico|jpe?g|js|json|md|mjs|mov|mp[34]|ogg|pdf|png|pptx?"
    r"|rar|svg|tar|txt|wav|webm|webp|woff2?|xlsx?|xml|zip)$",
    re.IGNORECASE,
)
_LOCATION = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*([^<\]]+?)\s*(?:\]\]>)?\s*<", re.I)


class Waiting(NamedTuple):
    """A page that will be visited; depth counts the links that lead to it."""

    url: str
    depth: int


class Frontier:
    """
    The pages that wait, each given out once.

    Args:
        is_own: Tells of a host whether it belongs to the site.
        may_visit: Tells of a URL whether robots.txt allows it.
        max_pages: Most pages that are given out.
        max_depth: Most links away from the start.
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
        self._waiting: deque[Waiting] = deque()
        self._seen: set[str] = set()
        self._variants: dict[str, int] = {}
        self._ports: set[int | None] = set()
        self.given = 0

    def start(self, urls: Iterable[str]) -> None:
        """Begin with these, whatever robots.txt says: somebody asked for them."""
        for url in urls:
            self._ports.add(_port(url))
            self._add(url, 0)

    def offer(self, links: Iterable[Mapping[str, Any]], depth: int) -> None:
        """Take the links of a page that itself is so deep."""
        if depth >= self._max_depth:
            return
        for link in links:
            url = str(link.get("url", ""))
            if is_harmless(link) and self._is_inside(url) and self._may_visit(url):
                self._add(url, depth + 1)

    def reached(self, waiting: Waiting, url: str) -> None:
        """Note where a page ended, so that it is not visited again under that address."""
        self._seen.add(normalise(url))
        if not waiting.depth:
            self._ports.add(_port(url))

    def take(self) -> Waiting | None:
        """Give the next page; None where none waits, or enough were given."""
        if not self._waiting or self.given >= self._max_pages:
            return None
        self.given += 1
        return self._waiting.popleft()

    def known(self) -> int:
        """Count the pages that were given and that will be."""
        return min(self.given + len(self._waiting), self._max_pages)

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
        address = normalise(url)
        path = address.partition("?")[0]
        if address in self._seen or len(self._waiting) >= MAX_WAITING:
            return
        self._variants[path] = self._variants.get(path, 0) + 1
        if self._variants[path] <= MAX_VARIANTS:
            self._seen.add(address)
            self._waiting.append(Waiting(address, depth))


class Robots:
    """
    What one origin's robots.txt allows.

    Args:
        text: Its text; empty where there is none, which allows everything.
    """

    def __init__(self, text: str = "") -> None:
        self._parser = RobotFileParser()
        self._parser.parse(text.splitlines())

    def allows(self, url: str) -> bool:
        """Tell whether a page may be visited."""
        return self._parser.can_fetch(ROBOT, url)

    def delay(self) -> float | None:
        """Give the seconds that it asks to wait between two pages; None where it doesn't."""
        asked = self._parser.crawl_delay(ROBOT)
        return None if asked is None else min(float(asked), MAX_DELAY)

    def sitemaps(self) -> list[str]:
        """Give the sitemaps that it names."""
        return list(self._parser.site_maps() or ())


def is_harmless(link: Mapping[str, Any]) -> bool:
    """
    Tell whether following a link changes nothing, as far as its address and words say.

    Args:
        link: ``url``, ``words`` and ``download``, as ``page.js`` reads them.
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
    """Write a URL so that one page has one address: no fragment, and a path."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))


def origin_of(url: str) -> str:
    """Give scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


def read_sitemap(text: str) -> list[str]:
    """Give the addresses in a sitemap, or in an index of sitemaps."""
    found = (html.unescape(match[1]) for match in _LOCATION.finditer(text))
    return [url for _, url in zip(range(MAX_SITEMAP), found, strict=False)]


def declaration_links(header: str, base: str) -> list[str]:
    """
    Find the targets of ``rel="cookie-declaration"`` in a Link header.

    Source: RFC 8288 section 3.
    """
    found = []
    for target, parameters in re.findall(r"<([^>]*)>((?:\s*;[^,<]*)*)", header[:8192]):
        relation = re.search(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s;]+))', parameters, re.IGNORECASE)
        if relation and "cookie-declaration" in (relation[1] or relation[2]).lower().split():
            with contextlib.suppress(ValueError):
                found.append(urljoin(base, target))
    return found


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None
