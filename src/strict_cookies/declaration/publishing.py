"""
Report a published version: to the audit trail, and to the receivers of the signal.

The version is recorded by then, so nothing that fails here revokes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.notify import EventRecorder, notify
from ..signals import declaration_published
from .i18n.language import find_language

if TYPE_CHECKING:
    from flask import Flask

    from .versions import Version


def describe_version(version: Version) -> tuple[str, ...]:
    """Return the changes of a version in English, one string for each."""

    from .view import describe_changes

    return describe_changes(version.changes, version.document, find_language("en"))


def notify_published(app: Flask, record: EventRecorder, version: Version) -> None:
    """
    Record a version in the audit trail, then send ``declaration_published``.

    Args:
        app: The sender of the signal.
        record: Records the event in the audit trail.
        version: The version as it was stored.
    """
    facts = {"version": version, "descriptions": describe_version(version)}
    with app.app_context():
        notify(declaration_published, app, facts, record=record)
