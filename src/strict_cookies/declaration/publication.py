"""
Which version of the declaration this is, since when it counts, and what came before.

Handed to :func:`~strict_cookies.declaration.document.build_document` by whoever keeps the versions.
The document's hash leaves it out, so that the same content has the same hash before and after it
is published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime

    from .diff import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedVersion:
    """
    A version of the declaration that was published.

    Args:
        version: Counted from 1.
        effective_from: The day from which it counts.
        hash: Of its content, ``sha256:...``.
        changes: What it changed.
    """

    version: int
    effective_from: datetime.date
    hash: str
    changes: tuple[Change, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Give it as it stands in the document."""
        return {
            "version": self.version,
            "effective_from": self.effective_from.isoformat(),
            "hash": self.hash,
            "changes": [change.as_data() for change in self.changes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationStatus:
    """
    The standing of a document.

    Args:
        history: What was published, the newest first.
        draft: Whether the content differs from the newest of them, so that nobody published it.
        known: Whether the versions could be read; if not, nothing is said of them.
    """

    history: tuple[PublishedVersion, ...] = ()
    draft: bool = True
    known: bool = True

    def as_data(self) -> dict[str, Any]:
        """Give it as it stands in the document."""
        newest = None if self.draft or not self.history else self.history[0]
        status = "draft" if newest is None else "published"
        return {
            "status": status if self.known else "unknown",
            "version": None if newest is None else newest.version,
            "effective_from": None if newest is None else newest.effective_from.isoformat(),
            "history": [past.as_data() for past in self.history],
        }
