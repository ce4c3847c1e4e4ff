"""
Whether the declaration is published as it stands: a part of ``flask cookies check``.

It opens the archive, so it comes last, as the check of the last audit does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..archive.open import is_there
from ..reasons import Reason
from .finding import Finding

if TYPE_CHECKING:
    from flask import Flask


def check_published(app: Flask) -> Finding | None:
    """
    Hold the declaration against the newest version.

    Args:
        app: With Strict Cookies, whose configuration can be used; it is frozen.

    Returns:
        An information where it is a draft, or where that can't be told.
    """
    protection = app.extensions["strict_cookies"]
    edition = protection.document()["edition"] if is_there(protection.archive) else None
    if edition is not None and edition["status"] == "published":
        return None
    if edition is not None and edition["status"] == "unknown":
        message = "Which versions were published can't be read; the log says why."
    elif edition is not None and edition["history"]:
        number = edition["history"][0]["version"]
        message = f"The declaration differs from version {number}, the last that was published."
    else:
        message = "No version of the declaration was published, so its page says 'Draft'."
    return Finding(
        reason=Reason.UNPUBLISHED,
        severity="info",
        message=message,
        remedy="See what differs, and publish it when this is deployed:\n"
        "    flask cookies diff\n"
        "    flask cookies publish",
    )
