"""
The report of an audit as plain data; every format is a view of this one object.

It holds what was found and what was looked at, and names what was not. It holds no cookie value,
since an :class:`~strict_cookies.audit.observation.Observation` has none, and addresses stand in it
without the values of their queries. Where a file beside it holds values, it says so first. Nothing
in it is a legal verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .analysis.compare import compare
from .analysis.coverage import is_seen, measure_coverage
from .analysis.finding import SEVERITIES, Finding, Kind
from .browser.values import SENSITIVE
from .plain import plain, plain_frame, plain_url

if TYPE_CHECKING:
    from ..policy.policy import CookiePolicy
    from .analysis.headers import Expected
    from .observation import Observation, ObservedPage, Setter

FORMAT = "strict-cookies-audit"
#: Version of the report's form; it grows when a field changes its meaning.
FORMAT_VERSION = 1

Report = Mapping[str, Any]
#: ``clean``: nothing contradicts what was declared. ``findings``: something does.
#: ``incomplete``: nothing was found, but too little was seen to say so.
#: ``failed``: no page could be looked at.
Result = Literal["clean", "findings", "incomplete", "failed"]

CLEAN = "no item was found that needs consent, under the purposes that the site states"
#: What a program that ran the audit ends with.
EXIT_CODES: Mapping[Result, int] = {"clean": 0, "findings": 1, "incomplete": 1, "failed": 2}

#: Kinds that say that something was not seen, not that something is there.
_GAPS = frozenset({Kind.STEP_FAILED, Kind.PAGE_FAILED, Kind.COVERAGE_LOW})


def build_report(
    observation: Observation,
    policy: CookiePolicy | None,
    *,
    expected: Expected | None = None,
    min_coverage: float | None = None,
    declaration_hash: str | None = None,
    has_values: bool = False,
) -> dict[str, Any]:
    """
    Compare, and make the report.

    Args:
        observation: Of one audit.
        policy: As for :func:`~strict_cookies.audit.analysis.compare.compare`, also for ``expected`` and
            ``min_coverage``.
        declaration_hash: Of the declaration that the policy was made from, ``"sha256:..."``; None
            takes the one that the observed declaration gives itself.
        has_values: Whether it belongs to a bundle with a file of values; it is marked as sensitive
            then.

    Returns:
        Only dicts, lists, texts, numbers, booleans and None, in the form of ``report.schema.json``.
    """
    findings = compare(observation, policy, expected=expected, min_coverage=min_coverage)
    result = judge(observation, findings)
    coverage = measure_coverage(observation.pages, observation.known_routes)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **({"sensitive": SENSITIVE} if has_values else {}),
        "targets": [plain_url(url) for url in observation.targets],
        "began": _time(observation.began),
        "ended": _time(observation.ended),
        "browser": plain(observation.browser),
        "declaration": _declaration(observation, policy, declaration_hash),
        "result": result,
        "statement": state_result(result, findings, has_declaration=policy is not None),
        "counts": count_severities(findings),
        "coverage": {
            "known": len(coverage.known),
            "visited": len(coverage.known) - len(coverage.unvisited),
            "wanted": min_coverage,
            "unvisited": [plain_url(route) for route in coverage.unvisited],
            "redirected": [plain_url(route) for route in coverage.redirected],
        },
        "findings": [_finding(finding) for finding in findings],
        "pages": [_page(page) for page in observation.pages],
        "steps": [
            {
                "name": plain(step.name),
                "problem": None if step.problem is None else plain(step.problem),
                "cookies_left": [plain(label) for label in step.cookies_left],
                "storage_left": [plain(label) for label in step.storage_left],
            }
            for step in observation.steps
        ],
        **_stored(observation),
        **_asked(observation),
    }


def judge(observation: Observation, findings: Iterable[Finding]) -> Result:
    """
    Tell what an audit comes to.

    Args:
        observation: Of the audit.
        findings: Its findings; notes do not count.
    """
    if not any(map(is_seen, observation.pages)):
        return "failed"
    grave = {finding.kind for finding in findings if finding.severity != "note"}
    if grave - _GAPS:
        return "findings"
    return "incomplete" if grave else "clean"


def state_result(result: Result, findings: Iterable[Finding], *, has_declaration: bool) -> str:
    """
    Say in a sentence what an audit comes to.

    Args:
        result: As :func:`judge` gives it.
        findings: Its findings.
        has_declaration: Whether the site states any purposes.
    """
    counts = count_severities(findings)
    if result == "clean" and has_declaration:
        return CLEAN
    if result == "clean":
        return f"{CLEAN}; it was compared with no declaration"
    if result == "failed":
        return "no page could be looked at, so nothing can be said"
    if result == "incomplete":
        return "too little of the site was seen to say what it stores"
    parts = [
        f"{counts[word]} {word}{'' if counts[word] == 1 else 's'}"
        for word in ("error", "warning")
        if counts[word]
    ]
    said = " and ".join(parts)
    return f"the site differs from what it declares: {said}" if has_declaration else said


def count_severities(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings by severity; each severity is there."""
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in SEVERITIES}


