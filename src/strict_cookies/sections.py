"""
The sections of ``cookies.toml``: which keys each has, and how a value is read.

Only the form is known here. Whether an entry makes sense is for the entry itself to tell when it is
built, from the file or in Python alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from .cookie import DeclaredCookie
from .durations import read_duration
from .entry import Entry
from .external_origin import ExternalOrigin
from .preference import DeclaredPreference
from .purposes import A_FEW_HOURS
from .recipient import Recipient
from .storage import DeclaredStorage

#: Reads the value of a key; a ValueError says what to write instead.
Reader = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """
    One kind of entry, written ``[[name]]``.

    Args:
        kind: What an entry becomes.
        plural: The argument of the policy that takes them.
        keys: Each key with its reader; those that are needed come first.
        needed: Keys without which there is no entry.
        stand_ins: What stands for a missing or unreadable key, so that the rest of its entry is
            still checked.
        mend: Changes the values of an entry so that a key of the second argument, which is missing
            or unreadable, causes no other mistake.
        hints: What to say to keys that people try, of other libraries or of the browser itself.
    """

    kind: type[Entry]
    plural: str
    keys: Mapping[str, Reader]
    needed: tuple[str, ...]
    stand_ins: Mapping[str, Any] = field(default_factory=dict)
    mend: Callable[[dict[str, Any], Collection[str]], None] = lambda values, unread: None
    hints: Mapping[str, str] = field(default_factory=dict)


def _read_string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("write text in quotes.")
    return value


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false, without quotes.")
    return value


def _read_list(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError('write a list of texts: ["...", "..."].')
    return tuple(value)


def _read_strings(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else _read_list(value)


def _read_languages(value: object) -> tuple[str, ...]:
    languages = _read_strings(value)
    if not languages or any(
        not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) for tag in languages
    ):
        raise ValueError('write language tags, for example ["en", "de"].')
    return languages


def _read_text(value: object) -> str | Mapping[str, str]:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values()):
        return dict(value)
    raise ValueError('write text in quotes, or one for each language: { en = "...", de = "..." }.')


def _read_lifetime(value: object) -> object:
    if value == "session":
        return None
    return read_duration(_read_string(value))


def _mend_cookie(values: dict[str, Any], unread: Collection[str]) -> None:
    if "purposes" in unread:
        # Without its purposes a lifetime has no limit that it could be held to.
        values.pop("lifetime", None)
    if "samesite" in unread:
        values.pop("partitioned", None)


def _mend_recipient(values: dict[str, Any], unread: Collection[str]) -> None:
    if "safeguard" in unread:
        values["safeguard"] = "-"


def _mend_storage(values: dict[str, Any], unread: Collection[str]) -> None:
    kind = values.setdefault("kind", "session")
    if {"kind", "lifetime"} & set(unread) or ("purposes" in unread and kind != "session"):
        values["lifetime"] = None if kind == "session" else A_FEW_HOURS


def _mend_preference(values: dict[str, Any], unread: Collection[str]) -> None:
    if "choices" in unread:
        values.update(choices=("-", "--"), default="-")
    elif "default" in unread:
        values["default"] = next(iter(values["choices"]), "-")


#: The keys of ``[site]``, which is there once and has no entry of its own kind.
SITE_KEYS: Mapping[str, Reader] = {
    "name": _read_string,
    "controller": _read_string,
    "contact": _read_string,
    "dpo": _read_string,
    "authority": _read_string,
    "privacy_url": _read_string,
    "languages": _read_languages,
    "jurisdictions": _read_strings,
    "honours_gpc": _read_flag,
}

_LIFETIME_HINT = 'Write lifetime = "4 hours", or "session".'
_LIFETIME_HINTS = dict.fromkeys(("expires", "max-age", "max_age"), _LIFETIME_HINT)
_TEXT_STAND_INS = {"title": "-", "description": "-", "without_it": "-", "purposes": ("security",)}

#: Every kind of entry by the name of its section, in the order of the flow of a declaration.
SECTIONS: Mapping[str, Section] = {
    "cookie": Section(
        kind=DeclaredCookie,
        plural="cookies",
        keys={
            "name": _read_string,
            "title": _read_text,
            "purposes": _read_strings,
            "description": _read_text,
            "without_it": _read_text,
            "lifetime": _read_lifetime,
            "path": _read_string,
            "domain": _read_string,
            "samesite": _read_string,
            "script_readable": _read_flag,
            "partitioned": _read_flag,
            "not_the_tracker": _read_string,
        },
        needed=("name", "title", "purposes", "description", "without_it", "lifetime"),
        stand_ins=_TEXT_STAND_INS,
        mend=_mend_cookie,
        hints={
            **_LIFETIME_HINTS,
            "category": "Write purposes = [...].",
            "http_only": "It is always on; script_readable = true takes it off.",
            "httponly": "It is always on; script_readable = true takes it off.",
            "secure": "It is always on.",
        },
    ),
    "storage": Section(
        kind=DeclaredStorage,
        plural="storage",
        keys={
            "name": _read_string,
            "kind": _read_string,
            "title": _read_text,
            "purposes": _read_strings,
            "description": _read_text,
            "without_it": _read_text,
            "lifetime": _read_lifetime,
            "not_the_tracker": _read_string,
        },
        needed=("name", "kind", "title", "purposes", "description", "without_it", "lifetime"),
        stand_ins=_TEXT_STAND_INS,
        mend=_mend_storage,
        hints={
            **_LIFETIME_HINTS,
            "category": "Write purposes = [...].",
            "key": 'Write name = "...".',
            "type": 'Write kind = "local", "session", "indexeddb" or "cache".',
        },
    ),
    "preference": Section(
        kind=DeclaredPreference,
        plural="preferences",
        keys={
            "name": _read_string,
            "title": _read_text,
            "choices": _read_list,
            "default": _read_string,
            "description": _read_text,
        },
        needed=("name", "title", "choices", "default", "description"),
        stand_ins={"title": "-", "description": "-"},
        mend=_mend_preference,
        hints={
            **dict.fromkeys(
                ("expires", "lifetime", "max-age", "max_age"),
                "A preference ends with its session.",
            ),
            "options": 'Write choices = ["...", "..."].',
            "values": 'Write choices = ["...", "..."].',
        },
    ),
    "recipient": Section(
        kind=Recipient,
        plural="recipients",
        keys={
            "name": _read_string,
            "role": _read_text,
            "data": _read_text,
            "purpose": _read_text,
            "country": _read_strings,
            "safeguard": _read_text,
        },
        needed=("name", "role", "data", "purpose", "country"),
        stand_ins={"role": "-", "data": "-", "purpose": "-", "country": ("EU",)},
        mend=_mend_recipient,
        hints={"origin": "Whom the browser itself talks to has an [[external_origin]]."},
    ),
    "external_origin": Section(
        kind=ExternalOrigin,
        plural="external_origins",
        keys={
            "origin": _read_string,
            "kinds": _read_strings,
            "reason": _read_text,
            "recipient": _read_string,
            "not_the_tracker": _read_string,
        },
        needed=("origin", "kinds", "reason", "recipient"),
        stand_ins={"kinds": ("connect",), "reason": "-", "recipient": "-"},
        hints=dict.fromkeys(("domain", "host", "url"), 'Write origin = "https://...".'),
    ),
}
