"""
Session identifiers: issued here, signed, and never accepted from outside.

An identifier is 256 random bits. The cookie contains it with the tag of its store and the second of
issue, all signed by itsdangerous, so that a forged one never reaches the store. The store knows
only its SHA-256. Length and alphabet are checked before anything else.

Source: OWASP ASVS 5.0.0 7.2.2 and 7.2.3; NIST SP 800-63B-4 section 5.1; CVE-2019-16782.
"""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from binascii import b2a_base64
from hashlib import blake2b, sha256
from hmac import compare_digest
from typing import NamedTuple

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import SigningAlgorithm

from .._util.keys import KEY_BYTES, SessionKeys, code

#: Random bytes of an identifier. ASVS 7.2.3 requires at least 16.
ID_BYTES = 32
#: Longest signed identifier, in characters.
MAX_SIGNED = 160

_SHA256 = sha256()
#: A named tuple's own constructor takes twice the time.
_new = tuple.__new__
#: Identifier, tag and time; the signature.
_SIGNED = re.compile(
    rb"(([A-Za-z0-9_-]{43})\.([A-Za-z0-9]{6,32})\.([0-9a-f]{1,10}))\.([A-Za-z0-9_-]{43})"
)


class ReadId(NamedTuple):
    """
    A verified identifier: its key in the store, the store's tag, and the time of issue in hex.
    """

    key: bytes
    tag: str
    issued: bytes

    @property
    def issued_at(self) -> int:
        """The time of issue, in whole seconds since the epoch."""
        return int(self.issued, 16)

    def __repr__(self) -> str:
        """Return neither identifier nor key."""
        return f"<ReadId issued_at={self.issued_at}>"


class SessionIds:
    """Issue and verify signed identifiers; the newest key signs, the others only verify."""

    def __init__(self, keys: SessionKeys) -> None:
        derived = keys.derive("identifier")
        self._newest = derived[0]
        # itsdangerous wants the newest key last.
        self._signer = Signer(
            list(reversed(derived)),
            key_derivation="none",
            algorithm=_Blake2b(),
        )

    def issue(self, tag: str, now: int) -> tuple[bytes, str]:
        """Return the key for the store, and the signed identifier for the cookie."""
        identifier = secrets.token_urlsafe(ID_BYTES)
        return key_of(identifier), self._sign(identifier, tag, now)

    def derive(self, seed: bytes, tag: str, now: int) -> tuple[bytes, str]:
        """
        Derive the identifier of a migrated session from 32 bytes that only the site can compute.
        """
        identifier = urlsafe_b64encode(seed).rstrip(b"=").decode("ascii")
        return key_of(identifier), self._sign(identifier, tag, now)

    def verify(self, signed: str) -> ReadId | None:
        """Read a cookie's value; None if it was not signed here."""
        if len(signed) > MAX_SIGNED or not signed.isascii():
            return None
        found = _SIGNED.fullmatch(signed.encode("ascii"))
        if found is None:
            return None
        text, identifier, tag, issued, signature = found.groups()
        # Nearly all are signed with the newest key, which one signature shows; what itsdangerous
        # does in its place takes three times as long.
        newest = b2a_base64(
            blake2b(text, key=self._newest, digest_size=KEY_BYTES).digest(), newline=False
        )
        if not compare_digest(newest, signature.replace(b"-", b"+").replace(b"_", b"/") + b"="):
            try:
                self._signer.unsign(signed)
            except BadSignature:
                return None
        return _new(ReadId, (_digest(identifier), tag.decode("ascii"), issued))

    def _sign(self, identifier: str, tag: str, now: int) -> str:
        return self._signer.sign(f"{identifier}.{tag}.{now:x}").decode("ascii")


class _Blake2b(SigningAlgorithm):
    """The signature algorithm, for itsdangerous."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return code(key, value)


def key_of(identifier: str) -> bytes:
    """Return the key of an identifier's row in a store."""
    return _digest(identifier.encode("ascii"))


def _digest(identifier: bytes) -> bytes:
    # A copy is made in half the time that OpenSSL takes for a new one.
    hashing = _SHA256.copy()
    hashing.update(identifier)
    return hashing.digest()


def has_form(signed: str) -> bool:
    """Return whether a string has the length and alphabet of a signed identifier."""
    return len(signed) <= MAX_SIGNED and _SIGNED.fullmatch(signed.encode("utf-8")) is not None
