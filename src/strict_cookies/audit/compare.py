"""
What was declared against what a browser saw: findings; pure.

Each finding names what was found, where, by whom it was set, and what to do. The same observation
and policy give the same findings in the same order. A site without a policy declares nothing, so
whatever it stores is undeclared.

That a browser did not *send* a cookie somewhere is how cookies work, and no finding.

Source: Directive 2002/58/EC article 5(3) for what needs consent; EDPB Guidelines 2/2023 for the
scope; RFC 6265bis sections 5.1.4 (path-match) and 5.7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..catalogue import find_certain_tracker, find_framework_cookie, find_tracker, find_tracker_host
from ..durations import say_duration
from ..purposes import Purpose
from ..wording import join_words
from .coverage import is_seen, measure_coverage
from .expectations import Expected, expect_headers, find_weak_headers
from .finding import SEVERITIES, Finding, Kind
from .observation import ObservedCookie, ObservedStorage
from .plain import host_of, plain_url, say_seconds

if TYPE_CHECKING:
    from datetime import timedelta

    from ..cookie import DeclaredCookie
    from ..policy import CookiePolicy
    from ..storage import DeclaredStorage
    from .observation import BlockedCookie, Observation, ObservedHost, ObservedPage

#: How the name of a step begins after which nothing of a login may be left.
LOGOUT = "logout"
#: By how much a stored lifetime may be above the declared one, in seconds: the browser's clock
#: starts when the response arrives, the observer's when it looks.
CLOCK_TOLERANCE = 60
#: Most pages that one finding names.
MAX_PAGES = 20

_SAMESITE = {"Strict": 3, "Lax": 2, "": 1, "None": 0}
_LOGIN = {Purpose.SESSION, Purpose.AUTHENTICATION}


def compare(
    observation: Observation,
    policy: CookiePolicy | None,
    *,
    expected: Expected | None = None,
    min_coverage: float | None = None,
) -> tuple[Finding, ...]:
    """
    Find what differs.

    Args:
        observation: Of one audit.
        policy: What the site declares, its session cookie included; None where it declares
            nothing.
        expected: Gives the security headers of a page, names with values; None takes what
            :func:`~strict_cookies.audit.expectations.expect_headers` gives.
        min_coverage: The part of the known routes that must have been visited, from 0 to 1; None
            asks for none.

    Returns:
        The gravest first, then by id and subject; equal ones on several pages are one.
    """
    general = expect_headers(policy)
    return _gather(
        (
            *_compare_cookies(observation, policy),
            *_compare_blocked(observation, policy),
            *_compare_storage(observation, policy),
            *_find_unseen(observation, policy),
            *_compare_hosts(observation, policy),
            *_compare_headers(observation, expected or (lambda _: general)),
            *_compare_steps(observation, policy),
            *_compare_pages(observation),
            *_compare_coverage(observation, min_coverage),
        )
    )


def cookie_label(name: str, domain: str, path: str) -> str:
    """Name one cookie as an :class:`~strict_cookies.audit.observation.ObservedStep` does."""
    return f"{name} @ {domain} {path}"


def _gather(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Make one of those that say the same, and sort."""
    gathered: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        key = (finding.kind.id, finding.subject, finding.detail)
        first = gathered.setdefault(key, finding)
        if first is not finding:
            pages = tuple(dict.fromkeys((*first.pages, *finding.pages)))
            gathered[key] = replace(first, pages=pages)
    return tuple(
        replace(finding, pages=_shorten(finding.pages))
        for _, finding in sorted(
            gathered.items(),
            key=lambda item: (SEVERITIES.index(item[1].severity), *item[0]),
        )
    )


def _shorten(pages: tuple[str, ...]) -> tuple[str, ...]:
    if len(pages) <= MAX_PAGES:
        return pages
    return (*pages[:MAX_PAGES], f"and {len(pages) - MAX_PAGES} more")


# Cookies


def _compare_cookies(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
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
        pages=_pages(cookie.seen_on),
        step=cookie.step,
        setter=cookie.setter,
    )


def _pages(url: str) -> tuple[str, ...]:
    return (plain_url(url),) if url else ()


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
        return Kind.TRACKER_COOKIE, _say_tracker(cookie.name) + party
    if cookie.third_party:
        same = " Its name is declared, but for this site's own cookie." if declared else ""
        return (
            Kind.THIRD_PARTY_COOKIE,
            f"The browser keeps it for {cookie.domain}, another site than the page's.{same}",
        )
    return None


def _say_tracker(name: str) -> str:
    tracker = find_tracker(name)
    if tracker is None:
        return ""
    return f"The name is commonly associated with {tracker.vendor} ({tracker.category})."


def _say_undeclared(name: str, policy: CookiePolicy | None) -> str:
    """Say that nothing declares a cookie, with what its name hints at."""
    said = "The site declares nothing." if policy is None else "No entry declares it."
    if hint := _say_tracker(name):
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
    return f"It was set to live for {say_seconds(seen)}, but is declared {_say_limit(allowed)}."


