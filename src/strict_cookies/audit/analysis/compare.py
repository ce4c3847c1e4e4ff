"""
Compare what a browser saw with what the site declares.

Each finding says what was found, where, what set it, and what to do. The same observation and
policy always give the same findings in the same order. A site without a policy declares nothing, so
everything it stores is undeclared.

Source: Directive 2002/58/EC article 5(3) for what needs consent; EDPB Guidelines 2/2023 for the
scope.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from .cookies import compare_cookies, compare_refused, find_unseen_cookies
from .finding import SEVERITIES, Finding
from .headers import Expected, expect_headers
from .pages import compare_coverage, compare_headers, compare_hosts, compare_pages
from .steps import compare_steps
from .storage import compare_storage, find_unseen_storage

if TYPE_CHECKING:
    from ...policy.policy import CookiePolicy
    from ..observation import Observation

#: Most pages that a finding lists.
MAX_PAGES = 20


def compare(
    observation: Observation,
    policy: CookiePolicy | None,
    *,
    expected: Expected | None = None,
    min_coverage: float | None = None,
) -> tuple[Finding, ...]:
    """
    Return the findings.

    Args:
        observation: From an audit.
        policy: What the site declares, including its session cookie; None if it declares nothing.
        expected: Returns the expected security headers of a page; None for those of
            :func:`~strict_cookies.audit.analysis.headers.expect_headers`.
        min_coverage: The ratio of the known routes that must be visited, from 0 to 1; None for no
            minimum.

    Returns:
        By severity, then by id and subject; the same finding on several pages appears once.
    """
    general = expect_headers(policy)
    return _merge(
        (
            *compare_cookies(observation, policy),
            *compare_refused(observation, policy),
            *find_unseen_cookies(observation, policy),
            *compare_storage(observation, policy),
            *find_unseen_storage(observation, policy),
            *compare_hosts(observation, policy),
            *compare_headers(observation, expected or (lambda _: general)),
            *compare_steps(observation, policy),
            *compare_pages(observation),
            *compare_coverage(observation, min_coverage),
        )
    )


def _merge(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Merge equal findings, and sort them."""
    merged: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        key = (finding.kind.id, finding.subject, finding.detail)
        first = merged.setdefault(key, finding)
        if first is not finding:
            pages = tuple(dict.fromkeys((*first.pages, *finding.pages)))
            merged[key] = replace(first, pages=pages)
    return tuple(
        replace(finding, pages=_truncate(finding.pages))
        for _, finding in sorted(
            merged.items(),
            key=lambda item: (SEVERITIES.index(item[1].severity), *item[0]),
        )
    )


def _truncate(pages: tuple[str, ...]) -> tuple[str, ...]:
    if len(pages) <= MAX_PAGES:
        return pages
    return (*pages[:MAX_PAGES], f"and {len(pages) - MAX_PAGES} more")
