"""
One declared cookie: what the site says of it, checked when built.

Each entry names its purposes and is held to the strictest limit that goes with them. A name that
the catalogue knows as a tracker is refused unless the entry says why it is something else.

Source: RFC 6265bis sections 4.1.1 to 4.1.3; WP194 section 3 for the limits.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from .._util.urls import is_host_name
from ..http.cookies import MAX_ATTRIBUTE_OCTETS, NAME_PREFIXES, is_token, name_prefix
from .entry import MIN_PATTERN_LENGTH, TEXT_WANTED, NamedEntry, Text, Types, tracker_mistakes
from .purposes import Purpose, lifetime_mistakes, read_purposes

SAMESITE = {"strict": "Strict", "lax": "Lax", "none": "None"}
#: A path as browsers compare it: percent-encoded, without query and fragment.
_PATH = r"/[!\"$-:<->@-~]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredCookie(NamedEntry):
    """
    One cookie that the site strictly needs.

    Args:
        name: A token, exact in case; a trailing ``*`` makes it a pattern.
        title: What visitors read first, for example ``"Form protection"``.
        purposes: One or more :class:`~strict_cookies.policy.purposes.Purpose` or their words; the
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
        purposes, mistakes = read_purposes(self.purposes)
        self._set("purposes", purposes)
        spelling = SAMESITE.get(self.samesite.lower())
        if spelling is None:
            mistakes.append(f"samesite is {self.samesite!r}. Use 'Strict', 'Lax' or 'None'.")
        self._set("samesite", spelling or self.samesite)
        if self.domain is not None:
            self._set("domain", self.domain.removeprefix(".").lower())
        mistakes += _check_name(self)
        mistakes += lifetime_mistakes(self.lifetime, self.purposes, "a cookie")
        return [*mistakes, *_check_scope(self), *_check_prefix(self)]


def _check_name(cookie: DeclaredCookie) -> list[str]:
    stem = cookie.stem
    if "*" in stem:
        return ["only one star is understood, at the end. Name the others in full."]
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
            "behind it."
        ]
    return tracker_mistakes(
        stem,
        is_pattern=cookie.is_pattern,
        fixed=len(stem) - len(name_prefix(stem) or ""),
        reason=cookie.not_the_tracker,
        things="cookies",
    )


def _check_scope(cookie: DeclaredCookie) -> list[str]:
    mistakes = []
    if re.fullmatch(_PATH, cookie.path) is None or len(cookie.path) > MAX_ATTRIBUTE_OCTETS:
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
