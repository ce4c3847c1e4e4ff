"""
The keys of ``app.config`` that are ours: their defaults, what is needed before the first request,
and what makes them stay as they are from then on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, FrozenConfigurationError
from ..policy.policy import CookiePolicy

if TYPE_CHECKING:
    from flask import Flask

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
    "STRICT_COOKIES_SESSIONS": None,
    "STRICT_COOKIES_SESSION_LIFETIME": "aal2",
    "STRICT_COOKIES_SESSION_LIMIT_PER_USER": None,
    "STRICT_COOKIES_SESSION_BINDING": "log",
    "STRICT_COOKIES_SESSION_MIGRATION_UNTIL": None,
    "STRICT_COOKIES_LOGIN_VIEW": None,
    "STRICT_COOKIES_SESSION_COPY_EXCLUDE": (),
    "STRICT_COOKIES_TRAIL": None,
    "STRICT_COOKIES_TRAIL_KEY": None,
    "STRICT_COOKIES_TRAIL_RETENTION": "365 days",
}
#: The policy file that is looked for beside the application.
POLICY_FILE = "cookies.toml"


def find_url_prefix(app: Flask) -> str:
    """
    Read where the library's pages go.

    Raises:
        ConfigurationError: It is no path below the root.
    """
    prefix = app.config["STRICT_COOKIES_URL_PREFIX"]
    if not isinstance(prefix, str) or not re.fullmatch(r"(/[\w.~-]+)+", prefix, re.ASCII):
        raise ConfigurationError(
            f"STRICT_COOKIES_URL_PREFIX is {prefix!r}. Write a path such as '/cookies'."
        )
    return prefix


def find_policy(app: Flask) -> CookiePolicy:
    """
    Load the policy that ``STRICT_COOKIES_POLICY`` names, or the file beside the application.

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
    """Tell whether a key is one of the library's."""
    return isinstance(key, str) and key.startswith(PREFIX)


class _FrozenKeys(dict[str, Any]):
    """Refuses a change of a key of ours; mixed into the class of a frozen ``app.config``."""

    def __setitem__(self, key: str, value: Any) -> None:
        if is_ours(key) and (key not in self or self[key] != value):
            raise FrozenConfigurationError(
                f"{key} was changed after the first request, when it no longer counts. "
                "Set it before, where the application is put together."
            )
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._refuse_removal(key)
        super().__delitem__(key)

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __ior__(self, other: Any) -> _FrozenKeys:  # type: ignore[override,misc]
        self.update(other)
        return self

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str, *default: Any) -> Any:
        self._refuse_removal(key)
        return super().pop(key, *default)

    def popitem(self) -> tuple[str, Any]:
        self._refuse_removal(next(reversed(self), ""))
        return super().popitem()

    def clear(self) -> None:
        for key in self:
            self._refuse_removal(key)
        super().clear()

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A copy is another, thawed configuration, of the class that was frozen."""
        kind = type(self).__mro__[2]
        return _thaw, (kind, dict(self), self.__dict__)

    def _refuse_removal(self, key: str) -> None:
        if is_ours(key):
            raise FrozenConfigurationError(f"{key} was removed after the first request. Leave it.")


def _thaw(kind: Any, items: dict[str, Any], attributes: dict[str, Any]) -> Any:
    config = kind.__new__(kind)
    config.update(items)
    config.__dict__.update(attributes)
    return config


def freeze_config(app: Flask) -> None:
    """Make a later change of a key of ours in ``app.config`` raise."""
    kind = type(app.config)
    if not issubclass(kind, _FrozenKeys):
        app.config.__class__ = type(kind.__name__, (_FrozenKeys, kind), {})
