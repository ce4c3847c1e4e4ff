"""
Build an :class:`~.observation.Observation` from what all tabs of an audit see.

Cookies have two sources. A Set-Cookie line or a script's write shows what set a cookie and for how
long; the jar shows what the browser stored. Both are merged by name, domain and path. Every table
is bounded, because a site may be hostile. No value is recorded.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ..._util.urls import host_of
from ...http.cookies import MAX_LIFETIME, SetCookie
from ...policy.catalogue import find_tracker_host
from ..observation import (
    BlockedCookie,
    ObservedCookie,
    ObservedHost,
    ObservedStorage,
    Setter,
    StorageKind,
)

#: Most items of each kind that are recorded.
MAX_ITEMS = 2000
#: Difference between the declared and the stored expiry that counts as equal, in seconds.
CLOCK_SLACK = 60
#: Kinds of storage.
KINDS: tuple[StorageKind, ...] = ("local", "session", "indexeddb", "cache", "service worker")


class Place(NamedTuple):
    """The page and the step of the journey in which something was observed."""

    page: str = ""
    step: str = ""


class CookieKey(NamedTuple):
    """The identity of a cookie in the jar."""

    name: str
    domain: str
    path: str
    partitioned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieWrite:
    """
    One write of a cookie.

    Args:
        cookie: Name and attributes; its value is empty.
        url: Of the response, or of the document whose script wrote it.
        setter: What wrote it.
        stored: Whether the browser is known to have stored it.
        partition_key: The top-level site at that time; None if unknown.
        timestamp: In seconds since the epoch.
    """

    cookie: SetCookie
    url: str
    setter: Setter
    stored: bool
    partition_key: str | None = None
    timestamp: float = field(default_factory=time.time)

    @property
    def key(self) -> CookieKey:
        """The identity under which the jar stores it."""
        parts = urlsplit(self.url)
        default_path = parts.path[: parts.path.rfind("/")] or "/"
        return CookieKey(
            self.cookie.name,
            self.cookie.domain or host_of(self.url),
            self.cookie.path or default_path,
            self.cookie.partitioned,
        )


class _Host:
    """The counters of one host."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.kinds: set[str] = set()
        self.requests = self.blocked = self.passed = 0
        self.cookies: set[str] = set()


