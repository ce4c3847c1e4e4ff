"""
Signed heads: Ed25519 over canonical JSON, by a key that is outside the store.

A head says how long the trail is, and by its hash everything that is in it. Whoever noted one can
show later that nothing before it was rewritten or cut off. The private key is a PEM file (PKCS #8)
that only its owner can read; the public one is in each head.

``cryptography`` is imported when the first head is signed or checked.

Source: RFC 8032; RFC 8410.
"""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from .chain import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HEAD_FORMAT = "strict-cookies-trail-head-1"
CHECKPOINT_FORMAT = "strict-cookies-trail-checkpoint-1"
ROTATION_FORMAT = "strict-cookies-trail-key-1"
#: What is beside the signed text, not in it.
UNSIGNED = ("public_key", "signature")


class Signer:
    """
    Sign with a private key.

    Args:
        key: Of ``cryptography``.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        from cryptography.hazmat.primitives import serialization

        self._key = key
        public = key.public_key()
        #: The public key as PEM, and its 32 octets as hexadecimal digits.
        self.public_pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
        self.public_hex = public.public_bytes_raw().hex()

    def __repr__(self) -> str:
        return f"<Signer {self.public_hex[:16]}>"

    def signature(self, content: Mapping[str, Any]) -> str:
        """Sign the canonical form of a content; base64."""
        return base64.b64encode(self._key.sign(canonical(content))).decode()

    def sign(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Give a content with public key and signature."""
        return {
            **content,
            "public_key": self.public_pem,
            "signature": self.signature(content),
        }


def make_key(path: Path) -> Signer:
    """
    Make a private key in a new file that only its owner can read.

    Raises:
        FileExistsError: Something is there already.
        OSError: It can't be written.
    """
    _need_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(descriptor)
    return Signer(key)


def check_key_file(path: Path) -> None:
    """
    See that a private key can be used, as far as that can be told without ``cryptography``.

    Raises:
        ConfigurationError: It is missing, can't be read, or others can read it.
    """
    where = f"STRICT_COOKIES_TRAIL_KEY is '{path}'"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        begins = path.read_bytes()[:27]
    except FileNotFoundError:
        raise ConfigurationError(
            f"{where}, and there is no such file. Run 'flask cookies trail key' once."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{where}, which can't be read: {error.strerror}. See that this user owns the file."
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise ConfigurationError(
            f"{where}, and its mode is {mode:04o}: others can read or change it. Run: chmod 600 "
            f"'{path}'. If somebody may have read it, run 'flask cookies trail key --rotate'."
        )
    if begins != b"-----BEGIN PRIVATE KEY-----":
        raise ConfigurationError(
            f"{where}, which is no private key in PEM form (PKCS #8). Make one by 'flask cookies "
            "trail key'."
        )


def load_signer(path: Path) -> Signer:
    """
    Read a private key.

    Raises:
        ConfigurationError: It can't be used.
    """
    check_key_file(path)
    _need_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(
            f"STRICT_COOKIES_TRAIL_KEY is '{path}', which holds no Ed25519 key without a password. "
            "Make one by 'flask cookies trail key'."
        )
    return Signer(key)


def is_signed(signed: Mapping[str, Any], public_pem: str | None = None) -> bool:
    """
    Check a signature.

    Args:
        signed: As :meth:`Signer.sign` gives it.
        public_pem: The key that must have signed; by default the one that is in it, which shows
            only that nobody changed it since.
    """
    _need_cryptography()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    content = {name: value for name, value in signed.items() if name not in UNSIGNED}
    try:
        pem = signed["public_key"] if public_pem is None else public_pem
        key = serialization.load_pem_public_key(pem.encode())
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(base64.b64decode(signed["signature"], validate=True), canonical(content))
    except (InvalidSignature, ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def describe_rotation(old: Signer, new: Signer) -> dict[str, str]:
    """Give the details of the event that hands over from one key to another, signed by both."""
    content = {"format": ROTATION_FORMAT, "new_key": new.public_hex, "old_key": old.public_hex}
    return {
        **content,
        "new_signature": new.signature(content),
        "old_signature": old.signature(content),
    }


def is_rotation(details: Mapping[str, Any]) -> bool:
    """Check both signatures of a rotation."""
    _need_cryptography()
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        content = {name: details[name] for name in ("format", "new_key", "old_key")}
        for which in ("new", "old"):
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(details[f"{which}_key"]))
            signature = base64.b64decode(details[f"{which}_signature"], validate=True)
            key.verify(signature, canonical(content))
    except (InvalidSignature, ValueError, TypeError, KeyError):
        return False
    return True


def _need_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ModuleNotFoundError:
        raise ConfigurationError(
            "Heads of the trail are signed by the package cryptography, which is not installed. "
            "Run: pip install 'strict-cookies[audit]'"
        ) from None
