"""
Find in an application's templates and static files what the closed policy will block.

A help for the first day with Strict Cookies: external origins and inline code, each with file and
line. It reads text, runs nothing and follows no link, so what a template puts together while it is
rendered stays unseen, and a browser's console has the last word.

Files may hold anything: they are bounded in size and number, and read as UTF-8 with replacement.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .._util.text import printable
from ..policy.catalogue import find_tracker_host
from .blocked import Found, Kind
from .markup import scan_text
from .sources import Source, list_sources

if TYPE_CHECKING:
    from flask import Flask

    from ..policy.catalogue import TrackerHost

#: Most files that are looked through.
MAX_FILES = 2_000


@dataclass(slots=True, kw_only=True)
class Scan:
    """
    What was found, and what was not looked at.

    Args:
        found: In the order of files and lines.
        files: How many files were looked through.
        too_large: Files above :data:`~strict_cookies.scan.sources.MAX_FILE_OCTETS`.
        unreadable: Files that could not be read.
        bounded: Whether there were more than :data:`MAX_FILES`.
    """

    found: list[Found] = field(default_factory=list)
    files: int = 0
    too_large: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    bounded: bool = False

    def of(self, kind: Kind) -> list[Found]:
        """Pick the places of one kind."""
        return [found for found in self.found if found.kind is kind]


def scan_app(app: Flask) -> Scan:
    """
    Look through the templates and static files of an application and its blueprints.

    Args:
        app: With or without Strict Cookies, whose own pages are left out.
    """
    scan = Scan()
    own = app.config.get("SERVER_NAME") or ""
    seen: set[str] = set()
    for source in list_sources(app):
        key = os.path.realpath(source.path) if source.path else source.name
        if key in seen:
            continue
        if len(seen) >= MAX_FILES:
            scan.bounded = True
            break
        seen.add(key)
        shown = _shown_path(source, app.root_path)
        try:
            text = source.read()
        except (OSError, ValueError, LookupError):
            scan.unreadable.append(shown)
            continue
        if text is None:
            scan.too_large.append(shown)
            continue
        scan.files += 1
        scan.found += scan_text(
            text, file=shown, language=source.language, template=source.template, own_host=own
        )
    return scan


def tracker_of(origin: str) -> TrackerHost | None:
    """
    Find the tracker that an external origin is commonly associated with.

    Args:
        origin: As in :attr:`Found.subject`.
    """
    return find_tracker_host(origin.partition("//")[2].partition(":")[0])


def _shown_path(source: Source, root: str) -> str:
    path = Path(source.path or source.name)
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return printable(shown.as_posix())
