"""
The report as one self-contained HTML file, without scripts and with embedded screenshots.

Its Content-Security-Policy allows only the embedded style sheet, by hash, and embedded images, so
that even a mistake in escaping could not load or run anything.
"""

from __future__ import annotations

import functools
import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..report import Report
from .charts import LEFT, WIDTH, draw_counts, draw_lifetimes, draw_timeline, format_lifetime

if TYPE_CHECKING:
    from jinja2 import Template

#: Most screenshots that are embedded.
MAX_SCREENSHOTS = 60

_HERE = Path(__file__).parent
_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


def write_html(report: Report, screenshots: Mapping[str, bytes] | None = None) -> str:
    """
    Return the HTML.

    Args:
        report: From :func:`~strict_cookies.audit.report.build_report`.
        screenshots: PNG, JPEG or WebP images, by the names in the report.
    """
    style = (_HERE / "report.css").read_text("utf-8")
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    embedded: dict[str, str] = {}
    for page in report["pages"]:
        name = page["screenshot"]
        if name and screenshots and name in screenshots and len(embedded) < MAX_SCREENSHOTS:
            embedded[name] = _data_url(screenshots[name])
    return _template().render(
        report=report,
        style=style,
        csp=f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        "form-action 'none'",
        screenshots=embedded,
        counts=draw_counts(report),
        timeline=draw_timeline(report),
        lifetimes=draw_lifetimes(report),
        format_lifetime=format_lifetime,
        left=LEFT,
        width=WIDTH,
    )


@functools.cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string((_HERE / "report.html").read_text("utf-8"))


def _data_url(screenshot: bytes) -> str:
    kind = next((kind for head, kind in _TYPES.items() if screenshot.startswith(head)), "image/png")
    return f"data:{kind};base64,{b64encode(screenshot).decode()}"
