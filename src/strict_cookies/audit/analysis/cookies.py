"""
Compare the cookies that a browser stored, or refused to store, with the declared ones.

Refusing to *send* a cookie is how cookies work, and not a finding.

Source: RFC 6265bis sections 5.1.4 (path-match) and 5.7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._util.durations import say_duration
from ..._util.text import join_words
from ...http.cookies import path_matches
from ...policy.catalogue import (
    find_certain_tracker,
    find_framework_cookie,
    find_tracker,
    find_tracker_host,
)
from ..redaction import format_seconds, redact_pages
from .finding import Finding, FindingKind

if TYPE_CHECKING:
    from ...policy.cookie import DeclaredCookie
    from ...policy.policy import CookiePolicy
    from ..observation import BlockedCookie, Observation, ObservedCookie

#: Tolerated excess of a stored lifetime over the declared one, in seconds: the browser starts to
#: count when it receives the response, the audit when it reads the jar.
CLOCK_TOLERANCE = 60

_SAMESITE = {"Strict": 3, "Lax": 2, "": 1, "None": 0}


def cookie_label(name: str, domain: str, path: str) -> str:
    """Return the label of a cookie, as in ``ObservedStep.cookies_left``."""
    return f"{name} @ {domain} {path}"


def compare_cookies(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Compare each stored cookie."""
    for cookie in observation.cookies:
        declared = None if policy is None else policy.find(cookie.name)
        if result := _classify_foreign(cookie, declared):
            kind, detail = result
            yield _cookie_finding(kind, cookie, detail)
            continue
        if declared is None or policy is None:
            yield _cookie_finding(
                FindingKind.UNDECLARED_COOKIE, cookie, _describe_undeclared(cookie.name, policy)
            )
            continue
        weaker = [*_find_weaker(cookie, declared, is_https=policy.transport == "https")]
        if weaker:
            yield _cookie_finding(
                FindingKind.WEAKER_COOKIE, cookie, f"Weaker than declared: {'; '.join(weaker)}."
            )
        if longer := _find_longer(cookie, declared):
            yield _cookie_finding(FindingKind.LONGER_COOKIE, cookie, longer)


def _cookie_finding(kind: FindingKind, cookie: ObservedCookie, detail: str) -> Finding:
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


def _classify_foreign(
    cookie: ObservedCookie, declared: DeclaredCookie | None
) -> tuple[FindingKind, str] | None:
    """Return kind and detail of a tracker's or third party's cookie; None for the site's own."""
    party = " It belongs to a third party." if cookie.third_party else ""
    owner = find_tracker_host(cookie.domain) if cookie.third_party else None
    if owner is not None:
        return (
            FindingKind.TRACKER_COOKIE,
            f"{cookie.domain} is commonly associated with {owner.vendor} ({owner.category})."
            + party,
        )
    if find_certain_tracker(cookie.name) is not None and (cookie.third_party or declared is None):
        return FindingKind.TRACKER_COOKIE, describe_tracker(cookie.name) + party
    if cookie.third_party:
        same = " The declared cookie of this name belongs to the audited site." if declared else ""
        return (
            FindingKind.THIRD_PARTY_COOKIE,
            f"It belongs to {cookie.domain}, which is another site.{same}",
        )
    return None


def describe_tracker(name: str) -> str:
    """Return a sentence on the tracker with this cookie name; empty if none is known."""
    tracker = find_tracker(name)
    if tracker is None:
        return ""
    return f"The name is commonly associated with {tracker.vendor} ({tracker.category})."


def _describe_undeclared(name: str, policy: CookiePolicy | None) -> str:
    """Return a sentence on an undeclared cookie, with what its name suggests."""
    text = "The site has no declaration." if policy is None else "No entry declares it."
    if hint := describe_tracker(name):
        return f"{text} {hint}"
    framework = find_framework_cookie(name)
    if framework is not None:
        return f"{text} The name is commonly set by {framework.set_by}."
    return text


def _find_weaker(
    cookie: ObservedCookie, declared: DeclaredCookie, *, is_https: bool
) -> Iterator[str]:
    if is_https and not cookie.secure:
        yield "Secure is missing"
    if not declared.script_readable and not cookie.httponly:
        yield "HttpOnly is missing, so scripts can read it"
    if _SAMESITE.get(cookie.samesite, 0) < _SAMESITE[declared.samesite]:
        yield f"SameSite is {cookie.samesite or 'missing'}, not {declared.samesite}"
    if declared.domain is None:
        if not cookie.host_only:
            yield f"Domain is {cookie.domain}, so all its subdomains receive it"
    elif cookie.domain != declared.domain and not cookie.domain.endswith(f".{declared.domain}"):
        yield f"Domain is {cookie.domain}, not {declared.domain}"
    if not path_matches(cookie.path, declared.path):
        yield f"Path is {cookie.path}, wider than {declared.path}"
    if declared.partitioned and cookie.partition_key is None:
        yield "Partitioned is missing"


def _find_longer(cookie: ObservedCookie, declared: DeclaredCookie) -> str | None:
    """Return a sentence if a cookie outlives its declaration; else None."""
    allowed = declared.lifetime
    limit = None if allowed is None else int(allowed.total_seconds())
    seen = cookie.declared_seconds
    tolerance = 0
    if seen is None:
        seen, tolerance = cookie.stored_seconds, CLOCK_TOLERANCE
    if seen is None or (limit is not None and seen <= limit + tolerance):
        return None
    return f"Its lifetime is {format_seconds(seen)}; declared: {say_duration(allowed)}."


def compare_refused(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Report each cookie that the browser refused to store."""
    for blocked in observation.blocked:
        if blocked.direction != "set":
            continue
        declared = None if policy is None else policy.find(blocked.name)
        if find_certain_tracker(blocked.name) is not None and declared is None:
            kind, hint = FindingKind.TRACKER_REFUSED, f" {describe_tracker(blocked.name)}"
        elif declared is None:
            kind, hint = FindingKind.COOKIE_REFUSED, ""
        else:
            kind, hint = FindingKind.DECLARED_REFUSED, ""
        yield Finding(
            kind=kind,
            subject=f"{blocked.name} @ {blocked.host}",
            detail=f"{_describe_refusal(blocked)}{hint}",
            pages=redact_pages(blocked.seen_on),
            step=blocked.step,
        )


def _describe_refusal(blocked: BlockedCookie) -> str:
    reasons = join_words(sorted(blocked.reasons)) if blocked.reasons else "unknown"
    return f"{blocked.host} tried to set it, but the browser refused. Reason: {reasons}."


def find_unseen_cookies(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Report declared cookies that were not seen."""
    if policy is None:
        return
    names = {cookie.name for cookie in observation.cookies if not cookie.third_party}
    names |= {blocked.name for blocked in observation.blocked if blocked.direction == "set"}
    seen = {id(policy.find(name)) for name in names}
    for cookie in policy.cookies:
        if id(cookie) not in seen:
            yield Finding(
                kind=FindingKind.COOKIE_NOT_SEEN,
                subject=cookie.name,
                detail="It is declared, but no page or step set it.",
            )
