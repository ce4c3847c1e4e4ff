"""The settings of the trail, validated, as one frozen object."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .._util.durations import read_duration
from ..archive.open import DEFAULT_FILE, is_on_redis
from ..errors import ConfigurationError
from ..http.presets import OPT_OUT
from ..sessions.stores.sqlite import SQLiteStore
from .default_key import find_default_key
from .signing import check_key_file
from .timestamp_authority import require_client

#: How long entries are kept unless a site says otherwise.
RETENTION = timedelta(days=365)
#: Values of ``STRICT_COOKIES_SESSIONS`` that are not paths.
_WORDS = ("flask", "sqlite")
#: Seconds for which a head is cached, so that requests for it are cheap.
HEAD_SECONDS = 10


class TrailOptions(NamedTuple):
    """
    The settings for the trail.

    Attributes:
        kept: Whether there is a trail.
        key: The path of the key that signs heads; None if they are not signed.
        creates_key: Whether the key is created when it is first needed.
        retention: How long entries are kept.
        timestamps: The URL of the authority that stamps heads; None if they are not stamped.
    """

    kept: bool = True
    key: Path | None = None
    creates_key: bool = False
    retention: timedelta = RETENTION
    timestamps: str | None = None

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
                f"STRICT_COOKIES_TRAIL_KEY is of type {type(named).__name__}. Use a path, or "
                f"{OPT_OUT!r}."
            )
        key, creates_key = None, False
        if named is None and kept is None and _is_of_one_machine(config):
            key = find_default_key(_find_store(config["STRICT_COOKIES_SESSIONS"], directory))
            creates_key = key is not None
        elif named not in (None, OPT_OUT):
            key = Path(directory, named)
        is_expected = not creates_key or (key is not None and key.exists())
        if key is not None and kept is None and check_key and is_expected:
            check_key_file(key)
        return cls(
            kept=kept is None,
            key=key,
            creates_key=creates_key,
            retention=_read_days(config["STRICT_COOKIES_TRAIL_RETENTION"]),
            timestamps=_read_authority(config["STRICT_COOKIES_TRAIL_TIMESTAMPS"]),
        )


def _find_store(store: object, directory: str | os.PathLike[str]) -> Path:
    """Return the file of the trail, as :func:`~strict_cookies.archive.open.open_archive` does."""
    if isinstance(store, SQLiteStore):
        return store.path
    is_path = isinstance(store, os.PathLike) or (isinstance(store, str) and store not in _WORDS)
    return Path(directory, store if is_path else DEFAULT_FILE)  # type: ignore[arg-type]


def _is_of_one_machine(config: Mapping[str, Any]) -> bool:
    """Return whether the trail is in a local file, so that one machine's key can sign it."""
    if config.get("TESTING"):
        return False
    store = config["STRICT_COOKIES_SESSIONS"]
    if isinstance(store, str):
        return "://" not in store
    is_client = any(kind.__module__.partition(".")[0] == "redis" for kind in type(store).__mro__)
    return not is_client and not is_on_redis(store)


def _read_authority(given: object) -> str | None:
    if given in (None, OPT_OUT):
        return None
    try:
        parts = urlsplit(given) if isinstance(given, str) else None
        is_valid = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_valid = False
    if not is_valid or "@" in str(given):
        # The value may contain the key of an account.
        raise ConfigurationError(
            "STRICT_COOKIES_TRAIL_TIMESTAMPS is not a valid URL of a timestamp authority. Use one "
            f"such as 'https://tsa.example/', without a user name, or {OPT_OUT!r}."
        )
    require_client()
    return str(given)


def _read_days(given: object) -> timedelta:
    try:
        retention = given if isinstance(given, timedelta) else read_duration(str(given))
        if retention < timedelta(days=1) or retention % timedelta(days=1):
            raise ValueError(f"{given!r} is not a number of whole days. Use '365 days'.")
    except ValueError as error:
        raise ConfigurationError(f"STRICT_COOKIES_TRAIL_RETENTION: {error}") from None
    return retention
