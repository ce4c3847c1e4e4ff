"""
Cookies: what a browser keeps, or refused to keep, against what is declared.

That a browser did not *send* a cookie somewhere is how cookies work, and no finding.

Source: RFC 6265bis sections 5.1.4 (path-match) and 5.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._util.durations import say_duration
from ..._util.text import join_words
from ...policy.catalogue import (
    find_certain_tracker,
    find_framework_cookie,
    find_tracker,
    find_tracker_host,
)
from ..redaction import format_seconds, redact_pages
from .finding import Finding, Kind

if TYPE_CHECKING:
    from datetime import timedelta

    from ...policy.cookie import DeclaredCookie
    from ...policy.policy import CookiePolicy
    from ..observation import BlockedCookie, Observation, ObservedCookie

#: By how much a stored lifetime may be above the declared one, in seconds: the browser's clock
#: starts when the response arrives, the observer's when it looks.
CLOCK_TOLERANCE = 60

_SAMESITE = {"Strict": 3, "Lax": 2, "": 1, "None": 0}


def cookie_label(name: str, domain: str, path: str) -> str:
    """Name one cookie as an :class:`~strict_cookies.audit.observation.ObservedStep` does."""
    return f"{name} @ {domain} {path}"


def compare_cookies(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Judge each cookie that the browser keeps."""
    for cookie in observation.cookies:
        declared = None if policy is None else policy.find(cookie.name)
        if found := _judge_stranger(cookie, declared):
            kind, detail = found
            yield _cookie_finding(kind, cookie, detail)
            continue
        if declared is None or policy is None:
            yield _cookie_finding(
                Kind.UNDECLARED_COOKIE, cookie, _say_undeclared(cookie.name, policy)
            )
            continue
        weaker = [*_find_weaker(cookie, declared, is_https=policy.transport == "https")]
        if weaker:
            yield _cookie_finding(
                Kind.WEAKER_COOKIE, cookie, f"Declared otherwise: {'; '.join(weaker)}."
            )
        if longer := _find_longer(cookie, declared):
            yield _cookie_finding(Kind.LONGER_COOKIE, cookie, longer)


def _cookie_finding(kind: Kind, cookie: ObservedCookie, detail: str) -> Finding:
    label = cookie_label(cookie.name, cookie.domain, cookie.path)
    if cookie.partition_key is not None:
        label += f" under {cookie.partition_key}"
    return Finding(
        kind=kind,
        subject=label,
        detail=detail,
        pages=redact_pages(cookie.seen_on),
        step=cookie.step,
        setter=cookie.setter,
    )


def _judge_stranger(
    cookie: ObservedCookie, declared: DeclaredCookie | None
) -> tuple[Kind, str] | None:
    """Tell a tracker's and a third party's cookie from the site's own."""
    party = " It belongs to a third party." if cookie.third_party else ""
    owner = find_tracker_host(cookie.domain) if cookie.third_party else None
    if owner is not None:
        return (
            Kind.TRACKER_COOKIE,
            f"{cookie.domain} is commonly associated with {owner.vendor} ({owner.category})."
            + party,
        )
    if find_certain_tracker(cookie.name) is not None and (cookie.third_party or declared is None):
        return Kind.TRACKER_COOKIE, say_tracker(cookie.name) + party
    if cookie.third_party:
        same = " Its name is declared, but for this site's own cookie." if declared else ""
        return (
            Kind.THIRD_PARTY_COOKIE,
            f"The browser keeps it for {cookie.domain}, another site than the page's.{same}",
        )
    return None


def say_tracker(name: str) -> str:
    """Say whose name it commonly is; nothing where it is no known tracker's."""
    tracker = find_tracker(name)
    if tracker is None:
        return ""
    return f"The name is commonly associated with {tracker.vendor} ({tracker.category})."


def _say_undeclared(name: str, policy: CookiePolicy | None) -> str:
    """Say that nothing declares a cookie, with what its name hints at."""
    said = "The site declares nothing." if policy is None else "No entry declares it."
    if hint := say_tracker(name):
        return f"{said} {hint}"
    framework = find_framework_cookie(name)
    if framework is not None:
        return f"{said} The name is commonly set by {framework.set_by}."
    return said


def _find_weaker(
    cookie: ObservedCookie, declared: DeclaredCookie, *, is_https: bool
) -> Iterator[str]:
    if is_https and not cookie.secure:
        yield "Secure is missing"
    if not declared.script_readable and not cookie.httponly:
        yield "HttpOnly is missing, so that scripts may read it"
    if _SAMESITE.get(cookie.samesite, 0) < _SAMESITE[declared.samesite]:
        yield f"SameSite is {cookie.samesite or 'not said'}, not {declared.samesite}"
    if declared.domain is None:
        if not cookie.host_only:
            yield f"Domain is {cookie.domain}, so that all hosts below it receive it"
    elif cookie.domain != declared.domain and not cookie.domain.endswith(f".{declared.domain}"):
        yield f"it is for {cookie.domain}, not {declared.domain}"
    if not _path_matches(cookie.path, declared.path):
        yield f"Path is {cookie.path}, wider than {declared.path}"
    if declared.partitioned and cookie.partition_key is None:
        yield "Partitioned is missing"


def _path_matches(path: str, within: str) -> bool:
    return path == within or path.startswith(within if within.endswith("/") else f"{within}/")


def _find_longer(cookie: ObservedCookie, declared: DeclaredCookie) -> str | None:
    """Say by how much a cookie outlives its declaration; None where it does not."""
    allowed = declared.lifetime
    limit = None if allowed is None else int(allowed.total_seconds())
    seen = cookie.declared_seconds
    tolerance = 0
    if seen is None:
        seen, tolerance = cookie.stored_seconds, CLOCK_TOLERANCE
    if seen is None or (limit is not None and seen <= limit + tolerance):
        return None
    return f"It was set to live for {format_seconds(seen)}, but is declared {_say_limit(allowed)}."


def _say_limit(allowed: timedelta | None) -> str:
    return say_duration(allowed) if allowed is None else f"for {say_duration(allowed)}"


def compare_refused(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Judge each cookie that the browser refused to keep."""
    for blocked in observation.blocked:
        if blocked.direction != "set":
            continue
        declared = None if policy is None else policy.find(blocked.name)
        if find_certain_tracker(blocked.name) is not None and declared is None:
            kind, hint = Kind.TRACKER_REFUSED, f" {say_tracker(blocked.name)}"
        elif declared is None:
            kind, hint = Kind.COOKIE_REFUSED, ""
        else:
            kind, hint = Kind.DECLARED_REFUSED, ""
        yield Finding(
            kind=kind,
            subject=f"{blocked.name} @ {blocked.host}",
            detail=f"{_say_reasons(blocked)}{hint}",
            pages=redact_pages(blocked.seen_on),
            step=blocked.step,
        )


def _say_reasons(blocked: BlockedCookie) -> str:
    reasons = join_words(sorted(blocked.reasons)) if blocked.reasons else "nothing"
    return f"{blocked.host} tried to set it; the browser refused and says {reasons}."


def find_unseen_cookies(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Name what is declared, but was not met."""
    if policy is None:
        return
    names = {cookie.name for cookie in observation.cookies if not cookie.third_party}
    names |= {blocked.name for blocked in observation.blocked if blocked.direction == "set"}
    seen = {id(policy.find(name)) for name in names}
    for cookie in policy.cookies:
        if id(cookie) not in seen:
            yield Finding(
                kind=Kind.COOKIE_NOT_SEEN,
                subject=cookie.name,
                detail="It is declared, but no page or step set it.",
            )
