"""
What a browser saw of a site, without any cookie value.

Everything in a report comes from one :class:`Observation`; the browser is not needed afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

#: What set an item: a response header, a script, or unknown.
SetterKind = Literal["http", "script", "unknown"]
#: The outcome of a visit to a page.
Outcome = Literal["visited", "timed out", "crashed", "redirect loop", "download", "failed"]
#: The kind of an item of storage.
StorageKind = Literal["local", "session", "indexeddb", "cache", "service worker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setter:
    """
    What set an item.

    Args:
        kind: A response, a script, or unknown.
        url: Of the response or the script, without its query; empty if unknown.
        stack: Of a script: frames as ``function (url:line:column)``, innermost first.
    """

    kind: SetterKind
    url: str = ""
    stack: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedCookie:
    """
    A cookie that the browser stored at some time.

    Args:
        domain: The host or the Domain attribute, without a leading dot.
        host_only: Whether it is sent to that host only.
        samesite: ``"Strict"``, ``"Lax"``, ``"None"``, or empty without the attribute.
        partition_key: The top-level site of a partitioned cookie; else None.
        declared_seconds: The lifetime in its Set-Cookie; None for a session cookie, or if unknown.
        stored_seconds: The lifetime in the browser; None for a session cookie.
        third_party: Whether its site is not the audited one.
        seen_on: The URL of the page on which it was first seen.
        step: The name of the step of the journey.
        gone_after: The step after which it was gone; None if it was there at the end.
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
    A cookie that the browser refused to store or to send.

    Args:
        direction: ``"set"`` if it was not stored, ``"sent"`` if it was not sent.
        reasons: As the browser reports them, for example ``"SecureOnly"``.
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
    An item of storage other than a cookie.

    Args:
        name: The key, the name of the IndexedDB database or of the cache, or the URL of the service
            worker's script.
        origin: The origin that owns it.
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
    A host that pages sent requests to, or tried to.

    Args:
        kinds: The kinds of requests: ``"script"``, ``"image"``, ``"document"``, ...
        requests: The number of requests sent.
        blocked: The number of requests blocked before they were sent.
        cookies_sent: The names of the cookies sent to the host.
        tracker: The tracker in the catalogue; None if the host is not a known one.
        redirect_only: Whether pages only redirected through the host.
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
    A page that the audit visited, or tried to.

    Args:
        url: The requested URL, without fragment.
        final_url: The URL after redirects.
        step: The name of the step of the journey.
        status: Of the response; None if there was none.
        seconds: The duration of the visit, without the delay before it.
        headers: Of the page's response, with names in lower case, without Set-Cookie.
        remarks: Other events, as sentences: dialogs that were closed, downloads refused.
        screenshot: The file name in the bundle; None if there is none.
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
    A step of a journey, and what was stored at its end.

    Args:
        name: For example ``"first visit"``, ``"login"``, ``"logout"``.
        problem: Why the step failed; None if it succeeded.
        cookies_left: ``name @ domain path`` of each cookie at its end.
        storage_left: ``kind name @ origin`` of each item of storage at its end.
    """

    name: str
    problem: str | None = None
    cookies_left: tuple[str, ...] = ()
    storage_left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    Everything that an audit saw.

    Args:
        targets: The audited URLs.
        began: Aware, UTC.
        ended: Aware, UTC.
        browser: Product and version, for example ``"Chromium 156.0.8078.0"``.
        command_line: The command that started the browser.
        known_routes: Paths of pages that are known to exist, from the application's URL map or
            the sitemap, for coverage; empty if unknown.
        declaration_url: The URL of the declaration that the site publishes; None if it was not
            found, or not looked for.
        declaration: The JSON of that declaration; None if there is none.
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
