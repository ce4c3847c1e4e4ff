"""
A real Chromium visits a site and records everything that is stored, sent and blocked.

:func:`audit_site` is the entry point. It works on any site, in any language and with any framework,
and needs only its URL. The browser has an empty profile that allows third-party cookies, and that
is deleted afterwards.

``docs/audit.md`` says what the browser can't see.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ..._util.urls import host_of, is_local
from ...errors import AuditError
from ..observation import Observation, ObservedPage, ObservedStep
from .actions import fill_in, load_state
from .chromium import find_chromium, import_playwright, launch_flags, write_profile
from .crawl_policy import CrawlPolicy
from .event_loop import run_in_thread
from .fetching import Fetcher
from .links import Frontier, QueuedPage, normalise
from .observation_builder import ObservationBuilder, Place
from .options import AuditOptions
from .tab import PageVisit, Tab

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

    from .journeys import Step
    from .values import Values

#: Largest declaration that is read, in bytes, and most URLs that are tried for it.
MAX_DECLARATION = 4 * 1024 * 1024
MAX_DECLARATION_URLS = 5
#: Most pages that an observation lists.
MAX_PAGES = 10_000

_CHROMIUM_HINT = "Start it by hand to see why, or name another one by --chromium PATH."


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    The progress of an audit.

    Args:
        step: The name of the current step.
        page: The page that was just visited; None at the beginning of a step.
        done: The number of pages of this step that were visited.
        known: The number of pages of this step that were visited or are queued.
        cookies: The number of cookies seen so far, in all steps.
        hosts: The number of third-party hosts seen so far.
    """

    step: str
    page: ObservedPage | None
    done: int
    known: int
    cookies: int
    hosts: int


OnProgress = Callable[[Progress], None]


def audit_site(
    targets: Sequence[str],
    options: AuditOptions | None = None,
    on_progress: OnProgress | None = None,
    values: Values | None = None,
) -> Observation:
    """
    Visit a site with a real browser.

    Args:
        targets: URLs to start from; all of them are first-party.
        options: By default those of :class:`AuditOptions`.
        on_progress: Called after each page, in a thread of the audit.
        values: Collects the values of cookies and web storage; by default no value is read. The
            observation never has one.

    Returns:
        What the browser saw; :func:`~strict_cookies.audit.report.build_report` compares it with a
        policy.

    Raises:
        AuditError: The audit failed: there is no browser, or no target responds.
    """
    audit = _Audit(_check_targets(targets), options or AuditOptions(), on_progress, values)
    return run_in_thread(audit.run())


def _check_targets(targets: Sequence[str]) -> tuple[str, ...]:
    urls = []
    for target in targets:
        url = target
        if "://" not in target:
            url = f"{'http' if is_local(host_of(f'//{target}')) else 'https'}://{target}"
        try:
            parts = urlsplit(url)
            is_site = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_site = False
        if not is_site:
            raise AuditError(
                f"{target!r} is not the URL of a site. Use a URL such as https://the.site."
            )
        urls.append(normalise(url))
    if not urls:
        raise AuditError("There is no site to audit. Give at least one URL.")
    return tuple(dict.fromkeys(urls))


