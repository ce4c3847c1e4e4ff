"""
Every kind of finding: what an audit can find, how much it matters, and what to do about it.

Ids are stable, as those of :mod:`~strict_cookies.reasons` are: reports, CI and the docs name them,
and an id is never used again for something else. ``docs/audit-report.md`` has a paragraph for each.

AU1xx: cookies. AU2xx: other storage. AU3xx: hosts. AU4xx: security headers. AU5xx: what journeys
show. AU6xx: what the audit did not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from ..observation import Setter

#: An *error* contradicts the declaration, or needs consent; a *warning* is worth mending; a *note*
#: is worth knowing and spoils no result.
Severity = Literal["error", "warning", "note"]
#: From grave to slight, as findings are sorted.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


class Kind(Enum):
    """
    What was found.

    Attributes:
        id: For example ``"AU101"``.
        severity: How much it matters.
        title: What was found, in a few words.
        remedy: What to do, in a sentence or two.
    """

    UNDECLARED_COOKIE = (
        "AU101",
        "error",
        "undeclared cookie",
        "Stop setting it; declare it only where the site strictly needs it.",
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
        "Remove what the page loads from there, or load it without credentials.",
    )
    WEAKER_COOKIE = (
        "AU104",
        "error",
        "cookie weaker than declared",
        "Set it with the attributes that are declared.",
    )
    LONGER_COOKIE = (
        "AU105",
        "error",
        "cookie that lives longer than declared",
        "Set no longer Max-Age than declared.",
    )
    TRACKER_REFUSED = (
        "AU106",
        "warning",
        "known tracking cookie that was refused",
        "Remove what tries to set it: another browser may let it through.",
    )
    COOKIE_REFUSED = (
        "AU107",
        "warning",
        "undeclared cookie that was refused",
        "Remove what tries to set it: another browser may let it through.",
    )
    DECLARED_REFUSED = (
        "AU108",
        "warning",
        "declared cookie that the browser refused",
        "Mend how it is set, by the browser's reason; people may be unable to stay signed in.",
    )
    COOKIE_NOT_SEEN = (
        "AU109",
        "note",
        "declared cookie that was not seen",
        "Walk the journey that sets it; where nothing does any more, remove its entry.",
    )
    UNDECLARED_STORAGE = (
        "AU201",
        "error",
        "undeclared storage",
        "Stop writing it; declare it only where the site strictly needs it.",
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
        "declared storage that was not seen",
        "Walk the journey that writes it; where nothing does any more, remove its entry.",
    )
    THIRD_PARTY_HOST = (
        "AU301",
        "error",
        "undeclared third-party host",
        "Serve it from this site; where it is truly needed, declare it as an external origin.",
    )
    TRACKER_HOST = (
        "AU302",
        "error",
        "host of a known tracker",
        "Remove what asks it.",
    )
    HOST_REFUSED = (
        "AU303",
        "warning",
        "third-party host that was asked in vain",
        "Take it out of the page; it is kept back, but it is still written there.",
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
        "Make it at least as strict.",
    )
    LEFT_AFTER_LOGOUT = (
        "AU501",
        "error",
        "not empty after logout",
        "Expire it at logout; Clear-Site-Data removes storage, too.",
    )
    STEP_FAILED = (
        "AU502",
        "warning",
        "step that could not be taken",
        "Mend the journey, or the page, and audit again.",
    )
    SESSION_AFTER_LOGOUT = (
        "AU503",
        "note",
        "session cookie after logout",
        "Make sure that it is a new session: sign out, and use the former cookie once more.",
    )
    PAGE_FAILED = (
        "AU601",
        "warning",
        "page that could not be visited",
        "See what it does in a browser, and audit again.",
    )
    COVERAGE_LOW = (
        "AU602",
        "warning",
        "too few of the known pages visited",
        "Name the missing pages as targets, or sign in by a journey.",
    )
    PAGE_ERROR = (
        "AU603",
        "note",
        "page that answered with an error",
        "Mend the link, or sign in by a journey; it does not count as visited.",
    )
    DOWNLOAD = (
        "AU604",
        "note",
        "download that was not looked at",
        "Nothing: a file is no page.",
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
        """The id and the title."""
        return f"{self.id} {self.title}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing that an audit found.

    Args:
        kind: What it is.
        subject: What it was found on: a cookie, an item of storage, a host, a header, a page.
        detail: What was found, in one sentence or more; as the site wrote it, so still hostile.
        pages: Where, the first first; without duplicates.
        step: Of the journey, at which it was seen first; empty where none is meant.
        setter: Who set it; None where nothing was set.
        remedy: What to do, where it is more than the kind's own remedy.
    """

    kind: Kind
    subject: str
    detail: str
    pages: tuple[str, ...] = ()
    step: str = ""
    setter: Setter | None = None
    remedy: str = ""

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.kind.severity

    @property
    def advice(self) -> str:
        """What to do."""
        return self.remedy or self.kind.remedy
