"""
To which application a store belongs, and whether all its processes have one ``SECRET_KEY``.

Both are noted in the store when a process first uses its sessions: the name, and a keyed digest
that says nothing about the key.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from .._util.keys import code
from .._util.text import show
from ..errors import ConfigurationError
from ..reasons import Reason

if TYPE_CHECKING:
    from .._util.keys import SessionKeys
    from ..archive.base import Archive

logger = logging.getLogger("strict_cookies")

#: The shelf of the archive.
SHELF = "owner"


def claim_store(archive: Archive, name: str, keys: SessionKeys) -> None:
    """
    Note the owner of a store, and compare it with the one that is noted there.

    Args:
        archive: Next to the sessions.
        name: Of the application.
        keys: Of this process; if the store was last used with other keys, that is logged.

    Raises:
        ConfigurationError: The store belongs to another application.
        StoreUnavailableError: The store can't be read or written.
    """
    owner = archive.put_new(SHELF, "name", name.encode()).decode()
    if owner != name:
        raise ConfigurationError(
            f"The session store belongs to the application {show(owner)!r}, and this one is "
            f"{show(name)!r}: each could end the other's sessions. Give them different files, "
            "databases or prefixes; or, if they are one application, set STRICT_COOKIES_APP_NAME "
            "to the same text in both."
        )
    digests = [code(key, b"owner") for key in keys.derive("owner")]
    noted = archive.put_new(SHELF, "key", digests[0])
    if noted == digests[0]:
        return
    archive.put(SHELF, "key", digests[0])
    if noted not in digests:
        logger.error("%s. %s", Reason.OTHER_SECRET, Reason.OTHER_SECRET.remedy)
