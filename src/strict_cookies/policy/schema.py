"""
The sections of ``cookies.toml``: which keys each has, and what is said of them.

The loader reads the file by these tables, and ``scripts/write_policy_reference.py`` writes the
reference of the file from them. Whether an entry makes sense is for the entry itself to tell when
it is built, from the file or in Python alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

from . import preference, recipient
from . import web_storage as storage
from .cookie import SAMESITE, DeclaredCookie
from .countries import COUNTRIES
from .entry import MIN_PATTERN_LENGTH, Entry
from .external_origin import KINDS, ExternalOrigin
from .preference import DeclaredPreference
from .purposes import A_FEW_HOURS, Purpose
from .recipient import Recipient
from .value_types import FLAG, LANGUAGES, LIFETIME, LIST, STRING, STRINGS, TEXT, Form
from .web_storage import DeclaredStorage


class Key(NamedTuple):
    """
    One key of a section.

    Args:
        form: How its value is written.
        about: What it says, for who fills it in: Markdown, a sentence a line.
        words: What it may consist of; empty where that is no closed set.
    """

    form: Form
    about: str
    words: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """
    One kind of entry, written ``[[name]]``.

    Args:
        kind: What an entry becomes.
        plural: The argument of the policy that takes them.
        keys: Those that are needed come first.
        needed: Keys without which there is no entry.
        placeholders: What stands for a missing or unreadable key, so that the rest of its entry is
            still checked.
        mend: Changes the values of an entry so that a key of the second argument, which is missing
            or unreadable, causes no other mistake.
        hints: What to say to keys that people try, of other libraries or of the browser itself.
    """

    kind: type[Entry]
    plural: str
    keys: Mapping[str, Key]
    needed: tuple[str, ...]
    placeholders: Mapping[str, Any] = field(default_factory=dict)
    mend: Callable[[dict[str, Any], Collection[str]], None] = lambda values, unread: None
    hints: Mapping[str, str] = field(default_factory=dict)


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


_TRACKER_NAME = "The name of a [known tracker](policy.md#known-trackers) is refused."
_NOT_THE_TRACKER = Key(
    STRING,
    "Why it is not what its [name is known for](policy.md#known-trackers).\n"
    "It is for exact names, and has no effect on a pattern.",
)
_TITLE = Key(TEXT, "What visitors read first; the technical name comes after it.")
_PURPOSES = Key(
    STRINGS,
    "Why it is strictly necessary.\n"
    "Of several purposes the [strictest limit](policy.md#purposes-and-how-long-a-cookie-may-live) "
    "counts.",
    words=tuple(Purpose),
)
_WITHOUT_IT = Key(
    TEXT,
    "What visitors could not do if it were missing.\n"
    "If you can't fill in this key, the site probably does not need it.",
)

#: The keys of ``[site]``, which is there once and has no entry of its own kind.
SITE_KEYS: Mapping[str, Key] = {
    "name": Key(STRING, "The name of the site or product, in the heading of the declaration."),
    "controller": Key(STRING, "Who decides on the data: name and address."),
    "contact": Key(
        STRING,
        "Where questions about data go: a mail address or a URL.\nIt is printed as text.",
    ),
    "dpo": Key(STRING, "The contact of the data protection officer, where there is one."),
    "authority": Key(STRING, "The supervisory authority that takes complaints."),
    "privacy_url": Key(
        STRING,
        "The privacy notice, which the declaration links: a path on this site or an `https://` "
        "URL.",
    ),
    "languages": Key(
        LANGUAGES, "The languages that the texts are written in, the default one first."
    ),
    "jurisdictions": Key(
        STRINGS,
        'Whose law may be printed: [`"EU"`, `"UK"` and `"FR"`](policy.md#whose-law-is-printed) '
        "have one that the declaration knows.\n"
        "Any other word prints nothing; it is passed on in `declaration.json`.",
    ),
    "honours_gpc": Key(
        FLAG,
        "Whether the site promises to honour Global Privacy Control.\n"
        "It is a promise about selling and sharing data that no library can know, so it is never "
        "guessed.\n"
        "Where it is `true` when the application is put together, the declaration says so and "
        '`/.well-known/gpc.json` answers `{"gpc": true}`; otherwise there is no such address.',
    ),
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
            "name": Key(
                STRING,
                "The technical name, exact in case.\n"
                "A star at the end makes it a [pattern](policy.md#patterns), which fixes at least "
                f"{MIN_PATTERN_LENGTH} characters.\n"
                "A name that begins with a prefix such as `__Host-` is held to the rules of that "
                f"[prefix](glossary.md).\n{_TRACKER_NAME}",
            ),
            "title": _TITLE,
            "purposes": _PURPOSES,
            "description": Key(TEXT, "What the cookie does, in a sentence for visitors."),
            "without_it": _WITHOUT_IT,
            "lifetime": Key(
                LIFETIME,
                'The longest time that the browser may keep the cookie; `"session"` is until the '
                "browser closes.\n"
                "A cookie that is emitted with a longer `Max-Age` or `Expires` is shortened "
                "([SC126](reasons.md#sc126-lifetime-shortened-to-what-was-declared)).",
            ),
            "path": Key(
                STRING,
                "The widest path that the cookie is sent to, percent-encoded.\n"
                "A cookie that is emitted for a path within it stays; any other path, or none, "
                "becomes this one.",
            ),
            "domain": Key(
                STRING,
                "The domain whose hosts may share the cookie; without it, the cookie is "
                "host-only.\n"
                "The key allows a `Domain` attribute and does not add one; a `Domain` outside it "
                "is removed.\n"
                "Every host below that domain can then overwrite the cookie: leave the key out "
                "wherever you can.",
            ),
            "samesite": Key(
                STRING,
                "When the cookie is sent along with requests that other sites cause: never, when "
                "a link is followed, or always.\n"
                "A cookie that is emitted with a stricter value keeps it.",
                words=tuple(SAMESITE.values()),
            ),
            "script_readable": Key(
                FLAG,
                "Whether scripts in the page may read the cookie.\n"
                "With `false`, `HttpOnly` is added; with `true`, it is left as the application "
                "set it.",
            ),
            "partitioned": Key(
                FLAG,
                "Whether a browser keeps the cookie apart for each site that embeds this one "
                "(CHIPS).",
            ),
            "not_the_tracker": _NOT_THE_TRACKER,
        },
        needed=("name", "title", "purposes", "description", "without_it", "lifetime"),
        placeholders=_TEXT_STAND_INS,
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
            "name": Key(
                STRING,
                "The key, or the name of the database or cache, exact in case; at most "
                f"{storage.MAX_NAME_LENGTH} characters.\n"
                "A star at the end makes it a [pattern](policy.md#patterns), which fixes at least "
                f"{MIN_PATTERN_LENGTH} characters.\n{_TRACKER_NAME}\n"
                "Each kind has names of its own.",
            ),
            "kind": Key(
                STRING,
                f"Where it is kept: {', '.join(storage.STORAGE_NAMES.values())}, in this order.",
                words=get_args(storage.StorageKind),
            ),
            "title": _TITLE,
            "purposes": _PURPOSES,
            "description": Key(TEXT, "What it does, in a sentence for visitors."),
            "without_it": _WITHOUT_IT,
            "lifetime": Key(
                LIFETIME,
                "How long it stays.\n"
                '`sessionStorage` ends with its tab, so `"session"` is the only answer for it.\n'
                "No browser ends the other kinds by itself, so they need the time after which "
                "your own script erases the item: a promise of the site, held to the limit of the "
                "purposes.\n"
                "What serves a purpose that may live only until the browser closes belongs into "
                "`sessionStorage` or a cookie.",
            ),
            "not_the_tracker": _NOT_THE_TRACKER,
        },
        needed=("name", "kind", "title", "purposes", "description", "without_it", "lifetime"),
        placeholders=_TEXT_STAND_INS,
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
            "name": Key(
                STRING,
                "The name under which the application reads the choice: a letter, then letters, "
                "digits, `-` and `_`.",
            ),
            "title": Key(TEXT, "What visitors read first."),
            "choices": Key(
                LIST,
                "All that can be chosen: two texts or more, each of 1 to "
                f"{preference.MAX_CHOICE_LENGTH} characters.",
            ),
            "default": Key(STRING, "The one of the choices that counts until a visitor chooses."),
            "description": Key(TEXT, "What it changes, in a sentence for visitors."),
        },
        needed=("name", "title", "choices", "default", "description"),
        placeholders={"title": "-", "description": "-"},
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
            "name": Key(
                STRING,
                "The company or service, as visitors know it; at most "
                f"{recipient.MAX_NAME_LENGTH} characters.",
            ),
            "role": Key(TEXT, "What it is to the site."),
            "data": Key(TEXT, "What it gets."),
            "purpose": Key(
                TEXT,
                "What for, in a sentence for visitors.\n"
                "It is free text, since what is done on a server is not limited to the purposes "
                "of cookies.",
            ),
            "country": Key(
                STRINGS,
                'Where it handles the data: codes of ISO 3166-1, or `"EU"`.\n'
                "Visitors read the name of the country.",
                words=COUNTRIES,
            ),
            "safeguard": Key(
                TEXT,
                "What protects the data in a country outside the European Economic Area and the "
                "United Kingdom, for which it is needed: an adequacy decision, standard "
                "contractual clauses, binding corporate rules.\n"
                "Where no transfer law applies to the site, say so in this key.",
            ),
        },
        needed=("name", "role", "data", "purpose", "country"),
        placeholders={"role": "-", "data": "-", "purpose": "-", "country": ("EU",)},
        mend=_mend_recipient,
        hints={"origin": "Whom the browser itself talks to has an [[external_origin]]."},
    ),
    "external_origin": Section(
        kind=ExternalOrigin,
        plural="external_origins",
        keys={
            "origin": Key(
                STRING,
                "Scheme, host and, where it is not the usual one, port.\n"
                "Plain `http` and `ws` are for this machine only, such as a development server at "
                "`http://localhost:5173`.\n"
                "The host of a [known tracker](policy.md#known-trackers) is refused.",
            ),
            "kinds": Key(
                STRINGS,
                "What the browser may ask of it, each admitted by "
                "[one directive](policy.md#external_origin).\n"
                "A `wss` origin is for `connect` alone.",
                words=KINDS,
            ),
            "reason": Key(TEXT, "Why the site needs it, in a sentence for visitors."),
            "recipient": Key(
                STRING,
                "Who is behind it: the `name` of a `[[recipient]]`, which must be there.",
            ),
            "not_the_tracker": Key(
                STRING, "Why the host is not what it is [known for](policy.md#known-trackers)."
            ),
        },
        needed=("origin", "kinds", "reason", "recipient"),
        placeholders={"kinds": ("connect",), "reason": "-", "recipient": "-"},
        hints=dict.fromkeys(("domain", "host", "url"), 'Write origin = "https://...".'),
    ),
}
