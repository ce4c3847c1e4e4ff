"""
Pages: whom they talked to, their headers, what became of them, and which were not visited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._util.text import format_count, join_words
from ..._util.urls import host_of
from ...policy.catalogue import find_tracker_host
from ..redaction import redact_pages, redact_url
from .coverage import is_seen, measure_coverage
from .finding import Finding, Kind
from .headers import Expected, find_weak_headers

if TYPE_CHECKING:
    from ...policy.policy import CookiePolicy
    from ..observation import Observation, ObservedHost, ObservedPage


def compare_hosts(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Judge each third party that pages asked for something."""
    origins = {} if policy is None else {one.host: one for one in policy.external_origins}
    for host in observation.hosts:
        if not host.third_party or host.host in origins:
            continue
        tracker = find_tracker_host(host.host)
        known = host.tracker or (tracker and f"{tracker.vendor} ({tracker.category})")
        hint = f" The host is commonly associated with {known}." if known else ""
        if host.redirect_only:
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
        yield Finding(kind=kind, subject=host.host, detail=detail, pages=redact_pages(host.seen_on))


def _say_asked(host: ObservedHost) -> str:
    count = host.requests or host.blocked
    kinds = join_words(sorted(host.kinds)) if host.kinds else "something"
    return f"Pages asked it for {kinds}, {format_count(count, 'time')}"


def compare_headers(observation: Observation, expected: Expected) -> Iterator[Finding]:
    """Compare the headers of the site's own pages with what is expected."""
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
                kind=kind,
                subject=name,
                detail=detail,
                pages=redact_pages(page.final_url),
                step=page.step,
            )


def compare_pages(observation: Observation) -> Iterator[Finding]:
    """Name the pages that could not be seen."""
    targets = set(observation.targets)
    for page in observation.pages:
        kind, detail = _judge_page(page, is_target=page.url in targets)
        if kind is not None:
            yield Finding(
                kind=kind,
                subject=redact_url(page.url),
                detail=detail,
                pages=redact_pages(page.url),
                step=page.step,
            )
    if not any(map(is_seen, observation.pages)) and not observation.pages:
        for url in sorted(targets):
            yield Finding(
                kind=Kind.PAGE_FAILED, subject=redact_url(url), detail="It was not visited."
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


def compare_coverage(observation: Observation, wanted: float | None) -> Iterator[Finding]:
    """Compare the part of the known routes that was visited with what is asked for."""
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
