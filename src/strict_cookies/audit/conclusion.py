"""
What follows once the browser is closed: the report, the bundle, the draft, the record.

One function does it for both commands, so that an audit of a stranger's site and of one's own end
in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .bundle import write_bundle
from .draft import write_draft
from .formats.html import write_html
from .formats.terminal import print_report
from .last_audit import record_audit
from .report import build_report, exit_code

if TYPE_CHECKING:
    from rich.console import Console

    from ..archive.base import Archive
    from ..policy.policy import CookiePolicy
    from .analysis.headers import Expected
    from .browser.values import Values
    from .observation import Observation


def conclude_audit(
    observation: Observation,
    policy: CookiePolicy | None,
    console: Console,
    *,
    output: Path | None = None,
    pictures: Path | None = None,
    draft: Path | None = None,
    archive: Archive | None = None,
    min_coverage: float | None = None,
    expected: Expected | None = None,
    declaration_hash: str | None = None,
    print_pdf: Callable[[str], bytes] | None = None,
    values: Values | None = None,
) -> int:
    """
    Compare, print, write and record.

    Args:
        observation: Of an audit.
        policy: What the site declares; None where it declares nothing.
        console: Where the report is printed.
        output: The folder of the bundle; there, and empty.
        pictures: The folder with the screenshots; None where none were taken.
        draft: The file for a drafted ``cookies.toml``; must not be there yet.
        archive: Where the audit is remembered; None for a site that is not at hand.
        min_coverage: As for :func:`~strict_cookies.audit.report.build_report`, also for
            ``expected`` and ``declaration_hash``.
        print_pdf: Prints a page to PDF; None for no PDF.
        values: Written into the bundle, which is marked as sensitive; None for a bundle without.

    Returns:
        The exit code: 0 clean, 1 findings or too little seen, 2 nothing seen.

    Raises:
        BundleError: Something can't be written; what was found is printed all the same.
        StoreUnavailableError: The archive can't be had; all the rest is done.
    """
    report = build_report(
        observation,
        policy,
        expected=expected,
        min_coverage=min_coverage,
        declaration_hash=declaration_hash,
        has_values=values is not None,
    )
    print_report(report, console)
    manifest_hash = None
    if output is not None:
        files = {} if pictures is None else _read_all(pictures)
        pdf = None if print_pdf is None else print_pdf(write_html(report, files))
        manifest_hash = write_bundle(
            output,
            report,
            observation,
            files=files,
            pdf=pdf,
            values=None if values is None else values.write(),
        )
        console.print(f"Evidence: {output}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"Manifest: {manifest_hash}", highlight=False, soft_wrap=True)
    if draft is not None:
        write_draft(draft, observation)
        told = f"Draft: {draft}. Fill in what is open in it."
        console.print(told, markup=False, highlight=False, soft_wrap=True)
    if archive is not None:
        record_audit(archive, report, manifest_hash=manifest_hash)
    return exit_code(report)


def _read_all(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
