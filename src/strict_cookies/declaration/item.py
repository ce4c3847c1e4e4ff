"""
What a reader is told, as plain data: sections of entries, in them rows of a label and its lines.

:mod:`~strict_cookies.declaration.view` fills it in; the page, the tables for a site's own pages
and the Markdown are laid out from it, so that they say the same in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from markupsafe import Markup, escape

from .i18n.language import Said

#: A text in the page's language, or a declared one.
Line = str | Said


@dataclass(frozen=True)
class Row:
    """One thing that is told of an entry; ``key`` is the same in every language."""

    key: str
    label: str
    lines: tuple[Line, ...]

    @cached_property
    def html(self) -> Markup:
        """The row as a part of a list of terms; many entries share one row."""
        lines = "".join(f"<dd>{escape(line)}</dd>" for line in self.lines)
        # Every text in it is escaped.
        return Markup(f"<div><dt>{escape(self.label)}</dt>{lines}</div>")  # noqa: S704


class Item(NamedTuple):
    """One entry: its title first, its technical name after it."""

    title: Line
    name: str
    note: str
    rows: tuple[Row, ...]

    @property
    def html(self) -> Markup:
        """The rows as the content of a list of terms."""
        return Markup("\n".join([row.html for row in self.rows]))  # noqa: S704


class Section(NamedTuple):
    """
    Entries of one kind.

    ``columns`` are the keys of the rows that a table shows.
    """

    id: str
    heading: str
    intro: str
    entries: tuple[Item, ...]
    columns: tuple[str, ...]


class VersionItem(NamedTuple):
    """A version that was published, with its changes in words."""

    heading: str
    changes: tuple[str, ...]
    number: int


class View(NamedTuple):
    """The whole document in words; ``statements`` are those that apply, by their id."""

    lead: str
    third_parties: str
    sections: Mapping[str, Section]
    statements: Mapping[str, str]
    contact: tuple[Row, ...]
    status: str
    changed_on: str
    versions: tuple[VersionItem, ...]
