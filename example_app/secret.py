"""The key that signs the session's cookie: random, made once, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def load_or_create(folder: Path) -> str:
    """
    Read the key of this installation, or make one at the first start.

    Args:
        folder: The instance folder; it is made where it is missing.

    Returns:
        32 random bytes as hexadecimal text.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "secret_key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii")
    key = secrets.token_hex(32)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key)
    return key
