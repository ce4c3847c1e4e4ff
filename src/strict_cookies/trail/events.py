"""
The events that the library records, with what each means and holds.

An application records its own under any other name. Details never hold values, identifiers or
names of people: ``user`` becomes a code, see :mod:`~strict_cookies.trail.pseudonyms`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: What a name of an event looks like: ``order-approved``.
EVENT_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+){0,7}")

#: Each name with what it means, for people.
EVENTS: Mapping[str, str] = {
    "policy-published": "a version of the cookie declaration was published",
    "settings-changed": "settings are not those that were recorded last",
    "cookie-dropped": "first cookie of its kind today that did not leave",
    "stray-seen": "first cookie of its kind today that nobody declared",
    "request-refused": "first request today that another origin made in a visitor's name",
    "signed-in": "a user signed in",
    "signed-out": "a user signed out",
    "sessions-ended": "sessions were ended from elsewhere",
    "role-denied": "a user without the role asked for a page",
    "report-opened": "the auditor's report was opened",
    "audit-run": "a browser audited the site",
    "user-erased": "a user's key was deleted: his entries can't be told from others any more",
    "key-made": "a key to sign heads was made",
    "key-rotated": "another key signs heads from now on",
    "pruned": "entries past their time were removed",
    "gap": "events were lost, because the store could not be written",
}


def check_event(event: str) -> str:
    """
    Check an event's name.

    Raises:
        ValueError: It is none.
    """
    if len(event) > 48 or EVENT_NAME.fullmatch(event) is None:
        raise ValueError(
            f"An event is named {event[:60]!r}. Use lower-case words with '-' between them, such "
            "as 'order-approved'."
        )
    return event
