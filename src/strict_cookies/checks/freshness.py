"""
Whether the last audit and the published declaration are up to date: ``flask cookies check``.
from ..flask.state import get_state

Unlike the other checks these open the archive, which freezes the configuration. They therefore run
last, and only if the other checks found no error.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .._util.durations import say_duration
from ..archive.open import is_there
from ..errors import StoreUnavailableError
from ..flask.settings import read_audit_interval
from ..flask.state import get_state
from ..reasons import Reason
from .finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from ..archive.base import Archive


def check_last_audit(
    app: Flask, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Finding | None:
    """
    Compare the age of the last audit with ``STRICT_COOKIES_AUDIT_INTERVAL``.

    Args:
        app: With Strict Cookies; its configuration is frozen.
        now: The clock; aware.

    Returns:
        A warning if the last audit is older or none is recorded; None if no interval is set.
    """
    interval = read_audit_interval(app.config["STRICT_COOKIES_AUDIT_INTERVAL"])
    if interval is None:
        return None
    try:
        problem = _describe_overdue(get_state(app).archive, interval, now())
    except StoreUnavailableError as error:
        problem = f"the date of the last audit can't be read: {error}"
    if problem is None:
        return None
    return Finding(
        reason=Reason.AUDIT_OVERDUE,
        severity="warning",
        message=f"STRICT_COOKIES_AUDIT_INTERVAL is {say_duration(interval)}, but {problem}",
        remedy="Audit the running site and keep the bundle:\n"
        "    flask cookies audit https://the.site --output audit",
    )


def _describe_overdue(archive: Archive, interval: timedelta, now: datetime) -> str | None:
    from ..audit.last_audit import read_last_audit

    last = read_last_audit(archive) if is_there(archive) else None
    if last is None:
        return "no audit is recorded."
    age = last.age(now)
    if age <= interval:
        return None
    return f"the last audit was {say_duration(timedelta(days=age.days))} ago ({last.result})."


def check_published(app: Flask) -> Finding | None:
    """
    Compare the declaration with its newest published version.

    Args:
        app: With Strict Cookies; its configuration is frozen.

    Returns:
        An info if they differ, or if the versions can't be read.
    """
    state = get_state(app)
    edition = state.document()["edition"] if is_there(state.archive) else None
    if edition is not None and edition["status"] == "published":
        return None
    if edition is not None and edition["status"] == "unknown":
        message = "The published versions can't be read; the log says why."
    elif edition is not None and edition["history"]:
        number = edition["history"][0]["version"]
        message = f"The declaration differs from version {number}, the last one published."
    else:
        message = "No version of the declaration is published, so its page says 'Draft'."
    return Finding(
        reason=Reason.UNPUBLISHED,
        severity="info",
        message=message,
        remedy="Compare them, and publish when you deploy:\n"
        "    flask cookies diff\n"
        "    flask cookies publish",
    )
