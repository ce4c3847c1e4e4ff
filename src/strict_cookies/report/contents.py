"""
What the auditor's report says, as plain data: one document for the page and for machines.

Everything is read when it is asked for: declaration, headers and settings as they are carried out,
counters and trail as they are kept. It holds no cookie value, no identifier and no user.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .._util.text import show
from .._version import __version__
from ..errors import ConfigurationError
from ..reasons import Reason
from .asvs import assess
from .asvs_checks import Live

if TYPE_CHECKING:
    from flask import Flask

    from ..trail.audit_trail import AuditTrail
    from ..trail.counts import Count

#: Days that the plots show.
DAYS = 30
#: Most rows of the table of what was held back.
MAX_ROWS = 50
#: Names the shape of the data; it changes where a reader has to.
FORMAT = "strict-cookies-report-1"

_DROPPED, _STRAY = "SC10", "SC20"


def build_report(
    app: Flask, now: datetime.datetime, *, seconds: float | None = None
) -> dict[str, Any]:
    """
    Gather the report of an application.

    Args:
        app: With Strict Cookies.
        now: Aware, UTC.
        seconds: After which the verification of the trail breaks off, to be gone on with by the
            next report of this process; None for never.

    Raises:
        StoreUnavailableError: The archive can't be read.
    """
    protection = app.extensions["strict_cookies"]
    firewall, live = protection.freeze(), Live.of(app)
    outcomes = assess(live)
    return {
        "format": FORMAT,
        "made": now.replace(microsecond=0).isoformat(),
        "library": __version__,
        "site": live.policy.site.name or app.name,
        "mode": firewall.mode,
        "declaration": _describe_declaration(protection),
        "held_back": _describe_counts(protection, now.date()),
        "headers": _describe_headers(protection, live),
        "asvs": {
            "standard": "OWASP ASVS 5.0.0, V3 and V7",
            "counts": dict(Counter(one.state for one in outcomes)),
            "requirements": [one._asdict() for one in outcomes],
        },
        "audit": _describe_audit(protection),
        "trail": _describe_trail(protection.trail, seconds),
    }


def _describe_declaration(protection: Any) -> dict[str, Any]:
    policy, document = protection.policy, protection.document()
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


def _describe_counts(protection: Any, today: datetime.date) -> dict[str, Any]:
    """Give the trail's daily counters; without a trail, those of this process."""
    trail = protection.trail
    if not trail.kept:
        found = protection.firewall.ledger.counts
        rows = [(reason, name, times) for (reason, name), times in found.items()]
        return {"since": "the start of this process", "days": [], "kinds": _sum(rows)}
    trail.flush()
    counts = trail.counts.read()
    return {
        "since": min((count.day for count in counts), default=today).isoformat(),
        "days": _by_day(counts, today),
        "kinds": _sum((count.reason, count.name, count.times) for count in counts),
    }


def _by_day(counts: Iterable[Count], today: datetime.date) -> list[dict[str, Any]]:
    dropped: Counter[datetime.date] = Counter()
    strays: Counter[datetime.date] = Counter()
    for count in counts:
        if count.reason.startswith(_DROPPED):
            dropped[count.day] += count.times
        elif count.reason.startswith(_STRAY):
            strays[count.day] += count.times
    days = [today - datetime.timedelta(days=back) for back in reversed(range(DAYS))]
    return [
        {"day": day.isoformat(), "dropped": dropped[day], "strays": strays[day]} for day in days
    ]


def _sum(rows: Iterable[tuple[str, str, int]]) -> list[dict[str, Any]]:
    """Add up by reason and name; the most frequent first."""
    titles = {reason.id: str(reason).partition(" ")[2] for reason in Reason}
    totals: Counter[tuple[str, str]] = Counter()
    for reason, name, times in rows:
        totals[reason, name] += times
    return [
        {"reason": reason, "title": titles.get(reason, ""), "name": show(name), "times": times}
        for (reason, name), times in totals.most_common(MAX_ROWS)
    ]


def _describe_headers(protection: Any, live: Live) -> dict[str, Any]:
    """Give the headers of an ordinary page over https, and the parts with options of their own."""
    environ = {"wsgi.url_scheme": "https", "SERVER_NAME": "", "HTTP_HOST": "site.example"}
    sent = protection.talisman.headers_for(environ, "200 OK").pairs
    return {
        "sent": [{"name": name, "value": value} for name, value in sent],
        "parts": [where for where, _ in live.headers[1:]],
    }


def _describe_audit(protection: Any) -> dict[str, Any] | None:
    from ..audit.last_audit import last_audit

    found = last_audit(protection.archive)
    if found is None:
        return None
    return {
        "ended": found.ended.isoformat(),
        "targets": list(found.targets),
        "browser": found.browser,
        "result": found.result,
        "counts": dict(found.counts),
        "visited": found.visited,
        "known": found.known,
        "declaration_hash": found.declaration_hash,
        "manifest_hash": found.manifest_hash,
    }


def _describe_trail(trail: AuditTrail | Any, seconds: float | None) -> dict[str, Any] | None:
    """Verify the trail, and give its head; None where there is none."""
    if not trail.kept:
        return None
    from ..trail.review import review_trail

    try:
        review = review_trail(trail, seconds)
        head = trail.make_head()
    except ConfigurationError as error:
        return {"whole": False, "problems": [str(error)], "checked": 0, "signed": False,
                "verified": None, "head": None}  # fmt: skip
    found = review.found
    return {
        # Nobody can say so yet where the end was not reached.
        "whole": None if found.is_whole and not review.is_complete else found.is_whole,
        "problems": list(found.problems),
        "checked": found.checked,
        "signed": found.signed,
        "verified": {
            "began": review.began.replace(microsecond=0).isoformat(),
            "read_now": review.read_now,
            "upto": found.last.number,
            "complete": review.is_complete,
        },
        "head": head,
    }
