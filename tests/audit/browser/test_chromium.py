"""Which browser is taken, and how it is started."""

from __future__ import annotations

import json
import os
import sys

import pytest

from strict_cookies.audit.browser import chromium
from strict_cookies.audit.browser.chromium import find_chromium, launch_flags, write_profile
from strict_cookies.errors import AuditError


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A machine on which nothing is installed."""
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    monkeypatch.setattr(chromium, "PLACES", ())
    return tmp_path


def executable(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_without_a_browser_the_error_says_what_to_install(nowhere):
    """Without a browser, the error says how to install one, and how to name one."""
    with pytest.raises(AuditError, match=r"apt-get install chromium.*--chromium PATH"):
        find_chromium()


def test_systems_browser_comes_before_playwrights(nowhere):
    """What the system keeps up to date is taken first; Playwright's own newest otherwise."""
    executable(nowhere / "browsers/chromium-1/chrome-linux/chrome")
    bundled = executable(nowhere / "browsers/chromium-2/chrome-linux/chrome")
    assert find_chromium() == bundled
    installed = executable(nowhere / "bin/google-chrome")
    assert find_chromium() == installed


def test_named_browser_comes_first(nowhere, monkeypatch):
    """An option beats the environment, which beats what is installed."""
    executable(nowhere / "bin/chromium")
    by_variable = executable(nowhere / "mine")
    by_option = executable(nowhere / "other")
    monkeypatch.setenv(chromium.VARIABLE, str(by_variable))
    assert find_chromium() == by_variable
    assert find_chromium(by_option) == by_option


def test_named_browser_that_is_none_is_reported(nowhere):
    """A wrong path is not silently replaced by some other browser."""
    executable(nowhere / "bin/chromium")
    with pytest.raises(AuditError, match="'/nowhere/chromium' is not an executable"):
        find_chromium("/nowhere/chromium")


@pytest.mark.parametrize(
    ("user_id", "expected"),
    [pytest.param(0, True, id="root"), pytest.param(1000, False, id="user")],
)
def test_sandbox_is_given_up_only_where_there_is_none(monkeypatch, user_id, expected):
    """An ordinary user's browser keeps its sandbox; root has none to keep."""
    monkeypatch.setattr(os, "geteuid", lambda: user_id)
    monkeypatch.setattr(os.path, "exists", lambda path: False)
    assert ("--no-sandbox" in launch_flags()) is expected


def test_container_has_no_sandbox(monkeypatch):
    """In a container even an ordinary user can't have one."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os.path, "exists", lambda path: path == "/.dockerenv")
    assert "--no-sandbox" in launch_flags()


def test_profile_lets_third_parties_set_cookies(tmp_path):
    """The profile is the worst case, not the browser's own default."""
    write_profile(tmp_path)
    written = json.loads((tmp_path / "Default/Preferences").read_text())
    assert written == {"profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}}


def test_missing_playwright_is_reported(monkeypatch):
    """The error names the extra that brings it."""
    monkeypatch.setitem(sys.modules, "playwright.async_api", None)
    with pytest.raises(AuditError, match=r"pip install strict-cookies\[audit\]"):
        chromium.import_playwright()
