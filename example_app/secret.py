"""The key that signs the session cookie: random, created once, readable only by its owner."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def load_or_create(directory: Path) -> str:
    """
    Read the key of this installation, or create it at the first start.

    Args:
        directory: The instance directory; it is created if it is missing.

    Returns:
        32 random bytes as hexadecimal text.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii")
    key = secrets.token_hex(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    return key
