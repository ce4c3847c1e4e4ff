"""
The coverage of an audit: the visited pages among the routes that are known to exist.

A route that redirected elsewhere, for example to a sign-in page, does not count as visited, nor
does one that responded with an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from ..observation import ObservedPage
from ..redaction import path_of

_CONVERTER = re.compile(r"<(?:(path|any\([^)]*\))?[^<>]*?)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """
    The known routes, and those not visited.

    Args:
        known: Routes, sorted; may contain converters: ``/orders/<int:number>``.
        unvisited: The routes without a visited page.
        redirected: The unvisited routes that redirected elsewhere.
    """

    known: tuple[str, ...]
    unvisited: tuple[str, ...]
    redirected: tuple[str, ...]

    @property
    def ratio(self) -> float | None:
        """The ratio of visited routes, from 0 to 1; None if no route is known."""
        if not self.known:
            return None
        return (len(self.known) - len(self.unvisited)) / len(self.known)


def is_seen(page: ObservedPage) -> bool:
    """Return whether a page was visited and did not respond with an error."""
    return page.outcome == "visited" and (page.status is None or page.status < 400)


def measure_coverage(pages: Iterable[ObservedPage], known_routes: Iterable[str]) -> Coverage:
    """
    Compare the pages of an audit with the known routes.

    Args:
        pages: All pages, including failed ones.
        known_routes: Paths, possibly with converters; duplicates count once.
    """
    pages = tuple(pages)
    seen = {unquote(path_of(page.final_url)) for page in pages if is_seen(page)}
    requested = {unquote(path_of(page.url)) for page in pages if is_seen(page)} - seen
    known = tuple(sorted(set(known_routes)))
    unvisited = tuple(route for route in known if not _is_among(route, seen))
    return Coverage(
        known=known,
        unvisited=unvisited,
        redirected=tuple(route for route in unvisited if _is_among(route, requested)),
    )


def _is_among(route: str, paths: set[str]) -> bool:
    if "<" not in route:
        return unquote(route) in paths
    pattern = _compile(route)
    return any(pattern.fullmatch(path) for path in paths)


@lru_cache(maxsize=1024)
def _compile(route: str) -> re.Pattern[str]:
    parts: list[str] = []
    end = 0
    for match in _CONVERTER.finditer(route):
        parts.append(re.escape(route[end : match.start()]))
        parts.append(".+?" if match[1] == "path" else "[^/]+?")
        end = match.end()
    parts.append(re.escape(route[end:]))
    return re.compile("".join(parts))
