"""
The settings: ``app.config`` is read once, at the first request, into one frozen object.

Nothing reads the keys of ours after that; a later change is an error (``SC306``).
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .._util.choices import check_choice
from .._util.durations import read_duration
from ..errors import ConfigurationError
from ..firewall.cross_origin import CrossOrigin, read_origins
from ..firewall.expire import ExpireUndeclared
from ..firewall.https_redirect import Https, read_host
from ..firewall.middleware import Mode
from ..http.paths import validate_paths
from ..policy.policy import Transport
from ..sessions.options import SessionOptions
from ..trail.options import TrailOptions
from .config import DEFAULTS, PREFIX, is_ours

if TYPE_CHECKING:
    from flask import Flask

_LISTS = (tuple, list, set, frozenset)


class Settings(NamedTuple):
    """
    The application's settings, validated.

    Args:
        mode: See :class:`~strict_cookies.CookieFirewall`; ``"raise"`` by default under
            ``app.testing``.
        expire_undeclared: See :class:`~strict_cookies.CookieFirewall`.
        transport: See :class:`~strict_cookies.CookiePolicy`.
        headers: Options for :class:`~strict_cookies.StrictTalisman`.
        header_scopes: The same by path prefix or blueprint.
        trusted_middleware: Dotted class names that may be outside the firewall.
        https: What happens to plain http; see
            :class:`~strict_cookies.firewall.https_redirect.HttpsRedirect`, also for
            ``canonical_host`` and ``https_exempt``.
        trusted_proxies: How many proxies are in front.
        cross_origin: What happens to cross-origin requests; see
            :class:`~strict_cookies.firewall.cross_origin.OriginGuard`, also for
            ``trusted_origins`` and ``origin_exempt``.
        sessions: The settings of sessions.
        trail: The settings of the audit trail.
    """

    mode: Mode
    expire_undeclared: ExpireUndeclared
    transport: Transport
    headers: Mapping[str, Any]
    header_scopes: Mapping[str, Any]
    trusted_middleware: tuple[str, ...]
    https: Https
    canonical_host: str | None
    https_exempt: frozenset[str]
    trusted_proxies: int
    cross_origin: CrossOrigin
    trusted_origins: frozenset[str]
    origin_exempt: frozenset[str]
    sessions: SessionOptions = SessionOptions()
    trail: TrailOptions = TrailOptions()

    @classmethod
    def from_app(cls, app: Flask) -> Settings:
        """
        Read ``app.config``.

        Raises:
            ConfigurationError: A key of ours is unknown, or its value is wrong.
        """
        config = app.config
        _check_keys(config)
        choices = {key: _read_choice(app, key, kind) for key, kind in _CHOICES.items()}
        _check_types(config)
        read_audit_interval(config["STRICT_COOKIES_AUDIT_INTERVAL"])
        host = config["STRICT_COOKIES_CANONICAL_HOST"]
        exempt, origin_exempt = "STRICT_COOKIES_HTTPS_EXEMPT", "STRICT_COOKIES_ORIGIN_EXEMPT"
        trusted = "STRICT_COOKIES_TRUSTED_ORIGINS"
        return cls(
            mode=choices["STRICT_COOKIES_MODE"],
            expire_undeclared=choices["STRICT_COOKIES_EXPIRE_UNDECLARED"],
            transport=choices["STRICT_COOKIES_TRANSPORT"],
            headers=dict(config["STRICT_COOKIES_HEADERS"]),
            header_scopes={
                scope: copy.copy(options)
                for scope, options in config["STRICT_COOKIES_HEADERS_SCOPES"].items()
            },
            trusted_middleware=tuple(config["STRICT_COOKIES_TRUSTED_MIDDLEWARE"]),
            https=choices["STRICT_COOKIES_HTTPS"],
            canonical_host=None if host is None else read_host(host),
            https_exempt=validate_paths(exempt, config[exempt]),
            trusted_proxies=_read_proxies(config["STRICT_COOKIES_TRUSTED_PROXIES"]),
            cross_origin=choices["STRICT_COOKIES_CROSS_ORIGIN"],
            trusted_origins=read_origins(trusted, config[trusted]),
            origin_exempt=validate_paths(origin_exempt, config[origin_exempt], methods=True),
            sessions=SessionOptions.from_config(config),
            trail=TrailOptions.from_config(config, app.instance_path),
        )


#: Keys whose value is one of a few, with their type.
_CHOICES: Mapping[str, Any] = {
    "STRICT_COOKIES_MODE": Mode,
    "STRICT_COOKIES_EXPIRE_UNDECLARED": ExpireUndeclared,
    "STRICT_COOKIES_TRANSPORT": Transport,
    "STRICT_COOKIES_HTTPS": Https,
    "STRICT_COOKIES_CROSS_ORIGIN": CrossOrigin,
}
#: Keys whose value is a container, with its types and what to write.
_CONTAINERS: tuple[tuple[str, Any, str], ...] = (
    ("STRICT_COOKIES_HEADERS", Mapping, "a mapping of options"),
    ("STRICT_COOKIES_HEADERS_SCOPES", Mapping, "a mapping of paths and blueprints"),
    ("STRICT_COOKIES_TRUSTED_MIDDLEWARE", _LISTS, "a list of dotted class names"),
    ("STRICT_COOKIES_HTTPS_EXEMPT", _LISTS, "a list of exact paths"),
    ("STRICT_COOKIES_TRUSTED_ORIGINS", _LISTS, "a list of origins"),
    ("STRICT_COOKIES_ORIGIN_EXEMPT", _LISTS, "a list of exact paths"),
)


def _check_keys(config: Mapping[Any, Any]) -> None:
    for key in config:
        if is_ours(key) and key not in DEFAULTS:
            endings = {known.removeprefix(PREFIX): known for known in DEFAULTS}
            close = difflib.get_close_matches(key.removeprefix(PREFIX), endings, n=1)
            known = f"Known: {', '.join(DEFAULTS)}."
            hint = f"Did you mean {endings[close[0]]}?" if close else known
            raise ConfigurationError(f"{key} is not a setting of Strict Cookies. {hint}")


def _read_choice(app: Flask, key: str, kind: Any) -> Any:
    value = app.config[key]
    if key == "STRICT_COOKIES_MODE" and value is None:
        value = "raise" if app.testing else "enforce"
    check_choice(key, value, kind)
    return value


def _check_types(config: Mapping[str, Any]) -> None:
    for key, kinds, wanted in _CONTAINERS:
        if not isinstance(config[key], kinds):
            kind = type(config[key]).__name__
            raise ConfigurationError(f"{key} is of type {kind}. Use {wanted}.")


def _read_proxies(count: object) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ConfigurationError(
            f"STRICT_COOKIES_TRUSTED_PROXIES is {count!r}. Write how many proxies stand between "
            "visitors and the application, such as 1."
        )
    return count


def read_audit_interval(value: object) -> timedelta | None:
    """
    Read how often the site is audited.

    Args:
        value: A string such as ``"90 days"``, a ``timedelta``, or None for no interval.

    Raises:
        ConfigurationError: The value is anything else, or not positive.
    """
    interval = value
    if isinstance(value, str):
        try:
            interval = read_duration(value)
        except ValueError:
            interval = None
    if value is None or (isinstance(interval, timedelta) and interval > timedelta(0)):
        return cast("timedelta | None", interval)
    raise ConfigurationError(
        f"STRICT_COOKIES_AUDIT_INTERVAL is {value!r}. Write a duration such as '90 days', or "
        "remove it."
    )
