"""What a journey does on a page: fill in a form, click, load the state of a signed-in browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .chromium import import_playwright

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

    from .journeys import Step

#: Longest wait for something to be there that has to be clicked or seen, in seconds.
WAIT_SECONDS = 5.0

_MS = WAIT_SECONDS * 1000
_SET_ITEMS = "(items) => { for (const { name, value } of items) localStorage.setItem(name, value) }"


async def fill_in(page: Page, step: Step) -> str | None:
    """
    Do what a step says on a page that has loaded.

    Returns:
        Why it could not be done; None where it could. What was entered is never repeated.
    """
    error_class: type[Exception] = import_playwright().Error
    submit = None
    for name, value in step.fields.items():
        selector = f"[name={json.dumps(name)}]"
        try:
            await _enter(page, selector, value)
        except error_class:
            return f"There is no field {name!r} that takes what was to be entered."
        submit = submit or f"form:has({selector})"
    try:
        if step.click is not None:
            await page.click(step.click, timeout=_MS)
        else:
            buttons = page.locator(
                f"{submit} >> css=button:not([type=button]):not([type=reset]), "
                "input[type=submit], input[type=image]"
            )
            await buttons.first.click(timeout=_MS)
    except error_class:
        return f"There is nothing to click: {step.click or 'the form has no button'}."
    if step.expect is not None:
        try:
            await page.wait_for_selector(step.expect, timeout=_MS)
        except error_class:
            return f"Afterwards {step.expect!r} was not there."
    return None


async def _enter(page: Page, selector: str, value: str | bool) -> None:
    field = page.locator(selector)
    kind = await field.first.evaluate(
        "(it) => it.tagName === 'SELECT' ? 'select' : it.type", timeout=_MS
    )
    if kind == "radio":
        chosen = page.locator(f"{selector}[value={json.dumps(value)}]").first
        await chosen.check(timeout=_MS, force=True)
    elif kind == "checkbox":
        await field.first.set_checked(value is True, timeout=_MS, force=True)
    elif kind == "select":
        await field.first.select_option(str(value), timeout=_MS)
    else:
        await field.first.fill(str(value), timeout=_MS)


async def load_state(context: BrowserContext, path: Path) -> str | None:
    """
    Load cookies and localStorage that Playwright wrote.

    Returns:
        Why it could not be done; None where it could.
    """
    error_class: type[Exception] = import_playwright().Error
    try:
        state: dict[str, Any] = json.loads(path.read_text("utf-8"))
        await context.add_cookies(state.get("cookies", []))
        for entry in state.get("origins", []):
            page = await context.new_page()
            try:
                await page.goto(entry["origin"])
                await page.evaluate(_SET_ITEMS, entry.get("localStorage", []))
            finally:
                await page.close()
    except (
        OSError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        RecursionError,
        error_class,
    ):
        return "The storage state could not be loaded; it is no file of Playwright's."
    return None
