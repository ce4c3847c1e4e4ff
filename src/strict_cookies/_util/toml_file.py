"""
TOML files that users write: read within limits, with the lines of their mistakes.

Every message says what is wrong and what to do. The caller adds the path.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

#: Longest value that a message repeats, in characters.
MAX_SHOWN = 60

#: TOML that may contain anything, brackets included: strings of all four kinds, and comments.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:\.[^=]*)?=")


class LineIndex:
    """The line of each entry and key, which tomllib does not report."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, int, str], int] = {}
        counts: dict[str, int] = {}
        table, index = "", 0
        stripped = _OPAQUE.sub(lambda match: "\n" * match[0].count("\n"), text)
        for number, line in enumerate(stripped.split("\n"), 1):
            if header := _HEADER.match(line):
                table = header[1]
                index = counts.get(table, 0)
                counts[table] = index + 1
                self._lines[table, index, ""] = number
            elif key := _KEY.match(line):
                self._lines.setdefault((table, index, key[1]), number)

    def find(self, table: str, index: int = 0, key: str = "") -> int | None:
        """Return the line of a key, counted from 1; that of its entry if the key's is unknown."""
        return self._lines.get((table, index, key)) or self._lines.get((table, index, ""))


def read_text(path: str | os.PathLike[str], *, max_bytes: int) -> str:
    """
    Read a file as UTF-8, with or without a byte order mark.

    Raises:
        ValueError: The file can't be read, is too large, or is not UTF-8.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ValueError(f"The file can't be read: {problem}. Fix its path or mode.") from None
    if len(data) > max_bytes:
        raise ValueError(f"The file is larger than {max_bytes} bytes. Is it the right file?")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line}: the file is not UTF-8. Save it as UTF-8.") from None


def parse_toml(text: str) -> dict[str, Any]:
    """
    Parse TOML 1.0.

    Raises:
        ValueError: The text is not valid TOML.
    """
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The file is not valid TOML: {error}.") from None


def sort_mistakes(mistakes: Iterable[tuple[int, str]]) -> list[str]:
    """
    Return mistakes in the order of their lines, each with its line.

    Args:
        mistakes: Lines with texts; line 0 if unknown.
    """
    ordered = sorted(mistakes, key=lambda mistake: mistake[0])
    return [f"line {line}: {text}" if line else text for line, text in ordered]


def show_value(value: object) -> str:
    """Return the repr of a value, truncated to :data:`MAX_SHOWN` characters."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
