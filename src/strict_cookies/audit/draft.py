"""
Draft a ``cookies.toml`` for a site that has none, from what a browser saw.

The user has to fill in titles, purposes and descriptions; until then
:mod:`~strict_cookies.policy.loader` rejects the file and lists each gap. An item of a tracker or a
third party is not an entry but a comment that says to remove it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

from .._util.text import toml_text
from .._util.urls import host_of, is_host_name
from ..errors import AuditError, PolicyError
from ..policy.catalogue import (
    find_certain_tracker,
    find_framework_cookie,
    find_tracker,
    find_tracker_host,
)
from ..policy.cookie import DeclaredCookie
from ..policy.draft import comment, suggest_entry, suggest_origin, write_first_policy
from ..policy.purposes import Purpose
from ..policy.web_storage import DeclaredStorage
from .observation import Observation, ObservedCookie, ObservedHost, ObservedStorage, Setter
from .redaction import format_seconds, redact_url, shorten

#: The kinds of requests in browsers, as ``loads`` of an external origin names them.
_LOADED = {
    "stylesheet": "style",
    "document": "frame",
    "iframe": "frame",
    "xhr": "connection",
    "fetch": "connection",
    "ping": "connection",
    "websocket": "connection",
    "eventsource": "connection",
}
#: Replaces a missing text while the rest of an entry is validated.
_FILLER = "Something."


def draft_policy(observation: Observation) -> str:
    """
    Return a draft.

    Args:
        observation: From an audit.

    Returns:
        TOML with comments. Each ``""`` and ``[]`` in an entry is to be filled in.
    """
    head = [
        f"Drafted from an audit of {', '.join(map(redact_url, observation.targets))}",
        f"on {observation.began:%Y-%m-%d} by {shorten(observation.browser)}.",
        'Fill in each "" and [] of [site] and of the entries at the end, and remove what the site',
        "does not strictly need. Until then the file is rejected, with a list of the gaps.",
    ]
    explained = write_first_policy()
    parts = [comment(head), explained[explained.index("[site]") :]]
    parts += map(_draft_cookie, _each_name(observation.cookies))
    parts += map(_draft_storage, _each_item(observation.storage))
    parts += [
        _draft_host(host)
        for host in sorted(observation.hosts, key=lambda one: one.host)
        if host.third_party
    ]
    return "\n".join(parts)


def write_draft(path: Path, observation: Observation) -> None:
    """
    Write a draft to a new file.

    Raises:
        AuditError: The file exists already, or can't be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(draft_policy(observation))
    except FileExistsError:
        raise AuditError(
            f"{path} exists already and was not changed. Name another file for the draft."
        ) from None
    except OSError as error:
        raise AuditError(
            f"Can't write {path}: {error.strerror}. Fix its directory, or name another file."
        ) from None


def _each_name(cookies: Iterable[ObservedCookie]) -> list[ObservedCookie]:
    """Return one cookie for each name and owner: the one with the longest lifetime."""
    cookies_by_name: dict[tuple[str, str], ObservedCookie] = {}
    for cookie in cookies:
        key = (cookie.name, cookie.domain if cookie.third_party else "")
        if key not in cookies_by_name or _lifetime(cookie) > _lifetime(cookies_by_name[key]):
            cookies_by_name[key] = cookie
    return [cookies_by_name[key] for key in sorted(cookies_by_name)]


def _each_item(items: Iterable[ObservedStorage]) -> list[ObservedStorage]:
    by_name = {
        (item.kind, item.name, item.origin if item.third_party else ""): item for item in items
    }
    return [by_name[key] for key in sorted(by_name)]


def _lifetime(cookie: ObservedCookie) -> int:
    return max(cookie.declared_seconds or 0, cookie.stored_seconds or 0)


def _describe_setter(setter: Setter, seen_on: str) -> str:
    by = {"http": "a response", "script": "a script", "unknown": "unknown code"}[setter.kind]
    where = f", {redact_url(setter.url)}" if setter.url else ""
    return f"Set by {by}{where}; first seen on {redact_url(seen_on)}."


def _describe_foreign(name: str, host: str, *, third_party: bool) -> str | None:
    """Return a sentence on the owner of a foreign item; None for the site's own."""
    owner = find_tracker_host(host) if third_party else None
    if owner is not None:
        return f"{shorten(host)} is commonly associated with {owner.vendor} ({owner.category})."
    tracker = find_tracker(name)
    if tracker is not None and find_certain_tracker(name) is not None:
        return f"The name is commonly associated with {tracker.vendor} ({tracker.category})."
    return f"It belongs to {shorten(host)}, which is another site." if third_party else None


# Cookies


