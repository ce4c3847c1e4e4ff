"""
The events that the library records, and their meaning.

An application records its own events under other names. Details never contain values, identifiers
or personal names: ``user`` is replaced with a pseudonym, see
:mod:`~strict_cookies.trail.pseudonyms`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: The form of an event's name: ``order-approved``.
EVENT_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,7}")

#: The meaning of each event.
EVENTS: Mapping[str, str] = {
    "policy-published": "a version of the cookie declaration was published",
    "settings-changed": "settings differ from those recorded last",
    "cookie-dropped": "first cookie of its kind dropped today",
    "undeclared-received": "first undeclared cookie of its kind received today",
    "request-refused": "first cross-origin request of its kind refused today",
    "signed-in": "a user signed in",
    "signed-out": "a user signed out",
    "sessions-ended": "sessions were ended from elsewhere",
    "role-denied": "a user requested a page without having its role",
    "report-opened": "the auditor's report was opened",
    "audit-run": "a browser audited the site",
    "user-erased": "a user's key was deleted: their entries can no longer be attributed to them",
    "key-made": "a key that signs heads was created",
    "key-rotated": "a new key signs heads from now on",
    "pruned": "expired entries were removed",
    "timestamped": "an authority has signed a head and the time",
    "timestamp-missed": "no authority has signed heads since this entry: none was available",
    "gap": "events were lost because the store could not be written",
}


def check_event(event: str) -> str:
    """Validate the name of an event and return it; raise ValueError if it is invalid."""
    if len(event) > 48 or EVENT_NAME.fullmatch(event) is None:
        raise ValueError(
            f"The event name {event[:60]!r} is invalid. Use lower-case words joined by '-', such "
            "as 'order-approved'."
        )
    return event
