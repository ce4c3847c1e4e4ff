"""Each promise names tests that exist and pass."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = {
    cells[0].strip(): re.findall(r"`(tests/[^`]+)`", cells[3])
    for line in (ROOT / "docs" / "promises.md").read_text(encoding="utf-8").splitlines()
    if len(cells := line.strip("|").split("|")) == 4 and cells[0].strip().isdigit()
}


def run(ids):
    """Run the tests of a row in a process of their own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
               "--no-cov", *ids]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_there_are_rows():
    """The table is found where the docs keep it."""
    assert {"1", "3", "4", "5", "6", "7", "8"} <= ROWS.keys()
    assert all(ROWS.values())


@pytest.mark.parametrize("row", ROWS)
def test_promise_is_shown_by_its_tests(row):
    """Every id of the row exists and passes."""
    done = run(ROWS[row])
    assert done.returncode == 0, f"{ROWS[row]}\n{done.stdout}{done.stderr}"


def test_unknown_id_fails():
    """A row that names a test which does not exist can't pass."""
    assert run(["tests/test_promises.py::test_that_does_not_exist"]).returncode != 0
