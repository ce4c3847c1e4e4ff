"""
``pytest --strict-cookies``: a test whose application sets an undeclared cookie fails.

pytest loads this file in every run of every project that has the library installed, so it imports
nothing before it is switched on; :mod:`strict_cookies.testing.client` does the work then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: The option that switches it on.
OPTION = "strict_cookies"
#: The option, and the key in pytest's own settings, that name a policy.
POLICY_OPTION = "strict_cookies_policy"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("strict-cookies", "cookies that no policy declares")
    # A flag: with an optional value it would swallow the first path behind it.
    group.addoption(
        "--strict-cookies",
        dest=OPTION,
        action="store_true",
        help="Fail each test whose application sets a cookie that is not declared.",
    )
    group.addoption(
        "--strict-cookies-policy",
        dest=POLICY_OPTION,
        metavar="PATH",
        help="Judge by this cookies.toml; by default each application's own counts.",
    )
    parser.addini(POLICY_OPTION, "The cookies.toml for --strict-cookies, from the root folder.")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch, where it was switched on."""
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
    """Give the path that was named; an option's begins where pytest was called."""
    option, key = config.getoption(POLICY_OPTION), config.getini(POLICY_OPTION)
    if option:
        return config.invocation_params.dir / str(option)
    return config.rootpath / str(key) if key else None
