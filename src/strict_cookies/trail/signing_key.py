"""The file of the key that signs heads, and the head that was noted next to it."""

from __future__ import annotations

import logging
from pathlib import Path

from .noted_head import NotedHead
from .signing import Signer, load_signer, make_key

logger = logging.getLogger("strict_cookies")


class SigningKey:
    """
    The key of a trail.

    Args:
        path: None if heads are not signed.
        creates: Whether a key that is missing is created.
    """

    def __init__(self, path: Path | None, *, creates: bool = False) -> None:
        self.path = path
        self.noted = None if path is None else NotedHead(path)
        self._creates = creates
        self._signer: tuple[int, Signer] | None = None

    @property
    def is_there(self) -> bool:
        """Whether heads are signed; a key that is created by itself must be there."""
        return self.path is not None and (not self._creates or self.path.exists())

    def signer(self) -> Signer | None:
        """
        Return the signer; the key is read again after its file has changed.

        Raises:
            ConfigurationError: The key can't be used.
        """
        if self.path is None:
            return None
        try:
            changed_at = self.path.stat().st_mtime_ns
        except OSError:
            if self._creates:
                return None
            changed_at = -1
        if self._signer is None or self._signer[0] != changed_at:
            self._signer = changed_at, load_signer(self.path)
        return self._signer[1]

    def is_due(self) -> bool:
        """Return whether the key is to be created."""
        return self.path is not None and self._creates and not self.path.exists()

    def give_up(self, why: str) -> None:
        """Sign no more, and log why."""
        path, self.path, self.noted = self.path, None, None
        logger.warning("Heads of the audit trail are not signed: %s", why.format(path=path))

    def create(self) -> Signer | None:
        """
        Create the key, and return its signer; None if another process has just done so.

        If the key can't be written, that is logged, and heads are no longer signed.
        """
        path = self.path
        if path is None:
            return None
        try:
            signer = make_key(path)
        except FileExistsError:
            return None  # another process has just created it
        except OSError as error:
            self.give_up(
                f"the key can't be created at '{{path}}' ({error.strerror}). Set "
                "STRICT_COOKIES_TRAIL_KEY to another path."
            )
            return None
        logger.info("Created the key that signs the heads of the audit trail: '%s'.", path)
        return signer
