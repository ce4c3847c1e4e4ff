"""
When a site was last audited, and what came of it; kept in the archive, on the shelf ``audits``.

Only the last audit is kept there. The evidence is in its bundle, whose manifest's hash is noted
beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..archive.base import Archive
    from .report import Report

#: The shelf, and the key of the last audit on it.
SHELF = "audits"
LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAudit:
    """
    What is remembered of an audit.

    Args:
        ended: Aware, UTC.
        targets: Addresses, without the values of their queries.
        browser: Product and version.
        result: See :data:`~strict_cookies.audit.report.Result`.
        counts: Findings by severity.
        visited: How many of the known pages were visited.
        known: How many pages are known.
        declaration_hash: Of what was compared with; None where nobody said.
        manifest_hash: Of the bundle; None where none was written.
    """

    ended: datetime
    targets: tuple[str, ...]
    browser: str
    result: str
    counts: Mapping[str, int]
    visited: int
    known: int
    declaration_hash: str | None = None
    manifest_hash: str | None = None

    def age(self, now: datetime) -> timedelta:
        """Tell how long ago it was."""
        return now - self.ended


def record_audit(archive: Archive, report: Report, *, manifest_hash: str | None = None) -> None:
    """
    Remember an audit as the last one.

    Args:
        archive: The application's.
        report: Of the audit; one that looked at no page is none, and is not remembered.
        manifest_hash: As :func:`~strict_cookies.audit.bundle.write_bundle` gave it.

    Raises:
        StoreUnavailableError: The archive can't be had.
    """
    if report["result"] == "failed":
        return
    audit = LastAudit(
        ended=datetime.fromisoformat(report["ended"]),
        targets=tuple(report["targets"]),
        browser=report["browser"],
        result=report["result"],
        counts=report["counts"],
        visited=report["coverage"]["visited"],
        known=report["coverage"]["known"],
        declaration_hash=(report["declaration"] or {}).get("hash"),
        manifest_hash=manifest_hash,
    )
    data = {**asdict(audit), "ended": audit.ended.isoformat()}
    archive.put(SHELF, LAST, json.dumps(data, sort_keys=True).encode())


def last_audit(archive: Archive) -> LastAudit | None:
    """
    Give the last audit; None where none was remembered, or nobody can read what is there.

    Raises:
        StoreUnavailableError: The archive can't be had.
    """
    data = archive.get(SHELF, LAST)
    if data is None:
        return None
    try:
        found: dict[str, Any] = json.loads(data)
        found["ended"] = datetime.fromisoformat(found["ended"])
        found["targets"] = tuple(found["targets"])
        return LastAudit(**found)
    except (ValueError, TypeError, KeyError):
        return None
