"""
The policy: which cookies a site declares, checked when built and compiled for look-up.

Everything later in the flow reads this one object: the firewall enforces it, the declaration
publishes it, the audit compares with it. It is frozen; an equal policy gives equal verdicts.

A declared cookie names a purpose and is held to that purpose's limit. A name that the catalogue
knows as a tracker is refused unless the entry says why it is something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from .catalogue import find_tracker, is_known_tracker
from .durations import say_duration
from .errors import PolicyError
from .grammar import (
    MAX_ATTRIBUTE_OCTETS,
    MAX_LIFETIME,
    has_control_character,
    is_token,
    name_prefix,
)
from .hosts import is_host_name
from .purposes import Purpose, read_purpose, strictest_limit

if TYPE_CHECKING:
    import os

#: Text for people: one text, or one for each language tag.
Text = str | Mapping[str, str]

Transport = Literal["https", "plain-http"]

#: Fewest characters that a pattern must fix before its star, name prefix excluded.
MIN_PATTERN_LENGTH = 3

_SAMESITE = {"strict": "Strict", "lax": "Lax", "none": "None"}


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
        lifetime: Longest life in the browser; None means until the browser closes.
        path: The widest path; an emitted path within it stays, any other becomes it.
        domain: Only where sibling hosts must share the cookie; None means host-only.
        samesite: ``"Strict"``, ``"Lax"`` or ``"None"``; an emitted stricter value stays.
        script_readable: Whether scripts may read it, so that HttpOnly is not added.
        partitioned: Whether it is kept apart for each embedding site (CHIPS).
        not_the_tracker: Why the name is not what the catalogue knows it as.

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
        mistakes = list(self._normalise())
        mistakes += _check_name(self)
        mistakes += _check_lifetime(self)
        mistakes += _check_scope(self)
        mistakes += _check_prefix(self)
        mistakes += _check_texts(self)
        if mistakes:
            raise PolicyError(f"Cookie {self.name!r}: {mistake}" for mistake in mistakes)

    def _normalise(self) -> list[str]:
        """Bring the arguments into the shape that the annotations promise."""
        mistakes: list[str] = []
        given: object = self.purposes
        words = (given,) if isinstance(given, str) else self.purposes
        purposes: list[Purpose] = []
        for word in words:
            try:
                purposes.append(read_purpose(str(word)))
            except ValueError as error:
                mistakes.append(str(error))
        if not words:
            mistakes.append(f"purposes is empty. Name at least one of {', '.join(Purpose)}.")
        object.__setattr__(self, "purposes", tuple(dict.fromkeys(purposes)))
        spelling = _SAMESITE.get(str(self.samesite).lower())
        if spelling is None:
            mistakes.append(f"samesite is {self.samesite!r}. Use 'Strict', 'Lax' or 'None'.")
        object.__setattr__(self, "samesite", spelling or "Lax")
        if self.domain is not None:
            object.__setattr__(self, "domain", self.domain.removeprefix(".").lower())
        return mistakes

    @property
    def is_pattern(self) -> bool:
        """Whether the name ends with a star that stands for any further characters."""
        return self.name.endswith("*")

    @property
    def stem(self) -> str:
        """The name without the star of a pattern."""
        return self.name.removesuffix("*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    Who answers for the site, as the declaration prints it.

    Args:
        name: The site's or product's name.
        controller: Who decides on the data: name and address.
        contact: Mail address or URL for questions about data.
        dpo: The data protection officer's contact, where there is one.
        authority: The supervisory authority for complaints.
        privacy_url: The privacy notice: a path on the site or an https URL.
        languages: Language tags of the declared texts, the default one first.
        jurisdictions: Whose law may be printed, for example ``("EU", "UK")``.
    """

    name: str = ""
    controller: str = ""
    contact: str = ""
    dpo: str = ""
    authority: str = ""
    privacy_url: str = ""
    languages: tuple[str, ...] = ("en",)
    jurisdictions: tuple[str, ...] = ("EU",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CookiePolicy:
    """
    The cookies that may cross the wire, and who declares them.

    Args:
        cookies: In the order of the declaration. Names must differ.
        site: Who answers for them.
        transport: ``"https"``, or ``"plain-http"`` for development where no HTTPS can be had:
            then Secure is not added, and nothing that a network can read is safe.
        source: Where the policy was read from, for messages; None if it was built in Python.

    Attributes:
        exact: The entries that are no patterns, by name.

    Raises:
        PolicyError: Two entries have the same name.
    """

    cookies: tuple[DeclaredCookie, ...] = ()
    site: Site = field(default_factory=Site)
    transport: Transport = "https"
    source: str | None = field(default=None, compare=False)
    exact: Mapping[str, DeclaredCookie] = field(init=False, repr=False, compare=False)
    _patterns: dict[str, DeclaredCookie] = field(init=False, repr=False, compare=False)
    _lengths: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cookies", tuple(self.cookies))
        names = [cookie.name for cookie in self.cookies]
        twice = sorted({name for name in names if names.count(name) > 1}) if _repeats(names) else []
        if twice:
            raise PolicyError(
                (f"Cookie {name!r} is declared twice. Keep one entry." for name in twice),
                source=self.source,
            )
        exact = {cookie.name: cookie for cookie in self.cookies if not cookie.is_pattern}
        patterns = {cookie.stem: cookie for cookie in self.cookies if cookie.is_pattern}
        object.__setattr__(self, "exact", MappingProxyType(exact))
        object.__setattr__(self, "_patterns", patterns)
        object.__setattr__(
            self, "_lengths", tuple(sorted({len(stem) for stem in patterns}, reverse=True))
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> CookiePolicy:
        """
        Read a ``cookies.toml``.

        Raises:
            PolicyError: The file can't be read, or all that is wrong in it.
        """
        from .loading import load_policy

        return load_policy(path)

    def find(self, cookie_name: str) -> DeclaredCookie | None:
        """
        Find the entry that declares a name; cost does not grow with the policy.

        An exact name beats a pattern, a longer pattern a shorter one. A pattern never covers a
        name that the catalogue knows as a tracker, unless its entry has ``not_the_tracker``.

        Args:
            cookie_name: Octets as on the wire.

        Returns:
            The entry, or None for an undeclared cookie.
        """
        found = self.exact.get(cookie_name)
        if found is not None or not self._lengths:
            return found
        for length in self._lengths:
            found = self._patterns.get(cookie_name[:length])
            if found is not None and is_token(cookie_name):
                if found.not_the_tracker is None and is_known_tracker(cookie_name):
                    return None
                return found
        return None

    @property
    def declares(self) -> Callable[[str], bool]:
        """The quickest callable that tells whether :meth:`find` finds a name."""
        if self._lengths:
            return lambda cookie_name: self.find(cookie_name) is not None
        return dict(self.exact).__contains__

    def with_cookie(self, cookie: DeclaredCookie) -> CookiePolicy:
        """Return a policy that declares one cookie more, first; an entry of that name stays."""
        if self.find(cookie.name) is not None:
            return self
        return replace(self, cookies=(cookie, *self.cookies))


def text_in(text: Text, language: str, default: str = "en") -> str:
    """
    Pick the text for a language.

    Args:
        text: One text, or a mapping of language tags to texts.
        language: The wanted tag.
        default: The tag to fall back on; after that, the first text there is.

    Returns:
        The text; empty where a mapping is empty.
    """
    if isinstance(text, str):
        return text
    return text.get(language) or text.get(default) or next(iter(text.values()), "")


def _repeats(names: list[str]) -> bool:
    return len(set(names)) != len(names)


def _check_name(cookie: DeclaredCookie) -> list[str]:
    stem = cookie.stem
    if not is_token(stem):
        return [
            "the name is not a token. Use letters, digits and !#$%&'*+-.^_`|~ only "
            "(RFC 6265bis section 4.1.1)."
        ]
    if cookie.is_pattern:
        fixed = stem[len(name_prefix(stem) or "") :]
        if len(fixed) < MIN_PATTERN_LENGTH:
            return [
                f"the pattern fixes only {len(fixed)} characters before the star and would let "
                f"strangers in. Fix at least {MIN_PATTERN_LENGTH}."
            ]
        if "*" in stem:
            return ["only one star is understood, at the end. Name the others in full."]
    tracker = find_tracker(stem)
    if tracker is not None and is_known_tracker(stem) and not cookie.not_the_tracker:
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
    if not isinstance(lifetime, timedelta) or lifetime <= timedelta(0):
        return [f"lifetime is {lifetime!r}. Use 'session', or a duration above zero."]
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
    path = cookie.path
    if (
        not path.startswith("/")
        or ";" in path
        or has_control_character(path)
        or len(path) > MAX_ATTRIBUTE_OCTETS
    ):
        mistakes.append(
            f"path is {path!r}. Begin with '/' and use no ';' and no control character."
        )
    if cookie.domain is not None and not is_host_name(cookie.domain):
        mistakes.append(
            f"domain is {cookie.domain!r}, which no browser takes as one that hosts can share. "
            "Use a name with a dot such as 'example.com', or remove domain for a host-only cookie."
        )
    if cookie.partitioned and cookie.samesite != "None":
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
    return [
        f"{key} is empty. Write it for visitors, in a sentence."
        for key, text in (
            ("title", cookie.title),
            ("description", cookie.description),
            ("without_it", cookie.without_it),
        )
        if not (text.strip() if isinstance(text, str) else text and all(text.values()))
    ]
