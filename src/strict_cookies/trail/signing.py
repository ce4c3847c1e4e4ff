"""
Signed heads: Ed25519 over canonical JSON, by a key that is outside the store.

The private key is a PEM file (PKCS #8) that only its owner can read; each head contains the public
key. ``cryptography`` is imported when the first head is signed or verified. Source: RFC 8032; RFC
8410.
"""

from __future__ import annotations

import base64
import os
import secrets
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
#: The members that are not part of the signed text.
UNSIGNED = ("public_key", "signature")


class Signer:
    """Sign with a private key of ``cryptography``."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        from cryptography.hazmat.primitives import serialization

        self._key = key
        public = key.public_key()
        #: The public key as PEM, and its 32 bytes as hexadecimal digits.
        self.public_pem = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()
        self.public_hex = public.public_bytes_raw().hex()

    def __repr__(self) -> str:
        return f"<Signer {self.public_hex[:16]}>"

    def signature(self, content: Mapping[str, Any]) -> str:
        """Sign the canonical form of the content; return base64."""
        return base64.b64encode(self._key.sign(canonical(content))).decode()

    def sign(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the content with public key and signature."""
        return {
            **content,
            "public_key": self.public_pem,
            "signature": self.signature(content),
        }


def make_key(path: Path) -> Signer:
    """
    Create a private key in a new file that only its owner can read.

    Raises:
        OSError: The file exists or can't be written.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Complete under its name at once: another process may be reading it.
    new = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(descriptor)
        os.link(new, path)
    finally:
        new.unlink(missing_ok=True)
    return Signer(key)


def check_key_file(path: Path) -> None:
    """
    Check, without ``cryptography``, that a private key exists and only its owner can read it.

    Raises:
        ConfigurationError: It does not, or it is not in PEM format.
    """
    where = f"STRICT_COOKIES_TRAIL_KEY is '{path}'"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        begins = path.read_bytes()[:27]
    except FileNotFoundError:
        raise ConfigurationError(
            f"{where}, which does not exist. Run 'flask cookies trail key' once."
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{where}, which can't be read: {error.strerror}. Check that this user owns the file."
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise ConfigurationError(
            f"{where}, whose mode {mode:04o} lets others read or change it. Run: chmod 600 "
            f"'{path}'. If others may have read it, run 'flask cookies trail key --rotate'."
        )
    if begins != b"-----BEGIN PRIVATE KEY-----":
        raise ConfigurationError(
            f"{where}, which is not a private key in PEM format (PKCS #8). Create one with 'flask "
            "cookies trail key'."
        )


def load_signer(path: Path) -> Signer:
    """Read a private key; raise ConfigurationError if it can't be used."""
    check_key_file(path)
    _require_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(
            f"STRICT_COOKIES_TRAIL_KEY is '{path}', which contains no Ed25519 key without a "
            "password. Create one with 'flask cookies trail key'."
        )
    return Signer(key)


def is_signed(signed: Mapping[str, Any], public_pem: str | None = None) -> bool:
    """
    Return whether a signature is valid.

    Without ``public_pem`` the key is the one in the content, which only proves that the content was
    not changed since.
    """
    _require_cryptography()
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


def is_checkpoint(point: Mapping[str, Any], public_pem: str | None = None) -> bool:
    """Return whether a checkpoint is signed as one; a signed head is not a checkpoint."""
    return point.get("format") == CHECKPOINT_FORMAT and is_signed(point, public_pem)


def describe_rotation(old: Signer, new: Signer) -> dict[str, str]:
    """Return the details of the event that replaces one key with another, signed by both."""
    content = {"format": ROTATION_FORMAT, "new_key": new.public_hex, "old_key": old.public_hex}
    return {
        **content,
        "new_signature": new.signature(content),
        "old_signature": old.signature(content),
    }


def is_rotation(details: Mapping[str, Any]) -> bool:
    """Return whether both signatures of a rotation are valid."""
    _require_cryptography()
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


def _require_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ModuleNotFoundError:
        raise ConfigurationError(
            "Signing heads of the trail requires the package cryptography, which is not installed. "
            "Run: pip install 'strict-cookies[audit]'"
        ) from None
