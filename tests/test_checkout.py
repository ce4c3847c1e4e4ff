"""Tests write only to temporary places."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from tests.checkout import ROOT, find_leftovers, snapshot

pytest_plugins = ["pytester"]


@pytest.fixture(scope="module")
def wide_app():
    """An application of a module's fixture."""
    return Flask("wide")


@pytest.mark.parametrize("scope", ["module", "function"])
def test_instance_directory_is_temporary(scope, wide_app):
    """Applications of any fixture keep their sessions and archive outside the checkout."""
    app = wide_app if scope == "module" else Flask("narrow")
    assert not Path(app.instance_path).is_relative_to(ROOT)


def test_what_is_left_is_found(tmp_path):
    """A new file anywhere, and a changed one of the demo, are found; tools' own are not."""
    for name in ("instance/erp.sqlite", "src/edited.py", ".venv/x"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("before")
    before = snapshot(tmp_path)
    for name in ("instance/erp.sqlite", "src/edited.py", ".venv/y", "new.txt", ".coverage.1"):
        (tmp_path / name).write_text("and after")
    assert find_leftovers(before, snapshot(tmp_path)) == ["instance/erp.sqlite", "new.txt"]


def test_run_that_leaves_a_file_fails(pytester):
    """A run whose tests write to the checkout fails, and lists the file."""
    pytester.makeconftest(f"""
        import sys
        from pathlib import Path

        sys.path.insert(0, {str(ROOT)!r})
        from tests import checkout

        checkout.ROOT = Path.cwd()
        from tests.checkout import pytest_sessionfinish, pytest_sessionstart
    """)
    pytester.makepyfile("def test_writes(): open('left.txt', 'w').close()")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "no:randomly")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*the tests wrote to the checkout:*", "*left.txt*"])
