"""
One tab of the browser, which visits one page after another and survives what pages do.

A page that hangs, crashes, opens dialogs or windows, starts downloads or redirects in a loop costs
at most its time limit, never the audit. Check :attr:`Tab.is_spent` before you reuse a tab.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._util.urls import host_of
from ..observation import ObservedPage, Outcome
from .chromium import import_playwright
from .devtools import DevTools, ask
from .links import declaration_links
from .observation_builder import KINDS, ObservationBuilder, Place
from .tab_events import MAX_DOCUMENTS, TabObserver, read_script

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, CDPSession, Dialog, Download, Page

    from .options import AuditOptions
    from .values import Values

#: Longest wait for a page's network to become idle, in seconds; some never do.
QUIET_SECONDS = 3.0
#: Longest wait for a navigation after a click, in seconds.
CLICK_SECONDS = 1.0
#: Documents that a visit may load before its timeout counts as a redirect loop.
SLOW_DOCUMENTS = 2
#: Pages after which a tab is replaced, so that Playwright can free their memory.
MAX_VISITS = 25
#: Most frames of a page whose storage is read.
MAX_FRAMES = 100
#: Longest title that is kept, in characters.
MAX_TITLE = 200
#: Most remarks on one page.
MAX_REMARKS = 10

_STORAGE = read_script("storage.js")
_VALUES = read_script("values.js")
_PAGE = read_script("page.js")
_numbers = itertools.count(1)

#: Acts on a page that has loaded; returns why it failed, or None.
Act = Callable[["Page"], Awaitable[str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVisit:
    """
    The result of a visit to one page.

    Args:
        page: The observed page.
        links: The links of the page, from ``page.js``.
        declarations: URLs of cookie declarations that the page links to.
        problem: Why the action on the page failed; None if it succeeded or if there was none.
    """

    page: ObservedPage
    links: tuple[Mapping[str, Any], ...] = ()
    declarations: tuple[str, ...] = ()
    problem: str | None = None


@dataclass(slots=True)
class _VisitState:
    """What happened so far during a visit."""

    remarks: list[str] = field(default_factory=list)
    popups: list[Page] = field(default_factory=list)
    downloaded: bool = False
    crashed: bool = False

    def remark(self, text: str) -> None:
        if text not in self.remarks and len(self.remarks) < MAX_REMARKS:
            self.remarks.append(text)


class Tab:
    """
    One tab; create it with :meth:`open`.

    Args:
        page: Playwright's page.
        builder: Collects everything observed.
        binding: The name of the function by which the recorder script reports.
        options: Of the audit.
        values: Collects stored values; None to read no value.
    """

    def __init__(
        self,
        page: Page,
        builder: ObservationBuilder,
        binding: str,
        options: AuditOptions,
        values: Values | None = None,
    ) -> None:
        self._page = page
        self._builder = builder
        self._options = options
        self._values = values
        self._name = f"tab {next(_numbers)}"
        self._observer = TabObserver(builder, binding)
        self._devtools = DevTools(self._observer, binding)
        self._state = _VisitState()
        self._session: CDPSession | None = None
        self._visits = 0
        self._is_broken = False
        self._error: type[Exception] = import_playwright().Error

    @classmethod
    async def open(
        cls,
        context: BrowserContext,
        builder: ObservationBuilder,
        binding: str,
        options: AuditOptions,
        values: Values | None = None,
    ) -> Tab:
        """Open a tab that is observed from its first request on."""
        tab = cls(await context.new_page(), builder, binding, options, values)
        page = tab._page
        page.on("crash", lambda _: setattr(tab._state, "crashed", True))
        page.on("dialog", tab._on_dialog)
        page.on("download", tab._on_download)
        page.on("popup", tab._on_popup)
        tab._session = await tab._devtools.attach(page)
        tree = await tab._session.send("Page.getFrameTree")
        tab._observer.main_frame = tree["frameTree"]["frame"]["id"]
        return tab

    @property
    def is_spent(self) -> bool:
        """Whether to close the tab instead of reusing it."""
        return self._is_broken or self._visits >= MAX_VISITS or self._page.is_closed()

    async def close(self) -> None:
        """Close the tab, even if its page is busy."""
        await ask(self._page.close(), None)
        self._builder.forget_tab(self._name)
        self._devtools.stop()

    async def visit(
        self, url: str, place: Place, *, act: Act | None = None, screenshot: Path | None = None
    ) -> PageVisit:
        """
        Visit a page, and act on it.

        Args:
            url: Absolute.
            place: The page and step that observations name.
            act: Called after the page has loaded.
            screenshot: The file of a screenshot; None for none.
        """
        began = time.monotonic()
        self._visits += 1
        self._state = _VisitState()
        self._observer.begin(place)
        outcome = await self._await_outcome(self._load(url))
        problem = None
        if outcome == "visited" and act is not None:
            problem = await ask(self._act(act), "It took too long.", seconds=30.0)
            if self._state.crashed:
                outcome = "crashed"
        facts: Mapping[str, Any] = {}
        if outcome in ("visited", "timed out"):
            facts = await self._read(place)
            if outcome == "visited" and not facts:
                outcome = "timed out"
            if facts and screenshot is not None:
                await self._take_screenshot(screenshot)
        await self._close_popups()
        final_url = self._page.url if facts else url
        self._observer.end()
        await self._read_jar(place)
        self._is_broken = outcome not in ("visited", "download")
        main = self._observer.main
        page = ObservedPage(
            url=url,
            final_url=final_url.split("#", 1)[0],
            step=place.step,
            outcome=outcome,
            status=main.status if main else None,
            seconds=round(time.monotonic() - began, 3),
            headers=dict(main.headers) if main else {},
            title=str(facts.get("title", ""))[:MAX_TITLE],
            remarks=tuple(self._state.remarks),
            screenshot=screenshot.name if screenshot is not None and screenshot.exists() else None,
        )
        return self._result(page, facts, problem)

    def _result(
        self, page: ObservedPage, facts: Mapping[str, Any], problem: str | None
    ) -> PageVisit:
        main = self._observer.main
        header = page.headers.get("link", "")
        return PageVisit(
            page=page,
            links=tuple(link for link in _list(facts, "links") if isinstance(link, dict)),
            declarations=(
                *(declaration_links(header, main.url) if main else ()),
                *(url for url in _list(facts, "declarations") if isinstance(url, str)),
            ),
            problem=problem,
        )

    # Loading

    async def _await_outcome(self, load: Coroutine[Any, Any, Outcome]) -> Outcome:
        """Wait for a page, but stop early if it crashed or is in a redirect loop."""
        task = asyncio.ensure_future(load)
        limit = time.monotonic() + self._options.page_seconds + QUIET_SECONDS + 5
        while not task.done():
            await asyncio.wait({task}, timeout=0.2)
            if self._state.crashed or time.monotonic() > limit or self._is_redirect_loop():
                task.cancel()
                break
        if self._state.crashed:
            return "crashed"
        if self._is_redirect_loop():
            return "redirect loop"
        outcome = task.result() if task.done() and not task.cancelled() else "timed out"
        if outcome == "timed out" and self._observer.documents > SLOW_DOCUMENTS:
            return "redirect loop"
        return outcome

    def _is_redirect_loop(self) -> bool:
        return self._observer.documents > MAX_DOCUMENTS

    async def _load(self, url: str) -> Outcome:
        try:
            try:
                await self._page.goto(url, timeout=self._options.page_seconds * 1000)
            except self._error as error:
                if "interrupted by another navigation" not in str(error):
                    raise
                await self._page.wait_for_load_state(timeout=self._options.page_seconds * 1000)
            await self._settle()
        except self._error as error:
            return self._outcome(error)
        return "visited"

    def _outcome(self, error: Exception) -> Outcome:
        text = str(error)
        if self._state.crashed or "crashed" in text:
            return "crashed"
        if "ERR_TOO_MANY_REDIRECTS" in text:
            return "redirect loop"
        if self._state.downloaded or "Download is starting" in text:
            return "download"
        if "Timeout" in text:
            return "timed out"
        start = text.find("net::")
        self._state.remark(text[start:].split(" ", 1)[0] if start >= 0 else type(error).__name__)
        return "failed"

    async def _settle(self) -> None:
        """Wait until the network is idle, and then for scripts that write late."""
        await ask(
            self._page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)"), None
        )
        await ask(self._page.wait_for_load_state("networkidle", timeout=QUIET_SECONDS * 1000), None)
        await asyncio.sleep(self._options.settle_seconds)

    async def _act(self, act: Act) -> str | None:
        before = self._observer.documents
        try:
            problem = await act(self._page)
            until = time.monotonic() + CLICK_SECONDS
            while (
                problem is None and self._observer.documents == before and time.monotonic() < until
            ):
                await asyncio.sleep(0.05)
            await self._page.wait_for_load_state(timeout=self._options.page_seconds * 1000)
            await self._settle()
        except self._error as error:
            return str(error).split("\n", 1)[0][:200]
        return problem

    # Reading

    async def _read(self, place: Place) -> Mapping[str, Any]:
        """Return the facts from ``page.js``; record the storage of each frame."""
        facts, *frames = await asyncio.gather(
            ask(self._page.evaluate(_PAGE), None),
            *(ask(frame.evaluate(_STORAGE), None) for frame in self._page.frames[:MAX_FRAMES]),
        )
        for origin, kinds in _by_origin(frames).items():
            self._builder.record_storage(origin, kinds, self._name, place)
        if self._values is not None:
            read = (ask(frame.evaluate(_VALUES), None) for frame in self._page.frames[:MAX_FRAMES])
            self._values.record_storage(await asyncio.gather(*read), place)
        return facts if isinstance(facts, dict) else {}

    async def _read_jar(self, place: Place) -> None:
        if self._session is not None:
            jar = await ask(self._session.send("Storage.getCookies"), None)
            if jar is not None:
                self._builder.record_jar(jar["cookies"], place)
                if self._values is not None:
                    self._values.record_cookies(jar["cookies"], place)

    async def _take_screenshot(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        await ask(self._page.screenshot(path=path, type="jpeg", quality=60, timeout=3000), None)

    # What pages do

    async def _on_dialog(self, dialog: Dialog) -> None:
        self._state.remark(f"A dialog ({dialog.type}) was closed.")
        closing = dialog.accept() if dialog.type == "beforeunload" else dialog.dismiss()
        await ask(closing, None)

    async def _on_download(self, download: Download) -> None:
        self._state.downloaded = True
        self._state.remark("A download was refused.")
        await ask(download.cancel(), None)

    async def _on_popup(self, popup: Page) -> None:
        self._state.remark("A popup was opened, observed and closed.")
        self._state.popups.append(popup)
        popup.on("dialog", self._on_dialog)
        await ask(self._devtools.attach(popup), None)

    async def _close_popups(self) -> None:
        for popup in self._state.popups[:5]:
            await ask(popup.wait_for_load_state("networkidle", timeout=2000), None)
        for popup in self._state.popups:
            await ask(popup.close(), None)


def _by_origin(frames: Iterable[object]) -> dict[str, dict[str, set[str]]]:
    """
    Return the names stored by frames, from ``storage.js``, by origin and kind.

    A blank frame has its parent's origin, but not all of its storage. A page can manipulate what
    ``storage.js`` returns; values of another type are ignored.
    """
    origins: dict[str, dict[str, set[str]]] = {}
    for frame in frames:
        if not isinstance(frame, dict) or frame.get("credentialless"):
            continue
        origin, names = frame.get("origin"), frame.get("names")
        if not isinstance(origin, str) or not host_of(origin) or not isinstance(names, dict):
            continue
        kinds = origins.setdefault(origin, {})
        for kind in KINDS:
            texts = {name for name in _list(names, kind) if isinstance(name, str)}
            kinds.setdefault(kind, set()).update(texts)
    return origins


def _list(facts: Mapping[str, Any], key: str) -> list[Any]:
    """Return a list from a page's facts; empty if the value is not a list."""
    value = facts.get(key)
    return value if isinstance(value, list) else []
