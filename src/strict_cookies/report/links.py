"""
Links that open the auditor's report to somebody without an account, until they expire.

A link may be opened any number of times before its end, since a session is over after an hour
without activity and an audit is not; each opening is recorded, and a revoked link ends the sessions
that it has opened at once. What a link holds is signed and says only which entry of the archive it
is: the entry decides. The token itself is kept nowhere.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from itsdangerous import BadData, URLSafeSerializer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..archive.base import Archive

#: The shelf of the archive.
SHELF = "report-links"
#: What the keys are derived for.
USE = "report links"
#: Octets of a link's id, which is no secret.
ID_OCTETS = 6
#: Longest token that is looked at, in characters.
MAX_TOKEN = 512


class ReportLink(NamedTuple):
    """
    One link.

    Attributes:
        id: Names it for listing and revoking.
        made: Whole seconds since the epoch, UTC.
        expires: Likewise.
    """

    id: str
    made: int
    expires: int


class ReportLinks:
    """
    Make, find and revoke links.

    Args:
        archive: Where the entries are.
        keys: Derived for :data:`USE`, newest first.
        clock: Seconds since the epoch, UTC.
    """

    def __init__(
        self, archive: Archive, keys: Sequence[bytes], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._archive = archive
        self._clock = clock
        # The last key signs, as itsdangerous has it.
        self._serializer = URLSafeSerializer(
            list(reversed(keys)),
            salt="strict-cookies report",
            signer_kwargs={
                "key_derivation": "hmac",
                "digest_method": _sha256,
            },
        )

    def make(self, seconds: int) -> tuple[ReportLink, str]:
        """
        Make a link.

        Args:
            seconds: Until it expires.

        Returns:
            The link and its token, which is told this once.
        """
        now = int(self._clock())
        link = ReportLink(secrets.token_hex(ID_OCTETS), now, now + seconds)
        entry = {"made": link.made, "expires": link.expires}
        self._archive.put(SHELF, link.id, json.dumps(entry).encode())
        token = self._serializer.dumps(link.id)
        return link, token if isinstance(token, str) else token.decode()

    def read(self, token: str) -> ReportLink | None:
        """Find the link of a token; None where it is forged, revoked or expired."""
        if len(token) > MAX_TOKEN:
            return None
        try:
            link_id = self._serializer.loads(token)
        except BadData:
            return None
        return self.find(link_id)

    def find(self, link_id: object) -> ReportLink | None:
        """Find a link by its id; None where it is revoked or expired."""
        if not isinstance(link_id, str):
            return None
        data = self._archive.get(SHELF, link_id)
        link = None if data is None else _read(link_id, data)
        return None if link is None or link.expires <= self._clock() else link

    def list(self) -> list[ReportLink]:
        """Give the links that still open, the first to expire first; forget those that don't."""
        found = []
        for link_id, data in self._archive.items(SHELF).items():
            link = _read(link_id, data)
            if link.expires > self._clock():
                found.append(link)
            else:
                self._archive.delete(SHELF, link_id)
        return sorted(found, key=lambda link: (link.expires, link.id))

    def revoke(self, link_id: str) -> bool:
        """End a link and what it has opened; tell whether there was one."""
        return self._archive.delete(SHELF, link_id)


def _read(link_id: str, data: bytes) -> ReportLink:
    entry = json.loads(data)
    return ReportLink(link_id, entry["made"], entry["expires"])


def _sha256(octets: bytes = b"") -> object:
    import hashlib

    return hashlib.sha256(octets)
