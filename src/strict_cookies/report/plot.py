"""A bar for each day, as inline SVG without style or script of its own."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from markupsafe import Markup, escape

#: Size in user units: a bar's width with its gap, and the height of the bars.
STEP, HEIGHT = 10, 60
#: Room below for the first and last day.
FOOT = 14


def draw_days(days: Sequence[tuple[datetime.date, int]], label: str) -> Markup:
    """
    Draw one bar a day.

    Args:
        days: In order, each with its number.
        label: What is counted, for who can't see it; the sum and the peak are added.
    """
    top = max((count for _, count in days), default=0)
    total = sum(count for _, count in days)
    width = STEP * len(days)
    peak = max(days, key=lambda day: day[1])[0].isoformat() if top else ""
    told = f"{label}: {total} in {len(days)} days" + (f", most on {peak} ({top})" if top else "")
    bars = "".join(
        f'<rect class="bar" x="{index * STEP + 1}" y="{HEIGHT - height}" width="{STEP - 2}" '
        f'height="{height}"><title>{day.isoformat()}: {count}</title></rect>'
        for index, (day, count) in enumerate(days)
        if (height := _height(count, top))
    )
    ends = (
        f'<text x="0" y="{HEIGHT + FOOT - 2}">{days[0][0]:%d %b}</text>'
        f'<text x="{width}" y="{HEIGHT + FOOT - 2}" text-anchor="end">{days[-1][0]:%d %b}</text>'
        if days
        else ""
    )
    # Numbers and dates only, beside the label, which is escaped.
    return Markup(  # noqa: S704
        f'<svg class="plot" role="img" aria-label="{escape(told)}" '
        f'viewBox="0 0 {width} {HEIGHT + FOOT}">'
        f'<line class="base" x1="0" y1="{HEIGHT}" x2="{width}" y2="{HEIGHT}"/>{bars}{ends}</svg>'
    )


def _height(count: int, top: int) -> int:
    """Give a bar's height; what is there at all is seen."""
    return max(2, round(count / top * HEIGHT)) if count else 0
