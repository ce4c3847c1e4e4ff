"""Suggestions for misspelt words."""

from __future__ import annotations

import pytest

from strict_cookies._util.suggest import did_you_mean


@pytest.mark.parametrize(
    ("word", "cutoff", "suggestion"),
    [
        pytest.param("nmae", 0.6, "Did you mean 'name'?", id="close"),
        pytest.param("nmae", 0.9, "Known: name, path.", id="not close enough"),
        pytest.param("zzz", 0.6, "Known: name, path.", id="far from any"),
    ],
)
def test_closest_word_is_suggested(word, cutoff, suggestion):
    """The closest word is suggested; without one, the other text is returned."""
    assert (
        did_you_mean(word, ("name", "path"), otherwise="Known: name, path.", cutoff=cutoff)
        == suggestion
    )
