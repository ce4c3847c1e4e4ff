"""
What the DevTools protocol tells of one tab, turned into builder.

A tab's frames and workers each have a session of their own, nested in that of the page, so that a
frame of another site is watched from its first request on. A :class:`TabObserver` takes the events of
all of them and needs no browser itself. Cookie values pass by and are not kept.

Source: Chrome DevTools Protocol, domains Network, Runtime and Target; what its events mean was
measured with Chromium 156.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from ..._util.urls import host_of
from ...http.cookies import parse_set_cookie
from ..observation import Setter
from .observation_builder import KINDS, CookieWrite, ObservationBuilder, Place, strip_query

#: Most requests of one visit that are looked at.
MAX_REQUESTS = 3000
#: Most frames of a stack, and longest text of one, in characters.
MAX_FRAMES = 10
MAX_FRAME = 300
#: Most new documents that one visit may load before it counts as going in circles.
MAX_DOCUMENTS = 8
#: Longest header value that is kept, in characters, and most headers.
MAX_HEADER = 8192
MAX_HEADERS = 100

#: Why a cookie stays at home that was never meant for this request.
_NOT_MEANT = frozenset({"NotOnPath", "DomainMismatch"})
#: Why a request failed before it left.
_STOPPED = frozenset({"csp", "mixed-content", "inspector", "subresource-filter"})
_SCHEMES = ("http", "https", "ws", "wss")
_WITNESS = "strict-cookies-witness"
_STACK_LINE = re.compile(r"\s*at (?:(?P<function>.*?) \()?(?P<place>[^()\s]+:\d+:\d+)\)?\s*$")

#: Sends a command to one session.
Send = Callable[[str, dict[str, Any]], Any]


def witness_source(binding: str) -> str:
    """
    Give the script that every frame runs first.

    Args:
        binding: Name of the function by which it tells; hard to guess, so that no page forges it.
    """
    text = files(__package__).joinpath("scripts", "witness.js").read_text("utf-8")
    return f"({_code(text)})({json.dumps(binding)})\n//# sourceURL={_WITNESS}"


def read_script(name: str) -> str:
    """Give the text of one script of ours as an expression."""
    return _code(files(__package__).joinpath("scripts", name).read_text("utf-8"))


def commands(binding: str, *, is_worker: bool) -> list[tuple[str, dict[str, Any]]]:
    """
    List what to tell a new session, in order, before its target goes on.

    Args:
        binding: As for :func:`witness_source`.
        is_worker: Whether it has no document.
    """
    document: list[tuple[str, dict[str, Any]]] = [
        ("Page.enable", {}),
        ("Runtime.enable", {}),
        ("Runtime.addBinding", {"name": binding}),
        ("Page.addScriptToEvaluateOnNewDocument", {"source": witness_source(binding)}),
    ]
    return [
        ("Network.enable", {"maxPostDataSize": 0}),
        *([] if is_worker else document),
        (
            "Target.setAutoAttach",
            {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": False},
        ),
        ("Runtime.runIfWaitingForDebugger", {}),
    ]


@dataclass(slots=True)
class _Hop:
    """One request of a chain of redirects."""

    url: str
    kind: str
    has_extra: bool = True


@dataclass(slots=True)
class _Chain:
    """One request with all its redirects, and what the network stack said of each."""

    hops: list[_Hop] = field(default_factory=list)
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    received: list[Mapping[str, Any]] = field(default_factory=list)
    is_page: bool = False
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MainResponse:
    """The response of a page itself."""

    url: str
    status: int
    headers: Mapping[str, str]


class TabObserver:
    """
    Turns the events of one tab into builder; events of a visit are read together at its end.

    The protocol tells a request and its cookies in events that may come in any order.

    Args:
        builder: Where they go.
        binding: By which the witness tells.
    """

    def __init__(self, builder: ObservationBuilder, binding: str) -> None:
        self._builder = builder
        self._binding = binding
        self._chains: dict[str, _Chain] = {}
        self._violations: set[tuple[str, str]] = set()
        self._place = Place()
        #: The page's own frame.
        self.main_frame = ""
        #: The page's own response; the last one, where it went on.
        self.main: MainResponse | None = None
        #: How many documents the page has loaded.
        self.documents = 0

    def begin(self, place: Place) -> None:
        """Begin a visit."""
        self._chains.clear()
        self._violations.clear()
        self._place = place
        self.main = None
        self.documents = 0

    def handle(self, method: str, params: Mapping[str, Any]) -> None:
        """Take one event of any session of the tab."""
        if method == "Runtime.bindingCalled":
            if params["name"] == self._binding:
                self._witness(params["payload"])
            return
        read = self._READERS.get(method)
        if read is not None:
            read(self, params)

    def end(self) -> None:
        """End the visit: read what belongs together."""
        stopped = set()
        for chain in self._chains.values():
            self._read_chain(chain)
            if chain.stopped and chain.hops:
                stopped.add(host_of(chain.hops[-1].url))
        # Some of what a policy stops is told by the network too, and some is not.
        for host, kind in sorted(self._violations):
            if host not in stopped:
                self._builder.record_request(host, kind, self._place, blocked=True)
        self._chains.clear()

    # Requests

    def _chain(self, request_id: str) -> _Chain:
        if request_id not in self._chains and len(self._chains) >= MAX_REQUESTS:
            return _Chain()
        return self._chains.setdefault(request_id, _Chain())

    def _request(self, params: Mapping[str, Any]) -> None:
        chain = self._chain(params["requestId"])
        if chain.hops and "redirectResponse" in params:
            chain.hops[-1].has_extra = params.get("redirectHasExtraInfo", True)
        kind = params.get("type", "Other").lower()
        is_page = kind == "document" and params.get("frameId") == self.main_frame
        if is_page and "redirectResponse" not in params:
            self.documents += 1
        chain.is_page = is_page
        chain.hops.append(_Hop(params["request"]["url"], kind))

    def _response(self, params: Mapping[str, Any]) -> None:
        chain = self._chain(params["requestId"])
        response = params["response"]
        if chain.hops and not params.get("hasExtraInfo", True):
            chain.hops[-1].has_extra = False
        if chain.is_page and params.get("frameId") == self.main_frame:
            self.main = MainResponse(
                url=response["url"], status=response["status"], headers=_headers(response)
            )

    def _request_extra(self, params: Mapping[str, Any]) -> None:
        self._chain(params["requestId"]).sent.append(
            {
                "cookies": [
                    (found["cookie"]["name"], tuple(found["blockedReasons"]))
                    for found in params.get("associatedCookies", ())
                ]
            }
        )

    def _response_extra(self, params: Mapping[str, Any]) -> None:
        lines = next(
            (text for name, text in params["headers"].items() if name.lower() == "set-cookie"), ""
        )
        self._chain(params["requestId"]).received.append(
            {
                "lines": [_without_value(line) for line in lines.split("\n") if line],
                "blocked": [
                    (_without_value(found["cookieLine"]), tuple(found["blockedReasons"]))
                    for found in params.get("blockedCookies", ())
                ],
                "site": (params.get("cookiePartitionKey") or {}).get("topLevelSite"),
                "opaque": params.get("cookiePartitionKeyOpaque", False),
                "timestamp": time.time(),
            }
        )

    def _failed(self, params: Mapping[str, Any]) -> None:
        if params.get("blockedReason") in _STOPPED:
            self._chain(params["requestId"]).stopped = True

    def _web_socket(self, params: Mapping[str, Any]) -> None:
        self._chain(params["requestId"]).hops.append(_Hop(params["url"], "websocket", False))

    def _read_chain(self, chain: _Chain) -> None:
        # What is stopped on the way has no network events for its last hop.
        with_extra = [hop for hop in chain.hops if hop.has_extra]
        for position, hop in enumerate(chain.hops):
            host = host_of(hop.url)
            if host and hop.url.split(":", 1)[0] in _SCHEMES:
                is_last = position == len(chain.hops) - 1
                self._builder.record_request(
                    host,
                    hop.kind,
                    self._place,
                    blocked=chain.stopped and is_last,
                    passed=chain.is_page and not is_last,
                )
        for hop, sent in zip(with_extra, chain.sent, strict=False):
            self._read_sent(hop, sent)
        for hop, received in zip(with_extra, chain.received, strict=False):
            self._read_received(hop, received, is_page=chain.is_page)

    def _read_sent(self, hop: _Hop, sent: Mapping[str, Any]) -> None:
        host = host_of(hop.url)
        for name, reasons in sent["cookies"]:
            if not reasons:
                self._builder.record_sent_cookie(host, name)
            elif not _NOT_MEANT.intersection(reasons):
                self._builder.record_blocked_cookie(name, host, "sent", reasons, self._place)

    def _read_received(self, hop: _Hop, received: Mapping[str, Any], *, is_page: bool) -> None:
        host, site = host_of(hop.url), received["site"]
        if is_page and site:
            self._builder.sites[host] = host_of(site)
        refused = [line for line, _ in received["blocked"]]
        for line, reasons in received["blocked"]:
            name = line.partition("=")[0].strip()
            self._builder.record_blocked_cookie(name, host, "set", reasons, self._place)
        # A credentialless frame's cookies end with the page.
        if received["opaque"]:
            return
        for line in received["lines"]:
            if line in refused:
                refused.remove(line)
                continue
            cookie = parse_set_cookie(line)
            if cookie is not None:
                write = CookieWrite(
                    cookie=cookie._replace(value=""),
                    url=hop.url,
                    setter=Setter(kind="http", url=strip_query(hop.url)),
                    stored=True,
                    partition_key=site,
                    timestamp=received["timestamp"],
                )
                self._builder.record_cookie_write(write, self._place)

    # Scripts

    def _witness(self, payload: str) -> None:
        """Read what a frame tells; its page may have bent the very functions that write it."""
        try:
            told = json.loads(payload)
            kind, name, origin, href, stack, attributes = (
                str(told.get(key, ""))
                for key in ("kind", "name", "origin", "href", "stack", "attributes")
            )
        except (ValueError, AttributeError, RecursionError):
            return
        if kind == "blocked":
            host = host_of(name)
            if host:
                directive = attributes.split("-", 1)[0]
                word = {"img": "image", "connect": "fetch"}.get(directive, directive)
                self._violations.add((host, word))
            return
        if told.get("credentialless") or not host_of(origin):
            return
        frames = read_stack(stack)
        setter = Setter(kind="script", url=_script_url(frames), stack=frames)
        if kind == "cookie":
            cookie = parse_set_cookie(f"{name}=-{attributes}")
            if cookie is not None:
                write = CookieWrite(
                    cookie=cookie._replace(value=""),
                    url=href if href.startswith("http") else f"{origin}/",
                    setter=setter,
                    stored=told.get("stored") is True,
                )
                self._builder.record_cookie_write(write, self._place)
        elif kind in KINDS:
            self._builder.record_storage_write(kind, name, origin, setter, self._place)

    _READERS: Mapping[str, Callable[[TabObserver, Mapping[str, Any]], None]] = {
        "Network.requestWillBeSent": _request,
        "Network.responseReceived": _response,
        "Network.requestWillBeSentExtraInfo": _request_extra,
        "Network.responseReceivedExtraInfo": _response_extra,
        "Network.loadingFailed": _failed,
        "Network.webSocketCreated": _web_socket,
    }


def read_stack(text: str) -> tuple[str, ...]:
    """
    Read V8's stack of an Error, without the witness's own frames and without query strings.

    Returns:
        Frames as ``function (url:line:column)``, the innermost first.
    """
    frames = []
    for line in text.split("\n"):
        found = _STACK_LINE.match(line)
        if found is None or _WITNESS in found["place"]:
            continue
        url, number, column = found["place"].rsplit(":", 2)
        place = f"{strip_query(url)}:{number}:{column}"
        frames.append(f"{(found['function'] or 'anonymous')[:80]} ({place[-MAX_FRAME:]})")
    return tuple(frames[:MAX_FRAMES])


def _script_url(stack: tuple[str, ...]) -> str:
    """Find the innermost frame that has a file."""
    for frame in stack:
        url = frame[frame.index(" (") + 2 : -1].rsplit(":", 2)[0]
        if "://" in url:
            return url
    return ""


def _without_value(line: str) -> str:
    """
    Take the value out of a Set-Cookie line.

    The reader needs one for a nameless cookie, so a dash stands for it.
    """
    pair, semicolon, attributes = line.partition(";")
    name, equals, _ = pair.partition("=")
    return f"{name if equals else ''}=-{semicolon}{attributes}"


def _headers(response: Mapping[str, Any]) -> Mapping[str, str]:
    return {
        name.lower(): str(text)[:MAX_HEADER]
        for name, text in list(response["headers"].items())[:MAX_HEADERS]
        if name.lower() != "set-cookie"
    }


def _code(text: str) -> str:
    """Take off the comment at the head, so that an expression is left."""
    lines = text.split("\n")
    while lines and (not lines[0] or lines[0].startswith("//")):
        del lines[0]
    return "\n".join(lines).strip()
