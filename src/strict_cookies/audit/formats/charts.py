"""
The layout of the charts in the HTML report, which the template draws as inline SVG.

Lengths are in units of the view box, whose width is :data:`WIDTH`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..._util.text import format_count
from ..redaction import format_seconds
from ..report import Report

WIDTH = 800
#: The left end of the bars, right of their labels.
LEFT = 180
#: Height of a row with its margin, and of the bar in it.
LANE, BAR = 34, 16
#: The longest lifetime in browsers, in seconds. RFC 6265bis section 5.5.
MAX_LIFETIME = 400 * 86_400
#: Most cookies in the chart of lifetimes.
MAX_BARS = 25

#: The ticks of the axis of lifetimes, with their seconds.
_MARKS = (("1 minute", 60), ("1 hour", 3_600), ("1 day", 86_400), ("30 days", 2_592_000))


def draw_timeline(report: Report) -> dict[str, Any] | None:
    """
    Lay out one row for each step, with its pages and a dot for each item first seen there.

    Returns:
        None without pages.
    """
    pages = report["pages"]
    total = sum(page["seconds"] for page in pages)
    if not pages or total <= 0:
        return None
    scale = (WIDTH - LEFT - 10) / total
    steps = list(dict.fromkeys(page["step"] for page in pages))
    lanes: dict[str, dict[str, Any]] = {
        step: {"label": step or "visit", "y": index * LANE + 8, "pages": [], "dots": []}
        for index, step in enumerate(steps)
    }
    start = 0.0
    places: dict[tuple[str, str], float] = {}
    for page in pages:
        width = page["seconds"] * scale
        x = LEFT + start * scale
        lanes[page["step"]]["pages"].append(
            {
                "x": round(x, 1),
                "width": round(max(width - 1, 1), 1),
                "label": f"{page['url']}: {page['outcome']}, {page['seconds']:.1f} s",
                "failed": page["outcome"] not in ("visited", "download"),
            }
        )
        for url in (page["url"], page["final_url"]):
            places.setdefault((page["step"], url), x + width / 2)
        start += page["seconds"]
    for item in (*report["cookies"], *report["storage"]):
        place = places.get((item["step"], item["seen_on"]))
        if place is not None:
            lanes[item["step"]]["dots"].append({"x": round(place, 1), "label": item["name"]})
    return {
        "lanes": [_spread(lane) for lane in lanes.values()],
        "height": len(lanes) * LANE + 26,
        "ticks": [
            {"x": round(LEFT + part * total * scale, 1), "label": f"{part * total:.1f} s"}
            for part in (0, 0.5, 1)
        ],
    }


def _spread(lane: dict[str, Any]) -> dict[str, Any]:
    """Shift dots at the same position, as far as there is room."""
    counts: dict[float, int] = {}
    for dot in lane["dots"]:
        shift = counts.get(dot["x"], 0)
        counts[dot["x"]] = shift + 1
        dot["x"] = round(min(dot["x"] + shift * 5, WIDTH - 4), 1)
    return lane


def draw_lifetimes(report: Report) -> dict[str, Any] | None:
    """
    Lay out one bar for each persistent cookie, on a logarithmic axis.

    Returns:
        None without persistent cookies.
    """
    lasting = sorted(
        ((_lifetime(cookie), cookie["name"]) for cookie in report["cookies"]), reverse=True
    )
    lasting = [(seconds, name) for seconds, name in lasting if seconds > 0]
    if not lasting:
        return None
    shown = lasting[:MAX_BARS]
    return {
        "bars": [
            {
                "y": index * LANE + 22,
                "width": _log_width(seconds),
                "label": name if len(name) <= 22 else name[:21] + "…",
                "tooltip": f"{name}: {format_seconds(seconds)}",
            }
            for index, (seconds, name) in enumerate(shown)
        ],
        "ticks": [{"x": LEFT + _log_width(seconds), "label": label} for label, seconds in _MARKS],
        "height": len(shown) * LANE + 26,
        "more": len(lasting) - len(shown),
    }


def _lifetime(cookie: Mapping[str, Any]) -> int:
    return max(cookie["declared_seconds"] or 0, cookie["stored_seconds"] or 0)


def _log_width(seconds: int) -> float:
    most = math.log10(MAX_LIFETIME)
    return round(min(math.log10(max(seconds, 1)) / most, 1) * (WIDTH - LEFT - 90) + 2, 1)


def draw_counts(report: Report) -> list[dict[str, Any]]:
    """Lay out one bar for each severity."""
    counts = report["counts"]
    most = max((*counts.values(), 1))
    return [
        {
            "label": format_count(count, word),
            "kind": word,
            "y": index * 26 + 4,
            "width": round(count / most * (WIDTH - LEFT - 10), 1),
        }
        for index, (word, count) in enumerate(counts.items())
    ]


def format_lifetime(cookie: Mapping[str, Any]) -> Iterable[str]:
    """Return the lifetime of a cookie as set, and as stored if that differs."""
    declared, stored = cookie["declared_seconds"], cookie["stored_seconds"]
    if declared is None and stored is None:
        return ("until the browser closes",)
    if declared is None:
        return (format_seconds(stored),)
    texts = [format_seconds(declared)]
    if stored is not None and abs(stored - declared) > max(120, declared // 50):
        texts.append(f"stored for {format_seconds(stored)}")
    return texts
