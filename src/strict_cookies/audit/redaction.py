"""
Names and URLs from a site, redacted for display: one line, truncated, without values.
"""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from .._util.durations import say_duration
from .._util.text import one_line

#: Longest text that is shown, in characters; an ellipsis marks a truncated one.
MAX_SHOWN = 300
#: Longest duration that is shown, in seconds: a thousand years.
MAX_SECONDS = 1_000 * 365 * 86_400
_VALUE = re.compile(r"=[^&;]*")
#: The query of the URL in a frame of a stack: ``function (url?query:line:column)``.
_QUERY_IN_FRAME = re.compile(r"[?#].*?(?=(?::\d+){1,2}\)?\s*$|\s|$)")


def shorten(text: str) -> str:
    """Return a text as one line of at most :data:`MAX_SHOWN` characters."""
    text = one_line(text[: 4 * MAX_SHOWN])
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def redact_url(url: str) -> str:
    """
    Return a URL without possible secrets: user information, values of its query, the fragment.

    Args:
        url: Any text.

    Returns:
        For example ``"https://shop.example/orders?page=…"``.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return shorten(url.partition("?")[0].partition("#")[0])
    if parts.scheme in ("data", "blob", "javascript"):
        return f"{parts.scheme}:…"
    query = "&".join(_VALUE.sub("=…", part) if "=" in part else "…" for part in _split(parts.query))
    netloc = parts.netloc.rpartition("@")[2]
    return shorten(parts._replace(netloc=netloc, query=query, fragment="").geturl())


def redact_pages(url: str) -> tuple[str, ...]:
    """Return the page of a finding; empty without one."""
    return (redact_url(url),) if url else ()


def redact_frame(frame: str) -> str:
    """Return a frame of a script's stack without the query of its URL."""
    return shorten(_QUERY_IN_FRAME.sub("?…", frame, count=1) if "?" in frame else frame)


def format_seconds(seconds: int) -> str:
    """
    Format a duration, rounded to a readable unit.

    Args:
        seconds: Zero or more; arbitrarily large.
    """
    seconds = min(seconds, MAX_SECONDS)
    for size in (86_400, 3_600, 60):
        if seconds >= 2 * size:
            if seconds % size and seconds >= 10 * size:
                seconds = round(seconds / size) * size
            break
    return say_duration(timedelta(seconds=seconds))


def path_of(url: str) -> str:
    """Return the path of a URL; ``/`` if it has none."""
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return "/"


def _split(query: str) -> list[str]:
    return [part for part in query.split("&") if part]
