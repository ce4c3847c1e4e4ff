"""
Well-known cookies by name: trackers, and what frameworks and servers set; hints only.

A hit means "a name commonly associated with ...". A name alone proves nothing, so the site's own
declaration decides: the policy refuses a known tracker unless its entry says why it is something
else, and the framework entries only lend their words to a first declaration.

Beside :mod:`~strict_cookies.purposes` at the start of the flow; everything later may ask. It is
safe to ask about any text, hostile names included: cost hardly grows with the catalogue, at most
linearly with the name, and nothing asked about is kept. The data, ``catalogue.toml``, is read and
checked at the first question, so importing this module is cheap and a first answer is not.

Source: general knowledge, state of November 2026; what is disputed is in the notes of the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from .hosts import is_host_name


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
    A name commonly associated with a tracker.

    Args:
        name: The name or pattern as in the catalogue, for example ``"_ga_*"``.
        vendor: Who is commonly behind it, for people.
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
        purposes: Words of :class:`~strict_cookies.purposes.Purpose`.
        description: What it does, in a sentence for visitors.
        without_it: What the visitor could not do if it were missing, in a sentence.
        distributions: Names on PyPI, normalised, of what sets it; empty where none does.
        lifetime: ``"session"`` or a duration: the longest that a strictly necessary use could
            defend, which may be shorter than what the setter does by default.
        script_readable: Whether scripts read it, so that HttpOnly would break it.
        edge: Whether it is added in front of the application, where middleware can't police it.
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
    edge: bool = False
    note: str = ""


class TrackerHost(NamedTuple):
    """
    A host commonly associated with a tracker, and every host below it.

    Args:
        host: Lower case, for example ``"google-analytics.com"``.
        vendor: Who is commonly behind it, for people.
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

    Prefixes are kept by their first characters, as many as the shortest of them has, so that one
    look-up dismisses most unknown names; under each, the longest prefix comes first.

    Args:
        entries: With names that differ and hold at most one star, after some other text.
    """

    __slots__ = ("_exact", "_inner", "_inner_names", "_prefixes", "_start", "entries", "heads")

    def __init__(self, entries: Iterable[_Entry]) -> None:
        self.entries = tuple(entries)
        exact = {entry.name: entry for entry in self.entries}
        #: The first two characters of any name that can be found, unless a pattern opens them.
        self.heads = {name[:2] for name in exact}
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
        """Find the entry that fits a name best; None where none does."""
        found = self._exact.get(cookie_name)
        if found is not None:
            return found
        for prefix, entry in self._prefixes.get(cookie_name[: self._start], ()):
            if cookie_name.startswith(prefix):
                return entry
        match = self._inner_names.fullmatch(cookie_name)
        return None if match is None else self._inner[(match.lastindex or 1) - 1]


class Catalogue(NamedTuple):
    """All that is known, compiled for look-up: one entry for each name or pattern."""

    trackers: NameIndex[Tracker]
    frameworks: NameIndex[FrameworkCookie]
    hosts: Mapping[str, TrackerHost]


@cache
def load_catalogue() -> Catalogue:
    """
    Read ``catalogue.toml``, once in a process.

    Raises:
        ValueError: The file that came with the package was edited and is wrong.
    """
    from importlib.resources import files

    return parse_catalogue(files(__package__).joinpath("catalogue.toml").read_text("utf-8"))


def find_tracker(cookie_name: str) -> Tracker | None:
    """
    Find the tracker that a name is commonly associated with.

    An exact name beats a pattern with the star at the end, the longer of those the shorter one,
    and those a pattern with the star inside.

    Args:
        cookie_name: Any text; compared as it is, case included.

    Returns:
        The entry, ambiguous ones and remembered choices included; None for an unknown name.

    Source: RFC 6265bis section 5.7, by which names differ in case.
    """
    return load_catalogue().trackers.find(cookie_name)


def find_tracker_host(host: str) -> TrackerHost | None:
    """
    Find the tracker that a host is commonly associated with; the longest entry counts.

    Args:
        host: Any text, without a port; compared in lower case.

    Returns:
        The entry of the host itself or of the nearest domain above it; None for an unknown one.
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
    Tell whether the name alone is reason enough to take a cookie for a tracker's.

    Args:
        cookie_name: Any text; compared as it is, case included.

    Returns:
        False for unknown and for ambiguous names, and for cookies that remember a choice about
        tracking, since removing them would undo the choice.

    Source: ``catalogue.toml``.
    """
    return find_certain_tracker(cookie_name) is not None


def find_certain_tracker(cookie_name: str) -> str | None:
    """
    Find the catalogue's own name or pattern for a cookie of which :func:`is_known_tracker` holds.

    Args:
        cookie_name: Any text; compared as it is, case included.

    Returns:
        A text in which nothing is a client's; None where the name alone is not reason enough.
    """
    trackers = load_catalogue().trackers
    found = trackers.find(cookie_name) if cookie_name[:2] in trackers.heads else None
    if found is None or found.ambiguous or found.category is Category.CHOICE:
        return None
    return found.name


def tracker_heads() -> frozenset[str]:
    """Give the first two characters of any name that can be a tracker's, to dismiss the others."""
    return frozenset(load_catalogue().trackers.heads)


