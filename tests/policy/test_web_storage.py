"""One item of declared web storage: what may be written, and what is refused with which words."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta

import pytest

from strict_cookies.errors import PolicyError
from tests.policies import keep

HOUR = timedelta(hours=1)


def store(name="draft", **options):
    """Declare an item that ends with its tab by default."""
    return keep(name, **{"kind": "session", "lifetime": None, **options})


def mistakes_of(name="draft", **options):
    """List what is wrong with an entry, without the words that name it."""
    try:
        store(name, **options)
    except PolicyError as error:
        return [mistake.partition(": ")[2] for mistake in error.mistakes]
    return []


# --- Names ---


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("draft", id="word"),
        pytest.param("app:order/7 (new)", id="any printable"),
        pytest.param("entw\u00fcrfe", id="letters of any script"),
        pytest.param("x" * 128, id="128 characters"),
        pytest.param("dra*", id="pattern"),
    ],
)
def test_usable_name_is_kept(name):
    """A script may call its items as it likes, as long as people can read it."""
    assert store(name).name == name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("", "invalid name. ", id="empty"),
        pytest.param("  ", "invalid name. ", id="blank"),
        pytest.param("a\nb", "invalid name. ", id="line break"),
        pytest.param("a\u202eb", "invalid name. ", id="turned round"),
        pytest.param("x" * 129, "invalid name. ", id="129 characters"),
        pytest.param("a*b", "only one star is allowed, at the end. ", id="inner star"),
        pytest.param("*", "invalid name. ", id="star alone"),
        pytest.param("dr*", "the pattern has 2 characters in front of the star", id="wide pattern"),
        pytest.param("_hjSession*", "the pattern would cover ", id="tracker's pattern"),
        pytest.param(
            "ajs_user_id", "this is a name commonly associated with Segment ", id="tracker"
        ),
    ],
)
def test_unusable_name_is_refused(name, words):
    """Unreadable names, patterns that are too wide, and trackers' names are refused."""
    (mistake,) = mistakes_of(name)
    assert mistake.startswith(words)


def test_tracker_needs_a_reason():
    """A name that the catalogue knows is accepted with the reason why it is something else."""
    assert mistakes_of("_gcl_ls", not_the_tracker="The list of our own gas cylinders") == []


# --- Kinds and lifetimes ---


@pytest.mark.parametrize(
    ("options", "mistakes"),
    [
        pytest.param({"kind": "session"}, [], id="session"),
        pytest.param({"kind": "local", "lifetime": 4 * HOUR}, [], id="local"),
        pytest.param(
            {"kind": "indexeddb", "purposes": ["security"], "lifetime": timedelta(days=30)},
            [],
            id="IndexedDB",
        ),
        pytest.param(
            {"kind": "session", "lifetime": HOUR},
            ["lifetime is 1 hour, but sessionStorage ends with its tab. "
             'Use lifetime = "session".'],
            id="session with a duration",
        ),
        pytest.param(
            {"kind": "local"},
            ["lifetime is 'session', but no browser ends localStorage by itself. Write the time "
             "after which your own script erases it, at most 4 hours; or use kind = \"session\"."],
            id="local without a duration",
        ),
        pytest.param(
            {"kind": "cache", "lifetime": 5 * HOUR},
            ["lifetime is 5 hours, but storage for user_input may live at most 4 hours (WP194 "
             "section 3). Shorten it."],
            id="too long",
        ),
        pytest.param(
            {"kind": "local", "lifetime": timedelta(0)},
            ["lifetime is 0 seconds. Use whole seconds above zero, or 'session'."],
            id="zero",
        ),
        pytest.param(
            {"kind": "local", "purposes": ["authentication", "security"], "lifetime": HOUR},
            ["kind is 'local', which no browser ends by itself, but an item for authentication and "
             "security may live only until the browser closes (WP194 section 3). Use kind = "
             '"session", or a cookie.'],
            id="purpose of a session",
        ),
        pytest.param(
            {"kind": "localStorage", "lifetime": HOUR},
            ["kind is 'localStorage'. Use one of 'local', 'session', 'indexeddb', 'cache'."],
            id="unknown kind",
        ),
        pytest.param(
            {"purposes": ["analytics"], "kind": "local"},
            ["purpose 'analytics' is not strictly necessary and would need consent, which this "
             "library does not support. Remove the entry and what sets it."],
            id="no purpose, no limit",
        ),
        pytest.param(
            {"title": "", "kind": "x"},
            ["kind is 'x'. Use one of 'local', 'session', 'indexeddb', 'cache'.",
             "title is empty. Write it for visitors, in a sentence."],
            id="all at once",
        ),
        pytest.param(
            {"kind": None, "lifetime": 5},
            ["kind is None. Use text.",
             "lifetime is 5. Use a timedelta, or None for the tab's session."],
            id="types",
        ),
    ],
)  # fmt: skip
def test_kind_and_lifetime(options, mistakes):
    """What a browser ends by itself has no duration, the rest has one within the limit."""
    assert mistakes_of(**options) == mistakes


# --- Frozen ---


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda item: pickle.loads(pickle.dumps(item))]
)
def test_copy_is_equal(duplicate):
    """An item with texts in several languages can be copied and pickled."""
    item = store("dra*", title={"en": "Draft", "de": "Entwurf"})
    assert duplicate(item) == item
    assert (duplicate(item).stem, duplicate(item).is_pattern) == ("dra", True)
