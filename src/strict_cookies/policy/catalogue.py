"""
Known cookies by name: trackers, and what frameworks and servers set. These are hints only.

A match means "a name commonly associated with ...". A name alone proves nothing, so the site's own
declaration decides: the policy refuses a known tracker unless its entry says why it is something
else, and a framework's entry only suggests the text of a declaration.

Any text can be looked up safely, hostile names included: cost hardly grows with the catalogue, at
most linearly with the name, and no name is kept. The data, ``catalogue.toml``, is read at the first
look-up, so importing this module is cheap. Tests validate the file.

Source: general knowledge, state of November 2026; disputed entries have a note in the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar


class Category(StrEnum):
    """What a tracker's cookie is commonly for. ``CHOICE`` remembers a choice about tracking."""

    ANALYTICS = "analytics"
    MARKETING = "marketing"
    PERSONALISATION = "personalisation"
    SOCIAL = "social"
    SUPPORT = "support"
    OPERATIONS = "operations"
    CHOICE = "choice"


class Tracker(NamedTuple):
    """
    A cookie name commonly associated with a tracker.

    Args:
        name: The name or pattern as in the catalogue, for example ``"_ga_*"``.
        vendor: The company that commonly sets it, for people.
        category: What it is commonly for.
        ambiguous: Whether the name is too generic to decide on the name alone.
    """

    name: str
    vendor: str
    category: Category
    ambiguous: bool = False


class FrameworkCookie(NamedTuple):
    """
    A cookie that a framework, a server or an edge commonly sets.

    Args:
        name: The name or pattern, exact in case.
        set_by: What commonly sets it, for people.
        title: What visitors read first.
        purposes: Words of :class:`~strict_cookies.policy.purposes.Purpose`.
        description: What it does, in a sentence for visitors.
        without_it: What the visitor could not do without it, in a sentence.
        distributions: Normalised PyPI names of the distributions that set it; may be empty.
        lifetime: ``"session"`` or a duration: the longest that a strictly necessary use could
            justify, which may be shorter than the default of what sets it.
        script_readable: Whether scripts read it, so that HttpOnly would break it.
        note: For developers and auditors, not for visitors; may be empty.
    """

    name: str
    set_by: str
    title: str
    purposes: tuple[str, ...]
    description: str
    without_it: str
    distributions: tuple[str, ...] = ()
    lifetime: str = "session"
    script_readable: bool = False
    note: str = ""


class TrackerHost(NamedTuple):
    """
    A host commonly associated with a tracker, and every host below it.

    Args:
        host: Lower case, for example ``"google-analytics.com"``.
        vendor: The company that commonly runs it, for people.
        category: What it is commonly for.
    """

    host: str
    vendor: str
    category: Category


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Entry = TypeVar("_Entry", bound=_Named)


class NameIndex(Generic[_Entry]):
    """
    Entries by name pattern: an exact name beats a prefix, a prefix beats an inner star.

    Prefixes are indexed by their first characters, as many as the shortest prefix has, so that one
    look-up rules out most unknown names. Under each, the longest prefix comes first.

    Args:
        entries: Their names differ and contain at most one star, which is not first.
    """

    __slots__ = ("_exact", "_inner", "_inner_names", "_prefixes", "_start", "entries", "initials")

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.entries = tuple(entries)
        exact = {entry.name: entry for entry in self.entries}
        #: The first two characters of every name that can match.
        self.initials = {name[:2] for name in exact}
        self._inner = [exact.pop(name) for name in list(exact) if "*" in name[:-1]]
        prefixes = [(name[:-1], exact.pop(name)) for name in list(exact) if name[-1] == "*"]
        prefixes.sort(key=lambda pair: len(pair[0]), reverse=True)
        self._exact = exact
        self._start = len(prefixes[-1][0]) if prefixes else 0
        self._prefixes: dict[str, list[tuple[str, _Entry]]] = {}
        for prefix, entry in prefixes:
            self._prefixes.setdefault(prefix[: self._start], []).append((prefix, entry))
        self._inner_names = re.compile(
            "|".join(
                f"({re.escape(head)}.*{re.escape(tail)})"
                for head, _, tail in (entry.name.partition("*") for entry in self._inner)
            )
            or "(?!)",
            re.DOTALL,
        )

    def find(self, cookie_name: str) -> _Entry | None:
        """Return the best match for a name, or None."""
        exact = self._exact.get(cookie_name)
        if exact is not None:
            return exact
        for prefix, entry in self._prefixes.get(cookie_name[: self._start], ()):
            if cookie_name.startswith(prefix):
                return entry
        match = self._inner_names.fullmatch(cookie_name)
        return None if match is None else self._inner[(match.lastindex or 1) - 1]


class Catalogue(NamedTuple):
    """The whole catalogue, compiled for look-up: one entry for each name or pattern."""

    trackers: NameIndex[Tracker]
    frameworks: NameIndex[FrameworkCookie]
    hosts: Mapping[str, TrackerHost]


