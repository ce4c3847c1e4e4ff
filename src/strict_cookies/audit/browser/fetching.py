"""
Read robots.txt, a sitemap or a declaration over the browser's own network, apart from the audit.

The browser resolves names and judges certificates as it does for pages. Its cookies stay out of
it: a context of its own has a jar of its own. No more is read than was asked for, however much a
site sends.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING, Any

from .chromium import import_playwright

if TYPE_CHECKING:
    from playwright.async_api import Browser, CDPSession, Page

#: How much is read at once, in octets.
PART = 65_536


class Fetcher:
    """
    Fetches one file after the other; make it with :meth:`open`.

    Args:
        page: A page of a context of its own.
        session: Its session.
        seconds: Longest time that one file takes.
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
        """Open a context for it."""
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
        Read the text of one file.

        Args:
            url: Absolute; redirects are followed.
            limit: Most octets that are read.

        Returns:
            The text; None where there is none, or none in time.
        """
        async with self._lock:
            self._limit = limit
            self._answer = asyncio.get_running_loop().create_future()
            going = asyncio.ensure_future(self._go(url))
            try:
                octets = await asyncio.wait_for(self._answer, self._seconds)
            except TimeoutError:
                octets = None
            finally:
                await going
            return None if octets is None else octets.decode("utf-8", "replace")

    async def _go(self, url: str) -> None:
        # The page itself never gets the file.
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
        octets = None
        try:
            if 300 <= status < 400:
                await self._session.send("Fetch.continueRequest", request)
                return
            if status == 200:
                stream = await self._session.send("Fetch.takeResponseBodyAsStream", request)
                octets = await self._drain(stream["stream"])
            await self._session.send(
                "Fetch.failRequest", {**request, "errorReason": "BlockedByClient"}
            )
        except self._error:
            pass
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(octets)

    async def _drain(self, handle: str) -> bytes:
        octets = b""
        while len(octets) < self._limit:
            part = await self._session.send("IO.read", {"handle": handle, "size": PART})
            data = part["data"]
            octets += base64.b64decode(data) if part.get("base64Encoded") else data.encode()
            if part["eof"]:
                break
        await self._session.send("IO.close", {"handle": handle})
        return octets[: self._limit]
