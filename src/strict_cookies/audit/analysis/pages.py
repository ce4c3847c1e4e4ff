"""
Findings about pages: their third-party hosts, their headers, their outcome, and the coverage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._util.text import format_count, join_words
from ..._util.urls import host_of
from ...policy.catalogue import find_tracker_host
from ..redaction import redact_pages, redact_url
from .coverage import is_seen, measure_coverage
from .finding import Finding, FindingKind
from .headers import Expected, find_weak_headers

if TYPE_CHECKING:
    from ...policy.policy import CookiePolicy
    from ..observation import Observation, ObservedHost, ObservedPage


def compare_hosts(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Report each undeclared third-party host that pages sent requests to."""
    origins = {} if policy is None else {one.host: one for one in policy.external_origins}
    for host in observation.hosts:
        if not host.third_party or host.host in origins:
            continue
        tracker = find_tracker_host(host.host)
        known = host.tracker or (tracker and f"{tracker.vendor} ({tracker.category})")
        hint = f" The host is commonly associated with {known}." if known else ""
        if host.redirect_only:
            kind = FindingKind.REDIRECT_THROUGH_HOST
            detail = f"A page redirected through it, so it could set and read its cookies.{hint}"
        elif not host.requests:
            kind = FindingKind.HOST_REFUSED
            detail = f"{_describe_requests(host)}. All were blocked.{hint}"
        else:
            kind = FindingKind.TRACKER_HOST if known else FindingKind.THIRD_PARTY_HOST
            detail = f"{_describe_requests(host)}.{hint}"
        if host.cookies_sent:
            detail += f" Cookies sent: {join_words(sorted(host.cookies_sent))}."
        yield Finding(kind=kind, subject=host.host, detail=detail, pages=redact_pages(host.seen_on))


def _describe_requests(host: ObservedHost) -> str:
    count = host.requests or host.blocked
    kinds = f" ({join_words(sorted(host.kinds))})" if host.kinds else ""
    return f"{format_count(count, 'request')}{kinds}"


def compare_headers(observation: Observation, expected: Expected) -> Iterator[Finding]:
    """Compare the headers of first-party pages with the expected ones."""
    own_hosts = {host_of(url) for url in observation.targets}
    for page in observation.pages:
        if not is_seen(page) or host_of(page.final_url) not in own_hosts:
            continue
        for name, weaker in find_weak_headers(page, expected(page)):
            if not weaker:
                kind, detail = FindingKind.HEADER_MISSING, "The header is missing."
            elif weaker == (name,):
                kind, detail = FindingKind.HEADER_WEAK, f"Its value: {page.headers[name.lower()]}"
            else:
                parts = [part.removeprefix(f"{name} ") for part in weaker]
                kind, detail = (
                    FindingKind.HEADER_WEAK,
                    f"It allows too much in {join_words(parts)}.",
                )
            yield Finding(
                kind=kind,
                subject=name,
                detail=detail,
                pages=redact_pages(page.final_url),
                step=page.step,
            )


def compare_pages(observation: Observation) -> Iterator[Finding]:
    """Report the pages that could not be visited."""
    targets = set(observation.targets)
    for page in observation.pages:
        kind, detail = _classify_page(page, is_target=page.url in targets)
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
                kind=FindingKind.PAGE_FAILED, subject=redact_url(url), detail="It was not visited."
            )


def _classify_page(page: ObservedPage, *, is_target: bool) -> tuple[FindingKind | None, str]:
    remarks = f" {' '.join(page.remarks)}" if page.remarks else ""
    if page.outcome == "download":
        return FindingKind.DOWNLOAD, f"The link started a download.{remarks}"
    if page.outcome != "visited":
        return FindingKind.PAGE_FAILED, f"Outcome: {page.outcome}.{remarks}"
    if is_seen(page):
        return None, ""
    is_failure = is_target or (page.status or 0) >= 500
    return (
        FindingKind.PAGE_FAILED if is_failure else FindingKind.PAGE_ERROR
    ), f"Status {page.status}."


def compare_coverage(observation: Observation, required: float | None) -> Iterator[Finding]:
    """Compare the ratio of visited routes with the required one."""
    if not required:
        return
    coverage = measure_coverage(observation.pages, observation.known_routes)
    if coverage.ratio is None:
        yield Finding(
            kind=FindingKind.COVERAGE_LOW,
            subject="coverage",
            detail=f"{required:.0%} is required, but the pages of the site are not known.",
            remedy="Use 'flask cookies audit', which knows the routes, or provide a sitemap.",
        )
    elif coverage.ratio < required:
        count = len(coverage.known)
        yield Finding(
            kind=FindingKind.COVERAGE_LOW,
            subject="coverage",
            detail=f"{count - len(coverage.unvisited)} of {count} known pages were visited "
            f"({coverage.ratio:.0%}); {required:.0%} is required.",
            pages=coverage.unvisited,
        )
