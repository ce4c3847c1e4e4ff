"""
The DevTools sessions of one tab, nested in each other, from which a :class:`TabObserver` hears.

A frame of another site and a worker wait until they are watched, so that nothing they do first is
missed.

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

#: Longest wait for an answer of a page that has loaded, in seconds.
ANSWER_SECONDS = 3.0

_WATCHED = (
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
    Ask something of a page that may never answer.

    Args:
        work: Playwright's.
        otherwise: What to give where there is no answer.
        seconds: Longest wait.
    """
    try:
        return await asyncio.wait_for(work, seconds)
    except (import_playwright().Error, TimeoutError):
        return otherwise


class DevTools:
    """
    What one tab's pages are watched by.

    Args:
        observer: Hears every event.
        binding: By which the witness tells.
    """

    def __init__(self, observer: TabObserver, binding: str) -> None:
        self._observer = observer
        self._binding = binding
        self._children: dict[str, Send] = {}
        self._message_ids = itertools.count(1)
        self._tasks: set[asyncio.Future[Any]] = set()

    async def attach(self, page: Page) -> CDPSession:
        """
        TabObserver a page, and whatever it opens within itself.

        Returns:
            Its session, over which more can be asked.
        """
        session = await page.context.new_cdp_session(page)

        def send(method: str, params: dict[str, Any]) -> None:
            task = asyncio.ensure_future(ask(session.send(method, params), {}))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        for method in _WATCHED:
            session.on(method, self._listener(method, send))
        for method, params in commands(self._binding, is_worker=False):
            await ask(session.send(method, params), {})
        return session

    def _listener(self, method: str, send: Send) -> Callable[[Mapping[str, Any]], None]:
        return lambda params: self._on_event(method, params, send)

    def _on_event(self, method: str, params: Mapping[str, Any], send: Send) -> None:
        if method == "Target.attachedToTarget":
            self._greet(params["sessionId"], params["targetInfo"]["type"], send)
        elif method == "Target.detachedFromTarget":
            self._children.pop(params["sessionId"], None)
        elif method == "Target.receivedMessageFromTarget":
            message = json.loads(params["message"])
            child = self._children.get(params["sessionId"])
            if "method" in message and child is not None:
                self._on_event(message["method"], message.get("params", {}), child)
        else:
            self._observer.handle(method, params)

    def _greet(self, session_id: str, kind: str, parent: Send) -> None:
        """TabObserver a frame of another site, or a worker, before it goes on."""

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
        """Wait for no more answers."""
        for task in tuple(self._tasks):
            task.cancel()
