"""The shipped ``catalogue.toml`` is valid: nothing at run time validates it."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib.resources import files

import pytest

from strict_cookies._util.urls import is_host_name
from strict_cookies.policy.catalogue import Category, load_catalogue, normalise_distribution

DATA = tomllib.loads(files("strict_cookies.policy").joinpath("catalogue.toml").read_text("utf-8"))

#: The keys of each table with their types, the required ones first.
REQUIRED = {
    "tracker": {"vendor": str, "category": str},
    "tracker_host": {"vendor": str, "category": str, "hosts": list},
    "framework": {
        "name": str,
        "set_by": str,
        "title": str,
        "purposes": list,
        "description": str,
        "without_it": str,
    },
}
OPTIONAL = {
    "tracker": {"names": list, "ambiguous": list},
    "tracker_host": {},
    "framework": {"distributions": list, "lifetime": str, "script_readable": bool, "note": str},
}
TABLES = [
    pytest.param(kind, table, id=f"{kind} {table.get('vendor') or table.get('name')}")
    for kind, tables in DATA.items()
    for table in tables
]


def duplicates(names):
    return [name for name, count in Counter(names).items() if count > 1]


def test_tables_are_the_known_ones():
    """The file has each kind of table and no other."""
    assert DATA.keys() == REQUIRED.keys()


@pytest.mark.parametrize(("kind", "table"), TABLES)
def test_keys_and_types(kind, table):
    """A table has every required key and no unknown one; no text and no list is empty."""
    types = REQUIRED[kind] | OPTIONAL[kind]
    assert table.keys() >= REQUIRED[kind].keys()
    assert table.keys() <= types.keys()
    for key, value in table.items():
        assert type(value) is types[key], key
        texts = value if isinstance(value, list) else [value] if isinstance(value, str) else ["-"]
        assert texts, key
        assert all(isinstance(text, str) and text.strip() for text in texts), key
    if "category" in table:
        assert table["category"] in set(Category)
    if kind == "tracker":
        assert table.keys() & {"names", "ambiguous"}


def test_names_differ_and_have_one_star_at_most():
    """No name is there twice, and a star is not its first character."""
    trackers = [
        name
        for table in DATA["tracker"]
        for key in ("names", "ambiguous")
        for name in table.get(key, ())
    ]
    frameworks = [table["name"] for table in DATA["framework"]]
    assert duplicates(trackers) == duplicates(frameworks) == []
    assert [n for n in trackers + frameworks if n.count("*") > 1 or n.startswith("*")] == []


def test_hosts_differ_and_are_host_names():
    """No host is there twice; each is a domain name in lower case."""
    hosts = [host for table in DATA["tracker_host"] for host in table["hosts"]]
    assert duplicates(hosts) == []
    assert [host for host in hosts if not is_host_name(host)] == []


def test_distributions_are_normalised():
    """A distribution is spelt as it is compared."""
    names = [name for table in DATA["framework"] for name in table.get("distributions", ())]
    assert [name for name in names if name != normalise_distribution(name)] == []


def test_every_table_is_loaded():
    """The catalogue has all names, hosts and cookies of the file, with their values."""
    catalogue = load_catalogue()
    assert [
        (one.name, one.vendor, one.category, one.ambiguous) for one in catalogue.trackers.entries
    ] == [
        (name, table["vendor"], table["category"], key == "ambiguous")
        for table in DATA["tracker"]
        for key in ("names", "ambiguous")
        for name in table.get(key, ())
    ]
    assert {
        host: (one.host, one.vendor, one.category) for host, one in catalogue.hosts.items()
    } == {
        host: (host, table["vendor"], table["category"])
        for table in DATA["tracker_host"]
        for host in table["hosts"]
    }
    for entry, table in zip(catalogue.frameworks.entries, DATA["framework"], strict=True):
        for key, value in table.items():
            assert getattr(entry, key) == (tuple(value) if isinstance(value, list) else value)
