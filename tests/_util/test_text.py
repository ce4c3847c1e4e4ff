"""Small helpers for text."""

from __future__ import annotations

import pytest

from strict_cookies._util.text import format_count, join_words


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_in_a_sentence(words, expected):
    """Commas stand between words, and 'and' before the last."""
    assert join_words(words) == expected


@pytest.mark.parametrize(("count", "expected"), [(0, "no rows"), (1, "1 row"), (2, "2 rows")])
def test_count_has_its_noun(count, expected):
    """Singular for one, plural for others; zero in words if wanted."""
    assert format_count(count, "row", zero="no") == expected
