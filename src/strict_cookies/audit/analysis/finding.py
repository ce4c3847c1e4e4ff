"""
Every kind of finding: what an audit can find, its severity, and what to do about it.

Ids are stable, like those of :mod:`~strict_cookies.reasons`: reports, CI and the docs refer to
them, and an id is never reused. ``docs/audit-report.md`` has a section for each.

AU1xx: cookies. AU2xx: other storage. AU3xx: hosts. AU4xx: security headers. AU5xx: steps of the
journey. AU6xx: pages that the audit did not visit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from ..observation import Setter

#: An *error* contradicts the declaration, or needs consent; a *warning* is worth fixing; a *note*
#: is information and does not change the result.
Severity = Literal["error", "warning", "note"]
#: In the order in which findings are sorted.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class FindingKind(Enum):
    """
    A kind of finding.

    Attributes:
        id: For example ``"AU101"``.
        severity: Error, warning or note.
        title: What was found, in a few words.
        remedy: What to do, in a sentence or two.
    """

    UNDECLARED_COOKIE = (
        "AU101",
        "error",
        "undeclared cookie",
        "Stop setting it, or declare it if the site strictly needs it.",
    )
    TRACKER_COOKIE = (
        "AU102",
        "error",
        "known tracking cookie",
        "Remove what sets it; it is not strictly necessary.",
    )
    THIRD_PARTY_COOKIE = (
        "AU103",
        "error",
        "third-party cookie",
        "Remove what the page loads from that site, or load it without credentials.",
    )
    WEAKER_COOKIE = (
        "AU104",
        "error",
        "cookie weaker than declared",
        "Set it with the declared attributes.",
    )
    LONGER_COOKIE = (
        "AU105",
        "error",
        "cookie with a longer lifetime than declared",
        "Set a Max-Age that is at most the declared lifetime.",
    )
    TRACKER_REFUSED = (
        "AU106",
        "warning",
        "known tracking cookie refused by the browser",
        "Remove what sets it: another browser may accept it.",
    )
    COOKIE_REFUSED = (
        "AU107",
        "warning",
        "undeclared cookie refused by the browser",
        "Remove what sets it: another browser may accept it.",
    )
    DECLARED_REFUSED = (
        "AU108",
        "warning",
        "declared cookie refused by the browser",
        "Fix how it is set; the browser gives the reason. Until then, sign-in may fail.",
    )
    COOKIE_NOT_SEEN = (
        "AU109",
        "note",
        "declared cookie not seen",
        "Add the step that sets it to the journey; if nothing sets it any more, remove its entry.",
    )
    UNDECLARED_STORAGE = (
        "AU201",
        "error",
        "undeclared storage",
        "Stop writing it, or declare it if the site strictly needs it.",
    )
    TRACKER_STORAGE = (
        "AU202",
        "error",
        "storage of a known tracker",
        "Remove what writes it; it is not strictly necessary.",
    )
    THIRD_PARTY_STORAGE = (
        "AU203",
        "error",
        "storage of a third party",
        "Remove the frame or script that writes it.",
    )
    STORAGE_NOT_SEEN = (
        "AU204",
        "note",
        "declared storage not seen",
        "Add the step that writes it to the journey; if nothing does any more, remove its entry.",
    )
    THIRD_PARTY_HOST = (
        "AU301",
        "error",
        "undeclared third-party host",
        "Serve the file from this site, or declare the host as an external origin.",
    )
    TRACKER_HOST = (
        "AU302",
        "error",
        "host of a known tracker",
        "Remove what sends requests to it.",
    )
    HOST_REFUSED = (
        "AU303",
        "warning",
        "blocked request to a third-party host",
        "Remove it from the page, so that nothing depends on the blocking.",
    )
    REDIRECT_THROUGH_HOST = (
        "AU304",
        "error",
        "redirect through a third party",
        "Link to the destination itself.",
    )
    HEADER_MISSING = (
        "AU401",
        "warning",
        "security header missing",
        "Send it with every page.",
    )
    HEADER_WEAK = (
        "AU402",
        "warning",
        "security header weaker than expected",
        "Make it at least as strict as expected.",
    )
    LEFT_AFTER_LOGOUT = (
        "AU501",
        "error",
        "data left after logout",
        "Expire it at logout; Clear-Site-Data also clears web storage.",
    )
    STEP_FAILED = (
        "AU502",
        "warning",
        "failed step",
        "Fix the journey or the page, and audit again.",
    )
    SESSION_AFTER_LOGOUT = (
        "AU503",
        "note",
        "session cookie after logout",
        "Make sure that it is a new session: sign out, then send the old cookie again.",
    )
    PAGE_FAILED = (
        "AU601",
        "warning",
        "page not visited",
        "Open it in a browser to see why, and audit again.",
    )
    COVERAGE_LOW = (
        "AU602",
        "warning",
        "too few known pages visited",
        "Add the missing pages as URLs, or sign in with a journey.",
    )
    PAGE_ERROR = (
        "AU603",
        "note",
        "page with an error status",
        "Fix the link, or sign in with a journey; the page does not count as visited.",
    )
    DOWNLOAD = (
        "AU604",
        "note",
        "download skipped",
        "Nothing to do: downloads are not audited.",
    )

    id: str
    severity: Severity
    title: str
    remedy: str

    def __init__(self, id: str, severity: Severity, title: str, remedy: str) -> None:
        self.id = id
        self.severity = severity
        self.title = title
        self.remedy = remedy

    def __str__(self) -> str:
        """Return the id and the title."""
        return f"{self.id} {self.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One finding of an audit.

    Args:
        kind: The kind.
        subject: The cookie, item of storage, host, header, page or step.
        detail: What was found, in one or more sentences. It contains unescaped text of the site.
        pages: The pages, in the order of first appearance, without duplicates.
        step: The step of the journey in which it was first seen; empty if none applies.
        setter: What set it; None if nothing was set.
        remedy: What to do, if it differs from the kind's remedy.
    """

    kind: FindingKind
    subject: str
    detail: str
    pages: tuple[str, ...] = ()
    step: str = ""
    setter: Setter | None = None
    remedy: str = ""

    @property
    def severity(self) -> Severity:
        """The severity of the kind."""
        return self.kind.severity

    @property
    def advice(self) -> str:
        """What to do."""
        return self.remedy or self.kind.remedy
