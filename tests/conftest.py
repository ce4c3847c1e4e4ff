"""Fixtures that several test files share."""

from __future__ import annotations

import gc
import itertools
from functools import partial

import pytest
from flask import Flask
from hypothesis import settings
from jinja2.bccache import Bucket
from werkzeug.routing import Rule
from werkzeug.security import generate_password_hash

from example_app import auth, demo
from strict_cookies.audit.browser.chromium import FLAGS, find_chromium
from strict_cookies.errors import AuditError
from tests.checkout import pytest_sessionfinish, pytest_sessionstart
from tests.sessions.apps import Clock
from tests.shared_rules import compile_builder

__all__ = ["pytest_sessionfinish", "pytest_sessionstart"]

# Thousands of tests stay in memory; to look through them all the time takes a quarter of what it
# costs to collect them.
gc.set_threshold(50_000)

# A busy machine makes no input wrong.
settings.register_profile("unhurried", deadline=None, max_examples=60)
settings.load_profile("unhurried")

#: Features that are off. The first three draw a window's address bar as a page, which takes a third
#: of the time of each window, and the next keeps a process ready that nobody uses; the others are
#: those that Playwright names, which this flag replaces.
DISABLED = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    "SpareRendererForSitePerProcess",
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


class CompiledTemplates:
    """
    Compiles a template once a process, not once for each of the applications that render it.

    It is a bytecode cache of Jinja's whose key is all that the compiler reads.
    """

    def __init__(self):
        self._codes = {}

    def get_bucket(self, environment, name, filename, source):
        """Give the code of this text under these settings, if it was compiled before."""
        escape, policies = environment.autoescape, environment.policies
        write_json = policies["json.dumps_function"]
        bucket = Bucket(
            environment,
            (
                *(name, filename, source),
                *(type(environment), environment.lexer, tuple(environment.extensions)),
                *(environment.optimized, environment.is_async, environment.finalize),
                escape(name) if callable(escape) else escape,
                frozenset(environment.filters.items()),
                frozenset(environment.tests.items()),
                repr({**policies, "json.dumps_function": None}),
                getattr(write_json, "__func__", write_json),
            ),
            checksum="",
        )
        bucket.code = self._codes.get(bucket.key)
        return bucket

    def set_bucket(self, bucket):
        """Keep a code."""
        self._codes[bucket.key] = bucket.code


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


@pytest.fixture(scope="session", autouse=True)
def compiled_templates():
    """Let all applications share what Jinja compiles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": CompiledTemplates()})
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_rules():
    """Let all applications share what Werkzeug compiles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_builder)
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_password_hashes():
    """Let the ERP hash passwords in a thirtieth of the time; its own way has tests of its own."""
    quick = partial(generate_password_hash, method="scrypt:1024:8:1")
    with pytest.MonkeyPatch.context() as patch:
        for module in (auth, demo):
            patch.setattr(module, "generate_password_hash", quick)
        yield


@pytest.fixture(scope="session", autouse=True)
def state_directory(tmp_path_factory):
    """Keep keys that applications create away from the user's own state directory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def instance_directories(tmp_path_factory):
    """
    Yield one empty directory after another; applications of wide fixtures share the first.

    Without it, an application of a module's fixture would keep its sessions in the checkout.
    """
    root = tmp_path_factory.mktemp("instances")
    directories = (root / str(number) for number in itertools.count())
    shared = next(directories)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "auto_find_instance_path", lambda self: str(shared / self.name))
        yield directories


def pytest_collection_modifyitems(items):
    """
    Let the tests that repeat themselves run at full speed, without a trace of each line.

    Coverage doubles their time. What they run through, other tests do as well: properties are
    tried on hundreds of inputs, and of the browser's tests only the audit's have code of their own.
    """
    for item in items:
        is_property = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        for_audit = item.path.parent.name == "audit"
        if is_property or (item.get_closest_marker("browser") and not for_audit):
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(autouse=True)
def instance_directory(instance_directories, monkeypatch):
    """Give the applications of each test an instance directory of their own."""
    directory = next(instance_directories)
    directory.mkdir()
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda self: str(directory / self.name))


@pytest.fixture
def clock():
    """What time it is, as a test sets it."""
    return Clock()
