"""
``pytest --strict-cookies``: a test whose application sets an undeclared cookie fails.

pytest loads this module in every run of every project that has the library installed. It therefore
imports :mod:`strict_cookies.testing.client`, which does the work, only if it is switched on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: The option that switches the plugin on.
OPTION = "strict_cookies"
#: The option, and the key in pytest's configuration, that name a policy.
POLICY_OPTION = "strict_cookies_policy"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("strict-cookies", "undeclared cookies")
    # A flag: an option with an optional value would consume the path that follows.
    group.addoption(
        "--strict-cookies",
        dest=OPTION,
        action="store_true",
        help="Fail each test whose application sets an undeclared cookie.",
    )
    group.addoption(
        "--strict-cookies-policy",
        dest=POLICY_OPTION,
        metavar="PATH",
        help="Use this cookies.toml; by default the one of each application.",
    )
    parser.addini(POLICY_OPTION, "The cookies.toml for --strict-cookies, relative to rootdir.")


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin if it is switched on."""
    if not config.getoption(OPTION):
        return
    from ..errors import PolicyError
    from .client import ClientWatch

    try:
        watch = ClientWatch(config.rootpath, _find_policy(config))
    except PolicyError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(watch, "strict-cookies-watch")
    config.add_cleanup(watch.stop)


def _find_policy(config: pytest.Config) -> Path | None:
    """Return the given path; an option is relative to the working directory."""
    option, key = config.getoption(POLICY_OPTION), config.getini(POLICY_OPTION)
    if option:
        return config.invocation_params.dir / str(option)
    return config.rootpath / str(key) if key else None
