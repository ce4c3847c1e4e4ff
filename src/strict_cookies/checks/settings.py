"""
Settings that are weak as they stand: part of ``flask cookies check``.

Each is judged by its value, whatever the policy declares.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from .._util.urls import is_local, request_host
from ..errors import ConfigurationError
from ..http.presets import OPT_OUT
from ..reasons import Reason
from ..sessions.options import SessionOptions
from .finding import Finding, Severity

#: Fewest octets of a SECRET_KEY that is not called short.
MIN_SECRET_OCTETS = 32


class _Weak(NamedTuple):
    """A value that takes a protection away, what comes of it, and what to do."""

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
        "undeclared cookies leave and arrive as before, and are only logged.",
        Reason.REPORT_ONLY.remedy,
        Reason.REPORT_ONLY,
    ),
    _Weak(
        "STRICT_COOKIES_TRANSPORT",
        "plain-http",
        "Secure is not added, so that whoever sees the network can take over a session.",
        Reason.PLAIN_HTTP.remedy,
        Reason.PLAIN_HTTP,
    ),
    _Weak(
        "STRICT_COOKIES_HTTPS",
        "off",
        "whoever comes over plain http stays there, and can't stay signed in.",
        "Remove STRICT_COOKIES_HTTPS unless the proxy in front redirects.",
    ),
    _Weak(
        "STRICT_COOKIES_CROSS_ORIGIN",
        "off",
        "other sites can send forms and open WebSockets in a visitor's name, as far as SameSite "
        "lets them.",
        "Remove it, and name what others may address in STRICT_COOKIES_ORIGIN_EXEMPT or "
        "STRICT_COOKIES_TRUSTED_ORIGINS.",
    ),
    _Weak(
        "STRICT_COOKIES_SESSIONS",
        "flask",
        "a session is readable by whoever has the cookie, a copy of it works on after a logout, "
        "and nobody can end it from elsewhere.",
        "Remove it. STRICT_COOKIES_SESSION_MIGRATION_UNTIL keeps everybody signed in then.",
    ),
    _Weak(
        "STRICT_COOKIES_SESSION_BINDING",
        "off",
        "nobody is told where a session moves to another kind of browser, as a stolen one may.",
        "Remove it; the default, 'log', signs nobody out.",
    ),
    _Weak(
        "STRICT_COOKIES_TRAIL",
        OPT_OUT,
        "nothing shows afterwards who signed in, or when the policy and its settings changed.",
        "Remove it; the trail names nobody, and is in the file of the sessions.",
    ),
    _Weak(
        "STRICT_COOKIES_EXPIRE_UNDECLARED",
        "off",
        "trackers' cookies that were set before stay in the browser until they expire. They are "
        "still cut from each request.",
        Reason.EXPIRY_OFF.remedy,
        Reason.EXPIRY_OFF,
        "info",
    ),
)


def check_settings(config: Mapping[str, Any]) -> Iterator[Finding]:
    """
    Look for weak values.

    Args:
        config: An application's, with every default in it.
    """
    for key, value, effect, remedy, reason, severity in _WEAK:
        # Over plain http by choice there is nowhere to redirect to.
        redundant = key == "STRICT_COOKIES_HTTPS" and config["STRICT_COOKIES_TRANSPORT"] != "https"
        if config[key] == value and not redundant:
            yield Finding(
                reason=reason,
                severity=severity,
                message=f"{key} is {value!r}: {effect}",
                remedy=remedy,
            )
    yield from _check_trail_key(config)
    yield from _check_move(config)
    yield from _check_secret_key(config)
    yield from _check_hosts(config)


def _check_trail_key(config: Mapping[str, Any]) -> Iterator[Finding]:
    if config["STRICT_COOKIES_TRAIL"] != OPT_OUT and config["STRICT_COOKIES_TRAIL_KEY"] is None:
        yield Finding(
            reason=Reason.UNSIGNED_TRAIL,
            severity="info",
            message="STRICT_COOKIES_TRAIL_KEY is not set: the head of the audit trail at "
            f"{config['STRICT_COOKIES_URL_PREFIX']}/trail-head is not signed.",
            remedy=Reason.UNSIGNED_TRAIL.remedy,
        )


def _check_move(config: Mapping[str, Any]) -> Iterator[Finding]:
    with suppress(ConfigurationError):
        until = SessionOptions.from_config(config).move_until
        if until is not None and until < time.time():
            yield Finding(
                reason=Reason.MIGRATION_OVER,
                severity="info",
                message="STRICT_COOKIES_SESSION_MIGRATION_UNTIL is past: Flask's own sessions are not "
                "taken over any more, but their cookie is still declared.",
                remedy=Reason.MIGRATION_OVER.remedy,
            )


def _check_secret_key(config: Mapping[str, Any]) -> Iterator[Finding]:
    key = config["SECRET_KEY"]
    remedy = (
        "Set one of 32 random octets or more, and keep it out of the source code. This prints "
        "one:\n    python -c 'import secrets; print(secrets.token_hex())'"
    )
    if not key:
        yield Finding(
            reason=Reason.WEAK_SECRET_KEY,
            severity="error",
            message="SECRET_KEY is not set: Flask can't sign its session, so nobody can sign in.",
            remedy=remedy,
        )
    keys = [("SECRET_KEY", key)] if key else []
    fallbacks = config.get("SECRET_KEY_FALLBACKS") or ()
    keys += [(f"SECRET_KEY_FALLBACKS[{index}]", old) for index, old in enumerate(fallbacks)]
    for name, value in keys:
        octets = value.encode("utf-8", "replace") if isinstance(value, str) else value
        if not isinstance(octets, bytes):
            yield Finding(
                reason=Reason.WEAK_SECRET_KEY,
                severity="error",
                message=f"{name} is a {type(value).__name__}, no text or bytes.",
                remedy=remedy,
            )
        elif len(octets) < MIN_SECRET_OCTETS:
            yield Finding(
                reason=Reason.WEAK_SECRET_KEY,
                severity="warning",
                message=f"{name} has {len(octets)} octets, fewer than {MIN_SECRET_OCTETS}: whoever "
                "guesses it can sign in as anybody.",
                remedy=remedy,
            )


def _check_hosts(config: Mapping[str, Any]) -> Iterator[Finding]:
    if not config.get("TRUSTED_HOSTS"):
        redirects = config["STRICT_COOKIES_HTTPS"] == "redirect"
        unpinned = redirects and config["STRICT_COOKIES_CANONICAL_HOST"] is None
        yield Finding(
            reason=Reason.NO_PINNED_HOST,
            severity="warning",
            message="TRUSTED_HOSTS is not set: the application believes any Host header, also when "
            "it writes links into mails and redirects."
            + (" Plain http is not redirected to https." if unpinned else ""),
            remedy="Set it to the names that the site is reached by:\n"
            '    TRUSTED_HOSTS = ["erp.example.com"]',
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
            message=f"SERVER_NAME is {server!r} and PREFERRED_URL_SCHEME is 'http': on plain http "
            "a browser refuses the Secure session cookie, so that signing in ends at the sign-in "
            "page again and again.",
            remedy="Serve HTTPS and say so; behind a proxy that ends TLS set "
            "STRICT_COOKIES_TRUSTED_PROXIES too. To try "
            "it without HTTPS, open http://localhost.\n"
            '    PREFERRED_URL_SCHEME = "https"',
        )
