"""
The events of one tab from the DevTools protocol, converted to observations.

Each frame and worker of a tab has its own session, nested in that of the page, so that a cross-site
frame is observed from its first request on. A :class:`TabObserver` handles the events of all
sessions and needs no browser itself. Cookie values are discarded.

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

#: Most requests of a visit that are observed.
MAX_REQUESTS = 3000
#: Most frames of a stack, and the longest one, in characters.
MAX_FRAMES = 10
MAX_FRAME = 300
#: Documents that a visit may load before it counts as a redirect loop.
MAX_DOCUMENTS = 8
#: Longest header value, in characters, and most headers.
MAX_HEADER = 8192
MAX_HEADERS = 100

#: Reasons not to send a cookie that does not concern the request at all.
_IRRELEVANT = frozenset({"NotOnPath", "DomainMismatch"})
#: Reasons for which a request is blocked before it is sent.
_BLOCKED = frozenset({"csp", "mixed-content", "inspector", "subresource-filter"})
_SCHEMES = ("http", "https", "ws", "wss")
_RECORDER = "strict-cookies-recorder"
_STACK_LINE = re.compile(r"\s*at (?:(?P<function>.*?) \()?(?P<place>[^()\s]+:\d+:\d+)\)?\s*$")

#: Sends a command to one session.
Send = Callable[[str, dict[str, Any]], Any]


def recorder_source(binding: str) -> str:
    """
    Return the script that every frame runs first.

    Args:
        binding: The name of the function by which it reports; random, so that no page can forge a
            report.
    """
    text = files(__package__).joinpath("scripts", "recorder.js").read_text("utf-8")
    return f"({_code(text)})({json.dumps(binding)})\n//# sourceURL={_RECORDER}"


def read_script(name: str) -> str:
    """Return one of the scripts as a JavaScript expression."""
    return _code(files(__package__).joinpath("scripts", name).read_text("utf-8"))


def commands(binding: str, *, is_worker: bool) -> list[tuple[str, dict[str, Any]]]:
    """
    Return the commands for a new session, in order, before its target continues.

    Args:
        binding: See :func:`recorder_source`.
        is_worker: Whether the target has no document.
    """
    document: list[tuple[str, dict[str, Any]]] = [
        ("Page.enable", {}),
        ("Runtime.enable", {}),
        ("Runtime.addBinding", {"name": binding}),
        ("Page.addScriptToEvaluateOnNewDocument", {"source": recorder_source(binding)}),
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
    """One request with all its redirects, and the events of the network stack for each."""

    hops: list[_Hop] = field(default_factory=list)
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    received: list[Mapping[str, Any]] = field(default_factory=list)
    is_page: bool = False
    is_blocked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MainResponse:
    """The response of a page itself."""

    url: str
    status: int
    headers: Mapping[str, str]


class TabObserver:
    """
    Converts the events of one tab to observations, at the end of each visit.

    The events of a request and of its cookies can come in any order.

    Args:
        builder: Records the observations.
        binding: The name of the function by which the recorder script reports.
    """

    def __init__(self, builder: ObservationBuilder, binding: str) -> None:
        self._builder = builder
        self._binding = binding
        self._chains: dict[str, _Chain] = {}
        self._violations: set[tuple[str, str]] = set()
        self._place = Place()
        #: The main frame.
        self.main_frame = ""
        #: The response of the main frame; the last one after navigations.
        self.main: MainResponse | None = None
        #: The number of documents that the main frame has loaded.
        self.documents = 0

    def begin(self, place: Place) -> None:
        """Start a visit."""
        self._chains.clear()
        self._violations.clear()
        self._place = place
        self.main = None
        self.documents = 0

    def handle(self, method: str, params: Mapping[str, Any]) -> None:
        """Handle an event of any session of the tab."""
        if method == "Runtime.bindingCalled":
            if params["name"] == self._binding:
                self._record_report(params["payload"])
            return
        read = self._READERS.get(method)
        if read is not None:
            read(self, params)

    def end(self) -> None:
        """End the visit: record the collected events."""
        blocked_hosts = set()
        for chain in self._chains.values():
            self._read_chain(chain)
            if chain.is_blocked and chain.hops:
                blocked_hosts.add(host_of(chain.hops[-1].url))
        # The network also reports some of the requests that a CSP blocks, but not all.
        for host, kind in sorted(self._violations):
            if host not in blocked_hosts:
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
                    (cookie["cookie"]["name"], tuple(cookie["blockedReasons"]))
                    for cookie in params.get("associatedCookies", ())
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
                    (_without_value(cookie["cookieLine"]), tuple(cookie["blockedReasons"]))
                    for cookie in params.get("blockedCookies", ())
                ],
                "site": (params.get("cookiePartitionKey") or {}).get("topLevelSite"),
                "opaque": params.get("cookiePartitionKeyOpaque", False),
                "timestamp": time.time(),
            }
        )

    def _failed(self, params: Mapping[str, Any]) -> None:
        if params.get("blockedReason") in _BLOCKED:
            self._chain(params["requestId"]).is_blocked = True

    def _web_socket(self, params: Mapping[str, Any]) -> None:
        self._chain(params["requestId"]).hops.append(_Hop(params["url"], "websocket", False))

    def _read_chain(self, chain: _Chain) -> None:
        # A request that is blocked during redirects has no network events for its last hop.
        with_extra = [hop for hop in chain.hops if hop.has_extra]
        for position, hop in enumerate(chain.hops):
            host = host_of(hop.url)
            if host and hop.url.split(":", 1)[0] in _SCHEMES:
                is_last = position == len(chain.hops) - 1
                self._builder.record_request(
                    host,
                    hop.kind,
                    self._place,
                    blocked=chain.is_blocked and is_last,
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
            elif not _IRRELEVANT.intersection(reasons):
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

    def _record_report(self, payload: str) -> None:
        """Record a report of the recorder script; the page may have manipulated it."""
        try:
            report = json.loads(payload)
            kind, name, origin, href, stack, attributes = (
                str(report.get(key, ""))
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
        if report.get("credentialless") or not host_of(origin):
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
                    stored=report.get("stored") is True,
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
    Parse V8's stack of an Error, without the recorder's own frames and without query strings.

    Returns:
        Frames as ``function (url:line:column)``, innermost first.
    """
    frames = []
    for line in text.split("\n"):
        match = _STACK_LINE.match(line)
        if match is None or _RECORDER in match["place"]:
            continue
        url, number, column = match["place"].rsplit(":", 2)
        place = f"{strip_query(url)}:{number}:{column}"
        frames.append(f"{(match['function'] or 'anonymous')[:80]} ({place[-MAX_FRAME:]})")
    return tuple(frames[:MAX_FRAMES])


def _script_url(stack: tuple[str, ...]) -> str:
    """Return the URL of the innermost frame that has one; empty if there is none."""
    for frame in stack:
        url = frame[frame.index(" (") + 2 : -1].rsplit(":", 2)[0]
        if "://" in url:
            return url
    return ""


def _without_value(line: str) -> str:
    """
    Replace the value in a Set-Cookie line by a dash.

    The parser needs a value for a nameless cookie.
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
    """Strip the comment at the head, so that an expression is left."""
    lines = text.split("\n")
    while lines and (not lines[0] or lines[0].startswith("//")):
        del lines[0]
    return "\n".join(lines).strip()
