"""The settings of the trail, checked and turned into one frozen object."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from .._util.durations import read_duration
from ..errors import ConfigurationError
from ..http.presets import OPT_OUT

#: How long entries are kept unless a site says otherwise.
RETENTION = timedelta(days=365)
#: Seconds for which a head is given again, so that asking for it costs nothing.
HEAD_SECONDS = 10


class TrailOptions(NamedTuple):
    """
    What the application's configuration says of the trail.

    Args:
        kept: Whether there is one.
        key: Path of the private key that signs heads; None where they are not signed.
        retention: How long entries are kept.
    """

    kept: bool = True
    key: Path | None = None
    retention: timedelta = RETENTION

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], folder: str | os.PathLike[str], *, check_key: bool = True
    ) -> TrailOptions:
        """
        Read ``app.config``.

        Args:
            config: The application's.
            folder: What a relative path of the key is relative to: the instance folder.
            check_key: Whether the key has to be there.

        Raises:
            ConfigurationError: A value is not understood, or the key can't be used.
        """
        kept = config["STRICT_COOKIES_TRAIL"]
        if kept not in (None, OPT_OUT):
            raise ConfigurationError(
                f"STRICT_COOKIES_TRAIL is {kept!r}. Use {OPT_OUT!r}, or remove it to keep a trail."
            )
        named = config["STRICT_COOKIES_TRAIL_KEY"]
        if named is not None and not isinstance(named, str | os.PathLike):
            raise ConfigurationError(
                f"STRICT_COOKIES_TRAIL_KEY is of type {type(named).__name__}. Give a path."
            )
        key = None if named is None else Path(folder, named)
        if key is not None and kept is None and check_key:
            # Imported here, as other parts of the trail are, so that nobody pays who needs it not.
            from .signing import check_key_file

            check_key_file(key)
        return cls(
            kept=kept is None,
            key=key,
            retention=_read_days(config["STRICT_COOKIES_TRAIL_RETENTION"]),
        )


def _read_days(given: object) -> timedelta:
    try:
        retention = given if isinstance(given, timedelta) else read_duration(str(given))
        if retention < timedelta(days=1) or retention % timedelta(days=1):
            raise ValueError(f"{given!r} is no number of whole days. Write '365 days'.")
    except ValueError as error:
        raise ConfigurationError(f"STRICT_COOKIES_TRAIL_RETENTION: {error}") from None
    return retention