@cache
def load_catalogue() -> Catalogue:
    """Read ``catalogue.toml``, once per process."""
    import tomllib
    from importlib.resources import files

    data = tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))
    return Catalogue(
        trackers=NameIndex(
            Tracker(name, table["vendor"], Category(table["category"]), key == "ambiguous")
            for table in data["tracker"]
            for key in ("names", "ambiguous")
            for name in table.get(key, ())
        ),
        frameworks=NameIndex(_build_framework_cookie(table) for table in data["framework"]),
        hosts={
            host: TrackerHost(host, table["vendor"], Category(table["category"]))
            for table in data["tracker_host"]
            for host in table["hosts"]
        },
    )


def _build_framework_cookie(table: Mapping[str, Any]) -> FrameworkCookie:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in table.items()
    }
    return FrameworkCookie(**values)


def find_tracker(cookie_name: str) -> Tracker | None:
    """
    Return the tracker that a name is commonly associated with.

    An exact name beats a pattern that ends with a star, a longer such pattern beats a shorter one,
    and all of these beat a pattern with a star inside.

    Args:
        cookie_name: Any text, compared verbatim and case-sensitively.

    Returns:
        The entry, ambiguous ones and remembered choices included; None for an unknown name.

    Source: RFC 6265bis section 5.7, by which names differ in case.
    """
    return load_catalogue().trackers.find(cookie_name)


def find_tracker_host(host: str) -> TrackerHost | None:
    """
    Return the tracker that a host is commonly associated with.

    Args:
        host: Any text, without a port; compared in lower case.

    Returns:
        The entry of the host itself or of its nearest parent domain; None for an unknown host.
    """
    hosts = load_catalogue().hosts
    name = host.lower().rstrip(".")
    while name:
        if name in hosts:
            return hosts[name]
        name = name.partition(".")[2]
    return None


def is_known_tracker(cookie_name: str) -> bool:
    """
    Return whether the name alone is enough to treat a cookie as a tracker's.

    Args:
        cookie_name: Any text, compared verbatim and case-sensitively.

    Returns:
        False for unknown and for ambiguous names, and for cookies that remember a choice about
        tracking, since removing them would undo the choice.

    Source: ``catalogue.toml``.
    """
    return find_certain_tracker(cookie_name) is not None


def find_certain_tracker(cookie_name: str) -> str | None:
    """
    Return the catalogue's own name or pattern if :func:`is_known_tracker` holds for a cookie.

    Args:
        cookie_name: Any text, compared verbatim and case-sensitively.

    Returns:
        A text that contains nothing a client sent; None if the name alone is not enough.
    """
    trackers = load_catalogue().trackers
    tracker = trackers.find(cookie_name) if cookie_name[:2] in trackers.initials else None
    if tracker is None or tracker.ambiguous or tracker.category is Category.CHOICE:
        return None
    return tracker.name


def tracker_initials() -> frozenset[str]:
    """Return the first two characters of every tracker's name, to rule out other names early."""
    return frozenset(load_catalogue().trackers.initials)


def trackers_with_prefix(stem: str) -> list[str]:
    """
    Return the names and patterns of known trackers that begin with a text.

    Args:
        stem: The part of a site's own pattern in front of its star.
    """
    return [
        tracker.name
        for tracker in load_catalogue().trackers.entries
        if tracker.name.startswith(stem) and is_known_tracker(tracker.name)
    ] or ([stem] if is_known_tracker(stem) else [])


def find_framework_cookie(cookie_name: str) -> FrameworkCookie | None:
    """
    Return the framework, server or edge cookie that commonly has a name.

    Args:
        cookie_name: Any text, compared verbatim and case-sensitively.

    Returns:
        The entry; None for an unknown name and for a known tracker's, such as
        ``_parsely_session``, which Rails' ``_*_session`` would cover.

    Source: ``catalogue.toml``; the precedence is that of :func:`find_tracker`.
    """
    cookie = load_catalogue().frameworks.find(cookie_name)
    return None if cookie is None or is_known_tracker(cookie_name) else cookie


def framework_cookies(distributions: Collection[str]) -> tuple[FrameworkCookie, ...]:
    """
    Return the cookies that installed distributions are known to set.

    Args:
        distributions: PyPI names in any spelling: ``"Flask-Login"``, ``"flask_login"``.

    Returns:
        Entries in the order of the file.

    Source: ``catalogue.toml``; PEP 503 for comparing the names of distributions.
    """
    installed = {normalise_distribution(name) for name in distributions}
    return tuple(
        cookie
        for cookie in load_catalogue().frameworks.entries
        if not installed.isdisjoint(cookie.distributions)
    )


def normalise_distribution(distribution: str) -> str:
    """
    Return the normalised name of a distribution.

    Source: PEP 503.
    """
    return re.sub(r"[-_.]+", "-", distribution).lower()
