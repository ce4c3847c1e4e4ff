"""
Whether a site is audited as often as it says: a part of ``flask cookies check``.

It opens the archive, for which the configuration must be settled; so, other than the rest of the
check, it comes last, and only where nothing is wrong that would stop the application.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .._util.durations import say_duration
from ..archive.open import is_there
from ..errors import StoreUnavailableError
from ..flask.settings import read_audit_interval
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
    Hold the last audit against the site's own interval.

    Args:
        app: With Strict Cookies, whose configuration can be used; it is frozen.
        now: The clock; aware.

    Returns:
        A warning where the last audit is older, or there was none; None where the site says no
        interval.
    """
    interval = read_audit_interval(app.config["STRICT_COOKIES_AUDIT_INTERVAL"])
    if interval is None:
        return None
    said = f"STRICT_COOKIES_AUDIT_INTERVAL is {say_duration(interval)}"
    try:
        problem = _find_problem(app.extensions["strict_cookies"].archive, interval, now())
    except StoreUnavailableError as error:
        problem = f"when the last audit was can't be read: {error}"
    if problem is None:
        return None
    return Finding(
        reason=Reason.AUDIT_OVERDUE,
        severity="warning",
        message=f"{said}, but {problem}",
        remedy="Audit the site as it is served, and keep the bundle:\n"
        "    flask cookies audit https://the.site --output audit",
    )


def _find_problem(archive: Archive, interval: timedelta, now: datetime) -> str | None:
    from ..audit.last_audit import last_audit

    last = last_audit(archive) if is_there(archive) else None
    if last is None:
        return "no audit was recorded."
    age = last.age(now)
    if age <= interval:
        return None
    return f"the last audit was {say_duration(timedelta(days=age.days))} ago ({last.result})."
