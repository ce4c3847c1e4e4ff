"""
A copy of what the current session contains about the signed-in user, for that user alone.

A key is left out, at any depth, if it begins with ``_``, contains one of :data:`SECRET_WORDS`, or
is named by ``STRICT_COOKIES_SESSION_COPY_EXCLUDE``; omitted keys are listed by name. Source: GDPR
Articles 15 and 20.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection, Mapping
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
#: Words in a key, in any case and style, that mark a secret.
SECRET_WORDS = frozenset(
    {"answer", "captcha", "challenge", "code", "codes", "credential", "credentials", "csrf",
     "hash", "key", "nonce", "otp", "passcode", "passphrase", "password", "pin", "salt", "secret",
     "seed", "signature", "state", "token", "tokens", "totp", "verifier", "xsrf"}
)  # fmt: skip

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def copy_own_session(policy: CookiePolicy, options: SessionOptions) -> dict[str, Any]:
    """Copy what is stored about the signed-in user, as JSON values; the texts are in English."""
    login, found = current_login(), server_session()
    manager, visit = found.manager, found.visit
    assert login is not None
    assert manager is not None
    assert visit is not None
    left_out: set[str] = set()
    contents = _copy(dict(session), options.copy_without, left_out)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "site": policy.site.name,
        "made_at": _moment(int(manager.clock())),
        "user": login.user_id,
        "roles": list(login.roles),
        "level": login.aal,
        "preferences": dict(preferences),
        "contents": contents,
        "left_out": sorted(left_out - {SESSION_KEY}),
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


def is_secret(key: str, without: Collection[str] = ()) -> bool:
    """Return whether a key of a session is left out of a copy."""
    words = {word.lower() for word in _WORDS.findall(key)}
    return key.startswith("_") or key in without or not words.isdisjoint(SECRET_WORDS)


def _copy(value: Any, without: Collection[str], left_out: set[str]) -> Any:
    """Copy a value as JSON can represent it."""
    if isinstance(value, Mapping):
        secret = {key for key in value if is_secret(str(key), without)}
        left_out |= {str(key) for key in secret}
        return {
            str(key): _copy(one, without, left_out)
            for key, one in value.items()
            if key not in secret
        }
    if isinstance(value, (list, tuple)):
        return [_copy(one, without, left_out) for one in value]
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
