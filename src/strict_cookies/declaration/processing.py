"""
The data that the library itself stores, which the declaration has to list too.

Each kind has an id and texts of the library, which are translated into every language of the page.
The Flask extension passes the kinds that are enabled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, NamedTuple

from .._util.text import N_

ProcessingKind = Literal["counters", "reports", "sessions", "trail"]
#: When it is deleted: at a restart, with the session, after a time, or as the site decides.
KeptUntil = Literal["restart", "session", "time", "site"]


class _Texts(NamedTuple):
    title: str
    data: str
    purpose: str


PROCESSING: Mapping[ProcessingKind, _Texts] = {
    "counters": _Texts(
        N_("Cookie counts"),
        N_(
            "How often a cookie was blocked, by name if the name is declared or widely "
            "known; never a value, an address or a user."
        ),
        N_("To notice when the site does not follow this declaration."),
    ),
    "reports": _Texts(
        N_("Browser reports"),
        N_(
            "Which rule of this site a browser enforced on a page, and for what kind of content; "
            "counted, without an address or a user."
        ),
        N_("To notice attacks and mistakes in the site's own pages."),
    ),
    "sessions": _Texts(
        N_("Sessions"),
        N_(
            "A hash of the session's number, what the site remembers during the session, "
            "when it began and ends, who is signed in with which rights, and a label of the "
            "device such as “Firefox on Windows”."
        ),
        N_("To keep you signed in, and to let you see and end your sessions."),
    ),
    "trail": _Texts(
        N_("Record of security events"),
        N_(
            "When users signed in or out, sessions were ended, a page was refused because a "
            "role was missing, or the policy or settings changed; users appear under a "
            "pseudonym whose key is deleted when they are erased."
        ),
        N_("To show later what happened."),
    ),
}


class Processing(NamedTuple):
    """
    One kind of data that the library stores.

    Args:
        kind: The kind of data.
        kept: How long it is kept; None if ``until`` is another event.
        until: ``"time"`` with ``kept``; otherwise until the server restarts, until the session
            ends, or as the site's privacy notice says.
    """

    kind: ProcessingKind
    kept: timedelta | None = None
    until: KeptUntil = "restart"


#: Stored by every application with the firewall.
COUNTERS = Processing(kind="counters")
#: Stored by every application with the report endpoint.
REPORTS = Processing(kind="reports")


def list_processing(
    *, sessions: timedelta | None, trail: timedelta | None
) -> tuple[Processing, ...]:
    """
    Return what one application stores, in the order of the page.

    Args:
        sessions: How long a session is kept on the server; None if sessions are not kept there.
        trail: How long the audit trail is kept; None if it is off.
    """
    kinds = [COUNTERS, REPORTS]
    if trail is not None:
        # The trail stores the counts of each day, for as long as its entries.
        kinds[0] = Processing(kind="counters", kept=trail, until="time")
    if sessions is not None:
        kinds.append(Processing(kind="sessions", kept=sessions, until="time"))
    if trail is not None:
        kinds.append(Processing(kind="trail", kept=trail, until="time"))
    return tuple(kinds)
