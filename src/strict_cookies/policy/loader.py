"""
Parse ``cookies.toml`` into the arguments of a policy; report every mistake in one error.

A mistake names the line and the entry, what is wrong, and what to do. The file is read once, when
the application is created.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._util.suggest import did_you_mean
from .._util.toml_file import (
    LineIndex,
    parse_toml,
    read_text,
    show_value,
    sort_mistakes,
)
from ..errors import PolicyError
from .external_origin import ExternalOrigin, unknown_recipient
from .schema import ENTRY_SECTIONS, SECTIONS
from .site import Site

if TYPE_CHECKING:
    from .entry import Entry
    from .section import Section

#: Largest policy file that is read, in bytes.
MAX_FILE_BYTES = 4 * 1024 * 1024


def read_policy_file(path: str | os.PathLike[str]) -> tuple[str, str]:
    """
    Read a policy file.

    Returns:
        The text, and the path as text.

    Raises:
        PolicyError: The file can't be read, is too large, or is not UTF-8.
    """
    source = os.fspath(path)
    try:
        return read_text(path, max_bytes=MAX_FILE_BYTES), source
    except ValueError as error:
        raise PolicyError([str(error)], source=source) from None


def parse_entries(text: str, *, source: str) -> dict[str, Any]:
    """
    Parse the text of a policy file.

    Args:
        text: TOML 1.0.
        source: Its path, for messages.

    Returns:
        The site and the entries, as arguments of
        :class:`~strict_cookies.policy.policy.CookiePolicy`.

    Raises:
        PolicyError: Every mistake in the text.
    """
    try:
        document = parse_toml(text)
    except ValueError as error:
        raise PolicyError([str(error)], source=source) from None
    return _Loader(LineIndex(text)).load(document, source)


class _Place(NamedTuple):
    """
    An entry of the file.

    Attributes:
        table: The name of its section; empty for the top level.
        number: Its position within the section, from 0.
        label: How messages name it.
    """

    table: str
    number: int
    label: str


class _Loader:
    """Converts a document and collects its mistakes."""

    def __init__(self, lines: LineIndex) -> None:
        self._lines = lines
        #: (line or 0, text), in the order of discovery.
        self._mistakes: list[tuple[int, str]] = []

    def load(self, document: Mapping[str, Any], source: str) -> dict[str, Any]:
        """
        Return the site and the entries of a document.

        Raises:
            PolicyError: Every mistake.
        """
        self._refuse_unknown(document, SECTIONS, _Place("", 0, ""))
        site = self._load_site(document.get("site", {}))
        entries = {
            section.argument: self._load_section(section, table, document.get(table, []))
            for table, section in ENTRY_SECTIONS.items()
        }
        self._check_recipients(document)
        if self._mistakes:
            raise PolicyError(sort_mistakes(self._mistakes), source=source)
        return {"site": site, **entries}

    def _load_site(self, entry: object) -> Site:
        place = _Place("site", 0, "[site]")
        if not isinstance(entry, dict):
            self._add(place, "", "[site]: it is not a table. Write [site] on a line of its own.")
            return Site()
        values = self._load_values(entry, SECTIONS["site"], place)
        try:
            return Site(**values)
        except PolicyError as error:
            for mistake in error.mistakes:
                self._add(place, "privacy_url", mistake)
            return Site()

    def _load_section(self, section: Section, table: str, entries: object) -> tuple[Entry, ...]:
        if not isinstance(entries, list):
            self._add(_Place(table, 0, ""), "", f"[{table}]: write [[{table}]] with two brackets.")
            return ()
        built = []
        seen: set[tuple[object, ...]] = set()
        for index, values in enumerate(entries):
            place = _name_place(section, table, index, values)
            if not isinstance(values, dict):
                text = f"it is not a table. Write [[{table}]] on a line of its own, then its keys."
                self._add(place, "", f"{place.label}: {text}")
                continue
            entry = self._load_entry(section, place, values)
            if entry is not None:
                built.append(entry)
            kind = section.kind
            written = [values.get(key) for key in kind.UNIQUE_BY]
            if not all(isinstance(value, str) for value in written):
                continue
            unique_key = tuple(written) if entry is None else entry.unique_key
            if unique_key in seen:
                text = f"{kind.LABEL} {written[0]!r} is declared more than once. Keep one entry."
                self._add(place, kind.UNIQUE_BY[0], text)
            seen.add(unique_key)
        return tuple(built)

    def _load_entry(
        self, section: Section, place: _Place, values: Mapping[str, Any]
    ) -> Entry | None:
        missing = [key for key in section.required if key not in values]
        if missing:
            text = f"{place.label}: it lacks {', '.join(missing)}. Add what is missing."
            self._add(place, "", text)
        arguments = self._load_values(values, section, place)
        if section.kind.UNIQUE_BY[0] not in arguments:
            return None
        unread = {key for key in (*section.required, *values) if key not in arguments}
        section.suppress_followups(arguments, unread)
        try:
            entry: Entry = section.kind(**{**section.placeholders, **arguments})
        except PolicyError as error:
            for mistake in error.mistakes:
                key = _key_meant(mistake.removeprefix(f"{place.label}: "), section)
                self._add(place, key, mistake)
            return None
        return entry

    def _check_recipients(self, document: Mapping[str, Any]) -> None:
        """Report each external origin that names an undeclared recipient."""
        recipients, origins = (
            document.get(table, []) for table in ("recipient", "external_origin")
        )
        if not isinstance(recipients, list) or not isinstance(origins, list):
            return
        names = [entry.get("name") for entry in recipients if isinstance(entry, dict)]
        known = [name for name in names if isinstance(name, str)]
        for index, entry in enumerate(origins):
            if not isinstance(entry, dict):
                continue
            origin, name = entry.get("origin"), entry.get("recipient")
            if isinstance(origin, str) and isinstance(name, str) and name not in known:
                label = f"{ExternalOrigin.LABEL} {origin!r}"
                self._add(
                    _Place("external_origin", index, label),
                    "recipient",
                    f"{label}: {unknown_recipient(name, known)}",
                )

    def _load_values(
        self, entry: Mapping[str, Any], section: Section, place: _Place
    ) -> dict[str, Any]:
        self._refuse_unknown(entry, section.keys, place)
        values = {}
        for name, key in section.keys.items():
            if name in entry:
                try:
                    values[name] = key.type.parse(entry[name])
                except ValueError as error:
                    text = f"{place.label}: {name} is {show_value(entry[name])}: {error}"
                    self._add(place, name, text)
        return values

    def _refuse_unknown(
        self, entry: Mapping[str, Any], known: Iterable[str], place: _Place
    ) -> None:
        for key in entry:
            if key not in known:
                hint = did_you_mean(key, known, otherwise=f"Known: {', '.join(known)}.")
                if place.table:
                    hint = SECTIONS[place.table].hints.get(key.lower(), hint)
                elif not isinstance(entry[key], dict | list):
                    hint = f"It is above the first section. {hint}"
                label = f"{place.label}: " if place.label else ""
                line = (
                    self._lines.find(place.table, place.number, key) or self._lines.find(key) or 0
                )
                self._mistakes.append((line, f"{label}{show_value(key)} is not known. {hint}"))

    def _add(self, place: _Place, key: str, text: str) -> None:
        self._mistakes.append((self._lines.find(place.table, place.number, key) or 0, text))


def _name_place(section: Section, table: str, index: int, values: object) -> _Place:
    name = values.get(section.kind.UNIQUE_BY[0]) if isinstance(values, dict) else None
    if isinstance(name, str):
        return _Place(table, index, f"{section.kind.LABEL} {name!r}")
    return _Place(table, index, f"[[{table}]] {index + 1}")


def _key_meant(mistake: str, section: Section) -> str:
    """Return the key that a mistake of an entry begins with; empty for the entry as such."""
    word = mistake.split(" ", 1)[0]
    for key in (word, f"{word}s"):
        if key in section.keys:
            return key
    # "the name ...", "the pattern ...", "the prefix ...", "this is a name ...", "only one star ..."
    unique_by: str = section.kind.UNIQUE_BY[0]
    return unique_by if word in ("the", "this", "only", "invalid") else ""