def trackers_under(stem: str) -> list[str]:
    """
    List the certain trackers' names and patterns that begin with a text.

    Args:
        stem: What a pattern of the site's own fixes before its star.
    """
    return [
        tracker.name
        for tracker in load_catalogue().trackers.entries
        if tracker.name.startswith(stem) and is_known_tracker(tracker.name)
    ] or ([stem] if is_known_tracker(stem) else [])


def find_framework_cookie(cookie_name: str) -> FrameworkCookie | None:
    """
    Find the framework, server or edge cookie that commonly has a name.

    Args:
        cookie_name: Any text; compared as it is, case included.

    Returns:
        The entry; None for an unknown name and for a known tracker's, such as
        ``_parsely_session``, which Rails' ``_*_session`` would cover.

    Source: ``catalogue.toml``; precedence as for :func:`find_tracker`.
    """
    found = load_catalogue().frameworks.find(cookie_name)
    return None if found is None or is_known_tracker(cookie_name) else found


def framework_cookies(distributions: Collection[str]) -> tuple[FrameworkCookie, ...]:
    """
    List the cookies that installed distributions are known to set.

    Args:
        distributions: Names as on PyPI, in any spelling: ``"Flask-Login"``, ``"flask_login"``.

    Returns:
        Entries in the order of the file; those that no distribution sets are left out.

    Source: ``catalogue.toml``; PEP 503 for comparing the names of distributions.
    """
    installed = {_normalise(name) for name in distributions}
    return tuple(
        cookie
        for cookie in load_catalogue().frameworks.entries
        if not installed.isdisjoint(cookie.distributions)
    )