def _say_limit(allowed: timedelta | None) -> str:
    return say_duration(allowed) if allowed is None else f"for {say_duration(allowed)}"


def _compare_blocked(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    for blocked in observation.blocked:
        if blocked.direction != "set":
            continue
        declared = None if policy is None else policy.find(blocked.name)
        if find_certain_tracker(blocked.name) is not None and declared is None:
            kind, hint = Kind.TRACKER_REFUSED, f" {_say_tracker(blocked.name)}"
        elif declared is None:
            kind, hint = Kind.COOKIE_REFUSED, ""
        else:
            kind, hint = Kind.DECLARED_REFUSED, ""
        yield Finding(
            kind=kind,
            subject=f"{blocked.name} @ {blocked.host}",
            detail=f"{_say_reasons(blocked)}{hint}",
            pages=_pages(blocked.seen_on),
            step=blocked.step,
        )


def _say_reasons(blocked: BlockedCookie) -> str:
    reasons = join_words(sorted(blocked.reasons)) if blocked.reasons else "nothing"
    return f"{blocked.host} tried to set it; the browser refused and says {reasons}."


# Storage


def _compare_storage(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    for item in observation.storage:
        host = host_of(item.origin) or item.origin
        owner = find_tracker_host(host) if item.third_party else None
        if owner is not None:
            kind = Kind.TRACKER_STORAGE
            detail = f"{host} is commonly associated with {owner.vendor} ({owner.category})."
        elif item.third_party:
            kind = Kind.THIRD_PARTY_STORAGE
            detail = f"It belongs to {item.origin}, another site than the page's."
        elif _find_storage(item.kind, item.name, policy) is not None:
            continue
        elif find_certain_tracker(item.name) is not None:
            kind, detail = Kind.TRACKER_STORAGE, _say_tracker(item.name)
        else:
            kind = Kind.UNDECLARED_STORAGE
            detail = "The site declares nothing." if policy is None else "No entry declares it."
            if item.kind == "service worker":
                detail += " A policy has no entry for a service worker: it stays until removed."
        yield Finding(
            kind=kind,
            subject=_storage_label(item),
            detail=detail,
            pages=_pages(item.seen_on),
            step=item.step,
            setter=item.setter,
        )


def _storage_label(item: ObservedStorage) -> str:
    return f"{item.kind} {item.name} @ {item.origin}"


def _find_storage(kind: str, name: str, policy: CookiePolicy | None) -> DeclaredStorage | None:
    """Find the entry that declares an item: an exact name before a pattern, the longest first."""
    if policy is None:
        return None
    fitting = [
        entry
        for entry in policy.storage
        if entry.kind == kind
        and (
            name.startswith(entry.stem) and find_certain_tracker(name) is None
            if entry.is_pattern
            else entry.name == name
        )
    ]
    return max(fitting, key=lambda entry: (not entry.is_pattern, len(entry.stem)), default=None)


def _find_unseen(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
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
    items = {
        id(_find_storage(item.kind, item.name, policy))
        for item in observation.storage
        if not item.third_party
    }
    for entry in policy.storage:
        if id(entry) not in items:
            yield Finding(
                kind=Kind.STORAGE_NOT_SEEN,
                subject=f"{entry.kind} {entry.name}",
                detail="It is declared, but no page or step wrote it.",
            )


# Hosts and headers


def _compare_hosts(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    origins = {} if policy is None else {one.host: one for one in policy.external_origins}
    for host in observation.hosts:
        if not host.third_party or host.host in origins:
            continue
        tracker = find_tracker_host(host.host)
        known = host.tracker or (tracker and f"{tracker.vendor} ({tracker.category})")
        hint = f" The host is commonly associated with {known}." if known else ""
        if host.on_the_way:
            kind = Kind.REDIRECT_THROUGH_HOST
            detail = f"A page led through it, so that it could set and read its cookies.{hint}"
        elif not host.requests:
            kind = Kind.HOST_REFUSED
            detail = f"{_say_asked(host)}; nothing left the browser.{hint}"
        else:
            kind = Kind.TRACKER_HOST if known else Kind.THIRD_PARTY_HOST
            detail = f"{_say_asked(host)}.{hint}"
        if host.cookies_sent:
            detail += f" These cookies went along: {join_words(sorted(host.cookies_sent))}."
        yield Finding(kind=kind, subject=host.host, detail=detail, pages=_pages(host.seen_on))


def _say_asked(host: ObservedHost) -> str:
    count = host.requests or host.blocked
    kinds = join_words(sorted(host.kinds)) if host.kinds else "something"
    return f"Pages asked it for {kinds}, {count} time{'' if count == 1 else 's'}"


def _compare_headers(observation: Observation, expected: Expected) -> Iterator[Finding]:
    own_hosts = {host_of(url) for url in observation.targets}
    for page in observation.pages:
        if not is_seen(page) or host_of(page.final_url) not in own_hosts:
            continue
        for name, weaker in find_weak_headers(page, expected(page)):
            if not weaker:
                kind, detail = Kind.HEADER_MISSING, "The page came without it."
            elif weaker == (name,):
                kind, detail = Kind.HEADER_WEAK, f"It says: {page.headers[name.lower()]}"
            else:
                parts = [part.removeprefix(f"{name} ") for part in weaker]
                kind, detail = Kind.HEADER_WEAK, f"It allows too much in {join_words(parts)}."
            yield Finding(
                kind=kind, subject=name, detail=detail, pages=_pages(page.final_url), step=page.step
            )


# Journeys, pages, coverage


def _compare_steps(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    strangers = {
        cookie_label(cookie.name, cookie.domain, cookie.path)
        for cookie in observation.cookies
        if cookie.third_party
    }
    strange_storage = {_storage_label(item) for item in observation.storage if item.third_party}
    for step in observation.steps:
        if step.problem is not None:
            yield Finding(
                kind=Kind.STEP_FAILED, subject=step.name, detail=step.problem, step=step.name
            )
        elif step.name.startswith(LOGOUT):
            for label in step.cookies_left:
                if label not in strangers:
                    yield from _judge_left(label, _cookie_entry(label, policy), step.name)
            for label in step.storage_left:
                if label not in strange_storage:
                    yield from _judge_left(label, _storage_entry(label, policy), step.name)


def _judge_left(
    label: str, entry: DeclaredCookie | DeclaredStorage | None, step: str
) -> Iterator[Finding]:
    """Judge one item that is there after a logout; what serves no login may stay."""
    if entry is None or not _LOGIN.isdisjoint(entry.purposes):
        kind, detail = Kind.LEFT_AFTER_LOGOUT, "It is still in the browser after the logout."
        # The page that follows a logout often has a form, which begins a session of nobody.
        if entry is not None and Purpose.SESSION in entry.purposes:
            kind = Kind.SESSION_AFTER_LOGOUT
            detail = "Whether it is a new session of nobody, a browser can't tell."
        yield Finding(kind=kind, subject=label, detail=detail, step=step)


def _cookie_entry(label: str, policy: CookiePolicy | None) -> DeclaredCookie | None:
    return None if policy is None else policy.find(label.rpartition(" @ ")[0])


def _storage_entry(label: str, policy: CookiePolicy | None) -> DeclaredStorage | None:
    kind, _, name = label.rpartition(" @ ")[0].partition(" ")
    return _find_storage(kind, name, policy)


def _compare_pages(observation: Observation) -> Iterator[Finding]:
    targets = set(observation.targets)
    for page in observation.pages:
        kind, detail = _judge_page(page, is_target=page.url in targets)
        if kind is not None:
            yield Finding(
                kind=kind,
                subject=plain_url(page.url),
                detail=detail,
                pages=_pages(page.url),
                step=page.step,
            )
    if not any(map(is_seen, observation.pages)) and not observation.pages:
        for url in sorted(targets):
            yield Finding(
                kind=Kind.PAGE_FAILED, subject=plain_url(url), detail="It was not visited."
            )


def _judge_page(page: ObservedPage, *, is_target: bool) -> tuple[Kind | None, str]:
    remarks = f" {' '.join(page.remarks)}" if page.remarks else ""
    if page.outcome == "download":
        return Kind.DOWNLOAD, f"The browser was offered a file.{remarks}"
    if page.outcome != "visited":
        return Kind.PAGE_FAILED, f"Outcome: {page.outcome}.{remarks}"
    if is_seen(page):
        return None, ""
    is_grave = is_target or (page.status or 0) >= 500
    return (Kind.PAGE_FAILED if is_grave else Kind.PAGE_ERROR), f"It answered {page.status}."


def _compare_coverage(observation: Observation, wanted: float | None) -> Iterator[Finding]:
    if not wanted:
        return
    coverage = measure_coverage(observation.pages, observation.known_routes)
    if coverage.ratio is None:
        yield Finding(
            kind=Kind.COVERAGE_LOW,
            subject="coverage",
            detail=f"{wanted:.0%} is asked for, but nobody knows which pages there are.",
            remedy="Audit by 'flask cookies audit', which knows the routes, or offer a sitemap.",
        )
    elif coverage.ratio < wanted:
        count = len(coverage.known)
        yield Finding(
            kind=Kind.COVERAGE_LOW,
            subject="coverage",
            detail=f"{count - len(coverage.unvisited)} of {count} known pages were visited "
            f"({coverage.ratio:.0%}); {wanted:.0%} is asked for.",
            pages=coverage.unvisited,
        )
