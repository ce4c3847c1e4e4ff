"""The settings of the trail, validated, as one frozen object."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from .._util.durations import read_duration
from ..errors import ConfigurationError
from ..http.presets import OPT_OUT
from .signing import check_key_file

#: How long entries are kept unless a site says otherwise.
RETENTION = timedelta(days=365)
#: Seconds for which a head is cached, so that requests for it are cheap.
HEAD_SECONDS = 10


class TrailOptions(NamedTuple):
    """
    The settings for the trail; ``key`` is the path of the key that signs heads, if they are signed.
    """

    kept: bool = True
    key: Path | None = None
    retention: timedelta = RETENTION

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], directory: str | os.PathLike[str], *, check_key: bool = True
    ) -> TrailOptions:
        """
        Read ``app.config``; ``directory`` is the base of a relative path of the key.

        Raises:
            ConfigurationError: A value is invalid, or the key can't be used.
        """
        kept = config["STRICT_COOKIES_TRAIL"]
        if kept not in (None, OPT_OUT):
            raise ConfigurationError(
                f"STRICT_COOKIES_TRAIL is {kept!r}. Use {OPT_OUT!r}, or remove it to keep a trail."
            )
        named = config["STRICT_COOKIES_TRAIL_KEY"]
        if named is not None and not isinstance(named, str | os.PathLike):
            raise ConfigurationError(
                f"STRICT_COOKIES_TRAIL_KEY is of type {type(named).__name__}. Use a path."
            )
        key = None if named is None else Path(directory, named)
        if key is not None and kept is None and check_key:
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
            raise ValueError(f"{given!r} is not a number of whole days. Use '365 days'.")
    except ValueError as error:
        raise ConfigurationError(f"STRICT_COOKIES_TRAIL_RETENTION: {error}") from None
    return retention
