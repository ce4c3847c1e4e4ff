"""
A real Chromium walks over a site and notes everything that is stored, sent and blocked.

:func:`audit_site` is all that anybody else calls. It works on any site, in any language and of any
framework, and needs nothing of it but its address. The browser has an empty profile that allows
third-party cookies, and is gone afterwards.

What it can't see is told in ``docs/audit.md``.
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
from .links import Frontier, Waiting, normalise
from .observation_builder import ObservationBuilder, Place
from .options import AuditOptions
from .tab import PageVisit, Tab

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

    from .journeys import Step
    from .values import Values

#: Largest declaration that is read, in octets.
MAX_DECLARATION = 4 * 1024 * 1024
#: Most pages that are noted of one audit.
MAX_PAGES = 10_000

_NAME_ANOTHER = "Start it by hand to see why, or name another by --chromium PATH."


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    How far an audit has come.

    Args:
        step: What is being done.
        page: What became of a page just now; None at the beginning of a step.
        done: Pages of this step that were visited.
        known: Pages of this step that were visited or will be.
        cookies: Cookies seen so far, in all steps.
        hosts: Third-party hosts seen so far.
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
    Walk over a site with a real browser.

    Args:
        targets: URLs to begin with; all count as the audited site's own.
        options: By default those of :class:`AuditOptions`.
        on_progress: Called after each page, in a thread of the audit's own.
        values: Gathers what cookies and web storage hold; by default no value is read. What is
            returned never has one.

    Raises:
        AuditError: It could not be made: no browser, or none of the targets answers.
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
                f"{target!r} is no address of a site. Use one such as https://the.site."
            )
        urls.append(normalise(url))
    if not urls:
        raise AuditError("There is no site to audit. Give one address or more.")
    return tuple(dict.fromkeys(urls))


class _Audit:
    """One audit, from the browser's start to its end."""

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
        self._idle: list[Tab] = []
        self._pages: list[ObservedPage] = []
        self._steps: list[ObservedStep] = []
        self._declarations: dict[str, None] = {}
        self._screenshot_numbers = itertools.count(1)
        self._done = 0

    async def run(self) -> Observation:
        """Make it."""
        playwright = import_playwright()
        chromium = find_chromium(self._options.chromium)
        flags = launch_flags(self._options.flags)
        if self._options.ignore_certificates:
            # Service workers heed the flag only.
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
                        f"{chromium} could not be started: {reason}. {_NAME_ANOTHER}"
                    ) from None
                try:
                    return await self._look(began, (str(chromium), *flags))
                except playwright.Error as error:
                    reason = str(error).split("\n", 1)[0]
                    raise AuditError(
                        f"The browser ended too soon: {reason}. {_NAME_ANOTHER}"
                    ) from None
                finally:
                    await self._context.close()

    async def _look(self, began: datetime, command_line: tuple[str, ...]) -> Observation:
        browser = self._context.browser
        if browser is None:
            raise AuditError(f"The browser ended as soon as it was started. {_NAME_ANOTHER}")
        fetcher = await Fetcher.open(
            browser,
            seconds=self._options.page_seconds,
            ignore_certificates=self._options.ignore_certificates,
        )
        self._fetch = fetcher.fetch
        self._crawl_policy = CrawlPolicy(self._options, self._builder.is_own, self._fetch)
        for step in self._options.journey:
            await self._take(step)
        if all(page.outcome == "failed" for page in self._pages):
            remarks = "; ".join(
                f"{page.url}: {', '.join(page.remarks) or 'it failed'}" for page in self._pages[:5]
            )
            raise AuditError(f"No page could be visited. {remarks}. Is the address right?")
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

    async def _take(self, step: Step) -> None:
        self._done = 0
        urls = [urljoin(self._targets[0], page) for page in step.pages] or list(self._targets)
        problem = None
        if step.do == "return":
            await self._close_tabs()
        if step.storage_state is not None:
            problem = await load_state(self._context, step.storage_state)
        elif step.fields or step.click:
            visit = await self._visit(Waiting(urls[0], 0), step, actions=True)
            problem = visit.problem
            if visit.page.outcome != "visited":
                problem = f"{urls[0]} could not be visited: {visit.page.outcome}."
            urls = urls[1:] or (list(self._targets) if step.crawl else [])
        stopped = await self._crawl(urls, step)
        cookies, storage = self._builder.end_step(step.name)
        self._steps.append(
            ObservedStep(
                name=step.name,
                problem=problem or stopped,
                cookies_left=cookies,
                storage_left=storage,
            )
        )

    async def _crawl(self, urls: Iterable[str], step: Step) -> str | None:
        """Visit pages, and what they link to; tell why it was stopped, or None."""
        frontier = Frontier(
            self._builder.is_own,
            self._crawl_policy.may_visit,
            max_pages=self._options.max_pages,
            max_depth=self._options.max_depth if step.crawl else 0,
        )
        frontier.start(urls)
        deadline = time.monotonic() + self._options.max_seconds
        running: set[asyncio.Task[None]] = set()

        async def look(waiting: Waiting) -> None:
            visit = await self._visit(waiting, step, frontier=frontier)
            frontier.reached(waiting, visit.page.final_url)
            if self._builder.is_own(host_of(visit.page.final_url)):
                for link in visit.links:
                    await self._crawl_policy.learn(str(link.get("url", "")))
                frontier.offer(visit.links, waiting.depth)

        self._on_progress(self._progress(step, None, frontier))
        while True:
            while len(running) < self._options.tabs and time.monotonic() < deadline:
                waiting = frontier.take()
                if waiting is None:
                    break
                running.add(asyncio.create_task(look(waiting)))
            if not running:
                break
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        left = frontier.known() - frontier.given
        if left and time.monotonic() >= deadline:
            return f"It was stopped after {self._options.max_seconds:g} s; {left} pages waited."
        return None

    async def _visit(
        self,
        waiting: Waiting,
        step: Step,
        *,
        actions: bool = False,
        frontier: Frontier | None = None,
    ) -> PageVisit:
        await self._crawl_policy.learn(waiting.url)
        await self._crawl_policy.wait_turn(waiting.url)
        tab = self._idle.pop() if self._idle else await self._open_tab()
        visit = await tab.visit(
            waiting.url,
            Place(waiting.url, step.name),
            act=(lambda page: fill_in(page, step)) if actions else None,
            screenshot=self._next_screenshot(),
        )
        if tab.is_spent:
            await tab.close()
        else:
            self._idle.append(tab)
        self._learn_site(visit)
        if len(self._pages) < MAX_PAGES:
            self._pages.append(visit.page)
        self._done += 1
        self._on_progress(self._progress(step, visit.page, frontier))
        return visit

    def _learn_site(self, visit: PageVisit) -> None:
        """Take from the browser which domain a target's host belongs to."""
        for target in self._targets:
            host = host_of(target)
            if host in self._builder.sites:
                self._builder.own_sites.add(self._builder.sites[host])
        for url in visit.declarations:
            if len(self._declarations) < 5 and self._builder.is_own(host_of(url)):
                self._declarations.setdefault(url)

    def _progress(
        self, step: Step, page: ObservedPage | None, frontier: Frontier | None
    ) -> Progress:
        return Progress(
            step=step.name,
            page=page,
            done=self._done,
            known=max(frontier.known() if frontier else 0, self._done),
            cookies=self._builder.count_cookies(),
            hosts=self._builder.count_hosts(),
        )

    def _next_screenshot(self) -> Path | None:
        folder = self._options.screenshots
        return None if folder is None else folder / f"page-{next(self._screenshot_numbers):04}.jpg"

    async def _open_tab(self) -> Tab:
        return await Tab.open(
            self._context, self._builder, self._binding, self._options, self._values
        )

    async def _close_tabs(self) -> None:
        while self._idle:
            await self._idle.pop().close()

    # The declaration

    async def _find_declaration(self) -> tuple[str | None, dict[str, Any] | None]:
        if not self._options.find_declaration:
            return None, None
        for url in self._declarations:
            text = await self._fetch(url, MAX_DECLARATION)
            try:
                document = json.loads(text or "")
            except (ValueError, RecursionError):
                continue
            if isinstance(document, dict):
                return url, document
        return None, None
