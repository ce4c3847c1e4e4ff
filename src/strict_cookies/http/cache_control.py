"""
Parse ``Cache-Control``, and keep responses out of caches.

A response is out of shared caches only with ``no-store`` or an unqualified ``private``:
``private="X-Field"`` withholds one field, and ``must-understand`` makes caches ignore ``no-store``.
Source: RFC 9111 section 5.2.2; RFC 9213.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.datastructures import ResponseCacheControl
from werkzeug.http import parse_cache_control_header

from .cookies import is_token

if TYPE_CHECKING:
    from werkzeug.datastructures import Headers

#: Fields that single caches follow instead, in addition to all that end with ``CDN-Cache-Control``.
_OVERRIDES = frozenset(
    {"surrogate-control", "edge-control", "x-accel-expires", "x-litespeed-cache-control"}
)


def parse_cache_control(values: Iterable[str]) -> ResponseCacheControl:
    """Parse all ``Cache-Control`` lines of a response as one; names in lower case."""
    return parse_cache_control_header(", ".join(values).lower(), None, ResponseCacheControl)


def is_uncached(control: ResponseCacheControl) -> bool:
    """Return whether no cache stores the response."""
    return bool(control.no_store) and "must-understand" not in control


def is_unshared(control: ResponseCacheControl) -> bool:
    """Return whether no shared cache stores the response."""
    private = "private" in control and control["private"] is None
    shared = "public" in control or "s-maxage" in control
    return is_uncached(control) or (private and not shared)


def keep_out_of_caches(headers: Headers, *, shared_only: bool) -> None:
    """
    Keep a response out of caches; what is stricter already stays.

    Args:
        headers: Of the response. Fields that override ``Cache-Control`` for single caches are
            removed if another one than theirs holds.
        shared_only: Whether the visitor's own browser may store it.
    """
    values, overrides = [], []
    # Looking a header up costs more than looking at all of them.
    for name, value in headers:
        lowered = name.lower()
        if lowered == "cache-control":
            values.append(value)
        elif lowered in _OVERRIDES or lowered.endswith("cdn-cache-control"):
            overrides.append(name)
    for name in overrides:
        del headers[name]
    strict = "private" if shared_only else "no-store"
    if not values:
        headers.add("Cache-Control", strict)
        return
    control = parse_cache_control(values)
    if is_uncached(control) or (shared_only and is_unshared(control)):
        return
    if shared_only and all(map(is_token, control)):
        control.public, control.s_maxage, control.private = False, None, True
        control.pop("must-understand", None)
        strict = control.to_header()
    headers["Cache-Control"] = strict
