"""
Parse ``cookies.toml`` into the arguments of a policy; report every mistake in one error.

A mistake names the line and the entry, what is wrong, and what to do. The file is read once, when
the application is created.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .._util.suggest import did_you_mean
from ..errors import PolicyError
from .external_origin import ExternalOrigin, unknown_recipient
from .schema import ENTRY_SECTIONS, SECTIONS
from .site import Site

if TYPE_CHECKING:
    from .entry import Entry
    from .section import Section

#: Largest policy file that is read, in bytes.
MAX_FILE_BYTES = 4 * 1024 * 1024

#: TOML that may contain anything, brackets included: strings of all four kinds, and comments.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:\.[^=]*)?=")


class _LineIndex:
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
        with Path(source).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise PolicyError(
            [f"The file can't be read: {problem}. Fix its path or mode."], source=source
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise PolicyError(
            [f"The file is larger than {MAX_FILE_BYTES} bytes. Is it the right file?"],
            source=source,
        )
    try:
        return data.decode("utf-8-sig"), source
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PolicyError(
            [f"line {line}: the file is not UTF-8. Save it as UTF-8."], source=source
        ) from None


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
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise PolicyError([f"The file is not valid TOML: {error}."], source=source) from None
    return _Loader(_LineIndex(text)).load(document, source)


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

    def __init__(self, lines: _LineIndex) -> None:
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
            ordered = sorted(self._mistakes, key=lambda mistake: mistake[0])
            raise PolicyError(
                [f"line {line}: {text}" if line else text for line, text in ordered], source=source
            )
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
                    text = f"{place.label}: {name} is {_show(entry[name])}: {error}"
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
                self._mistakes.append((line, f"{label}{_show(key)} is not known. {hint}"))

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


def _show(value: object) -> str:
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= 60 else f"{text[:57]}..."