class _Audit:
    """One audit, from the start of the browser to its end."""

    def __init__(
        self,
        targets: tuple[str, ...],
        options: AuditOptions,
        on_progress: OnProgress | None,
        values: Values | None,
    ) -> None:
        self._targets = targets
        self._options = options
        self._on_progress = on_progress or (lambda _: None)
        self._values = values
        self._builder = ObservationBuilder()
        self._builder.own_sites = {host_of(url) for url in targets}
        self._binding = f"_{secrets.token_hex(12)}"
        self._idle_tabs: list[Tab] = []
        self._pages: list[ObservedPage] = []
        self._steps: list[ObservedStep] = []
        self._declaration_urls: dict[str, None] = {}
        self._screenshot_numbers = itertools.count(1)
        self._done = 0

    async def run(self) -> Observation:
        """Start the browser, run the journey, and return the observation."""
        playwright = import_playwright()
        chromium = find_chromium(self._options.chromium)
        flags = launch_flags(self._options.flags)
        if self._options.ignore_certificates:
            # Service workers respect only the flag.
            flags = (*flags, "--ignore-certificate-errors")
        began = datetime.now(UTC)
        with tempfile.TemporaryDirectory(
            prefix="strict-cookies-", ignore_cleanup_errors=True
        ) as profile:
            write_profile(Path(profile))
            async with playwright.async_playwright() as driver:
                try:
                    self._context: BrowserContext = await driver.chromium.launch_persistent_context(
                        profile,
                        executable_path=chromium,
                        args=list(flags),
                        headless=True,
                        ignore_https_errors=self._options.ignore_certificates,
                        accept_downloads=False,
                        chromium_sandbox="--no-sandbox" not in flags,
                    )
                except playwright.Error as error:
                    reason = str(error).split("\n", 1)[0]
                    raise AuditError(
                        f"{chromium} could not be started: {reason}. {_CHROMIUM_HINT}"
                    ) from None
                try:
                    return await self._observe(began, (str(chromium), *flags))
                except playwright.Error as error:
                    reason = str(error).split("\n", 1)[0]
                    raise AuditError(
                        f"The browser ended too soon: {reason}. {_CHROMIUM_HINT}"
                    ) from None
                finally:
                    await self._context.close()

    async def _observe(self, began: datetime, command_line: tuple[str, ...]) -> Observation:
        browser = self._context.browser
        if browser is None:
            raise AuditError(f"The browser ended right after its start. {_CHROMIUM_HINT}")
        fetcher = await Fetcher.open(
            browser,
            seconds=self._options.page_seconds,
            ignore_certificates=self._options.ignore_certificates,
        )
        self._fetch = fetcher.fetch
        self._crawl_policy = CrawlPolicy(self._options, self._builder.is_own, self._fetch)
        for step in self._options.journey:
            await self._run_step(step)
        if all(page.outcome == "failed" for page in self._pages):
            remarks = "; ".join(
                f"{page.url}: {', '.join(page.remarks) or 'it failed'}" for page in self._pages[:5]
            )
            raise AuditError(f"No page could be visited. {remarks}. Check the URL.")
        declaration_url, declaration = await self._find_declaration()
        return Observation(
            targets=self._targets,
            began=began,
            ended=datetime.now(UTC),
            browser=f"Chromium {browser.version}",
            command_line=command_line,
            pages=tuple(self._pages),
            steps=tuple(self._steps),
            cookies=self._builder.cookies(),
            blocked=self._builder.blocked(),
            storage=self._builder.storage(),
            hosts=self._builder.hosts(),
            known_routes=self._crawl_policy.known_routes,
            declaration_url=declaration_url,
            declaration=declaration,
        )

    # Steps

    async def _run_step(self, step: Step) -> None:
        self._done = 0
        urls = [urljoin(self._targets[0], page) for page in step.pages] or list(self._targets)
        problem = None
        if step.do == "return":
            await self._close_tabs()
        if step.storage_state is not None:
            problem = await load_state(self._context, step.storage_state)
        elif step.fields or step.click:
            visit = await self._visit(QueuedPage(urls[0], 0), step, acts=True)
            problem = visit.problem
            if visit.page.outcome != "visited":
                problem = f"{urls[0]} could not be visited: {visit.page.outcome}."
            urls = urls[1:] or (list(self._targets) if step.crawl else [])
        interruption = await self._crawl(urls, step)
        cookies, storage = self._builder.end_step(step.name)
        self._steps.append(
            ObservedStep(
                name=step.name,
                problem=problem or interruption,
                cookies_left=cookies,
                storage_left=storage,
            )
        )

    async def _crawl(self, urls: Iterable[str], step: Step) -> str | None:
        """Visit pages and the pages they link to; return why it was interrupted, or None."""
        frontier = Frontier(
            self._builder.is_own,
            self._crawl_policy.may_visit,
            max_pages=self._options.max_pages,
            max_depth=self._options.max_depth if step.crawl else 0,
        )
        frontier.start(urls)
        deadline = time.monotonic() + self._options.max_seconds
        running: set[asyncio.Task[None]] = set()

        async def visit_one(page: QueuedPage) -> None:
            visit = await self._visit(page, step, frontier=frontier)
            frontier.mark_reached(page, visit.page.final_url)
            if self._builder.is_own(host_of(visit.page.final_url)):
                for link in visit.links:
                    await self._crawl_policy.prepare(str(link.get("url", "")))
                frontier.add_links(visit.links, page.depth)

        self._on_progress(self._progress(step, None, frontier))
        while True:
            while len(running) < self._options.tabs and time.monotonic() < deadline:
                page = frontier.take()
                if page is None:
                    break
                running.add(asyncio.create_task(visit_one(page)))
            if not running:
                break
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        left = frontier.count() - frontier.taken
        if left and time.monotonic() >= deadline:
            limit = self._options.max_seconds
            return f"Stopped after {limit:g} s; pages not visited: {left}."
        return None

    async def _visit(
        self,
        queued: QueuedPage,
        step: Step,
        *,
        acts: bool = False,
        frontier: Frontier | None = None,
    ) -> PageVisit:
        await self._crawl_policy.prepare(queued.url)
        await self._crawl_policy.wait(queued.url)
        tab = self._idle_tabs.pop() if self._idle_tabs else await self._open_tab()
        visit = await tab.visit(
            queued.url,
            Place(queued.url, step.name),
            act=(lambda page: fill_in(page, step)) if acts else None,
            screenshot=self._next_screenshot(),
        )
        if tab.is_spent:
            await tab.close()
        else:
            self._idle_tabs.append(tab)
        self._add_own_sites()
        self._add_declaration_urls(visit.declarations)
        if len(self._pages) < MAX_PAGES:
            self._pages.append(visit.page)
        self._done += 1
        self._on_progress(self._progress(step, visit.page, frontier))
        return visit

    def _add_own_sites(self) -> None:
        """Add the registrable domains of the targets, which only the browser knows."""
        for target in self._targets:
            host = host_of(target)
            if host in self._builder.sites:
                self._builder.own_sites.add(self._builder.sites[host])

    def _add_declaration_urls(self, urls: Iterable[str]) -> None:
        for url in urls:
            is_room = len(self._declaration_urls) < MAX_DECLARATION_URLS
            if is_room and self._builder.is_own(host_of(url)):
                self._declaration_urls.setdefault(url)

    def _progress(
        self, step: Step, page: ObservedPage | None, frontier: Frontier | None
    ) -> Progress:
        return Progress(
            step=step.name,
            page=page,
            done=self._done,
            known=max(frontier.count() if frontier else 0, self._done),
            cookies=self._builder.count_cookies(),
            hosts=self._builder.count_hosts(),
        )

    def _next_screenshot(self) -> Path | None:
        directory = self._options.screenshots
        if directory is None:
            return None
        return directory / f"page-{next(self._screenshot_numbers):04}.jpg"

    async def _open_tab(self) -> Tab:
        return await Tab.open(
            self._context, self._builder, self._binding, self._options, self._values
        )

    async def _close_tabs(self) -> None:
        while self._idle_tabs:
            await self._idle_tabs.pop().close()

    # The declaration

    async def _find_declaration(self) -> tuple[str | None, dict[str, Any] | None]:
        if not self._options.find_declaration:
            return None, None
        for url in self._declaration_urls:
            text = await self._fetch(url, MAX_DECLARATION)
            try:
                document = json.loads(text or "")
            except (ValueError, RecursionError):
                continue
            if isinstance(document, dict):
                return url, document
        return None, None
