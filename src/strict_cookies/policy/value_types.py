"""
The types that a value in ``cookies.toml`` can have, and their form in the published declaration.

A type knows the form of a value only. The entry itself checks whether the value makes sense when
it is built, from the file and in Python alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from .._util.durations import read_duration
from .entry import texts_by_language

#: A fragment of a JSON Schema.
JsonSchema = Mapping[str, Any]

#: Longest lifetime that is read from a declaration, in seconds, so that no number overflows.
_MAX_SECONDS = 10 * 366 * 86_400

_LANGUAGE_TAG = r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*"


class ValueType(NamedTuple):
    """
    How a value is written in ``cookies.toml`` and published in the declaration.

    Args:
        name: The name in the reference of the file, in a few words.
        wanted: What to write, for messages, after "write".
        convert: Convert a value from tomllib to the argument of an entry. It raises ValueError,
            with a message unless ``wanted`` says enough.
        schema: The JSON Schema of the value in the file (draft 7).
        published_schema: The JSON Schema of the value in the declaration (2020-12); a ``$ref``
            names a definition of the declaration's schema.
        to_json: Convert the argument of an entry to JSON. The second argument is the language of a
            text without a language tag.
        from_json: Convert JSON to the argument of an entry; raises TypeError or ValueError.
        placeholder: Replaces a missing or unreadable value, so that the rest of its entry is still
            checked.
    """

    name: str
    wanted: str
    convert: Callable[[object], Any]
    schema: JsonSchema
    published_schema: JsonSchema
    to_json: Callable[[Any, str], Any] = lambda value, language: value
    from_json: Callable[[Any], Any] = lambda value: value
    placeholder: Any = None

    def parse(self, value: object) -> Any:
        """
        Convert a value of the file to the argument of an entry.

        Args:
            value: As tomllib returns it.

        Raises:
            ValueError: The value has another type; the message says what to write.
        """
        try:
            return self.convert(value)
        except ValueError as error:
            raise ValueError(str(error) or f"write {self.wanted}.") from None


def any_case(word: str) -> str:
    """Return a regular expression for a word in any case; JSON Schema has no flag for it."""
    return "".join(
        f"[{char.upper()}{char.lower()}]" if char.isalpha() else re.escape(char) for char in word
    )


def _parse_string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _parse_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _parse_list(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError
    return tuple(value)


def _parse_strings(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else _parse_list(value)


def _parse_languages(value: object) -> tuple[str, ...]:
    languages = _parse_strings(value)
    if not languages or not all(re.fullmatch(_LANGUAGE_TAG, tag) for tag in languages):
        raise ValueError
    return languages


def _parse_text(value: object) -> str | Mapping[str, str]:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values()):
        return dict(value)
    raise ValueError


def _parse_lifetime(value: object) -> timedelta | None:
    return None if value == "session" else read_duration(_parse_string(value))


def _read_string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("one of its texts is not a text")
    return value


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is not true or false")
    return value


def _read_list(value: object) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise TypeError("it has another value in place of a list")
    return tuple(value)


def _read_strings(value: object) -> tuple[str, ...]:
    texts = _read_list(value)
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("one of its texts is not a text")
    return texts


def _read_languages(value: object) -> tuple[str, ...]:
    languages = _read_strings(value)
    if not languages:
        raise TypeError("it names no language")
    return languages


def _read_lifetime(value: Any) -> timedelta | None:
    seconds = value["max_age_seconds"]
    if seconds is None:
        return None
    if not 0 <= seconds <= _MAX_SECONDS:
        raise ValueError("its lifetime is out of range")
    return timedelta(seconds=seconds)


_NON_BLANK: JsonSchema = {"type": "string", "pattern": r"\S"}
_STRINGS_SCHEMA: JsonSchema = {"type": "array", "items": {"type": "string"}}
_TAG_SCHEMA: JsonSchema = {"type": "string", "pattern": f"^{_LANGUAGE_TAG}$"}
_UNITS = "|".join(map(any_case, ("second", "minute", "hour", "day")))
_LIST_WANTED = 'a list of texts: ["...", "..."]'

STRING = ValueType(
    name="text",
    wanted="text in quotes",
    convert=_parse_string,
    schema={"type": "string"},
    published_schema={"type": "string"},
    from_json=_read_string,
    placeholder="-",
)
FLAG = ValueType(
    name="true or false",
    wanted="true or false, without quotes",
    convert=_parse_flag,
    schema={"type": "boolean"},
    published_schema={"type": "boolean"},
    from_json=_read_flag,
)
LIST = ValueType(
    name="list of texts",
    wanted=_LIST_WANTED,
    convert=_parse_list,
    schema=_STRINGS_SCHEMA,
    published_schema=_STRINGS_SCHEMA,
    to_json=lambda value, language: list(value),
    from_json=_read_list,
)
STRINGS = ValueType(
    name="list of texts, or one text",
    wanted=_LIST_WANTED,
    convert=_parse_strings,
    schema={"anyOf": [{"type": "string"}, _STRINGS_SCHEMA]},
    published_schema=_STRINGS_SCHEMA,
    to_json=lambda value, language: list(value),
    from_json=_read_strings,
)
LANGUAGES = ValueType(
    name="list of language tags, or one",
    wanted='language tags, for example ["en", "de"]',
    convert=_parse_languages,
    schema={"anyOf": [_TAG_SCHEMA, {"type": "array", "items": _TAG_SCHEMA, "minItems": 1}]},
    published_schema={"type": "array", "items": _TAG_SCHEMA, "minItems": 1},
    to_json=lambda value, language: list(value),
    from_json=_read_languages,
)
TEXT = ValueType(
    name="text, or one for each language",
    wanted='text in quotes, or one for each language: { en = "...", de = "..." }',
    convert=_parse_text,
    schema={
        "anyOf": [
            _NON_BLANK,
            {"type": "object", "additionalProperties": _NON_BLANK, "minProperties": 1},
        ]
    },
    published_schema={"$ref": "#/$defs/texts"},
    to_json=texts_by_language,
    placeholder="-",
)
LIFETIME = ValueType(
    name='duration, or "session"',
    wanted="text in quotes",
    convert=_parse_lifetime,
    schema={
        "type": "string",
        "pattern": rf"^(session|\s*[0-9]{{1,9}}\s*({_UNITS})[Ss]?\s*)$",
        "examples": ["session", "4 hours", "30 days"],
    },
    published_schema={"$ref": "#/$defs/lifetime"},
    from_json=_read_lifetime,
)
