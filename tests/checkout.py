"""What is in the checkout, so that a run of the tests can show that it left nothing there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: The checkout.
ROOT = Path(__file__).parents[1]
#: Directories that tools keep for themselves.
TOOLS = frozenset(
    [
        ".git",
        ".hypothesis",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".venv",
        "__pycache__",
        "_build",
        "build",
        "dist",
        "htmlcov",
        "node_modules",
    ]
)
#: What the checkout held before the tests.
CHECKOUT = pytest.StashKey[dict[str, tuple[int, int]]]()


def snapshot(root: Path) -> dict[str, tuple[int, int]]:
    """
    Return size and time of each file below a directory, by its path relative to it.

    What tools keep (:data:`TOOLS`, coverage's data) is left out.
    """
    files = {}
    for directory, names, found in os.walk(root):
        names[:] = [name for name in names if name not in TOOLS]
        for name in found:
            if not name.startswith(".coverage"):
                path = Path(directory, name)
                stat = path.lstat()
                files[path.relative_to(root).as_posix()] = (stat.st_size, stat.st_mtime_ns)
    return files


def find_leftovers(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]
) -> list[str]:
    """
    List new files, and what changed below ``instance/``, which is the demo's.

    Other changed files are those that a developer edits while the tests run.
    """
    return sorted(
        path
        for path, stat in after.items()
        if path not in before or (path.startswith("instance/") and before[path] != stat)
    )


def pytest_sessionstart(session):
    """Note what the checkout holds before the tests."""
    if not hasattr(session.config, "workerinput"):
        session.config.stash[CHECKOUT] = snapshot(ROOT)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """Fail a run that left something in the checkout."""
    before = session.config.stash.get(CHECKOUT, None)
    left = [] if before is None else find_leftovers(before, snapshot(ROOT))
    if left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        shown = "".join(f"\n  {path}" for path in left)
        print(f"\nERROR: the tests wrote to the checkout:{shown}")
