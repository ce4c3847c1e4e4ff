"""
Tell of a version that was published: the audit trail, and whoever listens to the signal.

The version is recorded by then, so nothing that fails here takes it back; it is logged.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..reasons import Reason
from ..signals import declaration_published
from .i18n.language import find_language
from .view import describe_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from .versions import Version

logger = logging.getLogger("strict_cookies")


def say_version(version: Version) -> tuple[str, ...]:
    """Say in English what a version changed, one text for each change."""
    return describe_changes(version.changes, version.document, find_language("en"))


def tell_published(app: Flask, record: Callable[..., object], version: Version) -> None:
    """
    Tell of a version.

    Args:
        app: The sender of the signal.
        record: Of the audit trail.
        version: As it was recorded.
    """
    record("policy-published", version=version.number, hash=version.document["hash"])
    words = say_version(version)
    with app.app_context():
        for receiver in declaration_published.receivers_for(app):
            try:
                receiver(app, version=version, words=words)
            except Exception as error:  # noqa: BLE001
                logger.error(
                    "%s: a receiver of declaration_published raised %s. %s",
                    Reason.OBSERVER_FAULT,
                    type(error).__name__,
                    Reason.OBSERVER_FAULT.remedy,
                )
