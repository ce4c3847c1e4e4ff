"""Take private files out of other users' reach."""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

logger = logging.getLogger("strict_cookies")


def restrict(path: Path, named: str) -> str | None:
    """
    Correct and log the permissions of a file, and of its directory, that let other users in.

    Args:
        path: Of a file that exists, or a symbolic link to one.
        named: What the log calls it.

    Returns:
        What can't be corrected, since another user owns the file or directory; None if all is well.
    """
    if os.name != "posix":
        return None
    for directory in {path.parent, path.resolve().parent}:
        mode = stat.S_IMODE(directory.stat().st_mode)
        # With the sticky bit, as in /tmp, only the owner of a file may replace it.
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            problem = _set_mode(
                directory, mode, mode & ~stat.S_IWOTH, f"The directory of the {named.lower()}"
            )
            if problem is not None:
                return problem
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        return _set_mode(path, mode, 0o600, named)
    return None


def _set_mode(path: Path, found: int, wanted: int, named: str) -> str | None:
    if path.stat().st_uid != os.geteuid():
        instead = ", or keep the file in a directory of its own below it" if path.is_dir() else ""
        return (
            f"the mode {found:04o} of '{path}' lets other users in, and this user does not own it. "
            f"Run as its owner: chmod {wanted:04o} '{path}'{instead}"
        )
    path.chmod(wanted)
    logger.warning(
        "%s '%s' had the mode %04o, which lets other users in; it is now %04o. If another user "
        "may have read or changed it, end all sessions.",
        named,
        path,
        found,
        wanted,
    )
    return None
