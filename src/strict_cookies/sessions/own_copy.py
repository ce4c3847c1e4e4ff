"""
A copy of what the current session contains about the signed-in user, for that user alone.

Of what the application stores, the copy has only the keys that
``STRICT_COOKIES_SESSION_COPY_INCLUDE`` names: a session also holds secrets of the site, such as a
code that was sent to an address, which would prove nothing if it could be read here. The names of
all other keys are listed.

Source: GDPR Articles 15 and 20.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from flask import session

from .access import current_login, server_session
from .preferences import SESSION_KEY, preferences
from .retention import describe_kept

if TYPE_CHECKING:
    from ..policy.policy import CookiePolicy
    from .options import SessionOptions

#: The form's name, and its version, which grows when a member changes its meaning.
FORMAT = "strict-cookies-session-copy"
FORMAT_VERSION = 1


def copy_own_session(policy: CookiePolicy, options: SessionOptions) -> dict[str, Any]:
    """Copy what is stored about the signed-in user, as JSON values; the texts are in English."""
    login, found = current_login(), server_session()
    manager, visit = found.manager, found.visit
    assert login is not None
    assert manager is not None
    assert visit is not None
    data = dict(session)
    included = {key: _copy(data[key]) for key in options.copy_keys if key in data}
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "site": policy.site.name,
        "made_at": _moment(int(manager.clock())),
        "user": login.user_id,
        "roles": list(login.roles),
        "level": login.aal,
        "preferences": dict(preferences),
        "contents": included,
        "left_out": sorted(data.keys() - included.keys() - {SESSION_KEY}),
        "sessions": [
            {
                "device": one.device,
                "signed_in_at": _moment(one.begun_at),
                "last_used_at": _moment(one.seen_at),
                "this_one": one.current,
            }
            for one in manager.list_user(login.user_id, current=visit)
        ],
        "ends_at": _moment(visit.record.deadline),
        "kept": [
            {"what": one.what, "why": one.why, "how_long": one.how_long}
            for one in describe_kept(options)
        ],
    }


def _copy(value: Any) -> Any:
    """Copy a value as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): _copy(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(one) for one in value]
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
