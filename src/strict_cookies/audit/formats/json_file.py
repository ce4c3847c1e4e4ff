"""The report as JSON, by the schema ``report.schema.json``."""

from __future__ import annotations

import json

from ..report import Report


def write_json(report: Report) -> str:
    """Return the JSON."""
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
