"""
Notice changed settings between two starts, by a digest of each setting, never by its value.

The digests are a log of their own, so that only one of many workers records the change.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from .chain import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..archive.base import Archive, Entry

#: The prefix of the log of each part.
LOG = "trail-settings-"
#: Hexadecimal digits of a setting's digest.
DIGITS = 32
_SIMPLE = (str, int, float, type(None))


class _UnchangedError(Exception):
    """The last entry already contains what would be appended."""


def digest_settings(settings: Mapping[str, object]) -> dict[str, str]:
    """Return a digest of each setting, the same in every process."""
    return {
        name: hashlib.sha256(canonical(_plain(value))).hexdigest()[:DIGITS]
        for name, value in settings.items()
    }


def record_change(
    archive: Archive, record: Callable[..., object], part: str, settings: Mapping[str, object]
) -> bool:
    """
    Record that a part of the settings differs from what was recorded last; return whether it does.
    """
    digests = digest_settings(settings)
    data = canonical(digests)
    previous: Mapping[str, str] | None = None

    def make(last: Entry | None) -> bytes:
        nonlocal previous
        if last is not None and last.data == data:
            raise _UnchangedError
        previous = None if last is None else json.loads(last.data)
        return data

    log = f"{LOG}{part}"
    last = archive.last(log)
    if last is not None and last.data == data:
        return False
    try:
        entry = archive.append(log, make)
    except _UnchangedError:
        return False
    names = "first" if previous is None else ",".join(_differences(previous, digests))
    record("settings-changed", part=part, names=names, digest=hashlib.sha256(data).hexdigest())
    archive.cut(log, entry.number)
    return True


def _differences(previous: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*previous, *now} if previous.get(name) != now.get(name))


def _plain(value: object) -> object:
    """Convert a setting to plain data whose order does not depend on the process."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {field.name: _plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, _SIMPLE):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted(json.dumps(_plain(one), sort_keys=True) for one in value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    return f"{type(value).__module__}.{type(value).__qualname__}"
