"""
Pseudonyms of the users in the trail, each under a key that can be deleted.

A pseudonym is an HMAC of the user's id under 32 random bytes of this user alone. These keys are
stored outside the log, each named by an HMAC under a key derived from ``SECRET_KEY``, so that a
reader of the store learns neither the id nor whose key it is.

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

#: The shelves of the users' keys, and of the day on which each was last used.
KEYS, SEEN = "trail-user-keys", "trail-user-keys-seen"
#: Bytes of a user's key.
KEY_BYTES = 32
#: Hexadecimal digits of a pseudonym: no two of a million users share one.
DIGITS = 24


class Pseudonyms:
    """
    Replace users' ids with pseudonyms.

    Args:
        archive: The archive with the users' keys.
        derived_keys: Keys derived from the application's secret, newest first. Without one every
            user's pseudonym is ``"unknown"``.
    """

    def __init__(self, archive: Archive, derived_keys: Sequence[bytes]) -> None:
        self._archive = archive
        self._derived_keys = tuple(derived_keys)

    def pseudonym(self, user_id: str | int, today: date) -> str:
        """Return the pseudonym of a user, whose key is created if there is none."""
        if not self._derived_keys:
            return "unknown"
        name, key = self._find(user_id)
        if key is None:
            key = self._archive.put_new(KEYS, name, secrets.token_bytes(KEY_BYTES))
        day = today.isoformat().encode()
        if self._archive.get(SEEN, name) != day:
            self._archive.put(SEEN, name, day)
        return _digest(key, user_id)[:DIGITS]

    def find(self, user_id: str | int) -> str | None:
        """Return the pseudonym of a user; None if the user has no key."""
        key = self._find(user_id)[1] if self._derived_keys else None
        return None if key is None else _digest(key, user_id)[:DIGITS]

    def forget(self, user_id: str | int) -> bool:
        """Delete a user's key permanently; return whether there was one."""
        deleted = False
        for derived in self._derived_keys:
            name = _digest(derived, user_id)
            deleted |= self._archive.delete(KEYS, name)
            self._archive.delete(SEEN, name)
        return deleted

    def forget_before(self, day: date) -> int:
        """Delete the keys of users who were last seen before a day; return how many."""
        limit, count = day.isoformat().encode(), 0
        for name, seen in self._archive.items(SEEN).items():
            if seen < limit:
                count += self._archive.delete(KEYS, name)
                self._archive.delete(SEEN, name)
        return count

    def _find(self, user_id: str | int) -> tuple[str, bytes | None]:
        """Return the name of a user's key, by the newest secret, and the key."""
        names = [_digest(derived, user_id) for derived in self._derived_keys]
        key = self._archive.get(KEYS, names[0])
        for previous in names[1:]:
            if key is not None:
                break
            key = self._archive.get(KEYS, previous)
            if key is not None:
                # The secret was changed: store the key under its new name.
                key = self._archive.put_new(KEYS, names[0], key)
                self._archive.delete(KEYS, previous)
                self._archive.delete(SEEN, previous)
        return names[0], key


def _digest(key: bytes, user_id: str | int) -> str:
    return hmac.digest(key, str(user_id).encode("utf-8", "surrogatepass"), "sha256").hex()
