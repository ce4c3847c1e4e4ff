"""Where the key that signs heads is, unless a site says otherwise."""

from __future__ import annotations

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path


def find_default_key(store: str | os.PathLike[str]) -> Path | None:
    """
    Return the path of the key of one trail, in this user's state directory.

    That is outside the store's directory, so write access to the store is not enough to sign.
    Source: XDG Base Directory Specification.

    Args:
        store: The file of the trail.

    Returns:
        None if nothing can be signed: ``cryptography`` is not installed, or the user has no home.
    """
    if find_spec("cryptography") is None:
        return None
    named = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_STATE_HOME")
    try:
        state = Path(named) if named else Path.home() / ".local" / "state"
    except RuntimeError:
        return None
    digest = hashlib.sha256(os.fsencode(Path(store).resolve())).hexdigest()
    return state / "strict-cookies" / digest[:12] / "trail.pem"
