"""
JSON that round-trips the types of Flask's session, and no others.

A value without a JSON type becomes an object with one key that begins with a space. As in Flask's
own session, keys of mappings become text, a named tuple becomes a tuple and a dataclass a mapping.
Nothing is ever unpickled.
"""

from __future__ import annotations

import dataclasses
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from markupsafe import Markup

#: Immutable types that need no tag.
_ATOMS = frozenset({str, int, float, bool, type(None)})
#: Further immutable types; a tuple may contain something mutable.
IMMUTABLE = _ATOMS | {bytes, Markup, UUID, datetime, date, Decimal}

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode


def dump(data: Mapping[str, Any]) -> bytes:
    """
    Write a session's data as ASCII JSON; equal data in equal order give equal bytes.

    Raises:
        TypeError: A value has a type that does not round-trip; the message names key and type.
    """
    tagged: dict[Any, Any] = {}
    for key, value in data.items():
        try:
            tagged[key] = value if type(value) in _ATOMS else _tag(value)
        except _UnknownTypeError as error:
            raise TypeError(
                f"session[{key!r}] holds a {error}, which can't be kept between requests. Store "
                "text, numbers, lists, mappings or an identifier of it."
            ) from None
    return _encode(_escape(tagged)).encode("ascii")


def load(text: bytes) -> Any:
    """Read what :func:`dump` wrote, or any JSON around it; raise ValueError if it is invalid."""
    decoded = text.decode("ascii")
    # Without this no object can be a tag, and none needs to be looked at.
    scan = _scan_tagged if '{" ' in decoded else _scan
    try:
        return scan(decoded, 0)[0]
    except (StopIteration, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError):
        raise ValueError("no JSON, or a tag with another value than its own") from None


class _UnknownTypeError(Exception):
    """The name of a type that has no tag."""


def _tag(value: Any) -> Any:
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is dict:
        return _escape({key: _tag(one) for key, one in value.items()})
    if kind is list:
        return [_tag(one) for one in value]
    for kinds, name, write in _WRITERS:
        if isinstance(value, kinds):
            return {name: write(value)}
    return _tag_subclass(value)


def _tag_subclass(value: Any) -> Any:
    """Write a value that behaves like a plain type."""
    if hasattr(value, "__html__"):
        return {" m": str(value.__html__())}
    if isinstance(value, dict):
        return _escape({key: _tag(one) for key, one in value.items()})
    if isinstance(value, list):
        return [_tag(one) for one in value]
    if isinstance(value, (str, int, float)):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _tag(dataclasses.asdict(value))
    raise _UnknownTypeError(type(value).__name__)


def _escape(tagged: dict[Any, Any]) -> dict[Any, Any]:
    """Keep an object that looks like a tag from being read as one."""
    if len(tagged) == 1:
        ((key, value),) = tagged.items()
        if isinstance(key, str) and key[:1] == " ":
            return {" o": [key, value]}
    return tagged


def _untag(found: dict[str, Any]) -> Any:
    if len(found) == 1:
        ((key, value),) = found.items()
        read = _READERS.get(key)
        if read is not None:
            return read(value)
    return found


#: Types with their tag and how they are written; a datetime is a date too, so it comes first.
_WRITERS: tuple[tuple[type | tuple[type, ...], str, Callable[[Any], Any]], ...] = (
    (tuple, " t", lambda value: [_tag(one) for one in value]),
    ((bytes, bytearray), " b", lambda value: b64encode(value).decode("ascii")),
    (UUID, " u", lambda value: value.hex),
    (datetime, " d", datetime.isoformat),
    (date, " y", date.isoformat),
    (Decimal, " n", str),
)
_READERS: dict[str, Callable[[Any], Any]] = {
    " t": tuple,
    " b": lambda value: b64decode(value, validate=True),
    " m": Markup,
    " u": UUID,
    " d": datetime.fromisoformat,
    " y": date.fromisoformat,
    " n": Decimal,
    " o": lambda pair: {pair[0]: pair[1]},
}

#: The decoder's own step, without looking for white space around what was written without it.
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_scan_tagged = json.JSONDecoder(object_hook=_untag).scan_once  # type: ignore[attr-defined]
