"""
What differs between two declarations: which entry was added, removed or changed, and in what.

Works on documents, ours or another framework's in the same format; words for people are made from
the result by :mod:`~strict_cookies.declaration.view`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

ChangeKind = Literal["added", "removed", "changed"]

#: The lists of a document, and what tells one of their entries from another.
ENTRY_KEYS: Mapping[str, tuple[str, ...]] = {
    "cookies": ("name",),
    "storage": ("name", "kind"),
    "preferences": ("name",),
    "external_origins": ("origin",),
    "recipients": ("name",),
    "processing": ("id",),
}
#: What is worked out from other parts of the document, or is no content.
_DERIVED = {"format", "format_version", "hash", "edition", "statements", "third_party_cookies"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One difference.

    Args:
        change: What happened.
        section: The part of the document: one of :data:`ENTRY_KEYS`, ``"site"``, or a field.
        name: The entry's name; empty where the part has no entries.
        title: The entry's title by language, where it has one.
        fields: What differs in an entry that changed.
    """

    change: ChangeKind
    section: str
    name: str = ""
    title: Mapping[str, str] | None = None
    fields: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """Give it as it stands in a document's history."""
        return {
            "change": self.change,
            "section": self.section,
            "name": self.name,
            "title": None if self.title is None else dict(self.title),
            "fields": list(self.fields),
        }


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """
    Compare two documents.

    Returns:
        In the order of the document; of entries, the added and changed ones in their new order,
        then the removed ones. Empty where the content is the same.
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
