"""
Text of strangers in one line, on a terminal, and in a cell of a spreadsheet.

Source: RFC 4180 (CSV); OWASP, CSV injection, for the beginnings of a formula.
"""

from __future__ import annotations

import re

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
