"""
Users in the trail: a code each, under a key of their own that can be deleted.

The code is an HMAC of the user's id under 32 random octets which are the user's alone. They are
kept outside the log, under another HMAC whose key comes from ``SECRET_KEY``, so that who reads the
store learns neither the id nor whose key it is. When the key is deleted, nobody can find out any
more whose a code was, whatever he knows of the user; what is done under the same id later has
another code.

Source: GDPR Article 4(5) and Recital 26; EDPB Guidelines 01/2025 on pseudonymisation.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..archive.base import Archive

#: Where the users' keys are, and the day on which each was used last.
KEYS, SEEN = "trail-people", "trail-people-seen"
#: Octets of a user's key.
KEY_OCTETS = 32
#: Hexadecimal digits of a code: no two of a million users share one.
CODE_DIGITS = 24


class Pseudonyms:
    """
    Give users their codes.

    Args:
        archive: Where the keys are.
        secrets_of: Keys derived from the application's secret, newest first; none where it has no
            secret, and then no user has a code.
    """

    def __init__(self, archive: Archive, secrets_of: Sequence[bytes]) -> None:
        self._archive = archive
        self._secrets = tuple(secrets_of)

    def code(self, user_id: str | int, today: date) -> str:
        """Give the code of a user, who gets a key where he has none."""
        if not self._secrets:
            return "unknown"
        name, key = self._find(user_id)
        if key is None:
            key = self._archive.put_new(KEYS, name, secrets.token_bytes(KEY_OCTETS))
        day = today.isoformat().encode()
        if self._archive.get(SEEN, name) != day:
            self._archive.put(SEEN, name, day)
        return _digest(key, user_id)[:CODE_DIGITS]

    def find(self, user_id: str | int) -> str | None:
        """Give the code of a user; None where there is no key."""
        key = self._find(user_id)[1] if self._secrets else None
        return None if key is None else _digest(key, user_id)[:CODE_DIGITS]

    def forget(self, user_id: str | int) -> bool:
        """Delete a user's key for good; tell whether there was one."""
        found = False
        for secret in self._secrets:
            name = _digest(secret, user_id)
            found |= self._archive.delete(KEYS, name)
            self._archive.delete(SEEN, name)
        return found

    def forget_before(self, day: date) -> int:
        """Delete the keys of those who were not seen since a day; return how many."""
        limit, count = day.isoformat().encode(), 0
        for name, seen in self._archive.items(SEEN).items():
            if seen < limit:
                count += self._archive.delete(KEYS, name)
                self._archive.delete(SEEN, name)
        return count

    def _find(self, user_id: str | int) -> tuple[str, bytes | None]:
        """Give the name of a user's key, by the newest secret, and the key."""
        names = [_digest(secret, user_id) for secret in self._secrets]
        key = self._archive.get(KEYS, names[0])
        for former in names[1:]:
            if key is not None:
                break
            key = self._archive.get(KEYS, former)
            if key is not None:
                # The secret was changed: the key goes on under the new one.
                key = self._archive.put_new(KEYS, names[0], key)
                self._archive.delete(KEYS, former)
                self._archive.delete(SEEN, former)
        return names[0], key


def _digest(key: bytes, user_id: str | int) -> str:
    return hmac.digest(key, str(user_id).encode("utf-8", "surrogatepass"), "sha256").hex()
