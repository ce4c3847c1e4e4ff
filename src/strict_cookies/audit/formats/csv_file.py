"""
The findings as CSV for spreadsheets; no cell is a formula.

Source: RFC 4180.
"""

from __future__ import annotations

import csv
import io

from ..._util.text import write_cell
from ..report import Report

#: The columns; part of the format.
COLUMNS = (
    "id",
    "severity",
    "title",
    "subject",
    "detail",
    "remedy",
    "pages",
    "step",
    "set_by",
    "setter_url",
    "setter_stack",
)


def write_csv(report: Report) -> str:
    """Return the CSV, with one row for each finding."""
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for finding in report["findings"]:
        setter = finding["setter"] or {"kind": None, "url": None, "stack": []}
        cells = {
            **finding,
            "pages": " ".join(finding["pages"]),
            "set_by": setter["kind"],
            "setter_url": setter["url"],
            "setter_stack": "; ".join(setter["stack"]),
        }
        writer.writerow([write_cell(cells[column]) for column in COLUMNS])
    return lines.getvalue()
