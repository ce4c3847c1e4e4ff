"""
Untrusted text in one line, on a terminal, and in a cell of a spreadsheet.

Source: RFC 4180 (CSV); OWASP, CSV injection, for the beginnings of a formula.
"""

from __future__ import annotations

import re

#: Longest name or place that is logged or counted, in characters.
MAX_SHOWN = 64
#: Stands for a name that a client sent and that neither the policy nor the catalogue knows.
OTHER = "other"
#: Beginnings of a cell that a spreadsheet takes for a formula, or strips to get at one.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
#: What would end the line, or turn the writing around outside its own text.
_UNRULY = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")


def one_line(text: str) -> str:
    """Put a text into one line, which nothing in it can leave or turn around."""
    return " ".join(_UNRULY.sub(" ", text).split())


def printable(text: str) -> str:
    """Replace what could steer a terminal."""
    return "".join(character if character.isprintable() else "?" for character in text)


def write_cell(value: object) -> str:
    """
    Write a value for a CSV that a spreadsheet may open.

    Returns:
        Empty for None, ``yes`` or ``no`` for a boolean; a text that begins as a formula does gets
        an apostrophe before it.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = one_line(str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def show(text: str) -> str:
    """Escape what could forge a log line or a terminal, and cut it to :data:`MAX_SHOWN`."""
    if not (text.isascii() and text.isprintable()):
        text = text[:MAX_SHOWN].encode("unicode_escape").decode("ascii")
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def toml_text(text: str) -> str:
    """
    Write any text as a TOML basic string.

    Source: TOML 1.0, section String: what must be escaped, and no surrogates.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    safe = "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in escaped)
    return f'"{safe}"'


def N_(message: str) -> str:
    """Mark a text for the catalogues, to be translated where it is shown."""
    return message


def format_count(count: int, one: str, many: str = "", *, zero: str = "0") -> str:
    """
    Return a count with its noun: ``0 rows``, ``1 row``, ``2 rows``.

    Args:
        count: How many.
        one: The singular.
        many: The plural; by default the singular with an "s".
        zero: Written for 0, such as ``"no"``.
    """
    return f"{count or zero} {one if count == 1 else many or f'{one}s'}"


def join_words(words: list[str]) -> str:
    """Join words as a sentence does: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