def _draft_cookie(cookie: ObservedCookie) -> str:
    about = [_describe_setter(cookie.setter, cookie.seen_on)]
    owner = _describe_foreign(cookie.name, cookie.domain, third_party=cookie.third_party)
    if owner is not None:
        label = f"Remove this: cookie {shorten(cookie.name)} of {shorten(cookie.domain)}."
        return comment([label, owner, *about])
    if _lifetime(cookie):
        about.append(
            f"Its lifetime is {format_seconds(_lifetime(cookie))}; declare the shortest that works."
        )
    if not cookie.secure:
        about.append("It was set without Secure; the library adds it.")
    if not cookie.httponly and cookie.setter.kind != "script":
        about.append(
            "It was set without HttpOnly; add script_readable = true if a script reads it."
        )
    entry = suggest_entry(cookie.name)
    extra = list(_attributes(cookie, entry))
    mistakes = _cookie_mistakes(cookie, extra)
    lines = [*entry.splitlines(), *extra]
    if mistakes:
        return comment([*about, "This can't be declared:", *mistakes, *lines])
    return comment(about) + "\n".join(lines) + "\n"


def _attributes(cookie: ObservedCookie, entry: str) -> Iterator[str]:
    if cookie.path != "/":
        yield f"path = {toml_text(cookie.path)}"
    if not cookie.host_only and is_host_name(cookie.domain):
        yield f"domain = {toml_text(cookie.domain)}"
    if cookie.samesite in ("Strict", "None"):
        yield f"samesite = {toml_text(cookie.samesite)}"
    if (
        not cookie.httponly
        and cookie.setter.kind == "script"
        and "script_readable" not in entry.splitlines()[-1]
    ):
        yield "script_readable = true"
    if cookie.partition_key is not None and cookie.samesite == "None":
        yield "partitioned = true"


def _cookie_mistakes(cookie: ObservedCookie, extra: list[str]) -> list[str]:
    """Return the mistakes of an entry, apart from its gaps."""
    known = find_framework_cookie(cookie.name)
    keys = {line.partition(" = ")[0] for line in extra}
    if any("\ud800" <= character <= "\udfff" for character in cookie.name):
        return ["Its name is not valid Unicode."]
    try:
        DeclaredCookie(
            name=cookie.name,
            title=_FILLER,
            purposes=(Purpose.SESSION,),
            description=_FILLER,
            without_it=_FILLER,
            path=cookie.path if "path" in keys else "/",
            domain=cookie.domain if "domain" in keys else None,
            samesite=cookie.samesite if "samesite" in keys else "Lax",
            script_readable="script_readable" in keys
            or (known is not None and known.script_readable),
            partitioned="partitioned" in keys,
        )
    except PolicyError as error:
        return list(error.mistakes)
    return []


# Other storage


def _draft_storage(item: ObservedStorage) -> str:
    about = [_describe_setter(item.setter, item.seen_on)]
    host = host_of(item.origin) or item.origin
    owner = _describe_foreign(item.name, host, third_party=item.third_party)
    if owner is not None:
        label = f"Remove this: {item.kind} {shorten(item.name)} of {shorten(item.origin)}."
        return comment([label, owner, *about])
    if item.kind == "service worker":
        return comment(
            [
                f"Service worker {shorten(item.name)}.",
                *about,
                "It can't be declared: it stays until it is removed, and every audit reports it.",
            ]
        )
    lasting = item.kind != "session"
    lines = [
        "[[storage]]",
        f"name = {toml_text(item.name)}",
        f'kind = "{item.kind}"',
        'title = ""             # what visitors read first',
        "purposes = []          # session, authentication, preferences, security, ...",
        'description = ""       # what it does, in a sentence',
        'without_it = ""        # what would not work without it',
        'lifetime = "1 hour"    # after which your script removes it'
        if lasting
        else 'lifetime = "session"   # it ends with its tab',
    ]
    try:
        if any("\ud800" <= character <= "\udfff" for character in item.name):
            return comment([*about, "It can't be declared: its name is not valid Unicode."])
        DeclaredStorage(
            name=item.name,
            kind=item.kind,
            title=_FILLER,
            purposes=(Purpose.USER_INPUT,),
            description=_FILLER,
            without_it=_FILLER,
            lifetime=timedelta(hours=1) if lasting else None,
        )
    except PolicyError as error:
        return comment([*about, "This can't be declared:", *error.mistakes, *lines])
    return comment(about) + "\n".join(lines) + "\n"


def _draft_host(host: ObservedHost) -> str:
    loaded = list(dict.fromkeys(_LOADED.get(kind, kind) for kind in sorted(host.kinds)))
    kinds = ", ".join(map(shorten, host.kinds)) or "of unknown kind"
    about = f"Pages send requests to {shorten(host.host)} ({kinds})"
    about += f", first seen on {redact_url(host.seen_on)}." if host.seen_on else "."
    if host.redirect_only:
        about = f"A page redirects through {shorten(host.host)}. Link to the destination itself."
    if host.tracker is not None:
        return comment(
            [about, f"The host is commonly associated with {shorten(host.tracker)}. Remove it."]
        )
    if host.redirect_only:
        return comment([about])
    return comment([about, *suggest_origin(f"https://{host.host}", loaded)])
