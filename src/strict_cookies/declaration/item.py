"""
The view of a document as plain data: sections of items, in them rows of a label and lines.

:mod:`~strict_cookies.declaration.view` builds it. The page, the tables for a site's own pages and
the Markdown are rendered from it, so that they have the same content in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from markupsafe import Markup, escape

from .i18n.language import DeclaredText

#: A text in the page's language, or a declared text.
Line = str | DeclaredText


@dataclass(frozen=True)
class Row:
    """One property of an entry; ``key`` is the same in every language."""

    key: str
    label: str
    lines: tuple[Line, ...]

    @cached_property
    def html(self) -> Markup:
        """The row as HTML within a ``<dl>``; many entries share one row."""
        lines = "".join(f"<dd>{escape(line)}</dd>" for line in self.lines)
        # Every text in it is escaped.
        return Markup(f"<div><dt>{escape(self.label)}</dt>{lines}</div>")  # noqa: S704


class Item(NamedTuple):
    """One entry; ``name`` is the technical one, ``note`` and ``name`` may be empty."""

    title: Line
    name: str
    note: str
    rows: tuple[Row, ...]

    @property
    def html(self) -> Markup:
        """The rows as the content of a ``<dl>``."""
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
    """A published version; ``changes`` are descriptions, one for each change."""

    heading: str
    changes: tuple[str, ...]
    number: int


class View(NamedTuple):
    """
    The whole document as text.

    Attributes:
        lead: How much the site stores.
        third_parties: Whether browsers contact other sites; empty if they do not.
        sections: By the key of the document's list.
        statements: Those that apply, by id.
        contact: Who is responsible, and whom to ask.
        status: Which version it is; empty if no versions are kept.
        changed_on: The day from which the newest version is in force; empty if there is none.
        versions: The newest first.
    """

    lead: str
    third_parties: str
    sections: Mapping[str, Section]
    statements: Mapping[str, str]
    contact: tuple[Row, ...]
    status: str
    changed_on: str
    versions: tuple[VersionItem, ...]
