"""Fixtures that several test files share."""

from __future__ import annotations

import pytest
from flask import Flask
from hypothesis import settings

from strict_cookies.audit.chromium import FLAGS, find_chromium
from strict_cookies.errors import AuditError

# A busy machine makes no input wrong.
settings.register_profile("unhurried", deadline=None, max_examples=60)
settings.load_profile("unhurried")

#: Features that are off. The first three draw a window's address bar as a page, which takes a third
#: of the time of each window; the others are those that Playwright names, which this flag replaces.
DISABLED = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    *("AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades"),
    *("LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints"),
    *("PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)
#: No sandbox, because containers and root have none; no chatter of the browser's own.
CHROMIUM_FLAGS = (
    "--no-sandbox",
    *FLAGS,
    # Reports of the Reporting API leave at once, not a minute later, and to our certificates too,
    # for which no context's setting counts.
    "--short-reporting-delay",
    "--ignore-certificate-errors",
    f"--disable-features={','.join(DISABLED)}",
    # Any host under .test is the test server, so that sites, siblings and strangers have names.
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)


@pytest.fixture(scope="session")
def playwright():
    """What drives browsers; there can be one at a time."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def chromium_options():
    """
    How a Chromium is started, whatever its profile.

    A machine without one fails: a skipped oracle would prove nothing.
    """
    try:
        executable = find_chromium()
    except AuditError as error:
        pytest.fail(f"{error}")
    return {"executable_path": executable, "args": list(CHROMIUM_FLAGS)}


@pytest.fixture(scope="session")
def chromium(playwright, chromium_options):
    """A headless Chromium with an empty profile; give each test a context of its own."""
    browser = playwright.chromium.launch(**chromium_options)
    yield browser
    browser.close()


@pytest.fixture
def page(chromium):
    """A page with an empty jar."""
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture(autouse=True)
def instance_folder(tmp_path_factory, monkeypatch):
    """Give each application of a test an instance folder that is gone with the test run."""
    folder = tmp_path_factory.mktemp("instance")
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda self: str(folder / self.name))
