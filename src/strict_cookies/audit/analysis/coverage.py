"""
How much of a site an audit has seen: pages visited against routes that are known to exist.

A route that only led elsewhere counts as not visited, since what stands behind a sign-in page was
not seen; neither does one that answered with an error.
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
    What was visited of what is known.

    Args:
        known: Routes, each once, in order; may hold converters: ``/orders/<int:number>``.
        unvisited: Those of them that no page was visited of.
        redirected: Those of the unvisited that led elsewhere.
    """

    known: tuple[str, ...]
    unvisited: tuple[str, ...]
    redirected: tuple[str, ...]

    @property
    def ratio(self) -> float | None:
        """The visited part, from 0 to 1; None where no route is known."""
        if not self.known:
            return None
        return (len(self.known) - len(self.unvisited)) / len(self.known)


def is_seen(page: ObservedPage) -> bool:
    """Tell whether a page was there to look at: visited, and not answered with an error."""
    return page.outcome == "visited" and (page.status is None or page.status < 400)


def measure_coverage(pages: Iterable[ObservedPage], known_routes: Iterable[str]) -> Coverage:
    """
    Hold pages against routes.

    Args:
        pages: All that an audit tried.
        known_routes: Paths, perhaps with converters; duplicates count once.
    """
    pages = tuple(pages)
    seen = {unquote(path_of(page.final_url)) for page in pages if is_seen(page)}
    asked = {unquote(path_of(page.url)) for page in pages if is_seen(page)} - seen
    known = tuple(sorted(set(known_routes)))
    unvisited = tuple(route for route in known if not _is_among(route, seen))
    return Coverage(
        known=known,
        unvisited=unvisited,
        redirected=tuple(route for route in unvisited if _is_among(route, asked)),
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
    for found in _CONVERTER.finditer(route):
        parts.append(re.escape(route[end : found.start()]))
        parts.append(".+?" if found[1] == "path" else "[^/]+?")
        end = found.end()
    parts.append(re.escape(route[end:]))
    return re.compile("".join(parts))
