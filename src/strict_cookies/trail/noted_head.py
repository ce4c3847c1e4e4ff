"""
The newest head that was signed here, in a file next to the key, outside the store.

With write access to the store alone, the application can't be made to sign a trail without it.
"""

from __future__ import annotations

import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

from .chain import Point, read_point

logger = logging.getLogger("strict_cookies")


class NotedHead:
    """The file ``<key>.head``: one line such as ``17:3f5c...``, only readable by its owner."""

    def __init__(self, key: Path) -> None:
        self.path = key.with_name(f"{key.name}.head")
        self._is_logged = False
        #: Kept in memory too, in case the file can't be written.
        self._newest: Point | None = None

    def read(self) -> Point | None:
        """Return the noted head; None if there is none, or if it can't be read."""
        try:
            noted = read_point(self.path.read_text("ascii").strip())
        except (OSError, ValueError):
            return self._newest
        if self._newest is None or noted.number > self._newest.number:
            return noted
        return self._newest

    def write(self, head: Point) -> None:
        """Note a head unless a newer one is noted; log once if the file can't be written."""
        noted = self.read()
        if noted is not None and noted.number >= head.number:
            return
        self._newest = head
        new = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{head}\n")
            os.replace(new, self.path)
        except OSError as error:
            with suppress(OSError):
                new.unlink()
            if not self._is_logged:
                self._is_logged = True
                logger.warning(
                    "The head of the audit trail can't be noted in '%s' (%s). Until this process "
                    "ends it is kept in memory: make the directory of the key writable.",
                    self.path,
                    error.strerror,
                )
