"""Words put together for messages, and texts marked for the catalogues."""

from __future__ import annotations


def N_(message: str) -> str:
    """Mark a text for the catalogues, to be translated where it is shown."""
    return message


def join_words(words: list[str]) -> str:
    """Join words as a sentence does: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
