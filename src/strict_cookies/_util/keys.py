"""
Keys that are derived from the application's secret, each for one use only.

A key is rotated by moving the old secret to the fallbacks: the newest key signs, the others only
verify. Keys are always ordered newest first.
"""

from __future__ import annotations

import hmac
import sys
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from flask import Flask

#: Beginnings of the names that mod_wsgi and uWSGI give to the module of a file: they differ from
#: those of other processes, and mod_wsgi's depends on the path.
_SERVERS = ("_mod_wsgi_", "uwsgi_file_")
#: Bytes of a derived key: the digest size of SHA-256.
KEY_BYTES = 32


class SessionKeys:
    """
    Derive keys from the application's secrets.

    Args:
        secret: The current secret, text or bytes, which signs.
        fallbacks: Previous secrets, which only verify; their order does not matter.
        name: Of the application; another application with the same secret has other keys.

    Raises:
        ValueError: The secret is empty.
    """

    def __init__(
        self, secret: str | bytes, fallbacks: Sequence[str | bytes] = (), name: str = ""
    ) -> None:
        if not secret:
            raise ValueError("SECRET_KEY is empty, but every key is derived from it. Set it.")
        self._secrets = tuple(map(_to_bytes, (secret, *fallbacks)))
        self._name = name

    @classmethod
    def of(cls, app: Flask) -> SessionKeys:
        """Return the keys of an application; raise ValueError if it has no ``SECRET_KEY``."""
        fallbacks = app.config["SECRET_KEY_FALLBACKS"] or ()
        return cls(app.config["SECRET_KEY"], fallbacks, name_of(app))

    def __repr__(self) -> str:
        """Show the number of secrets, never a secret."""
        return f"<SessionKeys {len(self._secrets)}>"

    def derive(self, use: str) -> tuple[bytes, ...]:
        """
        Return the keys for one use, newest first.

        Args:
            use: The purpose of the key; keys for different purposes are independent.
        """
        context = f"strict-cookies {len(self._name)}:{self._name} {use}".encode()
        return tuple(hmac.digest(secret, context, "sha256") for secret in self._secrets)


def name_of(app: Flask) -> str:
    """
    Return the name that separates an application from others: the setting, or Flask's.

    Raises:
        ConfigurationError: The setting is not a text.
    """
    name = app.config.get("STRICT_COOKIES_APP_NAME")
    if name is None:
        return _find_name(app)
    if not isinstance(name, str) or not name:
        raise ConfigurationError(
            f"STRICT_COOKIES_APP_NAME is of type {type(name).__name__} or empty. Use a short text."
        )
    return name


def _find_name(app: Flask) -> str:
    """Return Flask's name, but the file's for a module that a server named as it likes."""
    if app.import_name.startswith(_SERVERS):
        path = getattr(sys.modules.get(app.import_name), "__file__", None)
        if path:
            return Path(path).stem
    return app.name


def code(key: bytes, text: bytes, size: int = KEY_BYTES) -> bytes:
    """
    Return the keyed BLAKE2b digest of a text, in a third of the time of HMAC.

    Args:
        key: One of :meth:`SessionKeys.derive`.
        text: Any bytes.
        size: The size of the digest in bytes.

    Source: RFC 7693 section 2.9.
    """
    return blake2b(text, key=key, digest_size=size).digest()


def _to_bytes(secret: str | bytes) -> bytes:
    return secret.encode("utf-8") if isinstance(secret, str) else bytes(secret)
