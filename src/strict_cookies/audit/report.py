"""
The report of an audit as JSON-like data; every format is rendered from it.

It lists what was found, what was visited, and what was not. It contains no cookie value, because an
:class:`~strict_cookies.audit.observation.Observation` has none, and URLs appear without the values
of their queries. If the bundle has a file of values, the report says so first. Nothing in it is a
legal verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .._util.text import format_count
from .analysis.compare import compare
from .analysis.coverage import is_seen, measure_coverage
from .analysis.finding import SEVERITIES, Finding, FindingKind
from .browser.values import SENSITIVE
from .redaction import redact_frame, redact_url, shorten

if TYPE_CHECKING:
    from ..policy.policy import CookiePolicy
    from .analysis.headers import Expected
    from .observation import Observation, ObservedPage, Setter

FORMAT = "strict-cookies-audit"
#: Version of the format; incremented when a field changes its meaning.
FORMAT_VERSION = 1

Report = Mapping[str, Any]
#: ``clean``: nothing contradicts the declaration. ``findings``: something does.
#: ``incomplete``: no findings, but too little was visited to call it clean.
#: ``failed``: no page could be visited.
Result = Literal["clean", "findings", "incomplete", "failed"]

CLEAN = "no item was found that needs consent, under the purposes that the site states"
#: The exit code of a program that ran the audit.
EXIT_CODES: Mapping[Result, int] = {"clean": 0, "findings": 1, "incomplete": 1, "failed": 2}

#: Findings about what was not visited, as opposed to what the site does.
_GAPS = frozenset({FindingKind.STEP_FAILED, FindingKind.PAGE_FAILED, FindingKind.COVERAGE_LOW})


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
    Compare an observation with a policy, and build the report.

    Args:
        observation: From :func:`~strict_cookies.audit.browser.crawler.audit_site`.
        policy: See :func:`~strict_cookies.audit.analysis.compare.compare`.
        expected: See :func:`~strict_cookies.audit.analysis.compare.compare`.
        min_coverage: See :func:`~strict_cookies.audit.analysis.compare.compare`.
        declaration_hash: The hash of the declaration that the policy was read from,
            ``"sha256:..."``; None for the hash in the observed declaration.
        has_values: Whether the bundle has a file of values; the report is marked as sensitive then.

    Returns:
        Only dicts, lists, strings, numbers, booleans and None, as ``report.schema.json`` says.
    """
    findings = compare(observation, policy, expected=expected, min_coverage=min_coverage)
    result = decide_result(observation, findings)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **({"sensitive": SENSITIVE} if has_values else {}),
        "targets": [redact_url(url) for url in observation.targets],
        "began": _timestamp(observation.began),
        "ended": _timestamp(observation.ended),
        "browser": shorten(observation.browser),
        "command_line": _shorten_all(observation.command_line),
        "declaration": _declaration(observation, policy, declaration_hash),
        "result": result,
        "statement": describe_result(result, findings, has_declaration=policy is not None),
        "counts": count_severities(findings),
        "coverage": _coverage(observation, min_coverage),
        "findings": [_finding(finding) for finding in findings],
        "pages": [_page(page) for page in observation.pages],
        **_steps(observation),
        **_stored(observation),
        **_requested(observation),
    }


def decide_result(observation: Observation, findings: Iterable[Finding]) -> Result:
    """
    Return the result of an audit.

    Args:
        observation: From the audit.
        findings: Of the audit; notes do not count.
    """
    if not any(map(is_seen, observation.pages)):
        return "failed"
    kinds = {finding.kind for finding in findings if finding.severity != "note"}
    if kinds - _GAPS:
        return "findings"
    return "incomplete" if kinds else "clean"


def describe_result(result: Result, findings: Iterable[Finding], *, has_declaration: bool) -> str:
    """
    Return a sentence about the result of an audit, in lower case and without a full stop.

    Args:
        result: From :func:`decide_result`.
        findings: Of the audit.
        has_declaration: Whether the site declares any purposes.
    """
    counts = count_severities(findings)
    if result == "clean" and has_declaration:
        return CLEAN
    if result == "clean":
        return f"{CLEAN}; there was no declaration to compare with"
    if result == "failed":
        return "no page could be visited, so there is no result"
    if result == "incomplete":
        return "too few pages or steps succeeded to say what the site stores"
    parts = [format_count(counts[word], word) for word in ("error", "warning") if counts[word]]
    listed = " and ".join(parts)
    return f"the site differs from its declaration: {listed}" if has_declaration else listed


def count_severities(findings: Iterable[Finding]) -> dict[str, int]:
    """Return the number of findings for each severity, including zeros."""
    counts = Counter(finding.severity for finding in findings)
    return {severity: counts[severity] for severity in SEVERITIES}


