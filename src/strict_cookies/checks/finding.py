"""
A finding: one problem or weakness in an application's configuration.

An *error* breaks the site or its protection; a *warning* should be fixed before going live; *info*
is good to know. No message contains a key or a cookie value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from .._util.text import format_count
from ..errors import PolicyError, StrictCookiesError
from ..reasons import Reason

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One problem or weakness.

    Args:
        reason: Its stable id; None if the policy or a setting is invalid, as for
            :class:`~strict_cookies.errors.ConfigurationError`.
        severity: How much it matters.
        message: The problem. Lines after the first that begin with ``"- "`` are a list.
        remedy: What to do. Lines that begin with four spaces are code to copy.
    """

    reason: Reason | None
    severity: Severity
    message: str
    remedy: str

    @property
    def title(self) -> str:
        """The id and a short title."""
        return str(self.reason) if self.reason else "Invalid configuration"


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity, then by id."""
    order = get_args(Severity)
    return sorted(
        findings,
        key=lambda finding: (
            order.index(finding.severity),
            finding.reason.id if finding.reason else "",
        ),
    )


def explain_error(error: StrictCookiesError) -> Finding:
    """Return a finding for an error; for a policy, it lists every mistake."""
    if isinstance(error, PolicyError):
        mistakes = format_count(len(error.mistakes), "mistake")
        head = f"{error.source or 'The policy'} has {mistakes}:"
        return Finding(
            reason=None,
            severity="error",
            message="\n".join((head, *(f"- {mistake}" for mistake in error.mistakes))),
            remedy="Fix each of them; until then the application does not start.",
        )
    reason_id = getattr(error, "reason_id", None)
    reason = next((reason for reason in Reason if reason.id == reason_id), None)
    message = str(error).removeprefix(f"{reason_id}: ")
    remedy = "Fix it where you create the application."
    return Finding(reason=reason, severity="error", message=message, remedy=remedy)
