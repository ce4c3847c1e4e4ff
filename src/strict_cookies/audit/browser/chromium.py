"""
Find and start the browser of an audit: any installed Chromium.

A new profile of Chromium blocks third-party cookies, so an audit would miss them;
:func:`write_profile` allows them.

Playwright, which controls the browser, comes with an extra: ``pip install strict-cookies[audit]``.
It is not imported before an audit starts.

Source: measured with Chromium 156.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import AuditError

if TYPE_CHECKING:
    from types import ModuleType

#: The environment variable that names a browser's executable.
VARIABLE = "STRICT_COOKIES_CHROMIUM"
#: Executables of Chromium and browsers based on it, the most open ones first.
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "brave-browser",
)
#: Executables that are not on the search path.
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
#: Flags that keep the browser's own requests out of the observation.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Third-party cookies are allowed, as for a visitor who blocks nothing.
PREFERENCES: dict[str, Any] = {
    "profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}
}

_HOW_TO_INSTALL = (
    "Install one ('apt-get install chromium' or 'playwright install chromium'), or name one with "
    f"--chromium PATH or {VARIABLE}."
)
#: Playwright's own browsers, below its directory.
_BUNDLED = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-win*/chrome.exe",
)


def find_chromium(named: str | os.PathLike[str] | None = None) -> Path:
    """
    Find a Chromium: the named one, one of the system, or one of Playwright's own.

    Args:
        named: The path or name of an executable; by default that in :data:`VARIABLE`.

    Raises:
        AuditError: No Chromium was found; the message says what to install.
    """
    wanted = named or os.environ.get(VARIABLE)
    if wanted:
        executable = shutil.which(wanted)
        if executable is None:
            raise AuditError(f"{os.fspath(wanted)!r} is not an executable. {_HOW_TO_INSTALL}")
        return Path(executable)
    for name in (*NAMES, *PLACES):
        if executable := shutil.which(name):
            return Path(executable)
    for pattern in _BUNDLED:
        if bundled := sorted(_playwright_directory().glob(pattern)):
            return bundled[-1]
    raise AuditError(f"No Chromium, or browser based on it, was found. {_HOW_TO_INSTALL}")


def import_playwright(module: str = "playwright.async_api") -> ModuleType:
    """
    Import Playwright.

    Raises:
        AuditError: Playwright is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise AuditError(
            "Playwright, which controls the browser, is not installed. "
            "Run 'pip install strict-cookies[audit]'."
        ) from None


def launch_flags(extra: Iterable[str] = ()) -> tuple[str, ...]:
    """
    Return the command-line flags; the sandbox is disabled only if it can't work.

    Args:
        extra: More flags, for example ``"--host-resolver-rules=MAP site.test 127.0.0.1"``.
    """
    return (*FLAGS, *(("--no-sandbox",) if not _can_sandbox() else ()), *extra)


def write_profile(directory: Path) -> None:
    """
    Write a profile that allows third-party cookies.

    Args:
        directory: The directory of the profile; other files in it are kept.
    """
    preferences = directory / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True, exist_ok=True)
    preferences.write_text(json.dumps(PREFERENCES), encoding="utf-8")


def _can_sandbox() -> bool:
    """Return whether Chromium's sandbox can work: not for root, and not in most containers."""
    user_id: Callable[[], int] | None = getattr(os, "geteuid", None)
    if user_id is not None and user_id() == 0:
        return False
    return not any(map(os.path.exists, ("/.dockerenv", "/run/.containerenv")))


def _playwright_directory() -> Path:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if named not in ("", "0"):
        return Path(named)
    home = Path.home()
    cache = {"darwin": home / "Library/Caches", "win32": home / "AppData/Local"}
    return cache.get(sys.platform, home / ".cache") / "ms-playwright"
