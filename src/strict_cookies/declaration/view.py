"""
A document as text in the reader's language: sections of items, in them rows of a label and lines.

The shape is in :mod:`~strict_cookies.declaration.item`, the items are written by
:mod:`~strict_cookies.declaration.item_writer`, and the texts that every document has in common are
in :mod:`~strict_cookies.declaration.i18n.labels`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..policy.schema import ENTRY_SECTIONS
from .i18n.labels import CONTACT, FIELD_LABELS, SECTIONS
from .i18n.language import DeclaredText, Language
from .item import Row, Section, VersionItem, View
from .item_writer import ItemWriter

if TYPE_CHECKING:
    from .changes import Change

#: Keys of the rows that a table shows.
_COLUMNS = {
    "cookies": ("description", "without_it", "lifetime", "third_parties", "purposes"),
    "storage": ("description", "without_it", "lifetime", "third_parties", "purposes"),
    "preferences": ("description", "choices", "default"),
    "external_origins": ("recipient", "reason", "kinds"),
    "recipients": ("role", "data", "purpose", "countries", "safeguard"),
    "processing": ("kept_data", "purpose", "kept"),
}

_FIELD_LABELS = {
    **FIELD_LABELS,
    **{
        key.key: key.label
        for section in ENTRY_SECTIONS.values()
        for key in section.published_keys()
        if key.label
    },
}


def build_view(document: Mapping[str, Any], language: Language) -> View:
    """
    Return a document as text in a language.

    Args:
        document: As :func:`~strict_cookies.declaration.document.build_document` returns it.
        language: The reader's language.
    """
    return _ViewBuilder(document, language).build()


def describe_changes(
    changes: Iterable[Change], document: Mapping[str, Any], language: Language
) -> tuple[str, ...]:
    """
    Describe the changes between two documents, one string for each.

    Args:
        changes: As :func:`~strict_cookies.declaration.changes.compare_documents` returns them.
        document: The newer document.
        language: The reader's language.
    """
    builder = _ViewBuilder(document, language)
    return tuple(builder.describe(change.to_json()) for change in changes)


class _ViewBuilder:
    """Build the view of one document in one language."""

    def __init__(self, document: Mapping[str, Any], language: Language) -> None:
        self._document = document
        self._language = language
        self._ = language.gettext
        self._items = ItemWriter(document["site"]["languages"][0], language)

    def build(self) -> View:
        document, _ = self._document, self._
        sections = {
            name: Section(
                id=name.replace("_", "-"),
                heading=_(heading),
                intro=_(intro) if intro else "",
                entries=tuple(self._items.write(name, entry) for entry in document[name]),
                columns=_COLUMNS[name],
            )
            for name, (heading, intro) in SECTIONS.items()
        }
        site = document["site"]
        versions = self._versions()
        return View(
            lead=self._lead(),
            third_parties=_(
                "For some functions of this site, your browser contacts other sites, which are "
                "listed too."
            )
            if document["external_origins"]
            else "",
            sections=sections,
            statements={
                key: _(text) for key, text in document["statements"].items() if text is not None
            },
            contact=tuple(
                Row(key, _(label), (DeclaredText(site[key]),))
                for key, label in CONTACT.items()
                if site[key]
            ),
            status=self._status(versions),
            changed_on=self._changed_on(),
            versions=versions,
        )

    def _lead(self) -> str:
        language, document = self._language, self._document
        cookies = len(document["cookies"])
        parts = [language.ngettext("%(count)s cookie", "%(count)s cookies", cookies)]
        if storage := len(document["storage"]):
            parts.append(
                language.ngettext(
                    "%(count)s item of web storage", "%(count)s items of web storage", storage
                )
            )
        return self._(
            "This site states that it stores only what it strictly needs to work: %(items)s, "
            "listed below. Its policy allows nothing for analytics or advertising.",
            items=language.join(parts),
        )

    # Versions

    @property
    def _history(self) -> list[dict[str, Any]]:
        edition = self._document["edition"]
        return [] if edition is None else edition["history"]

    def _versions(self) -> tuple[VersionItem, ...]:
        return tuple(
            VersionItem(
                self._(
                    "Version %(version)s, in force since %(date)s",
                    version=version["version"],
                    date=self._date(version["effective_from"]),
                ),
                tuple(map(self.describe, version["changes"])),
                version["version"],
            )
            for version in self._history
        )

    def _status(self, versions: tuple[VersionItem, ...]) -> str:
        _, edition = self._, self._document["edition"]
        if edition is None:
            return ""
        if edition["status"] == "draft":
            return _("Draft: this text has not been published as a version yet.")
        if edition["status"] == "unknown":
            return _(
                "Which version this is, and what came before it, is not available at the moment."
            )
        return versions[0].heading

    def _changed_on(self) -> str:
        return self._date(self._history[0]["effective_from"]) if self._history else ""

    def _date(self, text: str) -> str:
        return self._language.date(datetime.date.fromisoformat(text))

    def describe(self, change: Mapping[str, Any]) -> str:
        """Describe one change."""
        _, section = self._, change["section"]
        heading = _(SECTIONS[section][0]) if section in SECTIONS else _("About this site")
        what = heading
        if change["name"]:
            title = self._items.pick(change["title"] or {}).text
            name = f"{title} ({change['name']})" if title else change["name"]
            what = f"{heading}, {name}"
        if change["change"] == "added":
            return _("Added: %(what)s", what=what)
        if change["change"] == "removed":
            return _("Removed: %(what)s", what=what)
        fields = [_FIELD_LABELS.get(field) for field in change["fields"]]
        named = list(dict.fromkeys(_(label) for label in fields if label))
        if named:
            what = f"{what}: {self._language.join(named)}"
        return _("Changed: %(what)s", what=what)
