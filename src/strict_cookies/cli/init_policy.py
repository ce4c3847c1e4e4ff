"""
The first day with Strict Cookies: a ``cookies.toml`` to begin with, and what will change.

The file declares what the application's own extensions are known to set and explains each key; it
loads as it is written. What will change is worked out from the application's real configuration,
with or without Strict Cookies in it; nothing in the application is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from .._util.durations import read_duration, say_duration
from .._util.text import join_words, printable, show
from ..checks.app import current_session_name
from ..checks.extensions import UsedCookie, used_cookies
from ..errors import PolicyError, StrictCookiesError
from ..flask.config import DEFAULTS, find_policy
from ..headers.merge import Hsts
from ..headers.talisman import HeaderContext, StrictTalisman
from ..policy.cookie import DeclaredCookie
from ..policy.draft import suggest_origin, write_first_policy
from ..policy.policy import CookiePolicy
from ..scan.markup import ViolationKind

if TYPE_CHECKING:
    from flask import Flask

    from ..http.csp import Directives
    from ..scan.app import ScanResult
    from ..scan.markup import Violation

#: Most files that are named for one external origin.
MAX_FILES_NAMED = 3
#: Most features of a Permissions-Policy that are named.
MAX_FEATURES_NAMED = 3
#: Seconds of a day, for what HSTS says.
_DAY = 86_400

#: Options that may open the default Content-Security-Policy.
_OPENING = frozenset({"profile", "content_security_policy", "content_security_policy_add"})


def write_policy(app: Flask, scan: ScanResult) -> tuple[str, int]:
    """
    Write a ``cookies.toml`` to begin with.

    Args:
        app: With or without Strict Cookies.
        scan: What its templates and static files hold; the external origins in it are written as
            comments, ready to fill in.

    Returns:
        The text, which loads without a mistake, and how many cookies it declares.
    """
    parts = [write_first_policy()]
    declared = 0
    session_names = {str(app.config["SESSION_COOKIE_NAME"])}
    for cookie in used_cookies(app):
        if cookie.name in session_names:
            continue
        about = [f"Set by {cookie.known.set_by}."]
        if cookie.known.note:
            about.append(cookie.known.note)
        mistakes = _mistakes(cookie)
        declared += not mistakes
        if mistakes:
            about.append("It can't be declared like this:")
            about += mistakes
        entry = cookie.entry.splitlines()
        if mistakes:
            entry = [f"# {printable(line)}" for line in entry]
        lines = [*(f"# {line}" for line in about), *entry]
        parts.append("\n".join(lines) + "\n")
    parts += ["\n".join(f"# {line}" for line in about) + "\n" for about in _list_origins(scan)]
    text = "\n".join(parts)
    CookiePolicy.parse(text)
    return text, declared


def _list_origins(scan: ScanResult) -> Iterator[list[str]]:
    """Give the lines of an entry for each external origin; of a tracker's, what to do instead."""
    by_origin: dict[str, list[Violation]] = {}
    for place in scan.of(ViolationKind.EXTERNAL):
        by_origin.setdefault(place.subject, []).append(place)
    if by_origin:
        yield [
            "Pages load from the origins below, which the Content-Security-Policy blocks.",
            "Where the site truly needs one, fill in its entry and take the # away.",
        ]
    for subject, places in sorted(by_origin.items()):
        files = list(dict.fromkeys(place.file for place in places))
        if len(files) > MAX_FILES_NAMED:
            files = [*files[:MAX_FILES_NAMED], f"{len(files) - MAX_FILES_NAMED} more"]
        loaded = list(dict.fromkeys(place.loaded for place in places))
        about = f"{subject}, found in {join_words(files)} ({join_words(loaded)})."
        yield [about, *suggest_origin(subject, loaded)]


def _mistakes(cookie: UsedCookie) -> list[str]:
    """Find why a cookie can't be declared under the name that the application gave it."""
    known = cookie.known
    try:
        DeclaredCookie(
            name=cookie.name,
            title=known.title,
            purposes=known.purposes,  # type: ignore[arg-type]
            description=known.description,
            without_it=known.without_it,
            lifetime=None if known.lifetime == "session" else read_duration(known.lifetime),
            domain=cookie.domain,
            script_readable=known.script_readable,
        )
    except PolicyError as error:
        return [printable(mistake) for mistake in error.mistakes]
    return []


class Change(NamedTuple):
    """
    One thing that is different with Strict Cookies.

    Attributes:
        label: What it is about, in a word or three.
        text: Sentences; lines after the first that begin with ``"- "`` are a list.
    """

    label: str
    text: str


