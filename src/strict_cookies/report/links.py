"""
Report links: each opens the auditor's report, without an account, until it expires.

A link can be opened repeatedly, since an audit takes longer than a session lives. Each opening is
recorded, and revoking a link also ends the sessions that it opened. The token is signed and names
an entry of the archive, which decides whether the link is valid. The token itself is not stored.
"""

from __future__ import annotations

import hashlib
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
#: Purpose for which the keys are derived.
USE = "report links"
#: Bytes of a link's id, which is not secret.
ID_BYTES = 6
#: Longest token that is verified, in characters.
MAX_TOKEN = 512


class ReportLink(NamedTuple):
    """
    A link to the report.

    Attributes:
        id: For listing and revoking.
        created: In whole seconds since the epoch.
        expires: In whole seconds since the epoch.
    """

    id: str
    created: int
    expires: int


class ReportLinks:
    """
    Create, find and revoke report links.

    Args:
        archive: Stores the links.
        keys: Derived for :data:`USE`, newest first.
        clock: Returns seconds since the epoch.
    """

    def __init__(
        self, archive: Archive, keys: Sequence[bytes], *, clock: Callable[[], float] = time.time
    ) -> None:
        self._archive = archive
        self._clock = clock
        # itsdangerous signs with the last key.
        self._serializer = URLSafeSerializer(
            list(reversed(keys)),
            salt="strict-cookies report",
            signer_kwargs={
                "key_derivation": "hmac",
                "digest_method": _sha256,
            },
        )

    def create(self, seconds: int) -> tuple[ReportLink, str]:
        """
        Create a link.

        Args:
            seconds: Its lifetime.

        Returns:
            The link and its token, which can't be read again.
        """
        now = int(self._clock())
        link = ReportLink(secrets.token_hex(ID_BYTES), now, now + seconds)
        entry = {"created": link.created, "expires": link.expires}
        self._archive.put(SHELF, link.id, json.dumps(entry).encode())
        token = self._serializer.dumps(link.id)
        return link, token if isinstance(token, str) else token.decode()

    def read(self, token: str) -> ReportLink | None:
        """Return the link of a token, or None if it is forged, revoked or expired."""
        if len(token) > MAX_TOKEN:
            return None
        try:
            link_id = self._serializer.loads(token)
        except BadData:
            return None
        return self.find(link_id)

    def find(self, link_id: object) -> ReportLink | None:
        """Return a link by its id, or None if it is revoked or expired."""
        if not isinstance(link_id, str):
            return None
        data = self._archive.get(SHELF, link_id)
        link = None if data is None else _read(link_id, data)
        return None if link is None or link.expires <= self._clock() else link

    def list(self) -> list[ReportLink]:
        """Return the valid links by expiry, and delete expired ones."""
        links = []
        for link_id, data in self._archive.items(SHELF).items():
            link = _read(link_id, data)
            if link.expires > self._clock():
                links.append(link)
            else:
                self._archive.delete(SHELF, link_id)
        return sorted(links, key=lambda link: (link.expires, link.id))

    def revoke(self, link_id: str) -> bool:
        """Revoke a link and its sessions; return whether the link existed."""
        return self._archive.delete(SHELF, link_id)


def _read(link_id: str, data: bytes) -> ReportLink:
    entry = json.loads(data)
    return ReportLink(link_id, entry["created"], entry["expires"])


def _sha256(data: bytes = b"") -> object:
    return hashlib.sha256(data)
