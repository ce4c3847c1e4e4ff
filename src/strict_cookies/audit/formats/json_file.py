"""The report as JSON, in the form of ``report.schema.json`` beside this folder."""

from __future__ import annotations

import json

from ..report import Report


def write_json(report: Report) -> str:
    """Write the report itself."""
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