def list_changes(app: Flask, scan: ScanResult) -> list[Change]:
    """
    Say what Strict Cookies changes for this application.

    Args:
        app: With or without Strict Cookies.
        scan: What its templates and static files hold.

    Returns:
        In the order in which people ask.
    """
    config: dict[str, Any] = {**DEFAULTS, **app.config}
    is_https = config["STRICT_COOKIES_TRANSPORT"] == "https"
    changes = [
        Change("Session cookie", _say_name(app, config)),
        Change("Its attributes", _say_attributes(app, config, is_https)),
        Change("Its lifetime", _say_session_lifetime(app)),
    ]
    changes += [Change("Remembered", text) for text in _say_remembered(app)]
    if is_https:
        changes.append(
            Change(
                "HTTPS",
                "Browsers keep the session cookie over https and on http://localhost only. On any "
                f"other http address nobody could stay signed in. {_say_redirect(config)}",
            )
        )
    changes.append(Change("Other cookies", _say_others(app, config)))
    if config["STRICT_COOKIES_CROSS_ORIGIN"] != "off":
        changes.append(
            Change(
                "Other sites",
                "A form or script of another origin that acts with a visitor's cookie is refused. "
                "Name the exact paths that others may address, such as the end of a SAML sign-in, "
                "in STRICT_COOKIES_ORIGIN_EXEMPT.",
            )
        )
    changes += _say_headers(app, config["STRICT_COOKIES_HEADERS"], scan)
    changes.append(Change("New pages", _say_pages(app, config)))
    return changes


def _is_protected(app: Flask) -> bool:
    return "strict_cookies" in app.extensions


def _say_name(app: Flask, config: Mapping[str, Any]) -> str:
    policy = CookiePolicy(transport=config["STRICT_COOKIES_TRANSPORT"])
    if _is_protected(app):
        # What is wrong with the policy is for 'flask cookies check' to say.
        with suppress(StrictCookiesError):
            policy = replace(find_policy(app), transport=policy.transport)
    before, after = str(config["SESSION_COOKIE_NAME"]), current_session_name(app, policy)
    if before != after:
        return (
            f"It is renamed from {show(before)} to {after}. Visitors who are signed in when you "
            "deploy sign in once more."
        )
    if _is_protected(app):
        return f"It is named {show(after)}."
    return f"It keeps its name, {show(after)}; 'flask cookies check' says whether that is weak."


def _say_attributes(app: Flask, config: Mapping[str, Any], is_https: bool) -> str:
    samesite = config["SESSION_COOKIE_SAMESITE"] or "Lax"
    wanted = {f"SameSite={samesite}": bool(config["SESSION_COOKIE_SAMESITE"])}
    if is_https:
        wanted = {"Secure": bool(config["SESSION_COOKIE_SECURE"]), **wanted}
    if config["SESSION_COOKIE_HTTPONLY"]:
        wanted["HttpOnly"] = True
    sentences = []
    if _is_protected(app):
        sentences.append(f"It carries {join_words(list(wanted))}.")
    else:
        added = [name for name, is_there in wanted.items() if not is_there]
        kept = [name for name, is_there in wanted.items() if is_there]
        for names, said in ((added, "added"), (kept, "there already")):
            if names:
                are = "is" if len(names) == 1 else "are"
                sentences.append(f"{join_words(names)} {are} {said}.")
    if not config["SESSION_COOKIE_HTTPONLY"]:
        sentences.append(
            "Scripts may still read it, because SESSION_COOKIE_HTTPONLY is off: remove that."
        )
    if not is_https:
        sentences.append("Secure is not added, because STRICT_COOKIES_TRANSPORT is plain-http.")
    return " ".join(sentences)


def _say_session_lifetime(app: Flask) -> str:
    today = say_duration(app.permanent_session_lifetime)
    return (
        "It ends when the browser closes, also where the application sets session.permanent "
        f"(without Strict Cookies: {today})."
    )


def _say_remembered(app: Flask) -> Iterator[str]:
    """Say of each known cookie that outlives its declaration what becomes of it."""
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


def _say_redirect(config: Mapping[str, Any]) -> str:
    if config["STRICT_COOKIES_HTTPS"] == "off":
        return "Plain http is not redirected, because STRICT_COOKIES_HTTPS is off."
    if not (config["TRUSTED_HOSTS"] or config["STRICT_COOKIES_CANONICAL_HOST"]):
        return "Once TRUSTED_HOSTS is set, plain http is redirected to https."
    return (
        "Plain http is redirected to https: behind a proxy that ends TLS, set "
        "STRICT_COOKIES_TRUSTED_PROXIES first."
    )


