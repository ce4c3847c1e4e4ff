"""Each promise names tests that exist; the suite that this is a part of runs them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = {
    cells[0].strip(): re.findall(r"`(tests/[^`]+)`", cells[3])
    for line in (ROOT / "docs" / "promises.md").read_text(encoding="utf-8").splitlines()
    if len(cells := line.strip("|").split("|")) == 4 and cells[0].strip().isdigit()
}


def collect(*ids):
    """Let pytest find tests; return its exit code and the ids of the tests found."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider",
               "-p", "no:randomly", "--no-cov", *ids]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, set(re.findall(r"^(tests/\S+::.*)$", done.stdout, re.MULTILINE))


@pytest.fixture(scope="module")
def collected(request):
    """Collect the tests of all rows at once; where the whole suite runs, that is done already."""
    ids = {test for ids in ROWS.values() for test in ids}
    here = {item.nodeid for item in request.session.items}
    if {test.partition("::")[0] for test in ids} <= {test.partition("::")[0] for test in here}:
        return 0, here
    return collect(*sorted(ids))


def test_there_are_rows():
    """The table is found where the docs keep it."""
    assert {"1", "3", "4", "5", "6", "7", "8"} <= ROWS.keys()
    assert all(ROWS.values())


@pytest.mark.parametrize("row", ROWS)
def test_promise_is_shown_by_tests_that_exist(row, collected):
    """Each id of the row stands for one test or more, none of which is skipped by name."""
    code, found = collected
    assert code == 0
    for test in ROWS[row]:
        assert any(one == test or one.startswith((f"{test}::", f"{test}[")) for one in found), test


def test_unknown_id_is_noticed():
    """A row that names a test which does not exist can't pass."""
    assert collect("tests/docs/test_promises.py::test_that_does_not_exist")[0] != 0