class ObservationBuilder:
    """Records what all tabs of an audit see, and returns it as observed items."""

    def __init__(self) -> None:
        #: First-party registrable domains or hosts.
        self.own_sites: set[str] = set()
        #: Host to registrable domain, from the browser.
        self.sites: dict[str, str] = {}
        self._writes: dict[CookieKey, CookieWrite] = {}
        self._cookies: dict[CookieKey, ObservedCookie] = {}
        self._in_jar: set[CookieKey] = set()
        self._blocked: dict[tuple[str, str, str, tuple[str, ...]], BlockedCookie] = {}
        self._storage: dict[tuple[str, str, str], ObservedStorage] = {}
        self._stored: dict[tuple[str, str, str], frozenset[str]] = {}
        self._hosts: dict[str, _Host] = {}

    def is_own(self, host: str) -> bool:
        """Return whether a host is first-party."""
        return any(host == site or host.endswith(f".{site}") for site in self.own_sites)

    def count_cookies(self) -> int:
        """Return the number of cookies seen so far."""
        return len(self._cookies)

    def count_hosts(self) -> int:
        """Return the number of third-party hosts seen so far."""
        return sum(not self.is_own(host) for host in self._hosts)

    # Cookies

    def record_cookie_write(self, write: CookieWrite, place: Place) -> None:
        """Record one write of a cookie; deletions are ignored."""
        declared = write.cookie.lifetime(write.timestamp)
        if declared is not None and declared <= 0:
            return
        key = write.key
        known = self._cookies.get(key)
        first = self._writes.get(key)
        if first is not None:
            # The lifetime starts with the last write; the setter is the first one.
            self._writes[key] = replace(first, timestamp=write.timestamp)
        elif len(self._writes) < MAX_ITEMS:
            self._writes[key] = write
        if known is not None:
            longest = _longer(known.declared_seconds, declared)
            known = replace(known, declared_seconds=longest, gone_after=None)
            if known.setter.kind == "unknown":
                # Another tab saw the cookie in the jar before the visit that set it ended.
                known = replace(known, setter=write.setter, seen_on=place.page, step=place.step)
            self._cookies[key] = known
        elif write.stored and len(self._cookies) < MAX_ITEMS:
            cookie = write.cookie
            self._cookies[key] = ObservedCookie(
                name=cookie.name,
                domain=key.domain,
                path=key.path,
                host_only=cookie.domain is None,
                secure=cookie.secure,
                httponly=cookie.httponly,
                samesite=cookie.samesite or "",
                partition_key=write.partition_key if cookie.partitioned else None,
                declared_seconds=declared,
                stored_seconds=None if declared is None else min(declared, MAX_LIFETIME),
                setter=write.setter,
                seen_on=place.page,
                step=place.step,
            )

    def record_jar(self, cookies: Iterable[Mapping[str, Any]], place: Place) -> None:
        """
        Record the current content of the jar, as the DevTools protocol lists it.

        A cookie of a credentialless frame has an opaque partition and is never sent later; it is
        ignored.
        """
        self._in_jar = set()
        for cookie in cookies:
            partition = cookie.get("partitionKey")
            if partition is None and "partitionKeyOpaque" in cookie:
                continue
            site = partition.get("topLevelSite") if isinstance(partition, dict) else partition
            key = CookieKey(
                cookie["name"], cookie["domain"].lstrip("."), cookie["path"], site is not None
            )
            self._in_jar.add(key)
            self._record_stored_cookie(key, cookie, site, place)

    def _record_stored_cookie(
        self, key: CookieKey, cookie: Mapping[str, Any], site: str | None, place: Place
    ) -> None:
        write = self._writes.get(key)
        known = self._cookies.get(key)
        if known is None:
            if len(self._cookies) >= MAX_ITEMS:
                return
            known = ObservedCookie(
                name=key.name,
                domain=key.domain,
                path=key.path,
                secure=True,
                httponly=True,
                declared_seconds=write.cookie.lifetime(write.timestamp) if write else None,
                setter=write.setter if write else Setter(kind="unknown"),
                seen_on=place.page,
                step=place.step,
            )
        stored = None
        if cookie.get("expires", -1) > 0:
            stored = round(cookie["expires"] - (write.timestamp if write else time.time()))
            meant = min(known.declared_seconds or 0, MAX_LIFETIME)
            stored = meant if abs(stored - meant) <= CLOCK_SLACK else stored
        first = known.stored_seconds if known.gone_after is None else None
        self._cookies[key] = replace(
            known,
            host_only=not cookie["domain"].startswith("."),
            secure=cookie["secure"] and known.secure,
            httponly=cookie["httpOnly"] and known.httponly,
            samesite=cookie.get("sameSite", ""),
            partition_key=site,
            stored_seconds=stored if write else _longer(first, stored),
            gone_after=None,
        )

    def record_blocked_cookie(
        self, name: str, host: str, direction: Any, reasons: Iterable[str], place: Place
    ) -> None:
        """Record a cookie that the browser refused to store or to send."""
        key = (name, host, direction, tuple(reasons))
        if len(self._blocked) < MAX_ITEMS:
            self._blocked.setdefault(
                key,
                BlockedCookie(
                    name=name,
                    host=host,
                    direction=direction,
                    reasons=key[3],
                    seen_on=place.page,
                    step=place.step,
                ),
            )

    # Storage

    def record_storage_write(
        self, kind: StorageKind, name: str, origin: str, setter: Setter, place: Place
    ) -> None:
        """Record one write of a script."""
        key = (kind, name, origin)
        known = self._storage.get(key)
        if known is not None:
            if known.setter.kind == "unknown":
                self._storage[key] = replace(known, setter=setter)
        elif len(self._storage) < MAX_ITEMS:
            self._storage[key] = ObservedStorage(
                kind=kind,
                name=name,
                origin=origin,
                setter=setter,
                seen_on=place.page,
                step=place.step,
            )

    def record_storage(
        self, origin: str, names: Mapping[str, Collection[str]], tab: str, place: Place
    ) -> None:
        """Record everything that an origin has stored now; sessionStorage belongs to a tab."""
        for kind in KINDS:
            current = frozenset(names.get(kind, ()))
            self._stored[kind, origin, tab if kind == "session" else ""] = current
            for name in sorted(current):
                self.record_storage_write(kind, name, origin, Setter(kind="unknown"), place)
                key = (kind, name, origin)
                if key in self._storage:
                    self._storage[key] = replace(self._storage[key], gone_after=None)

    def forget_tab(self, tab: str) -> None:
        """Forget the sessionStorage of a closed tab, as the browser does."""
        for key in [key for key in self._stored if key[2] == tab]:
            del self._stored[key]

    # Hosts

    def record_request(
        self, host: str, kind: str, place: Place, *, blocked: bool = False, passed: bool = False
    ) -> None:
        """Record one request; ``passed`` means that a page only redirected through the host."""
        if host not in self._hosts and len(self._hosts) >= MAX_ITEMS:
            return
        counters = self._hosts.setdefault(host, _Host(place))
        counters.kinds.add(kind)
        counters.requests += not blocked
        counters.blocked += blocked
        counters.passed += passed

    def record_sent_cookie(self, host: str, name: str) -> None:
        """Record that a cookie was sent with a request."""
        counters = self._hosts.get(host)
        if counters is not None and len(counters.cookies) < MAX_ITEMS:
            counters.cookies.add(name)

    # Steps and results

    def end_step(self, step: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """
        Record what is gone after a step, and return what is left.

        Returns:
            :attr:`ObservedStep.cookies_left` and ``storage_left``.
        """
        for key, cookie in self._cookies.items():
            if key not in self._in_jar and cookie.gone_after is None:
                self._cookies[key] = replace(cookie, gone_after=step)
        stored = {
            (kind, name, origin)
            for (kind, origin, _), names in self._stored.items()
            for name in names
        }
        for item, known in self._storage.items():
            if item not in stored and known.gone_after is None:
                self._storage[item] = replace(known, gone_after=step)
        cookies = sorted(f"{key.name} @ {key.domain} {key.path}" for key in self._in_jar)
        storage = sorted(f"{kind} {name} @ {origin}" for kind, name, origin in stored)
        return tuple(cookies[:MAX_ITEMS]), tuple(storage[:MAX_ITEMS])

    def cookies(self) -> tuple[ObservedCookie, ...]:
        """Return each cookie, in the order of first appearance."""
        return tuple(
            replace(cookie, third_party=not self.is_own(cookie.domain))
            for cookie in self._cookies.values()
        )

    def blocked(self) -> tuple[BlockedCookie, ...]:
        """Return each refused cookie."""
        return tuple(self._blocked.values())

    def storage(self) -> tuple[ObservedStorage, ...]:
        """Return each item of storage."""
        return tuple(
            replace(item, third_party=not self.is_own(host_of(item.origin)))
            for item in self._storage.values()
        )

    def hosts(self) -> tuple[ObservedHost, ...]:
        """Return each host."""
        return tuple(
            ObservedHost(
                host=host,
                third_party=not self.is_own(host),
                kinds=tuple(sorted(counters.kinds)),
                requests=counters.requests,
                blocked=counters.blocked,
                cookies_sent=tuple(sorted(counters.cookies)),
                tracker=_tracker(host),
                redirect_only=not self.is_own(host) and 0 < counters.requests == counters.passed,
                seen_on=counters.place.page,
            )
            for host, counters in self._hosts.items()
        )


def strip_query(url: str) -> str:
    """Return a URL without its query and fragment, which may contain personal data."""
    return url.split("#", 1)[0].split("?", 1)[0]


def _tracker(host: str) -> str | None:
    known = find_tracker_host(host)
    return None if known is None else f"{known.vendor} ({known.category})"


def _longer(one: int | None, other: int | None) -> int | None:
    return max((seconds for seconds in (one, other) if seconds is not None), default=None)
