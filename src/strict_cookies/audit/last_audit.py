"""
The date and the result of the last audit, in the archive.

Only the last audit is recorded. The evidence is in its bundle; the record has the hash of the
bundle's manifest.
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

#: The shelf of the archive, and the key on it.
SHELF = "audits"
LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastAudit:
    """
    The record of an audit.

    Args:
        ended: Aware, UTC.
        targets: The audited URLs, without the values of their queries.
        browser: Product and version.
        result: See :data:`~strict_cookies.audit.report.Result`.
        counts: The number of findings by severity.
        visited: The number of known pages that were visited.
        known: The number of known pages.
        declaration_hash: The hash of the declaration that was compared; None if unknown.
        manifest_hash: The hash of the bundle's manifest; None if no bundle was written.
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
        """Return how long ago the audit ended."""
        return now - self.ended


def record_audit(archive: Archive, report: Report, *, manifest_hash: str | None = None) -> None:
    """
    Record an audit as the last one.

    Args:
        archive: The application's.
        report: Of the audit. A failed audit, which visited no page, is not recorded.
        manifest_hash: From :func:`~strict_cookies.audit.bundle.write_bundle`.

    Raises:
        StoreUnavailableError: The archive is unavailable.
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


def read_last_audit(archive: Archive) -> LastAudit | None:
    """
    Return the last audit; None if none is recorded, or if the record is unreadable.

    Raises:
        StoreUnavailableError: The archive is unavailable.
    """
    data = archive.get(SHELF, LAST)
    if data is None:
        return None
    try:
        record: dict[str, Any] = json.loads(data)
        record["ended"] = datetime.fromisoformat(record["ended"])
        record["targets"] = tuple(record["targets"])
        return LastAudit(**record)
    except (ValueError, TypeError, KeyError):
        return None
