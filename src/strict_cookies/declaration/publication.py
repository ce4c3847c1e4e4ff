"""
The published versions of a declaration, and whether a content is the newest of them.

:func:`~strict_cookies.declaration.document.build_document` puts it into the document as
``edition``. The document's hash leaves it out, so that the same content has the same hash before
and after it is published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import datetime

    from .changes import Change


class PublishedVersion(NamedTuple):
    """
    A version of the declaration that was published.

    Args:
        version: Counted from 1.
        effective_from: The day from which it is in force.
        hash: Of its content, ``sha256:...``.
        changes: The changes from the version before it.
    """

    version: int
    effective_from: datetime.date
    hash: str
    changes: tuple[Change, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as an entry of the document's history."""
        return {
            "version": self.version,
            "effective_from": self.effective_from.isoformat(),
            "hash": self.hash,
            "changes": [change.to_json() for change in self.changes],
        }


class PublicationStatus(NamedTuple):
    """
    Whether a content is published, and the history.

    Args:
        history: The published versions, the newest first.
        draft: Whether the content differs from the newest version.
        known: Whether the versions could be read.
    """

    history: tuple[PublishedVersion, ...] = ()
    draft: bool = True
    known: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return it as the document's ``edition``."""
        newest = None if self.draft or not self.history else self.history[0]
        status = "draft" if newest is None else "published"
        return {
            "status": status if self.known else "unknown",
            "version": None if newest is None else newest.version,
            "effective_from": None if newest is None else newest.effective_from.isoformat(),
            "history": [version.to_json() for version in self.history],
        }