def exit_code(report: Report) -> int:
    """Give 0 for a clean audit, 1 for findings or a gap, 2 where nothing could be audited."""
    result: Result = report["result"]
    return EXIT_CODES[result]


@cache
def read_schema() -> str:
    """Give the JSON Schema (2020-12) of a report."""
    return Path(__file__).with_name("report.schema.json").read_text("utf-8")


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _declaration(
    observation: Observation, policy: CookiePolicy | None, own_hash: str | None
) -> dict[str, Any] | None:
    if policy is None:
        return None
    said = (observation.declaration or {}).get("hash")
    url = observation.declaration_url
    return {
        "url": None if url is None else plain_url(url),
        "hash": own_hash or (plain(said) if isinstance(said, str) else None),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.kind.id,
        "severity": finding.severity,
        "title": finding.kind.title,
        "subject": plain(finding.subject),
        "detail": plain(finding.detail),
        "pages": [plain(page) for page in finding.pages],
        "step": plain(finding.step),
        "setter": None if finding.setter is None else _setter(finding.setter),
        "remedy": finding.advice,
    }


def _setter(setter: Setter) -> dict[str, Any]:
    return {
        "kind": setter.kind,
        "url": plain_url(setter.url),
        "stack": [plain_frame(frame) for frame in setter.stack],
    }


def _page(page: ObservedPage) -> dict[str, Any]:
    return {
        "url": plain_url(page.url),
        "final_url": plain_url(page.final_url),
        "title": plain(page.title),
        "step": plain(page.step),
        "outcome": page.outcome,
        "status": page.status,
        "seconds": round(page.seconds, 3),
        "remarks": _plain_all(page.remarks),
        "screenshot": page.screenshot,
    }


def _stored(observation: Observation) -> dict[str, Any]:
    return {
        "cookies": [
            {
                "name": plain(cookie.name),
                "domain": plain(cookie.domain),
                "path": plain(cookie.path),
                "host_only": cookie.host_only,
                "secure": cookie.secure,
                "httponly": cookie.httponly,
                "samesite": plain(cookie.samesite),
                "partition_key": None
                if cookie.partition_key is None
                else plain(cookie.partition_key),
                "declared_seconds": cookie.declared_seconds,
                "stored_seconds": cookie.stored_seconds,
                "third_party": cookie.third_party,
                "setter": _setter(cookie.setter),
                "seen_on": plain_url(cookie.seen_on),
                "step": plain(cookie.step),
                "gone_after": None if cookie.gone_after is None else plain(cookie.gone_after),
            }
            for cookie in observation.cookies
        ],
        "storage": [
            {
                "kind": item.kind,
                "name": plain(item.name),
                "origin": plain(item.origin),
                "third_party": item.third_party,
                "setter": _setter(item.setter),
                "seen_on": plain_url(item.seen_on),
                "step": plain(item.step),
                "gone_after": None if item.gone_after is None else plain(item.gone_after),
            }
            for item in observation.storage
        ],
    }


def _asked(observation: Observation) -> dict[str, Any]:
    return {
        "blocked": [
            {
                "name": plain(blocked.name),
                "host": plain(blocked.host),
                "direction": blocked.direction,
                "reasons": _plain_all(blocked.reasons),
                "seen_on": plain_url(blocked.seen_on),
                "step": plain(blocked.step),
            }
            for blocked in observation.blocked
        ],
        "hosts": [
            {
                "host": plain(host.host),
                "third_party": host.third_party,
                "kinds": _plain_all(host.kinds),
                "requests": host.requests,
                "blocked": host.blocked,
                "cookies_sent": _plain_all(host.cookies_sent),
                "tracker": None if host.tracker is None else plain(host.tracker),
                "on_the_way": host.on_the_way,
                "seen_on": plain_url(host.seen_on),
            }
            for host in observation.hosts
        ],
    }


def _plain_all(texts: Sequence[str]) -> list[str]:
    return [plain(text) for text in texts]
