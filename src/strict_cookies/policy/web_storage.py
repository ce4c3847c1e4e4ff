"""
One item of declared web storage: what a site's scripts keep in the browser besides cookies.

It has the same purposes and limits as a cookie, since the law is about any storage. The difference
is its end: ``sessionStorage`` ends with its tab; the other kinds never end by themselves, so their
lifetime is a promise of the site, whose own script erases them. The server can't see web storage;
a browser audit can.

Source: HTML Standard section 12; EDPB Guidelines 2/2023 for the scope; WP194 section 3.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal, get_args

from .._util.durations import say_duration
from .entry import TEXT_WANTED, NamedEntry, Text, Types, check_tracker_name
from .purposes import A_FEW_HOURS, Purpose, check_lifetime, parse_purposes, strictest_limit
from .section import (
    LIFETIME_HINTS,
    NAME_SCHEMA,
    PATTERN_HELP,
    TRACKER_NAME_HELP,
    Key,
    Published,
    Section,
    not_the_tracker_key,
    purposes_key,
    title_key,
    without_it_key,
)
from .value_types import LIFETIME, STRING, TEXT

#: ``localStorage``, ``sessionStorage``, IndexedDB and the Cache API.
StorageKind = Literal["local", "session", "indexeddb", "cache"]

#: The name of each kind in browsers and their documentation.
STORAGE_NAMES: Mapping[str, str] = {
    "local": "localStorage",
    "session": "sessionStorage",
    "indexeddb": "IndexedDB",
    "cache": "Cache API",
}
#: Longest name, in characters; a longer key is data, not a name.
MAX_NAME_LENGTH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredStorage(NamedEntry):
    """
    One item of web storage that the site strictly needs.

    Args:
        name: The key, or the name of the database or cache; printable, case-sensitive. A trailing
            ``*`` makes it a pattern.
        kind: ``"local"``, ``"session"``, ``"indexeddb"`` or ``"cache"``.
        title: What visitors read first, for example ``"Unsent order"``.
        purposes: One or more :class:`~strict_cookies.policy.purposes.Purpose` or their words; the
            strictest limit applies.
        description: What it does, for visitors.
        without_it: What visitors could not do without it.
        lifetime: None for ``sessionStorage``, which ends with its tab. For the other kinds the
            time after which the site's own script erases it, in whole seconds.
        not_the_tracker: Why it is not that of the known tracker with its name; not for patterns.

    Raises:
        PolicyError: Every mistake in the entry.
    """

    LABEL: ClassVar[str] = "Storage"
    UNIQUE_BY: ClassVar[tuple[str, ...]] = ("name", "kind")
    TEXTS: ClassVar[tuple[str, ...]] = ("title", "description", "without_it")
    TYPES: ClassVar[Types] = (
        (("name", "kind"), (str,), "text"),
        (TEXTS, (str, Mapping), TEXT_WANTED),
        (("purposes",), (str, tuple, list, set, frozenset), "a tuple of purposes"),
        (("lifetime",), (timedelta, type(None)), "a timedelta, or None for the tab's session"),
        (("not_the_tracker",), (str, type(None)), "text or None"),
    )

    name: str
    kind: StorageKind
    title: Text
    purposes: tuple[Purpose, ...]
    description: Text
    without_it: Text
    lifetime: timedelta | None = None
    not_the_tracker: str | None = None

    def _find_mistakes(self) -> list[str]:
        purposes, mistakes = parse_purposes(self.purposes)
        self._set("purposes", purposes)
        mistakes += _check_name(self)
        if self.kind not in get_args(StorageKind):
            words = ", ".join(map(repr, get_args(StorageKind)))
            return [*mistakes, f"kind is {self.kind!r}. Use one of {words}."]
        return [*mistakes, *_check_lifetime(self)]


def _check_name(storage: DeclaredStorage) -> list[str]:
    stem = storage.stem
    if "*" in stem:
        return ["only one star is allowed, at the end. Name the others in full."]
    if not stem.isprintable() or not stem.strip() or len(stem) > MAX_NAME_LENGTH:
        return [
            f"invalid name. Use 1 to {MAX_NAME_LENGTH} printable characters, as the "
            "script writes them."
        ]
    return check_tracker_name(
        stem,
        is_pattern=storage.is_pattern,
        fixed=len(stem),
        reason=storage.not_the_tracker,
        things="items",
    )


def _check_lifetime(storage: DeclaredStorage) -> list[str]:
    lifetime, purposes = storage.lifetime, storage.purposes
    if storage.kind == "session":
        if lifetime is None:
            return []
        return [
            f"lifetime is {say_duration(lifetime)}, but sessionStorage ends with its tab. "
            'Use lifetime = "session".'
        ]
    if not purposes:
        return []
    limit = strictest_limit(purposes)
    named = " and ".join(purposes)
    if limit is None:
        return [
            f"kind is {storage.kind!r}, which no browser ends by itself, but an item for {named} "
            'may live only until the browser closes (WP194 section 3). Use kind = "session", or a '
            "cookie."
        ]
    if lifetime is None:
        return [
            f"lifetime is 'session', but no browser ends {STORAGE_NAMES[storage.kind]} by itself. "
            "Write the time after which your own script erases it, at most "
            f'{say_duration(limit)}; or use kind = "session".'
        ]
    return check_lifetime(lifetime, purposes, "storage")


def _suppress_storage(values: dict[str, Any], unread: Collection[str]) -> None:
    kind = values.setdefault("kind", "session")
    if {"kind", "lifetime"} & set(unread) or ("purposes" in unread and kind != "session"):
        values["lifetime"] = None if kind == "session" else A_FEW_HOURS


#: The section ``[[storage]]``.
STORAGE = Section(
    kind=DeclaredStorage,
    argument="storage",
    intro="Other storage of scripts in the browser has an entry, too.",
    keys={
        "name": Key(
            type=STRING,
            summary="The key, or the name of the database or cache; a * at its end matches any "
            "characters.",
            details=f"It is case-sensitive, and has at most {MAX_NAME_LENGTH} characters.\n"
            f"{PATTERN_HELP}\n{TRACKER_NAME_HELP}\n"
            "The same name may be declared once for each kind.",
            example='"draft-*"',
            required=True,
            limits={"pattern": r"^[^*]*\S[^*]*\*?$", "maxLength": MAX_NAME_LENGTH + 1},
            published=Published(schema=NAME_SCHEMA),
        ),
        "kind": Key(
            type=STRING,
            summary=f"Where it is kept: {', '.join(STORAGE_NAMES.values())}, in this order.",
            example='"local"',
            required=True,
            words=get_args(StorageKind),
        ),
        "title": title_key('"Unsent order"'),
        "purposes": purposes_key(),
        "description": Key(
            type=TEXT,
            summary="What it does, in a sentence for visitors.",
            example='"Keeps an order that you have not sent yet."',
            required=True,
        ),
        "without_it": without_it_key('"You would have to type it again."'),
        "lifetime": Key(
            type=LIFETIME,
            summary='How long it stays: "session" for sessionStorage; for the other kinds the '
            "time after which your own script erases it.",
            details="`sessionStorage` ends with its tab.\n"
            "No browser ends the other kinds by itself, so the time is a promise of the site, "
            "within the limit of the purposes.\n"
            "An item with a purpose that allows nothing longer than the browser's session "
            "belongs in `sessionStorage` or a cookie.",
            example='"4 hours"',
            required=True,
            published=Published(composed=True),
        ),
        "not_the_tracker": not_the_tracker_key(
            '"The list of our own gas cylinders"\nname = "_gcl_ls"',
            "Why the item is not that of the known tracker with its name.",
            "See [known trackers](policy.md#known-trackers).\n"
            "It is for exact names, and has no effect on a pattern.",
        ),
    },
    hints={
        **LIFETIME_HINTS,
        "key": 'Write name = "...".',
        "type": 'Write kind = "local", "session", "indexeddb" or "cache".',
    },
    suppress_followups=_suppress_storage,
)