def _say_others(app: Flask, config: Mapping[str, Any]) -> str:
    mode = config["STRICT_COOKIES_MODE"] or ("raise" if app.testing else "enforce")
    if mode == "report-only":
        return (
            "Nothing is held back yet, because STRICT_COOKIES_MODE is 'report-only'. The log names "
            "each cookie that cookies.toml does not declare."
        )
    if mode == "raise":
        return (
            "A cookie that cookies.toml does not declare raises an error that says which lines to "
            "add; in production it does not leave, and the log says so."
        )
    return (
        "A cookie that cookies.toml does not declare neither leaves nor is read. The log says "
        "which lines to add."
    )


def _say_headers(app: Flask, options: Any, scan: ScanResult) -> Iterator[Change]:
    admitted: Directives = {}
    if _is_protected(app):
        with suppress(StrictCookiesError):
            admitted = find_policy(app).csp_sources
    try:
        talisman = StrictTalisman(HeaderContext(extra_sources=admitted), **options)
    except (StrictCookiesError, AttributeError, TypeError, ValueError):
        yield Change(
            "Headers",
            "STRICT_COOKIES_HEADERS can't be used as it is; 'flask cookies check' says why.",
        )
        return
    environ = {"wsgi.url_scheme": "https", "HTTP_HOST": "example.com"}
    headers = dict(talisman.headers_for(environ, "200 OK"))
    if "Content-Security-Policy" in headers:
        is_own = not _OPENING.isdisjoint(options)
        yield Change("Third parties", _say_third_parties(scan, admitted, is_own))
        yield Change("Inline code", _say_inline(scan, is_own))
    if talisman.resolved.hsts is not None:
        yield Change("HSTS", _say_hsts(talisman.resolved.hsts))
    yield Change(
        "Headers",
        "Each response carries these, unless the view sets its own:\n"
        + "\n".join(f"- {name}: {_shorten(name, value)}" for name, value in headers.items()),
    )


def _shorten(name: str, value: str) -> str:
    """Leave all but a few features out of a Permissions-Policy."""
    features = value.split(", ")
    if name != "Permissions-Policy" or len(features) <= MAX_FEATURES_NAMED:
        return value
    more = len(features) - MAX_FEATURES_NAMED
    return f"{', '.join(features[:MAX_FEATURES_NAMED])} and {more} more"


def _say_third_parties(scan: ScanResult, admitted: Directives, is_own: bool) -> str:
    known = {origin for sources in admitted.values() for origin in sources}
    origins = sorted({violation.subject for violation in scan.of(ViolationKind.EXTERNAL)} - known)
    if is_own:
        return "The application's own content_security_policy says what pages may load from where."
    whence = "this host and the external origins in cookies.toml" if known else "this host alone"
    text = f"Pages load from {whence}, and no other site may show them in a frame."
    if not origins:
        return text
    if len(origins) == 1:
        return f"{text} The external origin above is blocked."
    return f"{text} The {len(origins)} external origins above are blocked."


def _say_inline(scan: ScanResult, is_own: bool) -> str:
    count = sum(
        violation.kind not in (ViolationKind.EXTERNAL, ViolationKind.DATA)
        for violation in scan.violations
    )
    text = "Code inside a page runs only from a file of this host or with a nonce."
    if is_own:
        return "The application's own content_security_policy says what runs inside a page."
    if not count:
        return text
    places = "1 place above does" if count == 1 else f"{count} places above do"
    return f"{text} The {places} nothing until mended."


def _say_hsts(hsts: Hsts) -> str:
    age = hsts.max_age
    length = say_duration(timedelta(seconds=age // _DAY * _DAY or age))
    return (
        f"After a visit over https, browsers refuse plain http to this host"
        f"{' and every host below it' if hsts.include_subdomains else ''} for {length}."
    )


def _say_pages(app: Flask, config: Mapping[str, Any]) -> str:
    prefix = str(config["STRICT_COOKIES_URL_PREFIX"])
    text = f"{prefix}/ tells visitors what is stored, {prefix}/declaration.json tells machines."
    if not _is_protected(app):
        taken = [
            rule.rule
            for rule in app.url_map.iter_rules()
            if rule.rule in (prefix, f"{prefix}/", f"{prefix}/declaration.json")
        ]
        if taken:
            text += (
                f" The application has {join_words(taken)} already: set "
                "STRICT_COOKIES_URL_PREFIX to another path."
            )
    return text
