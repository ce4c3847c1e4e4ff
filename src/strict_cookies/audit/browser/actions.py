"""The actions of a journey on a page: fill in a form, click, load a storage state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .chromium import import_playwright

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import BrowserContext, Page

    from .journeys import Step

#: Longest wait for an element, in seconds.
WAIT_SECONDS = 5.0

_MS = WAIT_SECONDS * 1000
_SET_ITEMS = "(items) => { for (const { name, value } of items) localStorage.setItem(name, value) }"


async def fill_in(page: Page, step: Step) -> str | None:
    """
    Fill in a form and click, as a step says, on a page that has loaded.

    Returns:
        Why it failed; None if it succeeded. The text never repeats what was entered.
    """
    error_class: type[Exception] = import_playwright().Error
    submit = None
    for name, value in step.fields.items():
        selector = f"[name={json.dumps(name)}]"
        try:
            await _enter(page, selector, value)
        except error_class:
            return f"No field {name!r} accepts the value of this step."
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
        return f"No element to click: {step.click or 'the form has no button'}."
    if step.expect is not None:
        try:
            await page.wait_for_selector(step.expect, timeout=_MS)
        except error_class:
            return f"Expected element not found: {step.expect!r}."
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
    Load cookies and localStorage from a storage state of Playwright.

    Returns:
        Why it failed; None if it succeeded.
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
        return "The storage state could not be loaded: the file is not one that Playwright wrote."
    return None
