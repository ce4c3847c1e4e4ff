"""
What a browser saw of a site: plain data, without a single cookie value.

Everything an audit finds, shows and proves comes from one :class:`Observation`; nothing behind it
asks the browser again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: How an item came to be: by a response's header, by a script, or nobody saw it.
SetterKind = Literal["http", "script", "unknown"]
#: What became of a page.
Outcome = Literal["visited", "timed out", "crashed", "redirect loop", "download", "failed"]
#: Where an item of storage lies.
StorageKind = Literal["local", "session", "indexeddb", "cache", "service worker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setter:
    """
    Who set an item.

    Args:
        kind: How.
        url: Of the response, or of the script's file; empty where unknown. Without query strings.
        stack: For scripts: frames as ``function (url:line:column)``, the innermost first.
    """

    kind: SetterKind
    url: str = ""
    stack: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedCookie:
    """
    One cookie that the browser kept at some time.

    Args:
        domain: The host, or the domain that it was set for, without a leading dot.
        host_only: Whether it goes back to that very host alone.
        samesite: ``"Strict"``, ``"Lax"``, ``"None"``, or empty where it was not said.
        partition_key: The top-level site, for a partitioned cookie; else None.
        declared_seconds: For how long it was set to live, by its Set-Cookie; None for a session
            cookie, and where nobody saw it being set.
        stored_seconds: For how long the browser keeps it from then; None for a session cookie.
        third_party: Whether its site differs from that of the audited page.
        seen_on: The page on which it was first seen.
        step: Of the journey.
        gone_after: The step after which it was no longer there; None where it stayed to the end.
    """

    name: str
    domain: str
    path: str = "/"
    host_only: bool = True
    secure: bool = False
    httponly: bool = False
    samesite: str = ""
    partition_key: str | None = None
    declared_seconds: int | None = None
    stored_seconds: int | None = None
    third_party: bool = False
    setter: Setter = Setter(kind="unknown")
    seen_on: str = ""
    step: str = ""
    gone_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedCookie:
    """
    One cookie that the browser, or the page's policy, did not let through.

    Args:
        direction: ``"set"`` by a response or script, or ``"sent"`` with a request.
        reasons: The browser's own words, for example ``"SecureOnly"``.
    """

    name: str
    host: str
    direction: Literal["set", "sent"]
    reasons: tuple[str, ...]
    seen_on: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedStorage:
    """
    One item of storage beside cookies.

    Args:
        name: The key; of IndexedDB and caches the name of the database or cache; of a service
            worker its script's URL.
        origin: Whose storage it is.
    """

    kind: StorageKind
    name: str
    origin: str
    third_party: bool = False
    setter: Setter = Setter(kind="unknown")
    seen_on: str = ""
    step: str = ""
    gone_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedHost:
    """
    One host that pages talked to, or tried to.

    Args:
        kinds: What was asked for: ``"script"``, ``"image"``, ``"document"``, ...
        requests: How many left the browser.
        blocked: How many were stopped before they left.
        cookies_sent: Names of the cookies that went along.
        tracker: What the catalogue knows the host as; else None.
        redirect_only: Whether it was only passed through by a redirect of a page.
    """

    host: str
    third_party: bool
    kinds: tuple[str, ...]
    requests: int
    blocked: int
    cookies_sent: tuple[str, ...] = ()
    tracker: str | None = None
    redirect_only: bool = False
    seen_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedPage:
    """
    One page that was visited, or could not be.

    Args:
        url: As asked for; without fragment.
        final_url: Where it ended, after redirects.
        step: Of the journey.
        status: Of the response; None where there was none.
        seconds: From asking to leaving, waits of politeness left out.
        headers: Of the page's own response, names in lower case, without Set-Cookie.
        remarks: What else happened, in words: dialogs that were closed, downloads refused.
        screenshot: The file's name in the bundle; None where none was taken.
    """

    url: str
    final_url: str
    step: str
    outcome: Outcome
    status: int | None
    seconds: float
    headers: Mapping[str, str]
    title: str = ""
    remarks: tuple[str, ...] = ()
    screenshot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedStep:
    """
    One step of a journey, and what was there when it had ended.

    Args:
        name: For example ``"first visit"``, ``"login"``, ``"logout"``.
        problem: Why it could not be taken; None where it could.
        cookies_left: ``name @ domain path`` of each cookie in the browser at its end.
        storage_left: ``kind name @ origin`` of each item of storage.
    """

    name: str
    problem: str | None = None
    cookies_left: tuple[str, ...] = ()
    storage_left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    All that one audit saw.

    Args:
        targets: The URLs that were asked for.
        began: Aware, UTC.
        ended: Likewise.
        browser: Product and version, for example ``"Chromium 156.0.8078.0"``.
        command_line: What the browser was started with.
        known_routes: Pages that are known to exist, as paths: from the application's URL map or
            the site's map; for coverage. Empty where nobody knows.
        declaration_url: Where the site's own declaration was found; None where it was not looked
            for, or not found.
        declaration: Its JSON, as read; None likewise.
    """

    targets: tuple[str, ...]
    began: datetime
    ended: datetime
    browser: str
    command_line: tuple[str, ...]
    pages: tuple[ObservedPage, ...]
    steps: tuple[ObservedStep, ...]
    cookies: tuple[ObservedCookie, ...]
    blocked: tuple[BlockedCookie, ...]
    storage: tuple[ObservedStorage, ...]
    hosts: tuple[ObservedHost, ...]
    known_routes: tuple[str, ...] = ()
    declaration_url: str | None = None
    declaration: Mapping[str, object] | None = None
