"""
The keys of ``app.config`` that are ours: their defaults, those that ``init_app`` reads, and the
check that they are not changed after the first request.
"""

from __future__ import annotations

import copy
import logging
import os
import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, FrozenConfigurationError
from ..policy.policy import CookiePolicy
from ..reasons import Reason

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

logger = logging.getLogger("strict_cookies")

PREFIX = "STRICT_COOKIES_"
#: Each key with its default; ``None`` means that the default depends on the application.
DEFAULTS: Mapping[str, Any] = {
    "STRICT_COOKIES_POLICY": None,
    "STRICT_COOKIES_MODE": None,
    "STRICT_COOKIES_EXPIRE_UNDECLARED": "known",
    "STRICT_COOKIES_TRANSPORT": "https",
    "STRICT_COOKIES_HEADERS": {},
    "STRICT_COOKIES_HEADERS_SCOPES": {},
    "STRICT_COOKIES_TRUSTED_MIDDLEWARE": (),
    "STRICT_COOKIES_URL_PREFIX": "/cookies",
    "STRICT_COOKIES_AUDIT_INTERVAL": None,
    "STRICT_COOKIES_HTTPS": "redirect",
    "STRICT_COOKIES_CANONICAL_HOST": None,
    "STRICT_COOKIES_HTTPS_EXEMPT": (),
    "STRICT_COOKIES_TRUSTED_PROXIES": 0,
    "STRICT_COOKIES_CROSS_ORIGIN": "refuse",
    "STRICT_COOKIES_TRUSTED_ORIGINS": (),
    "STRICT_COOKIES_ORIGIN_EXEMPT": (),
    "STRICT_COOKIES_APP_NAME": None,
    "STRICT_COOKIES_SESSIONS": None,
    "STRICT_COOKIES_SESSION_LIFETIME": "aal2",
    "STRICT_COOKIES_SESSION_LIMIT_PER_USER": None,
    "STRICT_COOKIES_SESSION_BINDING": "log",
    "STRICT_COOKIES_SESSION_MIGRATION_UNTIL": None,
    "STRICT_COOKIES_LOGIN_VIEW": None,
    "STRICT_COOKIES_SESSION_NO_STORE": False,
    "STRICT_COOKIES_SESSION_COPY_INCLUDE": (),
    "STRICT_COOKIES_TRAIL": None,
    "STRICT_COOKIES_TRAIL_KEY": None,
    "STRICT_COOKIES_TRAIL_RETENTION": "365 days",
    "STRICT_COOKIES_TRAIL_TIMESTAMPS": None,
}
#: How many requests pass between two comparisons of the settings; each costs as much as a header.
CHECKED_EVERY = 64
#: The policy file that is looked for next to the application.
POLICY_FILE = "cookies.toml"


def find_url_prefix(app: Flask) -> str:
    """
    Read where the library's pages go.

    Raises:
        ConfigurationError: It is not a path below the root.
    """
    prefix = app.config["STRICT_COOKIES_URL_PREFIX"]
    if not isinstance(prefix, str) or not re.fullmatch(r"(/[\w.~-]+)+", prefix, re.ASCII):
        raise ConfigurationError(
            f"STRICT_COOKIES_URL_PREFIX is {prefix!r}. Write a path such as '/cookies'."
        )
    return prefix


def find_policy(app: Flask) -> CookiePolicy:
    """
    Load the policy that ``STRICT_COOKIES_POLICY`` names, or the file next to the application.

    Returns:
        An empty policy where no file was named and none is there.

    Raises:
        PolicyError: The file can't be read, or all that is wrong in it.
    """
    named = app.config["STRICT_COOKIES_POLICY"]
    if isinstance(named, CookiePolicy):
        return named
    if named is not None and not isinstance(named, str | os.PathLike):
        raise ConfigurationError(
            f"STRICT_COOKIES_POLICY is of type {type(named).__name__}. "
            "Give a path or a CookiePolicy."
        )
    path = Path(app.root_path, named or POLICY_FILE)
    if named is None and not os.path.lexists(path):
        return CookiePolicy()
    return CookiePolicy.load(path)


def is_ours(key: object) -> bool:
    """Return whether a key is one of the library's."""
    return isinstance(key, str) and key.startswith(PREFIX)


class FrozenKeys:
    """
    The keys of ours as they were compiled.

    A later change has no effect, so it is an error: raised by the next request under
    ``app.testing`` and ``app.debug``, otherwise logged once by one of the next
    :data:`CHECKED_EVERY` requests.

    Args:
        app: With its final configuration.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._compiled = self._read()
        self._keys = (*self._compiled,)
        self._values = (*self._compiled.values(),)
        #: How many keys there are, ours and others'.
        self._size = len(app.config)
        self._reported: set[str] = set()

    def _read(self) -> dict[str, Any]:
        """Copy the containers, so that a change inside one is found too."""
        return {
            key: copy.copy(value) if isinstance(value, dict | list | set) else value
            for key, value in self._app.config.items()
            if is_ours(key)
        }

    def watch(self, serve: WSGIApplication) -> WSGIApplication:
        """Return an application that checks the keys before it serves a request."""
        app, keys, values = self._app, self._keys, self._values
        every = 1 if app.testing or app.debug else CHECKED_EVERY
        turns = count()

        def watched(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if not next(turns) % every:
                config = app.config
                if len(config) != self._size or (*map(config.get, keys),) != values:
                    self.check()
            return serve(environ, start_response)

        return watched

    def check(self) -> None:
        """
        Report keys that were added, changed or removed since they were compiled.

        Raises:
            FrozenConfigurationError: Under ``app.testing`` or ``app.debug``.
        """
        now, self._size = self._read(), len(self._app.config)
        for key in {**self._compiled, **now}:
            if key in self._reported or (
                key in now and key in self._compiled and now[key] == self._compiled[key]
            ):
                continue
            error = FrozenConfigurationError(
                f"{key} was changed after the first request and has no effect. Set it before, "
                "where you create the application."
            )
            if self._app.testing or self._app.debug:
                raise error
            self._reported.add(key)
            logger.error("%s %s", Reason.FROZEN_SETTING, error)
