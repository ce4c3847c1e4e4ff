"""
The compiled settings as the audit trail compares them, by part and name.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .settings import Settings


def describe_settings(
    settings: Settings, *, headers: object, policy_hash: str
) -> dict[str, dict[str, object]]:
    """
    Return the compiled settings by part and name.

    Args:
        settings: The settings of the application.
        headers: The header options of an ordinary response.
        policy_hash: The hash of the declaration's content.
    """
    sessions = settings.sessions
    return {
        "policy": {"declaration": policy_hash},
        "headers": _fields(headers),
        # Only the kind of the store: its address may contain a password.
        "sessions": {**_fields(sessions), "store": _kind_of(sessions.store)},
        "protection": {
            name: value
            for name, value in _fields(settings).items()
            if name not in ("headers", "sessions", "trail")
        },
        "trail": {
            "retention": settings.trail.retention,
            "signed": settings.trail.key is not None,
            # Not its address, which may contain the key of an account.
            "stamped": settings.trail.timestamps is not None,
        },
    }


def _fields(record: Any) -> dict[str, object]:
    """Return the fields of a named tuple or a dataclass."""
    if isinstance(record, tuple):
        return record._asdict()  # type: ignore[attr-defined, no-any-return]
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _kind_of(store: object) -> str:
    if store is None or isinstance(store, str):
        text = str(store)
        return text.partition(":")[0] if ":" in text else text
    return type(store).__qualname__
