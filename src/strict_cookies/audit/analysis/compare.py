"""
What was declared against what a browser saw: findings; pure.

Each finding names what was found, where, by whom it was set, and what to do. The same observation
and policy give the same findings in the same order. A site without a policy declares nothing, so
whatever it stores is undeclared.

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

#: Most pages that one finding names.
MAX_PAGES = 20


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
            :func:`~strict_cookies.audit.analysis.headers.expect_headers` gives.
        min_coverage: The part of the known routes that must have been visited, from 0 to 1; None
            asks for none.

    Returns:
        The gravest first, then by id and subject; equal ones on several pages are one.
    """
    general = expect_headers(policy)
    return _gather(
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
