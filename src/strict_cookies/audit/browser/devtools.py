"""
The nested DevTools sessions of one tab, which report to a :class:`TabObserver`.

Cross-site frames and workers are paused until they are observed, so that none of their first
requests is missed.

Source: Chrome DevTools Protocol, domain Target.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from .chromium import import_playwright
from .tab_events import Send, TabObserver, commands

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Page

T = TypeVar("T")

#: Longest wait for the response of a page that has loaded, in seconds.
ANSWER_SECONDS = 3.0

_EVENTS = (
    "Network.requestWillBeSent",
    "Network.requestWillBeSentExtraInfo",
    "Network.responseReceived",
    "Network.responseReceivedExtraInfo",
    "Network.loadingFailed",
    "Network.webSocketCreated",
    "Runtime.bindingCalled",
    "Target.attachedToTarget",
    "Target.detachedFromTarget",
    "Target.receivedMessageFromTarget",
)
#: Types of targets without a document.
_WORKERS = frozenset({"worker", "service_worker", "shared_worker"})


async def ask(work: Awaitable[T], otherwise: T, *, seconds: float = ANSWER_SECONDS) -> T:
    """
    Await a page that may never respond.

    Args:
        work: An awaitable of Playwright.
        otherwise: What to return if it fails or times out.
        seconds: Longest wait.
    """
    try:
        return await asyncio.wait_for(work, seconds)
    except (import_playwright().Error, TimeoutError):
        return otherwise


class DevTools:
    """
    The DevTools sessions of one tab.

    Args:
        observer: Receives every event.
        binding: The name of the function by which the recorder script reports.
    """

    def __init__(self, observer: TabObserver, binding: str) -> None:
        self._observer = observer
        self._binding = binding
        self._children: dict[str, Send] = {}
        self._message_ids = itertools.count(1)
        self._tasks: set[asyncio.Future[Any]] = set()

    async def attach(self, page: Page) -> CDPSession:
        """
        Observe a page, its frames and its workers.

        Returns:
            The session of the page, for further commands.
        """
        session = await page.context.new_cdp_session(page)

        def send(method: str, params: dict[str, Any]) -> None:
            task = asyncio.ensure_future(ask(session.send(method, params), {}))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        for method in _EVENTS:
            session.on(method, self._listener(method, send))
        for method, params in commands(self._binding, is_worker=False):
            await ask(session.send(method, params), {})
        return session

    def _listener(self, method: str, send: Send) -> Callable[[Mapping[str, Any]], None]:
        return lambda params: self._on_event(method, params, send)

    def _on_event(self, method: str, params: Mapping[str, Any], send: Send) -> None:
        if method == "Target.attachedToTarget":
            self._attach_child(params["sessionId"], params["targetInfo"]["type"], send)
        elif method == "Target.detachedFromTarget":
            self._children.pop(params["sessionId"], None)
        elif method == "Target.receivedMessageFromTarget":
            message = json.loads(params["message"])
            child = self._children.get(params["sessionId"])
            if "method" in message and child is not None:
                self._on_event(message["method"], message.get("params", {}), child)
        else:
            self._observer.handle(method, params)

    def _attach_child(self, session_id: str, kind: str, parent: Send) -> None:
        """Observe a cross-site frame or a worker before it continues."""

        def send(method: str, params: dict[str, Any]) -> None:
            message = {"id": next(self._message_ids), "method": method, "params": params}
            parent(
                "Target.sendMessageToTarget",
                {"sessionId": session_id, "message": json.dumps(message)},
            )

        self._children[session_id] = send
        for method, params in commands(self._binding, is_worker=kind in _WORKERS):
            send(method, params)

    def stop(self) -> None:
        """Cancel pending commands."""
        for task in tuple(self._tasks):
            task.cancel()
