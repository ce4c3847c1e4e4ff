"""
What a row's payload holds: who is signed in, until when, and the data of ``flask.session``.

One format, which its first byte names, and one decoder for it. The rest is authenticated with a
key of the application, together with the row's own key: a payload that was changed, cut, or moved
to another row, by anyone who can write to the store, is unreadable. So is one that a newer version
of this library wrote. Unreadable means no session; another decoder is never tried.

The record of an identifier never changes: a change creates a new identifier. So a
write copies it byte by byte.

Source: CVE-2026-39324 and CVE-2025-46336 for what others did in its place.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, NamedTuple

from .._util.keys import SessionKeys, code
from .tagged import load

#: The format, as the first byte of a payload.
FORMAT = b"\x01"
#: Bytes of the authentication code.
_CODE_BYTES = 16
_HEAD_BYTES = len(FORMAT) + _CODE_BYTES
#: Bytes of the length of the record.
_LENGTH_BYTES = 2
#: A named tuple's own constructor takes twice the time.
_new = tuple.__new__

UserId = str | int


class Unreadable(Exception):
    """A payload is not a session; the message says why and quotes none of it."""


class Record(NamedTuple):
    """
    What is settled when an identifier is made.

    Attributes:
        user_id: Who is signed in; None for a visitor.
        roles: What the user may do, as passed at the login.
        aal: Authenticator assurance level of the login, 1 to 3; 0 for a visitor.
        authenticated_at: Whole seconds since the epoch; 0 for a visitor.
        begun_at: Likewise, when this life began: the limits count from here.
        deadline: When it ends in any case, in the same unit.
        device: A label for people, such as ``"Firefox on Windows"``.
        binding: A keyed hash of browser family and platform; empty where nothing was made out.
    """

    user_id: UserId | None
    roles: tuple[str, ...]
    aal: int
    authenticated_at: int
    begun_at: int
    deadline: int
    device: str
    binding: str

    def __repr__(self) -> str:
        """Show level and times, no name."""
        return f"<Record aal={self.aal} begun_at={self.begun_at} deadline={self.deadline}>"

    @property
    def user(self) -> str | None:
        """The user as a store lists them."""
        return None if self.user_id is None else str(self.user_id)


class Payloads:
    """
    Write and read payloads.

    Args:
        keys: The newest authenticates, the others only verify.
    """

    def __init__(self, keys: SessionKeys) -> None:
        self._keys = keys.derive("payload")

    def seal(self, row: bytes, record: bytes, data: bytes) -> bytes:
        """
        Put a payload together.

        Args:
            row: The key of the row that it is for.
            record: From :func:`dump_record`.
            data: From :func:`~strict_cookies.sessions.tagged.dump`.
        """
        body = b"%b[%b,%b]" % (len(record).to_bytes(_LENGTH_BYTES), record, data)
        return FORMAT + code(self._keys[0], row + body, _CODE_BYTES) + body

    def open(self, row: bytes, payload: bytes) -> tuple[Record, dict[str, Any]]:
        """
        Check and read a payload.

        Args:
            row: As for :meth:`seal`.
            payload: What the store has.

        Returns:
            The record, and a copy of the data.

        Raises:
            Unreadable: It is not what this application wrote there.
        """
        if payload[:1] != FORMAT:
            newer = payload[:1] > FORMAT
            raise Unreadable("a newer version of the library wrote it" if newer else "no format")
        sealed, text = payload[1:_HEAD_BYTES], row + payload[_HEAD_BYTES:]
        for key in self._keys:
            if compare_digest(sealed, blake2b(text, key=key, digest_size=_CODE_BYTES).digest()):
                values, data = load(payload[_HEAD_BYTES + _LENGTH_BYTES :])
                values[1] = tuple(values[1])
                return _new(Record, values), data
        raise Unreadable("it was changed, cut, or written under another SECRET_KEY")


def split(payload: bytes) -> tuple[bytes, bytes]:
    """Return record and data of a payload as they are written, for a save that changes the data."""
    begin = _HEAD_BYTES + _LENGTH_BYTES
    end = begin + 1 + int.from_bytes(payload[_HEAD_BYTES:begin])
    return payload[begin + 1 : end], payload[end + 1 : -1]


def dump_record(record: Record) -> bytes:
    """Write a record as JSON."""
    return json.dumps(record, separators=(",", ":")).encode("ascii")
