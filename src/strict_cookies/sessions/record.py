"""
The payload of a row: who is signed in, until when, and the data of ``flask.session``.

The first byte names the only format; the rest is authenticated together with the row's key. A
payload that was changed, truncated or moved to another row, or is from a newer version, is
unreadable and means no session; another decoder is never tried.

Source: CVE-2026-39324 and CVE-2025-46336.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from hmac import compare_digest
from typing import Any, NamedTuple

from .._util.keys import SessionKeys, code
from .._util.text import show
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

#: Short, so that nothing of a user gets into the trail by it.
_METHOD = re.compile(r"[A-Za-z0-9_.-]{1,32}")

UserId = str | int


class Unreadable(Exception):
    """A payload is not a session; the message says why and does not quote it."""


class SessionEndedError(Exception):
    """The session that was to be renewed has ended."""


class Record(NamedTuple):
    """
    The facts that are fixed for an identifier.

    Times are whole seconds since the epoch. For a visitor ``user_id`` is None, ``aal`` and
    ``authenticated_at`` are 0. The limits count from ``begun_at``; ``deadline`` is the latest end.
    ``device`` is a label such as ``"Firefox on Windows"``; ``binding`` is a keyed hash of browser
    family and platform, empty if they are unknown.
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
        """Return level and times, without the user."""
        return f"<Record aal={self.aal} begun_at={self.begun_at} deadline={self.deadline}>"

    @property
    def user(self) -> str | None:
        """The user id as text, as stores list it."""
        return None if self.user_id is None else str(self.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLogin:
    """
    Who signs in, and how; see :func:`~strict_cookies.sessions.access.login`.

    A string as ``roles`` is one role. ``fresh`` is whether the user has just authenticated;
    ``renews`` is whether the login only renews the user's session, and begins none if that has
    ended.

    Raises:
        ValueError: The user, the level or the method is invalid.
    """

    user_id: UserId
    roles: Iterable[str] = ()
    aal: int = 1
    device: str | None = None
    fresh: bool = True
    method: str | None = None
    renews: bool = False

    def __post_init__(self) -> None:
        user_id = self.user_id
        if isinstance(user_id, bool) or not isinstance(user_id, (str, int)) or user_id == "":
            kind = type(user_id).__name__
            raise ValueError(
                f"The user of a login is of type {kind} or empty. Use a string or a number."
            )
        if self.aal not in (1, 2, 3):
            raise ValueError(f"The level of a login is {self.aal!r}. Use 1, 2 or 3.")
        if self.method is not None and not _METHOD.fullmatch(self.method):
            raise ValueError(
                "The method of a login is not a short word. Use one of RFC 8176, such as 'pwd'."
            )
        roles = (self.roles,) if isinstance(self.roles, str) else tuple(self.roles)
        object.__setattr__(self, "roles", roles)

    def describe(self, visitor: Record, absolute: int) -> Record:
        """Return a visitor's record as the user's; ``absolute`` is the longest life in seconds."""
        return visitor._replace(
            user_id=self.user_id,
            roles=tuple(self.roles),
            aal=self.aal,
            authenticated_at=visitor.begun_at if self.fresh else 0,
            deadline=visitor.begun_at + absolute,
            device=show(self.device) if self.device else visitor.device,
        )


class Payloads:
    """Write and read payloads; the newest key authenticates, the others only verify."""

    def __init__(self, keys: SessionKeys) -> None:
        self._keys = keys.derive("payload")

    def seal(self, row: bytes, record: bytes, data: bytes) -> bytes:
        """Return the payload of the row with the key ``row``, of a record and data as JSON."""
        body = b"%b[%b,%b]" % (len(record).to_bytes(_LENGTH_BYTES), record, data)
        return FORMAT + code(self._keys[0], row + body, _CODE_BYTES) + body

    def open(self, row: bytes, payload: bytes) -> tuple[Record, dict[str, Any]]:
        """
        Verify and read a payload; raise :class:`Unreadable` if this application did not write it.
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
    """Return the JSON of a payload's record and of its data."""
    begin = _HEAD_BYTES + _LENGTH_BYTES
    end = begin + 1 + int.from_bytes(payload[_HEAD_BYTES:begin])
    return payload[begin + 1 : end], payload[end + 1 : -1]


def dump_record(record: Record) -> bytes:
    """Write a record as JSON."""
    return json.dumps(record, separators=(",", ":")).encode("ascii")
