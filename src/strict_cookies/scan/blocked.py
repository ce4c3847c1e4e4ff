"""What the closed policy blocks, and one place that has it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """
    What the closed policy blocks.

    Attributes:
        title: In a few words.
        remedy: What to do, in a sentence or two. Lines that begin with four spaces are code.
    """

    EXTERNAL = (
        "External origins",
        "Remove trackers. Copy other files into your static folder and link them with "
        "url_for('static', ...). Where the site truly needs an origin, declare it in cookies.toml, "
        "with the [[recipient]] behind it:\n"
        "    [[external_origin]]\n"
        '    origin = "https://..."\n'
        '    kinds = ["image"]\n'
        '    reason = "..."\n'
        '    recipient = "..."',
    )
    DATA = (
        "data: addresses",
        "Save the picture or font as a file in your static folder and link that.",
    )
    SCRIPT = (
        "Inline scripts",
        "Move the code to a file in your static folder, or give it a nonce in the template:\n"
        '    <script nonce="{{ csp_nonce() }}">',
    )
    STYLE = (
        "Inline style elements",
        "Move the rules to a file in your static folder, or give them a nonce in the template:\n"
        '    <style nonce="{{ csp_nonce() }}">',
    )
    STYLE_ATTRIBUTE = (
        "style= attributes",
        "Give the element a class and move the rules to a style sheet; a nonce does not help here.",
    )
    HANDLER = (
        "on...= event handlers",
        "Move the code to a script file and call addEventListener; a nonce does not help here.",
    )
    JAVASCRIPT_URL = (
        "javascript: addresses",
        "Use a button and addEventListener in a script file; a nonce does not help here.",
    )

    title: str
    remedy: str

    def __init__(self, title: str, remedy: str) -> None:
        self.title = title
        self.remedy = remedy


class Found(NamedTuple):
    """
    One place that will be blocked.

    Attributes:
        kind: What it is.
        file: Path below the application's folder where it is there, else in full.
        line: Counted from 1.
        subject: The origin, tag or attribute; printable.
        loaded: What would be loaded from an external origin; empty for the other kinds.
    """

    kind: Kind
    file: str
    line: int
    subject: str
    loaded: str = ""
