"""
Merge the changes of parallel requests to one session, key by key.

The later of two changes to one key wins, except for the messages of ``flask.flash``: these are
merged as a list, so that none is lost and none is shown twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .tagged import dump

#: Where ``flask.flash`` keeps its messages.
FLASHES = "_flashes"


def merge(
    base: Mapping[str, Any], mine: Mapping[str, Any], current: Mapping[str, Any]
) -> dict[str, Any]:
    """Return ``current`` with the changes that a request made from ``base`` to ``mine``."""
    merged = dict(current)
    for key in {**base, **mine}:
        if key in mine and key in base and _same(base[key], mine[key]):
            continue
        if key == FLASHES:
            messages = _merge_messages(base.get(key), mine.get(key), current.get(key))
            if messages:
                merged[key] = messages
            else:
                merged.pop(key, None)
        elif key in mine:
            merged[key] = mine[key]
        else:
            merged.pop(key, None)
    return merged


def _same(one: object, other: object) -> bool:
    """Compare as stored: ``1`` and ``True`` differ, and lists changed in place do too."""
    return dump({"": one}) == dump({"": other})


def _merge_messages(base: Any, mine: Any, current: Any) -> list[Any]:
    shown = list(base or ())
    added = list(mine or ())
    for message in list(shown):
        if message in added:
            added.remove(message)
            shown.remove(message)
    left = list(current or ())
    for message in shown:
        if message in left:
            left.remove(message)
    return left + added