def exit_code(report: Report) -> int:
    """Return 0 for a clean audit, 1 for findings or an incomplete one, 2 for a failed one."""
    result: Result = report["result"]
    return EXIT_CODES[result]


@cache
def read_schema() -> str:
    """Return the JSON Schema (2020-12) of a report."""
    return Path(__file__).with_name("report.schema.json").read_text("utf-8")


def _timestamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _coverage(observation: Observation, required: float | None) -> dict[str, Any]:
    coverage = measure_coverage(observation.pages, observation.known_routes)
    return {
        "known": len(coverage.known),
        "visited": len(coverage.known) - len(coverage.unvisited),
        "required": required,
        "unvisited": [redact_url(route) for route in coverage.unvisited],
        "redirected": [redact_url(route) for route in coverage.redirected],
    }


def _steps(observation: Observation) -> dict[str, Any]:
    return {
        "steps": [
            {
                "name": shorten(step.name),
                "problem": _shorten_optional(step.problem),
                "cookies_left": _shorten_all(step.cookies_left),
                "storage_left": _shorten_all(step.storage_left),
            }
            for step in observation.steps
        ]
    }


def _declaration(
    observation: Observation, policy: CookiePolicy | None, known_hash: str | None
) -> dict[str, Any] | None:
    if policy is None:
        return None
    published = (observation.declaration or {}).get("hash")
    url = observation.declaration_url
    return {
        "url": None if url is None else redact_url(url),
        "hash": known_hash or (shorten(published) if isinstance(published, str) else None),
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.kind.id,
        "severity": finding.severity,
        "title": finding.kind.title,
        "subject": shorten(finding.subject),
        "detail": shorten(finding.detail),
        "pages": [shorten(page) for page in finding.pages],
        "step": shorten(finding.step),
        "setter": None if finding.setter is None else _setter(finding.setter),
        "remedy": finding.advice,
    }


def _setter(setter: Setter) -> dict[str, Any]:
    return {
        "kind": setter.kind,
        "url": redact_url(setter.url),
        "stack": [redact_frame(frame) for frame in setter.stack],
    }


def _page(page: ObservedPage) -> dict[str, Any]:
    return {
        "url": redact_url(page.url),
        "final_url": redact_url(page.final_url),
        "title": shorten(page.title),
        "step": shorten(page.step),
        "outcome": page.outcome,
        "status": page.status,
        "seconds": round(page.seconds, 3),
        "remarks": _shorten_all(page.remarks),
        "screenshot": page.screenshot,
    }


def _stored(observation: Observation) -> dict[str, Any]:
    return {
        "cookies": [
            {
                "name": shorten(cookie.name),
                "domain": shorten(cookie.domain),
                "path": shorten(cookie.path),
                "host_only": cookie.host_only,
                "secure": cookie.secure,
                "httponly": cookie.httponly,
                "samesite": shorten(cookie.samesite),
                "partition_key": _shorten_optional(cookie.partition_key),
                "declared_seconds": cookie.declared_seconds,
                "stored_seconds": cookie.stored_seconds,
                "third_party": cookie.third_party,
                "setter": _setter(cookie.setter),
                "seen_on": redact_url(cookie.seen_on),
                "step": shorten(cookie.step),
                "gone_after": _shorten_optional(cookie.gone_after),
            }
            for cookie in observation.cookies
        ],
        "storage": [
            {
                "kind": item.kind,
                "name": shorten(item.name),
                "origin": shorten(item.origin),
                "third_party": item.third_party,
                "setter": _setter(item.setter),
                "seen_on": redact_url(item.seen_on),
                "step": shorten(item.step),
                "gone_after": _shorten_optional(item.gone_after),
            }
            for item in observation.storage
        ],
    }


def _requested(observation: Observation) -> dict[str, Any]:
    return {
        "blocked": [
            {
                "name": shorten(blocked.name),
                "host": shorten(blocked.host),
                "direction": blocked.direction,
                "reasons": _shorten_all(blocked.reasons),
                "seen_on": redact_url(blocked.seen_on),
                "step": shorten(blocked.step),
            }
            for blocked in observation.blocked
        ],
        "hosts": [
            {
                "host": shorten(host.host),
                "third_party": host.third_party,
                "kinds": _shorten_all(host.kinds),
                "requests": host.requests,
                "blocked": host.blocked,
                "cookies_sent": _shorten_all(host.cookies_sent),
                "tracker": _shorten_optional(host.tracker),
                "redirect_only": host.redirect_only,
                "seen_on": redact_url(host.seen_on),
            }
            for host in observation.hosts
        ],
    }


def _shorten_all(texts: Sequence[str]) -> list[str]:
    return [shorten(text) for text in texts]


def _shorten_optional(text: str | None) -> str | None:
    return None if text is None else shorten(text)
