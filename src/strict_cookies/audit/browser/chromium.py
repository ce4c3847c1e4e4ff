"""
Which browser an audit drives, and how it is started: any Chromium that is there already.

The profile is the worst case. A fresh one blocks third-party cookies, so that the jar would stay
empty on a site that does set them; :func:`write_profile` allows them.

Playwright, which drives it, comes with the extra: ``pip install strict-cookies[audit]``. Nothing
of it is imported before an audit begins.

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
#: Names under which systems install a Chromium or one of its kin, the most open first.
NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "brave-browser",
)
#: Places that are on no search path.
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
#: What keeps the browser's own chatter out of what is observed.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Third-party cookies are allowed: what a site would do to a visitor who blocks nothing.
PREFERENCES: dict[str, Any] = {
    "profile": {"cookie_controls_mode": 0, "block_third_party_cookies": False}
}

_HOW_TO_INSTALL = (
    "Install one ('apt-get install chromium', or 'playwright install chromium'), or name one by "
    f"--chromium PATH or {VARIABLE}."
)
#: Where Playwright keeps browsers of its own, below its folder.
_BUNDLED = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
    "chromium-*/chrome-win*/chrome.exe",
)


def find_chromium(named: str | os.PathLike[str] | None = None) -> Path:
    """
    Find a Chromium: the one that is named, one of the system's, or one of Playwright's own.

    Args:
        named: An executable's path or name; by default that in :data:`VARIABLE`.

    Raises:
        AuditError: There is none; the message says what to install.
    """
    wanted = named or os.environ.get(VARIABLE)
    if wanted:
        found = shutil.which(wanted)
        if found is None:
            raise AuditError(
                f"{os.fspath(wanted)!r} is no program that can be started. {_HOW_TO_INSTALL}"
            )
        return Path(found)
    for name in (*NAMES, *PLACES):
        if found := shutil.which(name):
            return Path(found)
    for pattern in _BUNDLED:
        if bundled := sorted(_playwright_folder().glob(pattern)):
            return bundled[-1]
    raise AuditError(f"There is no Chromium, nor any of its kin. {_HOW_TO_INSTALL}")


def import_playwright(module: str = "playwright.async_api") -> ModuleType:
    """
    Import what drives the browser.

    Raises:
        AuditError: It is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise AuditError(
            "Playwright, which drives the browser, is not installed. "
            "Run 'pip install strict-cookies[audit]'."
        ) from None


def launch_flags(extra: Iterable[str] = ()) -> tuple[str, ...]:
    """
    Give the flags to start with; without the sandbox only where there can be none.

    Args:
        extra: Further flags, for example ``"--host-resolver-rules=MAP site.test 127.0.0.1"``.
    """
    return (*FLAGS, *(("--no-sandbox",) if not _can_sandbox() else ()), *extra)


def write_profile(folder: Path) -> None:
    """
    Make an empty profile that lets third parties set cookies.

    Args:
        folder: Of the profile; what is in it stays.
    """
    preferences = folder / "Default" / "Preferences"
    preferences.parent.mkdir(parents=True, exist_ok=True)
    preferences.write_text(json.dumps(PREFERENCES), encoding="utf-8")


def _can_sandbox() -> bool:
    """Tell whether Chromium's sandbox works: not for root, and not in most containers."""
    user_id: Callable[[], int] | None = getattr(os, "geteuid", None)
    if user_id is not None and user_id() == 0:
        return False
    return not any(map(os.path.exists, ("/.dockerenv", "/run/.containerenv")))


def _playwright_folder() -> Path:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if named not in ("", "0"):
        return Path(named)
    home = Path.home()
    cache = {"darwin": home / "Library/Caches", "win32": home / "AppData/Local"}
    return cache.get(sys.platform, home / ".cache") / "ms-playwright"
