"""
Fetch robots.txt, a sitemap or a declaration with the browser's network stack.

The browser resolves names and validates certificates as it does for pages. A separate browser
context keeps these requests and their cookies out of the observation. The size is limited, however
much a site sends.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING, Any

from .chromium import import_playwright

if TYPE_CHECKING:
    from playwright.async_api import Browser, CDPSession, Page

#: Bytes that are read at once.
CHUNK_BYTES = 65_536


class Fetcher:
    """
    Fetches one file after another; create it with :meth:`open`.

    Args:
        page: A page of a separate context.
        session: The DevTools session of the page.
        seconds: Time limit of each file.
    """

    def __init__(self, page: Page, session: CDPSession, seconds: float) -> None:
        self._page = page
        self._session = session
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._limit = 0
        self._answer: asyncio.Future[bytes | None] | None = None
        self._reading: set[asyncio.Task[None]] = set()
        self._error: type[Exception] = import_playwright().Error

    @classmethod
    async def open(cls, browser: Browser, *, seconds: float, ignore_certificates: bool) -> Fetcher:
        """Open a separate context with one page."""
        context = await browser.new_context(ignore_https_errors=ignore_certificates)
        page = await context.new_page()
        session = await context.new_cdp_session(page)
        fetcher = cls(page, session, seconds)
        session.on("Fetch.requestPaused", fetcher._on_paused)
        await session.send(
            "Fetch.enable", {"patterns": [{"urlPattern": "*", "requestStage": "Response"}]}
        )
        return fetcher

    async def fetch(self, url: str, limit: int) -> str | None:
        """
        Fetch a file as text.

        Args:
            url: Absolute; redirects are followed.
            limit: Most bytes that are read.

        Returns:
            The text; None if the response is not 200, or too late.
        """
        async with self._lock:
            self._limit = limit
            self._answer = asyncio.get_running_loop().create_future()
            navigation = asyncio.ensure_future(self._go(url))
            try:
                data = await asyncio.wait_for(self._answer, self._seconds)
            except TimeoutError:
                data = None
            finally:
                await navigation
            return None if data is None else data.decode("utf-8", "replace")

    async def _go(self, url: str) -> None:
        # The page itself never receives the file.
        with contextlib.suppress(self._error):
            await self._page.goto(url, timeout=self._seconds * 1000)
        if self._answer is not None and not self._answer.done() and not self._reading:
            self._answer.set_result(None)

    def _on_paused(self, params: dict[str, Any]) -> None:
        task = asyncio.ensure_future(self._read(params))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read(self, params: dict[str, Any]) -> None:
        request = {"requestId": params["requestId"]}
        status = params.get("responseStatusCode", 0)
        data = None
        try:
            if 300 <= status < 400:
                await self._session.send("Fetch.continueRequest", request)
                return
            if status == 200:
                stream = await self._session.send("Fetch.takeResponseBodyAsStream", request)
                data = await self._drain(stream["stream"])
            await self._session.send(
                "Fetch.failRequest", {**request, "errorReason": "BlockedByClient"}
            )
        except self._error:
            pass
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(data)

    async def _drain(self, handle: str) -> bytes:
        data = b""
        while len(data) < self._limit:
            chunk = await self._session.send("IO.read", {"handle": handle, "size": CHUNK_BYTES})
            text = chunk["data"]
            data += base64.b64decode(text) if chunk.get("base64Encoded") else text.encode()
            if chunk["eof"]:
                break
        await self._session.send("IO.close", {"handle": handle})
        return data[: self._limit]
