"""
Compare two declarations: which entries were added, removed or changed, and in which fields.

It compares documents, the library's or another framework's in the same format.
:mod:`~strict_cookies.declaration.view` describes the result in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

ChangeKind = Literal["added", "removed", "changed"]

#: The lists of a document, and the keys that identify their entries.
ENTRY_KEYS: Mapping[str, tuple[str, ...]] = {
    "cookies": ("name",),
    "storage": ("name", "kind"),
    "preferences": ("name",),
    "external_origins": ("origin",),
    "recipients": ("name",),
    "processing": ("id",),
}
#: Derived from other parts of the document, or not part of the content.
_DERIVED = {"format", "format_version", "hash", "edition", "statements", "third_party_cookies"}


class Change(NamedTuple):
    """
    One difference.

    Args:
        change: Whether it was added, removed or changed.
        section: The part of the document: one of :data:`ENTRY_KEYS`, ``"site"``, or a field.
        name: The name of the entry; empty if the part has no entries.
        title: The title of the entry by language; None if it has none.
        fields: The fields that differ in a changed entry.
    """

    change: ChangeKind
    section: str
    name: str = ""
    title: Mapping[str, str] | None = None
    fields: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as an entry of a document's history."""
        return {
            "change": self.change,
            "section": self.section,
            "name": self.name,
            "title": None if self.title is None else dict(self.title),
            "fields": list(self.fields),
        }


def compare_documents(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """
    Return the changes from one document to another.

    Returns:
        The changes in the order of the document; of each list first the added and changed entries
        in their new order, then the removed ones. Empty if the content is the same.
    """
    return tuple(_compare(old, new))


def _compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    for section in dict.fromkeys((*new, *old)):
        if section in _DERIVED:
            continue
        before, after = old.get(section), new.get(section)
        if section in ENTRY_KEYS:
            yield from _compare_entries(section, before or [], after or [])
        elif before != after:
            tables = isinstance(before, dict) and isinstance(after, dict)
            fields = _fields(before or {}, after or {}) if tables else ()
            yield Change(change="changed", section=section, fields=fields)


def _compare_entries(
    section: str, old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> Iterator[Change]:
    keys = ENTRY_KEYS[section]
    key_of: Callable[[dict[str, Any]], tuple[Any, ...]] = lambda entry: tuple(  # noqa: E731
        entry[key] for key in keys
    )
    before = {key_of(entry): entry for entry in old}
    after = {key_of(entry): entry for entry in new}
    for key, entry in after.items():
        if key not in before:
            yield _change("added", section, entry)
        elif before[key] != entry:
            yield _change("changed", section, entry, _fields(before[key], entry))
    for key, entry in before.items():
        if key not in after:
            yield _change("removed", section, entry)


def _change(
    change: ChangeKind, section: str, entry: dict[str, Any], fields: tuple[str, ...] = ()
) -> Change:
    return Change(
        change=change,
        section=section,
        name=entry[ENTRY_KEYS[section][0]],
        title=entry.get("title"),
        fields=fields,
    )


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        field for field in dict.fromkeys((*after, *before)) if before.get(field) != after.get(field)
    )
