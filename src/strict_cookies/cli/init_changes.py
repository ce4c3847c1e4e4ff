"""
List what Strict Cookies changes for an application.

The changes are computed from the application's real configuration, with or without Strict Cookies.
The application is only read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from .._util.durations import read_duration, say_duration
from .._util.text import join_words, show
from ..checks.app import current_session_name
from ..checks.extensions import used_cookies
from ..errors import StrictCookiesError
from ..flask.config import DEFAULTS, find_policy
from ..headers.merge import Hsts
from ..headers.talisman import HeaderContext, StrictTalisman
from ..policy.policy import CookiePolicy
from ..scan.markup import ViolationKind
from .app import has_state

if TYPE_CHECKING:
    from flask import Flask

    from ..http.csp import Directives
    from ..scan.app import ScanResult

#: Most features of a Permissions-Policy that are named.
MAX_FEATURES_NAMED = 3
_SECONDS_PER_DAY = 86_400

#: Options that can loosen the default Content-Security-Policy.
_CSP_OPTIONS = frozenset({"profile", "content_security_policy", "content_security_policy_add"})


class Change(NamedTuple):
    """
    One change.

    Attributes:
        label: The subject, in one to three words.
        text: Sentences; lines after the first that begin with ``"- "`` are a list.
    """

    label: str
    text: str


def list_changes(app: Flask, scan: ScanResult) -> list[Change]:
    """
    List what Strict Cookies changes for an application.

    Args:
        app: With or without Strict Cookies.
        scan: The scan of its templates and static files.
    """
    config: dict[str, Any] = {**DEFAULTS, **app.config}
    is_https = config["STRICT_COOKIES_TRANSPORT"] == "https"
    changes = [
        Change("Session cookie", _describe_name(app, config)),
        Change("Its attributes", _describe_attributes(app, config, is_https)),
        Change("Its lifetime", _describe_session_lifetime(app)),
    ]
    changes += [Change("Remembered", text) for text in _describe_lifetimes(app)]
    if is_https:
        changes.append(
            Change(
                "HTTPS",
                "Browsers keep the session cookie only over https and on http://localhost. On any "
                f"other http URL users can't stay signed in. {_describe_redirect(config)}",
            )
        )
    changes.append(Change("Other cookies", _describe_others(app, config)))
    if config["STRICT_COOKIES_CROSS_ORIGIN"] != "off":
        changes.append(
            Change(
                "Other sites",
                "A cross-origin form or script that uses a visitor's cookie is refused. Name the "
                "exact paths that other sites may call, such as the end of a SAML sign-in, in "
                "STRICT_COOKIES_ORIGIN_EXEMPT.",
            )
        )
    changes += _describe_headers(app, config["STRICT_COOKIES_HEADERS"], scan)
    changes.append(Change("New pages", _describe_pages(app, config)))
    return changes


def _describe_name(app: Flask, config: Mapping[str, Any]) -> str:
    policy = CookiePolicy(transport=config["STRICT_COOKIES_TRANSPORT"])
    if has_state(app):
        # 'flask cookies check' reports what is wrong with the policy.
        with suppress(StrictCookiesError):
            policy = replace(find_policy(app), transport=policy.transport)
    before, after = str(config["SESSION_COOKIE_NAME"]), current_session_name(app, policy)
    if before != after:
        return (
            f"It is renamed from {show(before)} to {after}. Visitors who are signed in when you "
            "deploy must sign in again once."
        )
    if has_state(app):
        return f"It is named {show(after)}."
    return f"It keeps its name, {show(after)}; 'flask cookies check' reports whether that is weak."


def _describe_attributes(app: Flask, config: Mapping[str, Any], is_https: bool) -> str:
    samesite = config["SESSION_COOKIE_SAMESITE"] or "Lax"
    wanted = {f"SameSite={samesite}": bool(config["SESSION_COOKIE_SAMESITE"])}
    if is_https:
        wanted = {"Secure": bool(config["SESSION_COOKIE_SECURE"]), **wanted}
    if config["SESSION_COOKIE_HTTPONLY"]:
        wanted["HttpOnly"] = True
    sentences = []
    if has_state(app):
        sentences.append(f"It has {join_words(list(wanted))}.")
    else:
        added = [name for name, is_set in wanted.items() if not is_set]
        kept = [name for name, is_set in wanted.items() if is_set]
        for names, state in ((added, "added"), (kept, "already set")):
            if names:
                are = "is" if len(names) == 1 else "are"
                sentences.append(f"{join_words(names)} {are} {state}.")
    if not config["SESSION_COOKIE_HTTPONLY"]:
        sentences.append(
            "Scripts can still read it, because SESSION_COOKIE_HTTPONLY is off: remove that."
        )
    if not is_https:
        sentences.append("Secure is not added, because STRICT_COOKIES_TRANSPORT is 'plain-http'.")
    return " ".join(sentences)


def _describe_session_lifetime(app: Flask) -> str:
    today = say_duration(app.permanent_session_lifetime)
    return (
        "It ends when the browser closes, even if the application sets session.permanent "
        f"(without Strict Cookies: {today})."
    )


def _describe_lifetimes(app: Flask) -> Iterator[str]:
    """Yield a sentence for each known cookie whose lifetime is shortened."""
    for cookie in used_cookies(app):
        lifetime = cookie.known.lifetime
        allowed = None if lifetime == "session" else read_duration(lifetime)
        today = cookie.lifetime
        if today is None or (allowed is not None and today <= allowed):
            continue
        end = "when the browser closes" if allowed is None else f"after {say_duration(allowed)}"
        yield (
            f"{show(cookie.name)} of {cookie.known.set_by} ends {end} (without Strict Cookies: "
            f"{say_duration(today)})."
        )


def _describe_redirect(config: Mapping[str, Any]) -> str:
    if config["STRICT_COOKIES_HTTPS"] == "off":
        return "Plain http is not redirected, because STRICT_COOKIES_HTTPS is 'off'."
    if not (config["TRUSTED_HOSTS"] or config["STRICT_COOKIES_CANONICAL_HOST"]):
        return "Once TRUSTED_HOSTS is set, plain http is redirected to https."
    return (
        "Plain http is redirected to https: behind a proxy that terminates TLS, set "
        "STRICT_COOKIES_TRUSTED_PROXIES first."
    )


def _describe_others(app: Flask, config: Mapping[str, Any]) -> str:
    mode = config["STRICT_COOKIES_MODE"] or ("raise" if app.testing else "enforce")
    if mode == "report-only":
        return (
            "Nothing is blocked yet, because STRICT_COOKIES_MODE is 'report-only'. The log names "
            "each undeclared cookie."
        )
    if mode == "raise":
        return (
            "An undeclared cookie raises an error that shows the lines to add to cookies.toml. In "
            "production the cookie is dropped and logged instead."
        )
    return (
        "A cookie that cookies.toml does not declare is neither sent nor read. The log shows the "
        "lines to add."
    )


def _describe_headers(app: Flask, options: Any, scan: ScanResult) -> Iterator[Change]:
    admitted: Directives = {}
    if has_state(app):
        with suppress(StrictCookiesError):
            admitted = find_policy(app).csp_sources
    try:
        talisman = StrictTalisman(HeaderContext(extra_sources=admitted), **options)
    except (StrictCookiesError, AttributeError, TypeError, ValueError):
        yield Change("Headers", "STRICT_COOKIES_HEADERS is invalid; run 'flask cookies check'.")
        return
    environ = {"wsgi.url_scheme": "https", "HTTP_HOST": "example.com"}
    headers = dict(talisman.headers_for(environ, "200 OK"))
    if "Content-Security-Policy" in headers:
        is_own = not _CSP_OPTIONS.isdisjoint(options)
        yield Change("Third parties", _describe_third_parties(scan, admitted, is_own))
        yield Change("Inline code", _describe_inline(scan, is_own))
    if talisman.resolved.hsts is not None:
        yield Change("HSTS", _describe_hsts(talisman.resolved.hsts))
    yield Change(
        "Headers",
        "Each response carries these, unless the view sets its own:\n"
        + "\n".join(f"- {name}: {_shorten(name, value)}" for name, value in headers.items()),
    )


def _shorten(name: str, value: str) -> str:
    """Shorten a Permissions-Policy to a few features."""
    features = value.split(", ")
    if name != "Permissions-Policy" or len(features) <= MAX_FEATURES_NAMED:
        return value
    more = len(features) - MAX_FEATURES_NAMED
    return f"{', '.join(features[:MAX_FEATURES_NAMED])} and {more} more"


def _describe_third_parties(scan: ScanResult, admitted: Directives, is_own: bool) -> str:
    known = {origin for sources in admitted.values() for origin in sources}
    external = {violation.subject for violation in scan.of(ViolationKind.EXTERNAL)}
    origins = sorted(external - known)
    if is_own:
        return "The application's own content_security_policy decides what pages may load."
    sources = "this host and the external origins in cookies.toml" if known else "this host only"
    text = f"Pages load from {sources}, and no other site can show them in a frame."
    if not origins:
        return text
    if len(origins) == 1:
        return f"{text} The external origin above is blocked."
    return f"{text} The {len(origins)} external origins above are blocked."


def _describe_inline(scan: ScanResult, is_own: bool) -> str:
    count = sum(
        violation.kind not in (ViolationKind.EXTERNAL, ViolationKind.DATA)
        for violation in scan.violations
    )
    text = "Inline code runs only with a nonce."
    if is_own:
        return "The application's own content_security_policy decides which inline code runs."
    if not count:
        return text
    places = "1 place above does not work" if count == 1 else f"{count} places above do not work"
    return f"{text} The {places} until fixed."


def _describe_hsts(hsts: Hsts) -> str:
    age = hsts.max_age
    length = say_duration(timedelta(seconds=age // _SECONDS_PER_DAY * _SECONDS_PER_DAY or age))
    return (
        "After a visit over https, browsers refuse plain http to this host"
        f"{' and its subdomains' if hsts.include_subdomains else ''} for {length}."
    )


def _describe_pages(app: Flask, config: Mapping[str, Any]) -> str:
    prefix = str(config["STRICT_COOKIES_URL_PREFIX"])
    text = (
        f"{prefix}/ shows visitors what is stored; {prefix}/declaration.json is the same for "
        "programs."
    )
    if not has_state(app):
        taken = [
            rule.rule
            for rule in app.url_map.iter_rules()
            if rule.rule in (prefix, f"{prefix}/", f"{prefix}/declaration.json")
        ]
        if taken:
            text += (
                f" The application already has {join_words(taken)}: set "
                "STRICT_COOKIES_URL_PREFIX to another path."
            )
    return text
