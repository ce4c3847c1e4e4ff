"""
Weak settings: a part of ``flask cookies check``.

Each setting is checked by itself, regardless of the policy.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.util import find_spec
from typing import Any, NamedTuple

from .._util.urls import is_local, request_host
from ..errors import ConfigurationError
from ..http.presets import OPT_OUT
from ..reasons import Reason
from ..sessions.options import SessionOptions
from ..trail.options import TrailOptions
from .finding import Finding, Severity

#: Minimum length of SECRET_KEY in bytes.
MIN_SECRET_BYTES = 32


class _Weak(NamedTuple):
    """A value that switches off a protection, its effect, and what to do."""

    key: str
    value: str
    effect: str
    remedy: str
    reason: Reason = Reason.PROTECTION_OFF
    severity: Severity = "warning"


_WEAK = (
    _Weak(
        "STRICT_COOKIES_MODE",
        "report-only",
        "undeclared cookies are still sent and read, and are only logged.",
        Reason.REPORT_ONLY.remedy,
        Reason.REPORT_ONLY,
    ),
    _Weak(
        "STRICT_COOKIES_TRANSPORT",
        "plain-http",
        "Secure is not added, so an attacker on the network can take over a session.",
        Reason.PLAIN_HTTP.remedy,
        Reason.PLAIN_HTTP,
    ),
    _Weak(
        "STRICT_COOKIES_HTTPS",
        "off",
        "visitors on plain http are not redirected, and can't stay signed in.",
        "Remove STRICT_COOKIES_HTTPS unless the reverse proxy redirects.",
    ),
    _Weak(
        "STRICT_COOKIES_CROSS_ORIGIN",
        "off",
        "other sites can send forms and open WebSockets in a visitor's name, as far as SameSite "
        "allows.",
        "Remove it, and name the paths or origins that need an exception in "
        "STRICT_COOKIES_ORIGIN_EXEMPT or STRICT_COOKIES_TRUSTED_ORIGINS.",
    ),
    _Weak(
        "STRICT_COOKIES_SESSIONS",
        "flask",
        "the session's data are readable in the cookie, a copied cookie still works after logout, "
        "and sessions can't be ended remotely.",
        "Remove it. Set STRICT_COOKIES_SESSION_MIGRATION_UNTIL to keep users signed in.",
    ),
    _Weak(
        "STRICT_COOKIES_SESSION_BINDING",
        "off",
        "a session that moves to another browser, as a stolen one may, is not logged.",
        "Remove it; the default, 'log', ends no session.",
    ),
    _Weak(
        "STRICT_COOKIES_TRAIL",
        OPT_OUT,
        "there is no record of logins and of changes to the policy and settings.",
        "Remove it; the trail uses pseudonyms, and is stored with the sessions.",
    ),
    _Weak(
        "STRICT_COOKIES_EXPIRE_UNDECLARED",
        "off",
        "tracking cookies that were set earlier stay in the browser until they expire. They are "
        "still removed from each request.",
        Reason.EXPIRY_OFF.remedy,
        Reason.EXPIRY_OFF,
        "info",
    ),
)


def check_settings(config: Mapping[str, Any], directory: str) -> Iterator[Finding]:
    """
    Yield a finding for each weak value.

    Args:
        config: The application's configuration, with all defaults.
        directory: Its instance directory.
    """
    for key, value, effect, remedy, reason, severity in _WEAK:
        # A site that is served over plain http has nothing to redirect to.
        redundant = key == "STRICT_COOKIES_HTTPS" and config["STRICT_COOKIES_TRANSPORT"] != "https"
        if config[key] == value and not redundant:
            yield Finding(
                reason=reason,
                severity=severity,
                message=f"{key} is {value!r}: {effect}",
                remedy=remedy,
            )
    yield from _check_trail_key(config, directory)
    yield from _check_migration(config)
    yield from _check_secret_key(config)
    yield from _check_hosts(config)


def _check_trail_key(config: Mapping[str, Any], directory: str) -> Iterator[Finding]:
    with suppress(ConfigurationError):
        trail = TrailOptions.from_config(config, directory, check_key=False)
        if not trail.kept:
            return
        if trail.key is None:
            yield Finding(
                reason=Reason.UNSIGNED_TRAIL,
                severity="info",
                message="Heads of the audit trail are not signed: "
                f"{why_unsigned(config)}. Write access to the store is enough to rewrite it.",
                remedy=Reason.UNSIGNED_TRAIL.remedy,
            )
        elif trail.creates_key:
            yield Finding(
                reason=Reason.DEFAULT_TRAIL_KEY,
                severity="info",
                message=f"The key that signs the heads of the audit trail is '{trail.key}'; it is "
                "created when it is first needed.",
                remedy=Reason.DEFAULT_TRAIL_KEY.remedy,
            )


def why_unsigned(config: Mapping[str, Any]) -> str:
    """Return why heads of the trail have no key, as part of a sentence."""
    if config["STRICT_COOKIES_TRAIL_KEY"] == OPT_OUT:
        return f"STRICT_COOKIES_TRAIL_KEY is {OPT_OUT!r}"
    if find_spec("cryptography") is None:
        return "the package cryptography is not installed"
    return "STRICT_COOKIES_TRAIL_KEY is not set, and the sessions are not in a file of this machine"


def _check_migration(config: Mapping[str, Any]) -> Iterator[Finding]:
    with suppress(ConfigurationError):
        until = SessionOptions.from_config(config).move_until
        if until is not None and until < time.time():
            yield Finding(
                reason=Reason.MIGRATION_OVER,
                severity="info",
                message="STRICT_COOKIES_SESSION_MIGRATION_UNTIL is in the past: Flask's sessions "
                "are no longer migrated, but their cookie is still declared.",
                remedy=Reason.MIGRATION_OVER.remedy,
            )


def _check_secret_key(config: Mapping[str, Any]) -> Iterator[Finding]:
    key = config["SECRET_KEY"]
    remedy = (
        "Set a key of at least 32 random bytes, and keep it out of the source code. This "
        "command prints one:\n    python -c 'import secrets; print(secrets.token_hex())'"
    )
    if not key:
        yield Finding(
            reason=Reason.WEAK_SECRET_KEY,
            severity="error",
            message="SECRET_KEY is not set: Flask can't sign the session cookie, so users can't "
            "sign in.",
            remedy=remedy,
        )
    keys = [("SECRET_KEY", key)] if key else []
    fallbacks = config.get("SECRET_KEY_FALLBACKS") or ()
    keys += [(f"SECRET_KEY_FALLBACKS[{index}]", old) for index, old in enumerate(fallbacks)]
    for name, value in keys:
        data = value.encode("utf-8", "replace") if isinstance(value, str) else value
        if not isinstance(data, bytes):
            yield Finding(
                reason=Reason.WEAK_SECRET_KEY,
                severity="error",
                message=f"{name} is of type {type(value).__name__}; it must be str or bytes.",
                remedy=remedy,
            )
        elif len(data) < MIN_SECRET_BYTES:
            yield Finding(
                reason=Reason.WEAK_SECRET_KEY,
                severity="warning",
                message=f"{name} has {len(data)} bytes, fewer than {MIN_SECRET_BYTES}. An attacker "
                "who guesses it can sign in as anyone.",
                remedy=remedy,
            )


def _check_hosts(config: Mapping[str, Any]) -> Iterator[Finding]:
    if not config.get("TRUSTED_HOSTS"):
        redirects = config["STRICT_COOKIES_HTTPS"] == "redirect"
        unpinned = redirects and config["STRICT_COOKIES_CANONICAL_HOST"] is None
        yield Finding(
            reason=Reason.NO_PINNED_HOST,
            severity="warning",
            message="TRUSTED_HOSTS is not set: the application trusts any Host header, even for "
            "links in mails and redirects."
            + (" Plain http is not redirected to https." if unpinned else ""),
            remedy='Set it to the host names of the site:\n    TRUSTED_HOSTS = ["erp.example.com"]',
        )
    server = config.get("SERVER_NAME")
    if (
        server
        and config["PREFERRED_URL_SCHEME"] == "http"
        and config["STRICT_COOKIES_TRANSPORT"] == "https"
        and not is_local(request_host({"HTTP_HOST": server}))
    ):
        yield Finding(
            reason=Reason.HTTP_ADDRESS,
            severity="error",
            message=f"SERVER_NAME is {server!r} and PREFERRED_URL_SCHEME is 'http'. Over plain "
            "http browsers reject the Secure session cookie, so signing in leads back to the "
            "sign-in page.",
            remedy="Serve the site over https and set this; behind a proxy that terminates TLS "
            "also set STRICT_COOKIES_TRUSTED_PROXIES. To try it without https, open "
            "http://localhost.\n"
            '    PREFERRED_URL_SCHEME = "https"',
        )
