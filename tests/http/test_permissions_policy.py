"""Permissions-Policy: names that browsers know, and allowlists that they understand."""

from __future__ import annotations

import re

import pytest

from strict_cookies import ConfigurationError
from strict_cookies.http.permissions_policy import (
    _DROPPED,
    KNOWN,
    parse_permissions,
    validate_permissions,
)
from strict_cookies.http.presets import CLOSED_PERMISSIONS, OPT_OUT, PROFILES


@pytest.mark.parametrize(
    "allowlist",
    ["()", "*", "self", "(self)", '(self "https://a.test" "https://*.b.test:8443")', OPT_OUT],
)
def test_allowlists_are_taken(allowlist):
    """Each form of the header's grammar passes as it is."""
    assert validate_permissions({"camera": allowlist}, "x") == {"camera": allowlist}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param("camera=()", "x is not a mapping", id="text"),
        pytest.param({"camra": "()"}, "'camra' is not a feature that browsers know. Did you mean "
                     "'camera'?", id="misspelt"),
        pytest.param({"screen_wake_lock": "()"}, "mean 'screen-wake-lock'?", id="underscore"),
        pytest.param({"zzz": "()"}, "Remove it.", id="unknown"),
        pytest.param({1: "()"}, "1 is not a feature", id="number"),
        pytest.param({"interest-cohort": "()"}, "Use browsing-topics.", id="dropped"),
        pytest.param({"document-domain": "()"}, "Use the option origin_agent_cluster.", id="other"),
        pytest.param({"camera": []}, "camera is []. Write '()' for no origin", id="list"),
        pytest.param({"camera": None}, "camera is None", id="None"),
        pytest.param({"camera": "'none'"}, "Write '()' for no origin", id="CSP's word"),
        pytest.param({"camera": "(self https://a.test)"}, "Write '()'", id="origin unquoted"),
        pytest.param({"camera": '(self "https://a.test/path")'}, "Write '()'", id="path"),
        pytest.param({"camera": "(), geolocation=*"}, "Write '()'", id="second feature"),
        pytest.param({"camera": "()\r\nX: 1"}, "Write '()'", id="CR LF"),
    ],
)  # fmt: skip
def test_what_browsers_would_ignore_is_refused(given, message):
    """Each mistake says where, what and how to fix it."""
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        validate_permissions(given, "x")


def test_no_name_is_both_known_and_dropped():
    """The tables don't contradict each other, and the profiles keep to what is known."""
    assert not set(KNOWN) & set(_DROPPED)
    assert len(KNOWN) == len(set(KNOWN))
    for profile in PROFILES.values():
        assert set(profile.options.get("permissions_policy", {})) <= set(KNOWN)


def test_header_is_parsed():
    """Each feature has those who may use it; what is no entry is left out."""
    value = 'camera=(), geolocation=(self "https://a.test"), usb=*, midi=self, fullscreen, x=(;y'
    assert parse_permissions(value) == {
        "camera": frozenset(),
        "geolocation": {"self", '"https://a.test"'},
        "usb": {"*"},
        "midi": {"self"},
    }


def test_closed_permissions_are_parsed_as_closed():
    """The written header is parsed back as no origin for each feature."""
    value = ", ".join(f"{name}={allowed}" for name, allowed in CLOSED_PERMISSIONS.items())
    assert parse_permissions(value) == dict.fromkeys(CLOSED_PERMISSIONS, frozenset())
