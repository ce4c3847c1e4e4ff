"""
Audit a site with a real browser, and compare what it stores with what it declares.

``browser`` records what a site does, ``analysis`` compares it with a policy, ``formats`` writes the
report. Nothing here imports Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .analysis.compare import compare as compare
    from .analysis.finding import Finding as Finding
    from .analysis.finding import FindingKind as FindingKind
    from .browser.chromium import find_chromium as find_chromium
    from .browser.crawler import Progress as Progress
    from .browser.crawler import audit_site as audit_site
    from .browser.journeys import Step as Step
    from .browser.journeys import load_journey as load_journey
    from .browser.options import AuditOptions as AuditOptions
    from .bundle import Difference as Difference
    from .bundle import verify_bundle as verify_bundle
    from .bundle import write_bundle as write_bundle
    from .draft import write_draft as write_draft
    from .formats.csv_file import write_csv as write_csv
    from .formats.html import write_html as write_html
    from .formats.json_file import write_json as write_json
    from .formats.sarif import write_sarif as write_sarif
    from .formats.terminal import print_report as print_report
    from .last_audit import LastAudit as LastAudit
    from .last_audit import read_last_audit as read_last_audit
    from .last_audit import record_audit as record_audit
    from .observation import Observation as Observation
    from .report import build_report as build_report
    from .report import exit_code as exit_code

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "analysis.compare": ("compare",),
        "analysis.finding": ("Finding", "FindingKind"),
        "browser.chromium": ("find_chromium",),
        "browser.crawler": ("Progress", "audit_site"),
        "browser.journeys": ("Step", "load_journey"),
        "browser.options": ("AuditOptions",),
        "bundle": ("Difference", "verify_bundle", "write_bundle"),
        "draft": ("write_draft",),
        "formats.csv_file": ("write_csv",),
        "formats.html": ("write_html",),
        "formats.json_file": ("write_json",),
        "formats.sarif": ("write_sarif",),
        "formats.terminal": ("print_report",),
        "last_audit": ("LastAudit", "read_last_audit", "record_audit"),
        "observation": ("Observation",),
        "report": ("build_report", "exit_code"),
    },
)
