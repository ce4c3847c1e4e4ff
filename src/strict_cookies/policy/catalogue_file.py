"""
``catalogue.toml`` as text -> :class:`~strict_cookies.policy.catalogue.Catalogue`, checked.

Imported when the catalogue is first asked, so that nobody pays for it at the start.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from typing import Any

from .._util.urls import is_host_name
from .catalogue import (
    Catalogue,
    Category,
    FrameworkCookie,
    NameIndex,
    Tracker,
    TrackerHost,
    normalise,
)

#: Keys of a ``[[tracker]]``, with what stands for an absent one; a type stands for no default.
_TRACKER_KEYS: Mapping[str, Any] = {
    "vendor": str,
    "category": str,
    "names": (),
    "ambiguous": (),
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
    "note": "",
}

_SAY = {str: "a text", tuple: "a list of texts", bool: "true or false"}


def parse_catalogue(text: str) -> Catalogue:
    """
    Read the text of a ``catalogue.toml`` and check it.

    Args:
        text: TOML, in the shape that the head of the file describes.

    Raises:
        ValueError: The first mistake, with the entry that has it.
    """
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
            if name != normalise(name):
                raise ValueError(f"{label}: distribution is {name!r}. Use {normalise(name)!r}.")
        frameworks[entry["name"]] = FrameworkCookie(**entry)
    return Catalogue(
        trackers=NameIndex(trackers.values()),
        frameworks=NameIndex(frameworks.values()),
        hosts=hosts,
    )


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
