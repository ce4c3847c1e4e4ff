"""
Names and addresses of strangers, fit to be shown: in one line, bounded, without a value in them.
"""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from .._util.durations import say_duration
from .._util.text import one_line

#: Longest text that is shown, in characters; what is cut off is marked.
MAX_SHOWN = 300
#: Longest time that is told as it is: a thousand years, in seconds.
MAX_SECONDS = 1_000 * 365 * 86_400
_VALUE = re.compile(r"=[^&;]*")
#: The query of an address inside a frame of a stack: ``function (url?query:line:column)``.
_QUERY_IN_FRAME = re.compile(r"[?#].*?(?=(?::\d+){1,2}\)?\s*$|\s|$)")


def shorten(text: str) -> str:
    """Put a text into one line of at most :data:`MAX_SHOWN` characters."""
    text = one_line(text[: 4 * MAX_SHOWN])
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def redact_url(url: str) -> str:
    """
    Show an address without what may be a secret: user names, values of its query, the fragment.

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
    """Show the page of a finding; nothing where it has none."""
    return (redact_url(url),) if url else ()


def redact_frame(frame: str) -> str:
    """Show one frame of a script's stack without the query of its address."""
    return shorten(_QUERY_IN_FRAME.sub("?…", frame, count=1) if "?" in frame else frame)


def format_seconds(seconds: int) -> str:
    """
    Say a length of time as people would, without a meaningless remainder.

    Args:
        seconds: Not below nought; however large a site wrote it.
    """
    seconds = min(seconds, MAX_SECONDS)
    for size in (86_400, 3_600, 60):
        if seconds >= 2 * size:
            if seconds % size and seconds >= 10 * size:
                seconds = round(seconds / size) * size
            break
    return say_duration(timedelta(seconds=seconds))


def path_of(url: str) -> str:
    """Give the path of an address; ``/`` where there is none."""
    try:
        return urlsplit(url).path or "/"
    except ValueError:
        return "/"


def _split(query: str) -> list[str]:
    return [part for part in query.split("&") if part]
