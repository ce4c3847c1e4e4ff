"""
Scan an application's templates and static files for what the default CSP will block.

``flask cookies init`` lists external origins and inline code, each with file and line. The scan
only reads text: it does not run code or follow links, so it misses what a template builds while it
is rendered. Check the browser's console, too.

Files are untrusted: their size and number are limited, and they are read as UTF-8 with replacement
characters.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .._util.text import printable
from ..policy.catalogue import find_tracker_host
from .markup import Violation, ViolationKind, scan_text
from .sources import Source, list_sources

if TYPE_CHECKING:
    from flask import Flask

    from ..policy.catalogue import TrackerHost

#: Most files that are scanned.
MAX_FILES = 2_000


@dataclass(slots=True, kw_only=True)
class ScanResult:
    """
    What the scan found, and which files it skipped.

    Args:
        violations: By file and line.
        files: How many files were scanned.
        too_large: Files larger than :data:`~strict_cookies.scan.sources.MAX_FILE_BYTES`.
        unreadable: Files that could not be read.
        truncated: Whether there were more than :data:`MAX_FILES`.
    """

    violations: list[Violation] = field(default_factory=list)
    files: int = 0
    too_large: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    truncated: bool = False

    def of(self, kind: ViolationKind) -> list[Violation]:
        """Return the violations of one kind."""
        return [violation for violation in self.violations if violation.kind is kind]


def scan_app(app: Flask) -> ScanResult:
    """
    Scan the templates and static files of an application and its blueprints.

    Args:
        app: With or without Strict Cookies, whose own pages are skipped.
    """
    result = ScanResult()
    own = app.config.get("SERVER_NAME") or ""
    seen: set[str] = set()
    for source in list_sources(app):
        key = os.path.realpath(source.path) if source.path else source.name
        if key in seen:
            continue
        if len(seen) >= MAX_FILES:
            result.truncated = True
            break
        seen.add(key)
        shown = _shown_path(source, app.root_path)
        try:
            text = source.read()
        except (OSError, ValueError, LookupError):
            result.unreadable.append(shown)
            continue
        if text is None:
            result.too_large.append(shown)
            continue
        result.files += 1
        result.violations += scan_text(
            text, file=shown, language=source.language, template=source.template, own_host=own
        )
    return result


def find_tracker(origin: str) -> TrackerHost | None:
    """
    Return the known tracker at an external origin, if any.

    Args:
        origin: As in :attr:`~strict_cookies.scan.markup.Violation.subject`.
    """
    return find_tracker_host(origin.partition("//")[2].partition(":")[0])


def _shown_path(source: Source, root: str) -> str:
    path = Path(source.path or source.name)
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return printable(shown.as_posix())
