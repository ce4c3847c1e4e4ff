"""Draw a bar chart of days as inline SVG, without inline style or script."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from markupsafe import Markup, escape

#: In user units: width of a bar with its gap, and height of the highest bar.
STEP, HEIGHT = 10, 60
#: In user units: height of the labels below the bars.
FOOT = 14


def draw_days(days: Sequence[tuple[datetime.date, int]], label: str) -> Markup:
    """
    Draw one bar per day.

    Args:
        days: In order, each with its count.
        label: What is counted, for screen readers; the sum and the peak are appended.
    """
    top = max((count for _, count in days), default=0)
    total = sum(count for _, count in days)
    width = STEP * len(days)
    peak = max(days, key=lambda day: day[1])[0].isoformat() if top else ""
    description = f"{label}: {total} in {len(days)} days" + (
        f", most on {peak} ({top})" if top else ""
    )
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
    # Numbers, dates and the escaped label.
    return Markup(  # noqa: S704
        f'<svg class="plot" role="img" aria-label="{escape(description)}" '
        f'viewBox="0 0 {width} {HEIGHT + FOOT}">'
        f'<line class="base" x1="0" y1="{HEIGHT}" x2="{width}" y2="{HEIGHT}"/>{bars}{ends}</svg>'
    )


def _height(count: int, top: int) -> int:
    """Return the height of a bar, at least 2 if the count is not zero."""
    return max(2, round(count / top * HEIGHT)) if count else 0
