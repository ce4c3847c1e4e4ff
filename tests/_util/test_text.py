"""Small helpers for text."""

from __future__ import annotations

import pytest

from strict_cookies._util.text import join_words


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_words_are_joined_as_in_a_sentence(words, expected):
    """Commas stand between words, and 'and' before the last."""
    assert join_words(words) == expected
