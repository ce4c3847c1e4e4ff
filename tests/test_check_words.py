"""The word check finds dialect in names and prose, and leaves plain English alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_PATH = Path(__file__).parents[1] / "scripts" / "check_words.py"
_spec = importlib.util.spec_from_file_location("check_words", _PATH)
check_words = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(check_words)


def words_of(path, source):
    return [(hit.line, hit.word) for hit in check_words.check_file(path, source)]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('"""Give a stray."""\n', [(1, "Give"), (1, "stray")]),
        ("def f():\n    '''Plain.'''\n", []),
        ("x = 1  # mend it\n", [(1, "mend")]),
        ("max_octets = 3\nstatic_folder = None\n", [(1, "max_octets")]),
        ("is_none = x is None\n", []),
        ('x = f"the name is no name {stray_count}"\n', [(1, "is no")]),
        ("# There is no store, and it is no longer open.\n", []),
        ("# Source: RFC 6265, in octets.\n", []),
        ('def f():\n    """Say it.\n\n    Nobody comes.\n    """\n', [(2, "Say"), (4, "Nobody")]),
    ],
)
def test_python(source, words):
    """Comments, strings, docstrings' first words and names are read; code is not."""
    found = [(line, word.strip()) for line, word in words_of("a.py", source)]
    assert {hit[0] for hit in found} == {hit[0] for hit in words}
    for word in words:
        assert any(word[1].strip() in hit[1] for hit in found)


def test_markdown():
    """Prose is read, without code and quotations."""
    source = "A `stray` cookie.\n\n```\nstray\n```\n\n> octets\n\nIt is told.\n"
    assert words_of("a.md", source) == [(9, "told")]


def test_result(capsys):
    """The exit code is 1 if there is a word, and each is printed with its place."""
    assert check_words.main(["src/strict_cookies/_version.py"]) == 0
    assert capsys.readouterr().out == ""