def parse_catalogue(text: str) -> Catalogue:
    """
    Read the text of a ``catalogue.toml`` and check it.

    Args:
        text: TOML, in the shape that the head of the file describes.

    Raises:
        ValueError: The first mistake, with the entry that has it.
    """
    import tomllib

    data = tomllib.loads(text)
    unknown = sorted(data.keys() - {"tracker", "tracker_host", "framework"})
    if unknown:
        raise ValueError(
            f"Catalogue: unknown table {unknown[0]!r}. Use tracker, tracker_host or framework."
        )
    trackers: dict[str, Tracker] = {}
    for table in _tables(data, "tracker"):
        entry = _read("Tracker", table, "vendor", _TRACKER_KEYS)
        label = f"Tracker {entry['vendor']!r}"
        _check_category(label, entry)
        if not entry["names"] and not entry["ambiguous"]:
            raise ValueError(f"{label}: there is no name. Fill names or ambiguous.")
        for key in ("names", "ambiguous"):
            for name in entry[key]:
                _check_name(label, name, trackers)
                trackers[name] = Tracker(
                    name=name,
                    vendor=entry["vendor"],
                    category=Category(entry["category"]),
                    ambiguous=key == "ambiguous",
                )
    hosts: dict[str, TrackerHost] = {}
    for table in _tables(data, "tracker_host"):
        entry = _read("Tracker host", table, "vendor", _TRACKER_HOST_KEYS)
        label = f"Tracker host {entry['vendor']!r}"
        _check_category(label, entry)
        for host in entry["hosts"]:
            if host in hosts:
                raise ValueError(f"{label}: {host!r} is there twice. Keep one.")
            if not is_host_name(host):
                raise ValueError(f"{label}: {host!r} is no host. Use a name such as 't.example'.")
            hosts[host] = TrackerHost(
                host=host, vendor=entry["vendor"], category=Category(entry["category"])
            )
    frameworks: dict[str, FrameworkCookie] = {}
    for table in _tables(data, "framework"):
        entry = _read("Framework cookie", table, "name", _FRAMEWORK_KEYS)
        label = f"Framework cookie {entry['name']!r}"
        _check_name(label, entry["name"], frameworks)
        for name in entry["distributions"]:
            if name != _normalise(name):
                raise ValueError(f"{label}: distribution is {name!r}. Use {_normalise(name)!r}.")
        frameworks[entry["name"]] = FrameworkCookie(**entry)
    return Catalogue(
        trackers=NameIndex(trackers.values()),
        frameworks=NameIndex(frameworks.values()),
        hosts=hosts,
    )


#: Keys of a ``[[tracker]]``, with what stands for an absent one; a type stands for no default.
_TRACKER_KEYS: Mapping[str, Any] = {
    "vendor": str,
    "category": str,
    "names": (),
    "ambiguous": (),
    "domains": (),
}
#: Likewise of a ``[[tracker_host]]``.
_TRACKER_HOST_KEYS: Mapping[str, Any] = {"vendor": str, "category": str, "hosts": tuple}
#: Likewise of a ``[[framework]]``.
_FRAMEWORK_KEYS: Mapping[str, Any] = {
    "name": str,
    "set_by": str,
    "title": str,
    "purposes": tuple,
    "description": str,
    "without_it": str,
    "distributions": (),
    "lifetime": "session",
    "script_readable": False,
    "edge": False,
    "note": "",
}

_SAY = {str: "a text", tuple: "a list of texts", bool: "true or false"}


def _tables(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    tables = data.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"Catalogue: {key} is no list of tables. Write [[{key}]].")
    return tables


def _read(
    kind: str, table: Mapping[str, Any], naming: str, keys: Mapping[str, Any]
) -> dict[str, Any]:
    """Check the keys and types of one table, fill in what is absent, turn lists into tuples."""
    label = f"{kind} {table.get(naming, '')!r}"
    for key in table:
        if key not in keys:
            raise ValueError(f"{label}: unknown key {key!r}. Known are {', '.join(keys)}.")
    entry = {}
    for key, default in keys.items():
        required = isinstance(default, type)
        if key not in table and required:
            raise ValueError(f"{label}: {key} is missing. Add it.")
        wanted = default if required else type(default)
        value = table.get(key, default)
        if isinstance(value, list):
            value = tuple(value)
        texts = value if wanted is tuple else (value,) if wanted is str else ()
        if not isinstance(value, wanted) or not all(isinstance(text, str) for text in texts):
            raise ValueError(f"{label}: {key} is {value!r}. Give {_SAY[wanted]}.")
        if key in table and wanted is not bool and not (value and all(map(str.strip, texts))):
            raise ValueError(f"{label}: {key} is empty. Fill it or leave it out.")
        entry[key] = value
    return entry


def _check_category(label: str, entry: Mapping[str, Any]) -> None:
    if entry["category"] not in set(Category):
        raise ValueError(
            f"{label}: category is {entry['category']!r}. Use one of {', '.join(Category)}."
        )


def _check_name(label: str, name: str, known: Collection[str]) -> None:
    if name in known:
        raise ValueError(f"{label}: {name!r} is there twice. Keep one.")
    if name.count("*") > 1 or name.startswith("*"):
        raise ValueError(f"{label}: {name!r} is no pattern. Use one star, after some other text.")


def _normalise(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()
