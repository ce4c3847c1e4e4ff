"""
A finding: one thing in an application's configuration that is wrong or weak.

An *error* stops people or protection; a *warning* is worth mending before going live; *info* is
worth knowing. No message holds a key or a cookie value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import PolicyError, StrictCookiesError
from ..reasons import Reason

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing that is wrong or weak.

    Args:
        reason: Its stable id; None where a policy or setting can't be read at all, as for
            :class:`~strict_cookies.errors.ConfigurationError`.
        severity: How much it matters.
        message: What was found. Lines after the first that begin with ``"- "`` are a list.
        remedy: What to do. Lines that begin with four spaces are code to copy.
    """

    reason: Reason | None
    severity: Severity
    message: str
    remedy: str

    @property
    def title(self) -> str:
        """The id and what it stands for, in a few words."""
        return str(self.reason) if self.reason else "Strict Cookies can't work like this"


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity, then by id."""
    order = get_args(Severity)
    return sorted(
        findings,
        key=lambda found: (order.index(found.severity), found.reason.id if found.reason else ""),
    )


def explain_error(error: StrictCookiesError) -> Finding:
    """Turn an error that stops an application into a finding; of a policy with every mistake."""
    if isinstance(error, PolicyError):
        count = len(error.mistakes)
        head = f"{error.source or 'The policy'} has {count} mistake{'' if count == 1 else 's'}:"
        return Finding(
            reason=None,
            severity="error",
            message="\n".join((head, *(f"- {mistake}" for mistake in error.mistakes))),
            remedy="Mend each of them; the application does not start before.",
        )
    reason_id = getattr(error, "reason_id", None)
    reason = next((reason for reason in Reason if reason.id == reason_id), None)
    message = str(error).removeprefix(f"{reason_id}: ")
    remedy = "Mend it where the application is put together."
    return Finding(reason=reason, severity="error", message=message, remedy=remedy)
