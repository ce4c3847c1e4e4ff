"""
The options for the security headers, each checked by itself; pure.

Their names are Talisman's where it has them. A value that would do something else than it seems
to, or nothing at all, is an error that says where, what, and how to fix it. How options of several
places come together is in :mod:`~strict_cookies.headers.merge`.

Source: Referrer Policy section 3; HTML Living Standard for COOP and COEP; Fetch for CORP.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..errors import ConfigurationError
from ..http.csp import (
    ENFORCED_ONLY,
    FALLBACKS,
    LONE_LISTS,
    NONCE_DIRECTIVES,
    NONE,
    validate_directives,
)
from ..http.permissions_policy import validate_permissions
from ..http.presets import OPT_OUT as OPT_OUT
from ..http.presets import PROFILES, YEAR

REFERRER_POLICIES = (
    "no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin",
    "origin-when-cross-origin", "no-referrer-when-downgrade", "unsafe-url",
)  # fmt: skip
#: Those that tell other sites which page a visitor came from.
TELLING_POLICIES = ("no-referrer-when-downgrade", "unsafe-url")
#: Headers that take one of a few texts, by option.
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "frame_options": ("DENY", "SAMEORIGIN"),
    "referrer_policy": REFERRER_POLICIES,
    "cross_origin_opener_policy": (
        "same-origin", "same-origin-allow-popups", "noopener-allow-popups",
    ),
    "cross_origin_resource_policy": ("same-origin", "same-site", "cross-origin"),
    "cross_origin_embedder_policy": ("credentialless", "require-corp"),
}  # fmt: skip
#: Headers that are sent or not.
_SWITCHES = ("strict_transport_security", "x_content_type_options", "origin_agent_cluster")
#: Options that are true or false and no header of their own.
_FLAGS = ("strict_transport_security_include_subdomains", "strict_transport_security_preload")
_HSTS = (
    "strict_transport_security",
    "strict_transport_security_max_age",
    *_FLAGS,
)
#: Options that hold for a host or origin as a whole, whichever page says so.
HOST_WIDE = (*_HSTS, "origin_agent_cluster")
#: Every option, in the order of the docs.
OPTIONS = (
    "profile",
    "content_security_policy",
    "content_security_policy_add",
    "content_security_policy_nonce_in",
    "content_security_policy_report_only",
    "content_security_policy_report_uri",
    "frame_options",
    *_HSTS,
    "referrer_policy",
    "permissions_policy",
    "x_content_type_options",
    "cross_origin_opener_policy",
    "cross_origin_resource_policy",
    "cross_origin_embedder_policy",
    "origin_agent_cluster",
)
#: Options of Talisman that have no effect here, with what does the work.
NOT_OURS = {
    "force_https": "STRICT_COOKIES_HTTPS",
    "force_https_permanent": "STRICT_COOKIES_HTTPS",
    "session_cookie_secure": "the firewall",
    "session_cookie_http_only": "SESSION_COOKIE_HTTPONLY",
    "session_cookie_samesite": "SESSION_COOKIE_SAMESITE",
    "feature_policy": "permissions_policy",
    "frame_options_allow_from": "frame-ancestors in content_security_policy",
    "document_policy": "nothing: it protects nothing",
    "force_file_save": "nothing: browsers removed it",
    "x_xss_protection": "nothing: browsers removed it",
}


class Layer(NamedTuple):
    """What one place says: where, for messages, and its options."""

    where: str
    options: Mapping[str, Any]


def check_layer(where: str, options: Mapping[str, Any], *, host_wide: bool = True) -> Layer:
    """
    Check each option of a layer by itself.

    Args:
        where: Begins each message, for example ``"STRICT_COOKIES_HEADERS"``.
        options: As the application wrote them.
        host_wide: Whether options for the whole host may stand here.

    Raises:
        ConfigurationError: The first mistake: where, what was given, what to do.
    """
    for name, value in options.items():
        if name in NOT_OURS:
            raise ConfigurationError(
                f"{where}: {name!r} has no effect here; {NOT_OURS[name]} does its work. Remove it."
            )
        if name not in OPTIONS:
            close = difflib.get_close_matches(str(name), OPTIONS, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(OPTIONS)}."
            raise ConfigurationError(f"{where}: {name!r} is not known. {hint}")
        if name in HOST_WIDE and not host_wide:
            raise ConfigurationError(
                f"{where}: {name} holds for the whole host. Set it in STRICT_COOKIES_HEADERS."
            )
        _check_option(name, value, f"{where}: {name}")
    dead = [name for name in _HSTS[1:] if name in options]
    if options.get("strict_transport_security") == OPT_OUT and dead:
        raise ConfigurationError(
            f"{where}: {dead[0]} does nothing, because strict_transport_security is 'off'. "
            "Remove either."
        )
    return Layer(where, dict(options))


def _check_option(name: str, value: object, place: str) -> None:
    if name in ("content_security_policy", "content_security_policy_report_only"):
        if value != OPT_OUT:
            _check_policy(name, value, place)
    elif name == "content_security_policy_add":
        _check_added(value, place)
    elif name == "permissions_policy":
        if value != OPT_OUT:
            _refuse_off(value, place)
            validate_permissions(value, place)
    elif name == "content_security_policy_nonce_in":
        _check_nonce_in(value, place)
    elif name == "content_security_policy_report_uri":
        _check_report_uri(value, place)
    elif name == "profile":
        _check_text(value, tuple(PROFILES), place)
    elif name == "strict_transport_security_max_age":
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ConfigurationError(f"{place} is {value!r}. Write whole seconds, such as {YEAR}.")
    elif name in _FLAGS:
        if not isinstance(value, bool):
            raise ConfigurationError(f"{place} is {value!r}. Write True or False.")
    elif name in _SWITCHES:
        if value is not True and value != OPT_OUT:
            _refuse_off(value, place)
            raise ConfigurationError(f"{place} is {value!r}. Write True or 'off'.")
    elif value != OPT_OUT:
        _refuse_off(value, place)
        _check_text(value, _CHOICES[name], place)


def _check_policy(name: str, value: object, place: str) -> None:
    if value is True and name == "content_security_policy_report_only":
        raise ConfigurationError(
            f"{place} is True. Write the policy to try as a mapping; it is sent next to the "
            "enforced one. To enforce none meanwhile, set content_security_policy to 'off'."
        )
    _refuse_off(value, place)
    read = validate_directives(value, place)
    dead = [directive for directive in ENFORCED_ONLY if directive in read]
    if dead and name == "content_security_policy_report_only":
        raise ConfigurationError(
            f"{place} has {dead[0]}, which browsers ignore where they only report. Remove it."
        )


def _check_added(value: object, place: str) -> None:
    for directive, sources in validate_directives(value, place).items():
        if directive not in (*FALLBACKS, *LONE_LISTS):
            raise ConfigurationError(
                f"{place} has {directive}, which takes no sources. Use content_security_policy."
            )
        if sources == (OPT_OUT,) or NONE in map(str.lower, sources):
            raise ConfigurationError(
                f"{place} {directive} is {sources[0]}, which adds nothing. Use "
                "content_security_policy."
            )


def _refuse_off(value: object, place: str) -> None:
    if value is None or value is False:
        raise ConfigurationError(
            f"{place} is {value}. To switch it off write 'off', a name that can be searched for "
            "(from strict_cookies.http.presets)."
        )


def _check_text(value: object, choices: Sequence[str], place: str) -> None:
    if value not in choices:
        shown = f"is {value!r}" if isinstance(value, str) else f"is a {type(value).__name__}"
        close = difflib.get_close_matches(str(value).lower(), map(str.lower, choices), n=1)
        found = next((choice for choice in choices if [choice.lower()] == close), None)
        hint = f"Did you mean {found!r}?" if found else f"Use one of {', '.join(choices)}."
        raise ConfigurationError(f"{place} {shown}. {hint}")


def _check_nonce_in(value: object, place: str) -> None:
    if not isinstance(value, list | tuple):
        raise ConfigurationError(
            f"{place} is a {type(value).__name__}. Write a list of directives, or [] for no nonce."
        )
    for directive in value:
        if directive not in NONCE_DIRECTIVES:
            raise ConfigurationError(
                f"{place} has {directive!r}, where a nonce does nothing. It counts in "
                f"{', '.join(NONCE_DIRECTIVES)}."
            )


def _check_report_uri(value: object, place: str) -> None:
    if value == OPT_OUT:
        return
    _refuse_off(value, place)
    text = value if isinstance(value, str) else ""
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/%")
    if text[:1] != "/" or text[1:2] == "/" or not allowed.issuperset(text):
        raise ConfigurationError(
            f"{place} is {value!r}. Reports go to this site only: write a path such as "
            "'/cookies/reports', or 'off'."
        )
