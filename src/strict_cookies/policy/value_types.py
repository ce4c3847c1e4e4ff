"""
The forms that a value in ``cookies.toml`` may have: what each is called, and how it is read.

Only the form is known here. Whether a value makes sense is for the entry itself to tell when it is
built, from the file or in Python alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._util.durations import read_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """
    How a value is written.

    Args:
        name: What the reference of the file calls it, in a few words.
        wanted: What to write, for messages: it follows "write".
        convert: Gives what an entry is built from; a ValueError says what to do, or nothing where
            ``wanted`` says it all.
    """

    name: str
    wanted: str
    convert: Callable[[object], Any]

    def read(self, value: object) -> Any:
        """
        Read a value.

        Args:
            value: As tomllib gives it.

        Raises:
            ValueError: It has another form; the message says what to write.
        """
        try:
            return self.convert(value)
        except ValueError as error:
            raise ValueError(str(error) or f"write {self.wanted}.") from None


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _list(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError
    return tuple(value)


def _strings(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else _list(value)


def _languages(value: object) -> tuple[str, ...]:
    languages = _strings(value)
    if not languages or any(
        not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) for tag in languages
    ):
        raise ValueError
    return languages


def _text(value: object) -> str | Mapping[str, str]:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values()):
        return dict(value)
    raise ValueError


def _lifetime(value: object) -> object:
    return None if value == "session" else read_duration(_string(value))


_LIST_WANTED = 'a list of texts: ["...", "..."]'

STRING = Form(name="text", wanted="text in quotes", convert=_string)
FLAG = Form(name="true or false", wanted="true or false, without quotes", convert=_flag)
LIST = Form(name="list of texts", wanted=_LIST_WANTED, convert=_list)
STRINGS = Form(name="list of texts, or one text", wanted=_LIST_WANTED, convert=_strings)
LANGUAGES = Form(
    name="list of language tags, or one",
    wanted='language tags, for example ["en", "de"]',
    convert=_languages,
)
TEXT = Form(
    name="text, or one for each language",
    wanted='text in quotes, or one for each language: { en = "...", de = "..." }',
    convert=_text,
)
LIFETIME = Form(name='duration, or "session"', wanted="text in quotes", convert=_lifetime)
