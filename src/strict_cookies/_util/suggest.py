"""Suggestions for misspelt words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(
    word: str, known: Iterable[str], *, otherwise: str = "", cutoff: float = 0.6
) -> str:
    """
    Return ``"Did you mean 'x'?"`` for the closest known word.

    Args:
        word: The unknown word.
        known: The valid words.
        otherwise: What to return if none is close.
        cutoff: The least similarity, from 0 to 1.
    """
    close = difflib.get_close_matches(word, known, n=1, cutoff=cutoff)
    return f"Did you mean {close[0]!r}?" if close else otherwise
