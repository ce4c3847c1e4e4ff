"""
List the cookies that an application's Flask extensions are known to set.

Used by ``flask cookies check`` and ``flask cookies init``. Only extensions that the application
uses count; an installed extension alone sets no cookie. Texts come from the catalogue, names and
lifetimes from ``app.config``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata
from typing import TYPE_CHECKING, Any

from .._util.text import toml_text
from ..policy.catalogue import FrameworkCookie, framework_cookies
from ..policy.draft import suggest_entry

if TYPE_CHECKING:
    from flask import Flask

    Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedCookie:
    """
    A cookie that one of the application's extensions is known to set.

    Args:
        name: From the application's configuration.
        known: Its entry in the catalogue.
        domain: From the application's configuration; None means host-only.
        lifetime: Its lifetime without Strict Cookies; None means until the browser closes.
    """

    name: str
    known: FrameworkCookie
    domain: str | None = None
    lifetime: timedelta | None = None

    @property
    def entry(self) -> str:
        """The TOML that declares it, without a final newline."""
        entry = suggest_entry(self.known.name)
        entry = entry.replace(toml_text(self.known.name), toml_text(self.name), 1)
        return f"{entry}\ndomain = {toml_text(self.domain)}" if self.domain else entry


def used_distributions(app: Flask) -> tuple[str, ...]:
    """Return the known distributions that are installed and used by the application."""
    return tuple(
        distribution
        for is_used, distributions in _USED
        if is_used(app)
        for distribution in distributions
        if _is_installed(distribution)
    )


def used_cookies(app: Flask) -> tuple[UsedCookie, ...]:
    """
    Return the cookies that the application's extensions are known to set.

    Returns:
        In the order of the catalogue, without duplicate names.
    """
    cookies: dict[str, UsedCookie] = {}
    for known in framework_cookies(used_distributions(app)):
        setting = _SETTINGS.get(known.name, _Setting())
        if not setting.is_set(app.config):
            continue
        name = app.config.get(setting.name) or known.name
        used = UsedCookie(
            name=str(name),
            known=known,
            domain=str(app.config.get(setting.domain) or "").removeprefix(".") or None,
            lifetime=setting.lifetime(app.config),
        )
        cookies.setdefault(used.name, used)
    return tuple(cookies.values())


def _is_installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


#: How to detect that an application uses an extension, and the distributions that provide it.
_USED: tuple[tuple[Callable[[Flask], bool], tuple[str, ...]], ...] = (
    (lambda app: hasattr(app, "login_manager"), ("flask-login",)),
    (lambda app: "flask-jwt-extended" in app.extensions, ("flask-jwt-extended",)),
    (lambda app: "security" in app.extensions, ("flask-security", "flask-security-too")),
)


def _always(config: Config) -> bool:
    return True


def _until_closed(config: Config) -> timedelta | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """The keys of ``app.config`` that configure a cookie; empty if there is none."""

    name: str = ""
    domain: str = ""
    is_set: Callable[[Config], bool] = _always
    lifetime: Callable[[Config], timedelta | None] = _until_closed


def _remember_lifetime(config: Config) -> timedelta | None:
    duration = config.get("REMEMBER_COOKIE_DURATION", timedelta(days=365))
    if isinstance(duration, int):
        return timedelta(seconds=duration)
    # Flask-Login itself refuses other types at the first login.
    return duration if isinstance(duration, timedelta) else None


def _jwt_lifetime(config: Config) -> timedelta | None:
    # A year, as defined by Flask-JWT-Extended.
    return None if config.get("JWT_SESSION_COOKIE", True) else timedelta(seconds=31_540_000)


def _jwt_in_cookies(config: Config) -> bool:
    places = config.get("JWT_TOKEN_LOCATION", "headers")
    return "cookies" in ((places,) if isinstance(places, str) else places)


def _jwt_csrf_in_cookies(config: Config) -> bool:
    keys = ("JWT_COOKIE_CSRF_PROTECT", "JWT_CSRF_IN_COOKIES")
    return _jwt_in_cookies(config) and all(config.get(key, True) for key in keys)


def _remembers_devices(config: Config) -> bool:
    always_asks = config.get("SECURITY_TWO_FACTOR_ALWAYS_VALIDATE", True)
    return bool(config.get("SECURITY_TWO_FACTOR")) and not always_asks


def _jwt(name: str, is_set: Callable[[Config], bool]) -> _Setting:
    return _Setting(name=name, domain="JWT_COOKIE_DOMAIN", is_set=is_set, lifetime=_jwt_lifetime)


#: Settings by the cookie's name in the catalogue.
_SETTINGS = {
    "remember_token": _Setting(
        name="REMEMBER_COOKIE_NAME", domain="REMEMBER_COOKIE_DOMAIN", lifetime=_remember_lifetime
    ),
    "access_token_cookie": _jwt("JWT_ACCESS_COOKIE_NAME", _jwt_in_cookies),
    "refresh_token_cookie": _jwt("JWT_REFRESH_COOKIE_NAME", _jwt_in_cookies),
    "csrf_access_token": _jwt("JWT_ACCESS_CSRF_COOKIE_NAME", _jwt_csrf_in_cookies),
    "csrf_refresh_token": _jwt("JWT_REFRESH_CSRF_COOKIE_NAME", _jwt_csrf_in_cookies),
    "tf_validity": _Setting(is_set=_remembers_devices),
}
