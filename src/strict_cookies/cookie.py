"""
One declared cookie: what the site says of it, checked when built.

Each entry names its purposes and is held to the strictest limit that goes with them. A name that
the catalogue knows as a tracker is refused unless the entry says why it is something else.

Source: RFC 6265bis sections 4.1.1 to 4.1.3; WP194 section 3 for the limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from .catalogue import find_tracker, is_known_tracker, trackers_under
from .durations import say_duration
from .errors import PolicyError
from .grammar import (
    MAX_ATTRIBUTE_OCTETS,
    MAX_LIFETIME,
    NAME_PREFIXES,
    is_token,
    name_prefix,
)
from .hosts import is_host_name
from .purposes import Purpose, read_purpose, strictest_limit

#: Text for people: one text, or one for each language tag.
Text = str | Mapping[str, str]

#: Fewest characters that a pattern must fix before its star, name prefix excluded.
MIN_PATTERN_LENGTH = 3

_SAMESITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
#: A path as browsers compare it: percent-encoded, without query and fragment.
_PATH = re.compile(r"/[!\"$-:<->@-~]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredCookie:
    """
    One cookie that the site strictly needs.

    Args:
        name: A token, exact in case; a trailing ``*`` makes it a pattern.
        title: What visitors read first, for example ``"Form protection"``.
        purposes: One or more :class:`~strict_cookies.purposes.Purpose` or their words; the
            strictest limit applies.
        description: What the cookie does, in plain words.
        without_it: What the visitor could not do if it were missing.
        lifetime: Longest life in the browser, in whole seconds; None means until the browser
            closes.
        path: The widest path; an emitted path within it stays, any other becomes it.
        domain: Only where sibling hosts must share the cookie; None means host-only.
        samesite: ``"Strict"``, ``"Lax"`` or ``"None"``; an emitted stricter value stays.
        script_readable: Whether scripts may read it, so that HttpOnly is not added.
        partitioned: Whether it is kept apart for each embedding site (CHIPS).
        not_the_tracker: Why the name is not what the catalogue knows it as; not for patterns.

    Raises:
        PolicyError: All that is wrong with the entry.

    Source: RFC 6265bis sections 4.1.2 and 4.1.3.
    """

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

    def __post_init__(self) -> None:
        mistakes = _check_types(self)
        if not mistakes:
            mistakes = self._normalise()
            for check in (_check_name, _check_lifetime, _check_scope, _check_prefix, _check_texts):
                mistakes += check(self)
        if mistakes:
            raise PolicyError(f"Cookie {self.name!r}: {mistake}" for mistake in mistakes)

    def _normalise(self) -> list[str]:
        """Bring the arguments into the shape that the annotations promise."""
        mistakes: list[str] = []
        given: object = self.purposes
        words = (given,) if isinstance(given, str) else tuple(self.purposes)
        purposes: list[Purpose] = []
        for word in words:
            try:
                purposes.append(read_purpose(str(word)))
            except ValueError as error:
                mistakes.append(str(error))
        if not words:
            mistakes.append(f"purposes is empty. Name at least one of {', '.join(Purpose)}.")
        self._set("purposes", tuple(dict.fromkeys(purposes)))
        spelling = _SAMESITE.get(self.samesite.lower())
        if spelling is None:
            mistakes.append(f"samesite is {self.samesite!r}. Use 'Strict', 'Lax' or 'None'.")
        self._set("samesite", spelling or self.samesite)
        if self.domain is not None:
            self._set("domain", self.domain.removeprefix(".").lower())
        for key in _TEXTS:
            text = getattr(self, key)
            if not isinstance(text, str):
                self._set(key, MappingProxyType(dict(text)))
        return mistakes

    def _set(self, key: str, value: object) -> None:
        object.__setattr__(self, key, value)

    def __reduce__(self) -> tuple[Any, ...]:
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        # Read-only mappings can't be pickled or copied.
        texts = {key: dict(values[key]) for key in _TEXTS if isinstance(values[key], Mapping)}
        return _rebuild, ({**values, **texts},)

    @property
    def is_pattern(self) -> bool:
        """Whether the name ends with a star that stands for any further characters."""
        return self.name.endswith("*")

    @property
    def stem(self) -> str:
        """The name without the star of a pattern."""
        return self.name.removesuffix("*")


def _rebuild(values: dict[str, Any]) -> DeclaredCookie:
    return DeclaredCookie(**values)


_TEXTS = ("title", "description", "without_it")

#: What each argument must be, and what to write where it is something else.
_TYPES: tuple[tuple[tuple[str, ...], tuple[type, ...], str], ...] = (
    (("name", "path", "samesite"), (str,), "text"),
    (("domain", "not_the_tracker"), (str, type(None)), "text or None"),
    (_TEXTS, (str, Mapping), "text, or a mapping of language tags to texts"),
    (("purposes",), (str, tuple, list, set, frozenset), "a tuple of purposes"),
    (("lifetime",), (timedelta, type(None)), "a timedelta, or None for the browser's session"),
    (("script_readable", "partitioned"), (bool,), "True or False"),
)


def _check_types(cookie: DeclaredCookie) -> list[str]:
    return [
        f"{key} is {getattr(cookie, key)!r}. Use {wanted}."
        for keys, kinds, wanted in _TYPES
        for key in keys
        if not isinstance(getattr(cookie, key), kinds)
    ]


def _check_name(cookie: DeclaredCookie) -> list[str]:
    stem = cookie.stem
    if "*" in stem:
        return ["only one star is understood, at the end. Name the others in full."]
    if not is_token(stem) or stem in NAME_PREFIXES:
        return [
            "the name is not a token. Use letters, digits and !#$%&'+-.^_`|~ only, "
            "and more than a prefix (RFC 6265bis section 4.1.1)."
        ]
    if cookie.is_pattern:
        if any(prefix.lower().startswith(stem.lower()) for prefix in NAME_PREFIXES):
            return [
                "the pattern would cover names with a prefix such as __Host-, which has rules of "
                f"its own. Spell the prefix out, and fix at least {MIN_PATTERN_LENGTH} characters "
                "behind it."
            ]
        fixed = len(stem) - len(name_prefix(stem) or "")
        if fixed < MIN_PATTERN_LENGTH:
            return [
                f"the pattern fixes {fixed} of at least {MIN_PATTERN_LENGTH} characters before the "
                "star and would let strangers in. Make it longer."
            ]
        if covered := trackers_under(stem):
            return [
                f"the pattern would cover {covered[0]!r}, a name commonly associated with "
                "a tracker. Name the cookies in full, or choose a longer pattern."
            ]
        return []
    tracker = find_tracker(stem)
    reason = (cookie.not_the_tracker or "").strip()
    if tracker is not None and is_known_tracker(stem) and not reason:
        return [
            f"this is a name commonly associated with {tracker.vendor} ({tracker.category}), which "
            "is not strictly necessary. Remove the entry and what sets it; if it is something "
            'else, say so: not_the_tracker = "why".'
        ]
    return []


def _check_lifetime(cookie: DeclaredCookie) -> list[str]:
    lifetime = cookie.lifetime
    if lifetime is None or not cookie.purposes:
        return []
    if lifetime <= timedelta(0) or lifetime.microseconds:
        return [
            f"lifetime is {lifetime.total_seconds():g} seconds. Use whole seconds above zero, or "
            "'session'."
        ]
    limit = strictest_limit(cookie.purposes)
    purposes = " and ".join(cookie.purposes)
    if limit is None:
        return [
            f"lifetime is {say_duration(lifetime)}, but a cookie for {purposes} may live only "
            'until the browser closes (WP194 section 3). Use lifetime = "session".'
        ]
    if lifetime > limit or lifetime.total_seconds() > MAX_LIFETIME:
        return [
            f"lifetime is {say_duration(lifetime)}, but a cookie for {purposes} may live at most "
            f"{say_duration(limit)} (WP194 section 3). Shorten it."
        ]
    return []


def _check_scope(cookie: DeclaredCookie) -> list[str]:
    mistakes = []
    if _PATH.fullmatch(cookie.path) is None or len(cookie.path) > MAX_ATTRIBUTE_OCTETS:
        mistakes.append(
            f"path is {cookie.path!r}. Begin with '/', and write it as browsers send it: "
            "percent-encoded, without ';', '?', '#' and spaces."
        )
    if cookie.domain is not None and not is_host_name(cookie.domain):
        mistakes.append(
            f"domain is {cookie.domain!r}, which no browser takes as one that hosts can share. "
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
            f"script_readable is true, but {prefix} demands HttpOnly "
            "(draft-ietf-httpbis-layered-cookies section 4.1.3). "
            "Remove script_readable or rename the cookie."
        )
    return mistakes


def _check_texts(cookie: DeclaredCookie) -> list[str]:
    mistakes = []
    for key in _TEXTS:
        text = getattr(cookie, key)
        texts = [text] if isinstance(text, str) else list(text.values())
        if not texts or not all(isinstance(one, str) and one.strip() for one in texts):
            mistakes.append(f"{key} is empty. Write it for visitors, in a sentence.")
    return mistakes
