"""
Build the auditor's report as plain data, for the page and for ``report.json``.

Each part is read when the report is built: the effective declaration, headers and settings, the
stored counters and the trail. It contains no cookie values, session identifiers or users.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._util.app_state import find_state
from .._util.text import show
from .._version import __version__
from ..errors import ConfigurationError, StoreCorruptError
from ..reasons import Reason
from ..trail.audit_trail import NoTrail
from ..trail.counts import SIGNED_IN
from .asvs import assess
from .asvs_checks import EffectiveConfig

if TYPE_CHECKING:
    from flask import Flask

    from ..trail.app_trail import Trail
    from ..trail.counts import Count
    from .state import ReportedState

#: Number of days in the charts.
DAYS = 30
#: Most rows in the table of blocked cookies.
MAX_ROWS = 50
#: Version of the data's structure; it changes when readers must change.
FORMAT = "strict-cookies-report-1"

#: Beginnings of the reasons that the charts count.
_DROPPED, _RECEIVED = "SC10", "SC20"


def build_report(
    app: Flask, now: datetime.datetime, *, seconds: float | None = None
) -> dict[str, Any]:
    """
    Build the report of an application.

    Args:
        app: With Strict Cookies.
        now: Aware, UTC.
        seconds: Time limit for the verification of the trail, which the next report of this
            process continues; None for no limit.

    Raises:
        StoreUnavailableError: The archive can't be read.
    """
    state: ReportedState = find_state(app)
    config = EffectiveConfig.of(app, state)
    outcomes = assess(config)
    return {
        "format": FORMAT,
        "created": now.replace(microsecond=0).isoformat(),
        "library": __version__,
        "site": config.policy.site.name or app.name,
        "mode": config.settings.mode,
        "declaration": _describe_declaration(state),
        "blocked": _describe_counts(state, now.date()),
        "headers": _describe_headers(state, config),
        "asvs": {
            "standard": "OWASP ASVS 5.0.0, V3 and V7",
            "counts": dict(Counter(outcome.state for outcome in outcomes)),
            "requirements": [outcome._asdict() for outcome in outcomes],
        },
        "audit": _describe_audit(state),
        "trail": _describe_trail(state.trail, seconds),
    }


def _describe_declaration(state: ReportedState) -> dict[str, Any]:
    policy, document = state.policy, state.document()
    return {
        "hash": document["hash"],
        "cookies": [
            {
                "name": cookie.name,
                "purposes": [str(purpose.value) for purpose in cookie.purposes],
                "lifetime_seconds": None
                if cookie.lifetime is None
                else int(cookie.lifetime.total_seconds()),
            }
            for cookie in policy.cookies
        ],
        "storage": len(policy.storage),
        "recipients": len(policy.recipients),
        "external_origins": len(policy.external_origins),
        "edition": document["edition"],
    }


def _describe_counts(state: ReportedState, today: datetime.date) -> dict[str, Any]:
    """Return the trail's daily counters or, without a trail, those of this process."""
    trail = state.trail
    if not trail.kept:
        counters = state.freeze().recorder.counts
        rows = [(reason, name, times) for (reason, name), times in counters.items()]
        return {"since": "the start of this process", "days": [], "kinds": _sum(rows)}
    trail.flush()
    counts = trail.counts.read()
    return {
        "since": min((count.day for count in counts), default=today).isoformat(),
        "days": _by_day(counts, today),
        "kinds": _sum(
            (count.reason, count.name, count.times) for count in counts if count.reason != SIGNED_IN
        ),
    }


def _by_day(counts: Iterable[Count], today: datetime.date) -> list[dict[str, Any]]:
    dropped: Counter[datetime.date] = Counter()
    received: Counter[datetime.date] = Counter()
    for count in counts:
        if count.reason.startswith(_DROPPED):
            dropped[count.day] += count.times
        elif count.reason.startswith(_RECEIVED):
            received[count.day] += count.times
    days = [today - datetime.timedelta(days=back) for back in reversed(range(DAYS))]
    return [
        {"day": day.isoformat(), "dropped": dropped[day], "undeclared_received": received[day]}
        for day in days
    ]


def _sum(rows: Iterable[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Add the rows up by reason and name, the most frequent first."""
    titles = {reason.id: str(reason).partition(" ")[2] for reason in Reason}
    totals: Counter[tuple[str, str]] = Counter()
    for reason, name, times in rows:
        totals[reason, name] += times
    return [
        {"reason": reason, "title": titles.get(reason, ""), "name": show(name), "times": times}
        for (reason, name), times in totals.most_common(MAX_ROWS)
    ]


def _describe_headers(state: ReportedState, config: EffectiveConfig) -> dict[str, Any]:
    """Return the headers of an ordinary https page, and the scopes with options of their own."""
    environ = {"wsgi.url_scheme": "https", "SERVER_NAME": "", "HTTP_HOST": "site.example"}
    sent = state.talisman.headers_for(environ, "200 OK").pairs
    return {
        "sent": [{"name": name, "value": value} for name, value in sent],
        "scopes": [place for place, _ in config.headers[1:]],
    }


def _describe_audit(state: ReportedState) -> dict[str, Any] | None:
    from ..audit.last_audit import read_last_audit

    audit = read_last_audit(state.archive)
    if audit is None:
        return None
    return {
        "ended": audit.ended.isoformat(),
        "targets": list(audit.targets),
        "browser": audit.browser,
        "result": audit.result,
        "counts": dict(audit.counts),
        "visited": audit.visited,
        "known": audit.known,
        "declaration_hash": audit.declaration_hash,
        "manifest_hash": audit.manifest_hash,
    }


def _describe_trail(trail: Trail, seconds: float | None) -> dict[str, Any] | None:
    """Verify the trail; return None if it is switched off."""
    if isinstance(trail, NoTrail):
        return None
    from ..trail.review import review_trail

    try:
        review = review_trail(trail, seconds)
        try:
            head = trail.make_head()
        except StoreCorruptError:
            # The verification says so, too.
            head = None
    except ConfigurationError as error:
        return {"intact": False, "problems": [str(error)], "checked": 0, "signed": False,
                "verified": None, "head": None}  # fmt: skip
    verification = review.verification
    return {
        # Unknown until the end is reached.
        "intact": None
        if verification.is_intact and not review.is_complete
        else verification.is_intact,
        "problems": list(verification.problems),
        "checked": verification.checked,
        "signed": verification.signed,
        "verified": {
            "started": review.started_at.replace(microsecond=0).isoformat(),
            "read_now": review.read_now,
            "up_to": verification.last.number,
            "complete": review.is_complete,
        },
        "head": head,
    }
