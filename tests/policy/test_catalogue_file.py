"""What ``catalogue.toml`` must look like."""

from __future__ import annotations

import re

import pytest

from strict_cookies.policy.catalogue import FrameworkCookie
from strict_cookies.policy.catalogue_file import parse_catalogue

FRAMEWORK_TABLE = """
[[framework]]
name = "sid"
set_by = "Something"
title = "Session"
purposes = ["session"]
description = "Keeps the session."
without_it = "You could not log in."
"""

HOST_TABLE = """
[[tracker_host]]
vendor = "V"
category = "analytics"
hosts = ["t.example"]
"""


def test_parsing_fills_in_what_is_absent():
    """An entry with the required keys alone gets the defaults of the dataclass."""
    catalogue = parse_catalogue(FRAMEWORK_TABLE)
    assert catalogue.trackers.entries == ()
    assert catalogue.frameworks.entries == (
        FrameworkCookie(
            name="sid",
            set_by="Something",
            title="Session",
            purposes=("session",),
            description="Keeps the session.",
            without_it="You could not log in.",
        ),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("x = 1", "unknown table 'x'", id="unknown table"),
        pytest.param("tracker = 1", "tracker is no list of tables", id="no list"),
        pytest.param("framework = ['x']", "framework is no list of tables", id="no tables"),
        pytest.param("tracker = [", "(at end of document)", id="no TOML"),
        pytest.param('vendor = "V"\nnmaes = []', "'V': unknown key 'nmaes'", id="unknown key"),
        pytest.param('category = "social"', "'': vendor is missing", id="no vendor"),
        pytest.param('vendor = "V"', "'V': category is missing", id="no category"),
        pytest.param(
            'vendor = "V"\ncategory = "x"', "'V': category is 'x'. Use one of", id="bad category"
        ),
        pytest.param(
            'vendor = "V"\ncategory = "social"', "'V': there is no name", id="no names at all"
        ),
        pytest.param(
            'vendor = "V"\ncategory = "social"\nnames = []', "'V': names is empty", id="empty list"
        ),
        pytest.param(
            'vendor = "V"\ncategory = "social"\nnames = ["a", " "]',
            "'V': names is empty",
            id="empty name",
        ),
        pytest.param(
            'vendor = "V"\ncategory = "social"\nnames = "a"', "Give a list of texts", id="one text"
        ),
        pytest.param(
            'vendor = "V"\ncategory = "social"\nnames = [1]', "Give a list of texts", id="number"
        ),
        pytest.param('vendor = ["V"]', "Give a text", id="vendor as list"),
        pytest.param(
            'vendor = "V"\ncategory = "social"\nnames = ["a*"]\nambiguous = ["a*"]',
            "Tracker 'V': 'a*' is there twice",
            id="duplicate in one table",
        ),
        pytest.param(
            'vendor = "V"\ncategory = "social"\nnames = ["a"]\n'
            '[[tracker]]\nvendor = "W"\ncategory = "social"\nnames = ["a"]',
            "Tracker 'W': 'a' is there twice",
            id="duplicate across tables",
        ),
        pytest.param(
            'vendor = "V"\ncategory = "social"\nnames = ["a*b*"]', "is no pattern", id="two stars"
        ),
        pytest.param(
            'vendor = "V"\ncategory = "social"\nnames = ["*"]', "is no pattern", id="star"
        ),
        pytest.param("tracker_host = 1", "tracker_host is no list of tables", id="no hosts"),
        pytest.param(
            HOST_TABLE.replace("analytics", "x"), "'V': category is 'x'. Use one of", id="host kind"
        ),
        pytest.param(HOST_TABLE.replace("hosts", "names"), "unknown key 'names'", id="host key"),
        pytest.param(
            HOST_TABLE.replace("t.example", "https://t.example"), "is no host", id="origin"
        ),
        pytest.param(HOST_TABLE.replace("t.example", "T.example"), "is no host", id="capitals"),
        pytest.param(HOST_TABLE * 2, "'V': 't.example' is there twice", id="same host"),
        pytest.param(
            FRAMEWORK_TABLE * 2, "Framework cookie 'sid': 'sid' is there twice", id="same cookie"
        ),
        pytest.param(
            f"{FRAMEWORK_TABLE}script_readable = 1",
            "'sid': script_readable is 1. Give true or false",
            id="flag",
        ),
        pytest.param(f"{FRAMEWORK_TABLE}lifetime = ''", "'sid': lifetime is empty", id="lifetime"),
        pytest.param(
            f"{FRAMEWORK_TABLE}distributions = ['Flask_Login']",
            "distribution is 'Flask_Login'. Use 'flask-login'",
            id="spelling of a distribution",
        ),
    ],
)
def test_bad_data_is_refused(text, message):
    """A mistake in the file raises and names the entry."""
    if text.startswith(("vendor", "category")):
        text = f"[[tracker]]\n{text}"
    with pytest.raises(ValueError, match=re.escape(message)):
        parse_catalogue(text)
