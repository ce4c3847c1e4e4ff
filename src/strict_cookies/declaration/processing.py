"""
What the protection itself keeps, since a tool against needless data must tell of its own.

Each kind has an id; its texts are the library's, so that they are there in every language of the
page. Whoever puts the stages together says which are switched on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple

from .._util.text import N_

ProcessingKind = Literal["counters", "reports", "sessions", "trail"]
#: What ends it: the process, the session, a time, or nothing that is known here.
KeptUntil = Literal["restart", "session", "time", "site"]


class _Words(NamedTuple):
    title: str
    data: str
    purpose: str


PROCESSING: Mapping[ProcessingKind, _Words] = {
    "counters": _Words(
        N_("Counts of cookies"),
        N_(
            "How often a cookie was held back, by its name where the name is declared or widely "
            "known; never a value, an address or a user."
        ),
        N_("To notice when the site does something other than this declaration says."),
    ),
    "reports": _Words(
        N_("Reports of browsers"),
        N_(
            "Which rule of this site a browser enforced on a page, and for what kind of content; "
            "counted, without an address or a user."
        ),
        N_("To notice attacks and mistakes in the site's own pages."),
    ),
    "sessions": _Words(
        N_("Sessions"),
        N_(
            "A scrambled form of the session's number, what the site remembers during the session, "
            "when it began and ends, who is signed in with which rights, and a label of the device "
            "such as “Firefox on Windows”."
        ),
        N_("To keep you signed in, and to let you see and end your sessions."),
    ),
    "trail": _Words(
        N_("Record of security events"),
        N_(
            "When users signed in or out, sessions were ended, a page was refused for want of a "
            "role, or the policy or settings changed; users appear under a code whose key is "
            "deleted when they are erased."
        ),
        N_("To show afterwards what happened, without anybody being able to rewrite it unnoticed."),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Processing:
    """
    One thing that the protection keeps.

    Args:
        kind: Which.
        kept: For how long; None means until what ``until`` says.
        until: ``"time"`` with ``kept``; otherwise until the server restarts, until the session
            ends, or as the site's privacy notice says.
    """

    kind: ProcessingKind
    kept: timedelta | None = None
    until: KeptUntil = "restart"


#: What every application with the firewall keeps.
COUNTERS = Processing(kind="counters")
#: What every application with the report endpoint keeps.
REPORTS = Processing(kind="reports")


def list_processing(
    *, sessions: timedelta | None, trail: timedelta | None
) -> tuple[Processing, ...]:
    """
    Give what is kept of one application, in the order of the page.

    Args:
        sessions: How long a session is kept on the server; None where none is.
        trail: How long the audit trail is kept; None where there is none.
    """
    found = [COUNTERS, REPORTS]
    if trail is not None:
        # Day by day beside the trail, for as long as it.
        found[0] = Processing(kind="counters", kept=trail, until="time")
    if sessions is not None:
        found.append(Processing(kind="sessions", kept=sessions, until="time"))
    if trail is not None:
        found.append(Processing(kind="trail", kept=trail, until="time"))
    return tuple(found)
