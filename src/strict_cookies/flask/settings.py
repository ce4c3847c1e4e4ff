"""
Configuration: ``app.config`` is read once, at the first request, and turned into one frozen object.

Nothing later reads ``app.config`` again, and from then on a change of a key of ours raises.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .._util.durations import read_duration
from ..errors import ConfigurationError
from ..firewall.cross_origin import CrossOrigin, read_origins
from ..firewall.expire import Sweep
from ..firewall.https_redirect import Https, read_host
from ..firewall.middleware import Mode, check_choice
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
    What the application's configuration says, checked.

    Args:
        mode: See :class:`~strict_cookies.firewall.middleware.CookieFirewall`; under ``app.testing`` the
            default is ``"raise"``.
        sweep: Likewise.
        transport: See :class:`~strict_cookies.policy.policy.CookiePolicy`.
        talisman: Options for :class:`~strict_cookies.headers.talisman.StrictTalisman`.
        talisman_parts: Likewise, by path prefix or blueprint.
        trusted_middleware: Dotted class names that may stand outside the firewall.
        https: What becomes of plain http; see :class:`~strict_cookies.firewall.https_redirect.HttpsRedirect`, also
            for ``canonical_host`` and ``https_exempt``.
        trusted_proxies: How many proxies stand in front.
        cross_origin: What becomes of other origins' requests; see
            :class:`~strict_cookies.firewall.cross_origin.OriginGuard`, also for ``trusted_origins`` and
            ``origin_exempt``.
        sessions: What is said of sessions.
        trail: What is said of the audit trail.

    Raises:
        ConfigurationError: A key of ours is unknown, or its value is.
    """

    mode: Mode
    sweep: Sweep
    transport: Transport
    talisman: Mapping[str, Any]
    talisman_parts: Mapping[str, Any]
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
        """Read ``app.config``."""
        config = app.config
        for key in config:
            if is_ours(key) and key not in DEFAULTS:
                endings = {known.removeprefix(PREFIX): known for known in DEFAULTS}
                close = difflib.get_close_matches(key.removeprefix(PREFIX), endings, n=1)
                known = f"Known: {', '.join(DEFAULTS)}."
                hint = f"Did you mean {endings[close[0]]}?" if close else known
                raise ConfigurationError(f"{key} is no setting of Strict Cookies. {hint}")
        mode = config["STRICT_COOKIES_MODE"]
        if mode is None:
            mode = "raise" if app.testing else "enforce"
        sweep = config["STRICT_COOKIES_EXPIRE_UNDECLARED"]
        transport = config["STRICT_COOKIES_TRANSPORT"]
        check_choice("STRICT_COOKIES_MODE", mode, Mode)
        check_choice("STRICT_COOKIES_EXPIRE_UNDECLARED", sweep, Sweep)
        check_choice("STRICT_COOKIES_TRANSPORT", transport, Transport)
        https, cross_origin = config["STRICT_COOKIES_HTTPS"], config["STRICT_COOKIES_CROSS_ORIGIN"]
        check_choice("STRICT_COOKIES_HTTPS", https, Https)
        check_choice("STRICT_COOKIES_CROSS_ORIGIN", cross_origin, CrossOrigin)
        for key, kinds, wanted in (
            ("STRICT_COOKIES_HEADERS", Mapping, "a mapping of options"),
            ("STRICT_COOKIES_HEADERS_SCOPES", Mapping, "a mapping of paths and blueprints"),
            ("STRICT_COOKIES_TRUSTED_MIDDLEWARE", _LISTS, "a list of dotted class names"),
            ("STRICT_COOKIES_HTTPS_EXEMPT", _LISTS, "a list of exact paths"),
            ("STRICT_COOKIES_TRUSTED_ORIGINS", _LISTS, "a list of origins"),
            ("STRICT_COOKIES_ORIGIN_EXEMPT", _LISTS, "a list of exact paths"),
        ):
            if not isinstance(config[key], kinds):
                kind = type(config[key]).__name__
                raise ConfigurationError(f"{key} is of type {kind}. Give {wanted}.")
        read_audit_interval(config["STRICT_COOKIES_AUDIT_INTERVAL"])
        host = config["STRICT_COOKIES_CANONICAL_HOST"]
        return cls(
            mode=cast("Mode", mode),
            sweep=cast("Sweep", sweep),
            transport=cast("Transport", transport),
            talisman=dict(config["STRICT_COOKIES_HEADERS"]),
            talisman_parts={
                part: copy.copy(options)
                for part, options in config["STRICT_COOKIES_HEADERS_SCOPES"].items()
            },
            trusted_middleware=tuple(config["STRICT_COOKIES_TRUSTED_MIDDLEWARE"]),
            https=cast("Https", https),
            canonical_host=None if host is None else read_host(host),
            https_exempt=validate_paths(
                "STRICT_COOKIES_HTTPS_EXEMPT", config["STRICT_COOKIES_HTTPS_EXEMPT"]
            ),
            trusted_proxies=_read_proxies(config["STRICT_COOKIES_TRUSTED_PROXIES"]),
            cross_origin=cast("CrossOrigin", cross_origin),
            trusted_origins=read_origins(
                "STRICT_COOKIES_TRUSTED_ORIGINS", config["STRICT_COOKIES_TRUSTED_ORIGINS"]
            ),
            origin_exempt=validate_paths(
                "STRICT_COOKIES_ORIGIN_EXEMPT", config["STRICT_COOKIES_ORIGIN_EXEMPT"], methods=True
            ),
            sessions=SessionOptions.from_config(config),
            trail=TrailOptions.from_config(config, app.instance_path),
        )


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
        value: A text such as ``"90 days"``, a ``timedelta``, or None where the site does not say.

    Raises:
        ConfigurationError: It is something else, or no time at all.
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
