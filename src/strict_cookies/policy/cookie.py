"""
One declared cookie, validated when it is created.

Each entry names its purposes, whose strictest limit applies. A name that the catalogue knows as a
tracker is refused unless the entry says why it is something else.

Source: RFC 6265bis sections 4.1.1 to 4.1.3; WP194 section 3 for the limits.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from .._util.urls import is_host_name
from ..http.cookies import MAX_ATTRIBUTE_BYTES, NAME_PREFIXES, is_token, name_prefix
from .entry import MIN_PATTERN_LENGTH, TEXT_WANTED, NamedEntry, Text, Types, check_tracker_name
from .purposes import Purpose, check_lifetime, parse_purposes
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
from .value_types import FLAG, LIFETIME, STRING, TEXT

SAMESITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
#: A path as browsers compare it: percent-encoded, without query and fragment.
_PATH = r"/[!\"$-:<->@-~]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredCookie(NamedEntry):
    """
    One cookie that the site strictly needs.

    Args:
        name: A token, case-sensitive; a trailing ``*`` makes it a pattern.
        title: What visitors read first, for example ``"Form protection"``.
        purposes: One or more :class:`~strict_cookies.policy.purposes.Purpose` or their words; the
            strictest limit applies.
        description: What the cookie does, for visitors.
        without_it: What visitors could not do without it.
        lifetime: Longest time in the browser, in whole seconds; None means until the browser
            closes.
        path: The widest path; a cookie set for a path within it keeps that path, any other path is
            replaced by this one.
        domain: Only if sibling hosts must share the cookie; None means host-only.
        samesite: ``"Strict"``, ``"Lax"`` or ``"None"``; a cookie set with a stricter value keeps
            it.
        script_readable: Whether scripts may read it, so that HttpOnly is not added.
        partitioned: Whether browsers keep it separately for each embedding site (CHIPS).
        not_the_tracker: Why it is not that of the known tracker with its name; not for patterns.

    Raises:
        PolicyError: Every mistake in the entry.

    Source: RFC 6265bis sections 4.1.2 and 4.1.3.
    """

    LABEL: ClassVar[str] = "Cookie"
    TEXTS: ClassVar[tuple[str, ...]] = ("title", "description", "without_it")
    TYPES: ClassVar[Types] = (
        (("name", "path", "samesite"), (str,), "text"),
        (("domain", "not_the_tracker"), (str, type(None)), "text or None"),
        (TEXTS, (str, Mapping), TEXT_WANTED),
        (("purposes",), (str, tuple, list, set, frozenset), "a tuple of purposes"),
        (("lifetime",), (timedelta, type(None)), "a timedelta, or None for the browser's session"),
        (("script_readable", "partitioned"), (bool,), "True or False"),
    )

    name: str
    title: Text
    purposes: tuple[Purpose, ...]
    description: Text
    without_it: Text
    lifetime: timedelta | None = None
    path: str = "/"
    domain: str | None = None
    samesite: str = "Lax"
    script_readable: bool = False
    partitioned: bool = False
    not_the_tracker: str | None = None

    def _find_mistakes(self) -> list[str]:
        purposes, mistakes = parse_purposes(self.purposes)
        self._set("purposes", purposes)
        spelling = SAMESITE.get(self.samesite.lower())
        if spelling is None:
            mistakes.append(f"samesite is {self.samesite!r}. Use 'Strict', 'Lax' or 'None'.")
        self._set("samesite", spelling or self.samesite)
        if self.domain is not None:
            self._set("domain", self.domain.removeprefix(".").lower())
        mistakes += _check_name(self)
        mistakes += check_lifetime(self.lifetime, self.purposes, "a cookie")
        return [*mistakes, *_check_scope(self), *_check_prefix(self)]


def _check_name(cookie: DeclaredCookie) -> list[str]:
    stem = cookie.stem
    if "*" in stem:
        return ["only one star is allowed, at the end. Name the others in full."]
    if not is_token(stem) or stem in NAME_PREFIXES:
        return [
            "the name is not a token. Use letters, digits and !#$%&'+-.^_`|~ only, "
            "and more than a prefix (RFC 6265bis section 4.1.1)."
        ]
    if cookie.is_pattern and any(
        prefix.lower().startswith(stem.lower()) for prefix in NAME_PREFIXES
    ):
        return [
            "the pattern would cover names with a prefix such as __Host-, which has rules of "
            f"its own. Spell the prefix out, and fix at least {MIN_PATTERN_LENGTH} characters "
            "after it."
        ]
    return check_tracker_name(
        stem,
        is_pattern=cookie.is_pattern,
        fixed=len(stem) - len(name_prefix(stem) or ""),
        reason=cookie.not_the_tracker,
        things="cookies",
    )


def _check_scope(cookie: DeclaredCookie) -> list[str]:
    mistakes = []
    if re.fullmatch(_PATH, cookie.path) is None or len(cookie.path) > MAX_ATTRIBUTE_BYTES:
        mistakes.append(
            f"path is {cookie.path!r}. Begin with '/', and write it as browsers send it: "
            "percent-encoded, without ';', '?', '#' and spaces."
        )
    if cookie.domain is not None and not is_host_name(cookie.domain):
        mistakes.append(
            f"domain is {cookie.domain!r}, which no browser accepts as one that hosts can share. "
            "Use a name with a dot such as 'example.com', or remove domain for a host-only cookie."
        )
    if cookie.partitioned and cookie.samesite in ("Strict", "Lax"):
        mistakes.append(
            f"partitioned is true, but samesite is {cookie.samesite!r}, so no embedding site could "
            'use it. Set samesite = "None" or remove partitioned.'
        )
    return mistakes


def _check_prefix(cookie: DeclaredCookie) -> list[str]:
    prefix = name_prefix(cookie.name)
    if prefix is None:
        return []
    mistakes = []
    if not cookie.name.startswith(prefix):
        mistakes.append(
            f"the prefix is spelt {cookie.name[: len(prefix)]!r}; browsers treat it as {prefix}. "
            f"Spell it {prefix}."
        )
    if prefix.startswith("__Host-"):
        for key, value, allowed in (
            ("domain", cookie.domain, None),
            ("path", cookie.path, "/"),
        ):
            if value != allowed:
                mistakes.append(
                    f"{key} is {value!r}, but {prefix} allows {allowed or 'none'} "
                    f"(RFC 6265bis section 4.1.3). Remove {key} or rename the cookie."
                )
    if "Http-" in prefix and cookie.script_readable:
        mistakes.append(
            f"script_readable is true, but {prefix} requires HttpOnly "
            "(draft-ietf-httpbis-layered-cookies section 4.1.3). "
            "Remove script_readable or rename the cookie."
        )
    return mistakes


def _suppress_cookie(values: dict[str, Any], unread: Collection[str]) -> None:
    if "purposes" in unread:
        # Without purposes a lifetime has no limit to compare with.
        values.pop("lifetime", None)
    if "samesite" in unread:
        values.pop("partitioned", None)


#: The section ``[[cookie]]``.
COOKIE = Section(
    kind=DeclaredCookie,
    argument="cookies",
    intro="Each cookie has an entry; a cookie without an entry never leaves the server.",
    keys={
        "name": Key(
            type=STRING,
            summary="The technical name, case-sensitive; a * at its end matches any characters.",
            details=f"{PATTERN_HELP}\n"
            "A name with a prefix such as `__Host-` must follow the rules of that "
            f"[prefix](glossary.md).\n{TRACKER_NAME_HELP}",
            example='"__Host-basket"',
            required=True,
            limits={"pattern": r"^[!#$%&'+\-.^_`|~0-9A-Za-z]+\*?$"},
            published=Published(schema=NAME_SCHEMA),
        ),
        "title": title_key('"Basket"'),
        "purposes": purposes_key(),
        "description": Key(
            type=TEXT,
            summary="What the cookie does, in a sentence for visitors.",
            example='"Keeps what you put into the basket."',
            required=True,
        ),
        "without_it": without_it_key('"The basket would stay empty."'),
        "lifetime": Key(
            type=LIFETIME,
            summary='The longest time that the browser may keep it; "session" is until the '
            "browser closes.",
            details="A cookie that is sent with a longer `Max-Age` or `Expires` is shortened "
            "([SC126](reasons.md#sc126-lifetime-shortened-to-what-was-declared)).",
            example='"4 hours"',
            required=True,
            published=Published(composed=True),
        ),
        "path": Key(
            type=STRING,
            summary="The widest path that the cookie is sent to, percent-encoded.",
            details="A cookie that is set for a path within it keeps that path; any other path, "
            "or none, is replaced by this one.",
            example='"/shop"\nname = "basket"',
            limits={"pattern": "^/"},
            published=Published(schema={"type": "string", "pattern": "^/"}),
        ),
        "domain": Key(
            type=STRING,
            summary="The domain whose hosts may share the cookie; without it, this host alone "
            "receives it.",
            details="The key allows a `Domain` attribute and does not add one; a `Domain` outside "
            "it is removed.\n"
            "Every host below that domain can then overwrite the cookie: leave the key out "
            "wherever you can.",
            example='"shop.example.com"\nname = "basket"',
        ),
        "samesite": Key(
            type=STRING,
            summary='When it is sent with requests from other sites: "Strict" never, "Lax" for '
            'links, "None" always.',
            details="A cookie that is set with a stricter value keeps it.",
            example='"Strict"',
            words=tuple(SAMESITE.values()),
            any_case=True,
        ),
        "script_readable": Key(
            type=FLAG,
            summary="Whether scripts in the page may read the cookie.",
            details="With `false`, `HttpOnly` is added; with `true`, it is left as the "
            "application set it.",
            example="true",
            published=Published(
                key="httponly",
                to_json=lambda value, language: not value,
                from_json=lambda value: not FLAG.from_json(value),
            ),
        ),
        "partitioned": Key(
            type=FLAG,
            summary="Whether the browser keeps it separately for each site that embeds this one "
            "(CHIPS).",
            details='It needs `samesite = "None"`.',
            example='true\nsamesite = "None"',
        ),
        "not_the_tracker": not_the_tracker_key(
            '"The number of a working group, made by our own code"\nname = "_gid"',
            "Why the cookie is not that of the known tracker with its name.",
            "See [known trackers](policy.md#known-trackers).\n"
            "It is for exact names, and has no effect on a pattern.",
        ),
    },
    hints={
        **LIFETIME_HINTS,
        "http_only": "It is always on; script_readable = true turns it off.",
        "httponly": "It is always on; script_readable = true turns it off.",
        "secure": "It is always on.",
    },
    suppress_followups=_suppress_cookie,
)
