"""
What happens after the browser is closed: the report, the bundle, the draft, the record.

Both commands, ``strict-cookies audit`` and ``flask cookies audit``, end here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .bundle import write_bundle
from .draft import write_draft
from .formats.html import write_html
from .formats.terminal import print_report
from .last_audit import record_audit
from .report import Report, build_report, exit_code

if TYPE_CHECKING:
    from rich.console import Console

    from ..archive.base import Archive
    from ..policy.policy import CookiePolicy
    from .analysis.headers import Expected
    from .browser.values import Values
    from .observation import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOutput:
    """
    What an audit writes, in addition to the report on the terminal.

    Args:
        bundle: The directory of the bundle, existing and empty; None for no bundle.
        screenshots: The directory with the screenshots; None if none were taken.
        draft: The file of a drafted ``cookies.toml``, which must not exist; None for no draft.
        archive: Records the audit; None for a site that is not this application's.
        print_pdf: Converts HTML to PDF; None for no PDF.
        values: Written to the bundle, which is then marked as sensitive; None for no values.
    """

    bundle: Path | None = None
    screenshots: Path | None = None
    draft: Path | None = None
    archive: Archive | None = None
    print_pdf: Callable[[str], bytes] | None = None
    values: Values | None = None


def conclude_audit(
    observation: Observation,
    policy: CookiePolicy | None,
    console: Console,
    output: AuditOutput | None = None,
    *,
    expected: Expected | None = None,
    min_coverage: float | None = None,
) -> int:
    """
    Compare, print, write and record.

    Args:
        observation: From an audit.
        policy: What the site declares; None if it declares nothing.
        console: Prints the report.
        output: What to write; None for nothing.
        expected: See :func:`~strict_cookies.audit.analysis.compare.compare`.
        min_coverage: See :func:`~strict_cookies.audit.analysis.compare.compare`.

    Returns:
        The exit code: 0 clean, 1 findings or too little seen, 2 nothing seen.

    Raises:
        BundleError: The bundle can't be written. The report has been printed by then.
        StoreUnavailableError: The archive is unavailable. Everything else has been done by then.
    """
    output = output or AuditOutput()
    report = build_report(
        observation,
        policy,
        expected=expected,
        min_coverage=min_coverage,
        has_values=output.values is not None,
    )
    print_report(report, console)
    manifest_hash = None
    if output.bundle is not None:
        manifest_hash = _write_bundle(output.bundle, report, output)
        _print_line(console, f"Evidence: {output.bundle}")
        _print_line(console, f"Manifest: {manifest_hash}")
    if output.draft is not None:
        write_draft(output.draft, observation)
        _print_line(console, f"Draft: {output.draft}. Fill in what is left open.")
    if output.archive is not None:
        record_audit(output.archive, report, manifest_hash=manifest_hash)
    return exit_code(report)


def _write_bundle(directory: Path, report: Report, output: AuditOutput) -> str:
    files = {} if output.screenshots is None else _read_files(output.screenshots)
    return write_bundle(
        directory,
        report,
        files=files,
        pdf=None if output.print_pdf is None else output.print_pdf(write_html(report, files)),
        values=None if output.values is None else output.values.write(),
    )


def _read_files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def _print_line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
