"""
Read ``cookies.toml`` into a policy; every mistake in one error.

Each mistake says where (file and line, entry), what was found, and what to do. The file is read
once, when the application is put together; nothing later reads it again.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PolicyError
from .external_origin import ExternalOrigin, unknown_recipient
from .schema import SECTIONS, SITE_KEYS
from .site import Site

if TYPE_CHECKING:
    from .entry import Entry
    from .schema import Key, Section

#: Largest policy file that is read, in bytes.
MAX_FILE_BYTES = 4 * 1024 * 1024

#: What may hold anything, brackets included: texts of all four kinds, and comments.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:\.[^=]*)?=")


class _LineIndex:
    """On which line each entry and key stands; tomllib does not tell."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, int, str], int] = {}
        counts: dict[str, int] = {}
        table, index = "", 0
        bare = _OPAQUE.sub(lambda found: "\n" * found[0].count("\n"), text)
        for number, line in enumerate(bare.split("\n"), 1):
            if header := _HEADER.match(line):
                table = header[1]
                index = counts.get(table, 0)
                counts[table] = index + 1
                self._lines[table, index, ""] = number
            elif key := _KEY.match(line):
                self._lines.setdefault((table, index, key[1]), number)

    def of(self, table: str, index: int = 0, key: str = "") -> int | None:
        """Find a line, counted from 1; that of the entry where the key's is unknown."""
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


class _Loader:
    """Reads a document and gathers what is wrong with it."""

    def __init__(self, lines: _LineIndex) -> None:
        self._lines = lines
        #: (line or 0, text), in the order found.
        self._found: list[tuple[int, str]] = []

    @property
    def mistakes(self) -> list[str]:
        """One sentence each, in the order of the file."""
        ordered = sorted(self._found, key=lambda found: found[0])
        return [f"line {line}: {text}" if line else text for line, text in ordered]

    def load(self, document: Mapping[str, Any], source: str) -> dict[str, Any]:
        """
        Return the site and the entries of a document.

        Raises:
            PolicyError: All that is wrong.
        """
        self._refuse_unknown(document, ("site", *SECTIONS), "", 0, "")
        site = self._read_site(document.get("site", {}))
        entries = {
            section.plural: self._read_section(section, table, document.get(table, []))
            for table, section in SECTIONS.items()
        }
        self._check_recipients(document)
        if self._found:
            raise PolicyError(self.mistakes, source=source)
        return {"site": site, **entries}

    def _read_site(self, entry: object) -> Site:
        if not isinstance(entry, dict):
            self._mistake(
                "site", 0, "", "[site]: it is no table. Write [site] on a line of its own."
            )
            return Site()
        values = self._read_values(entry, SITE_KEYS, "site", 0, "[site]")
        try:
            return Site(**values)
        except PolicyError as error:
            for mistake in error.mistakes:
                self._mistake("site", 0, "privacy_url", mistake)
            return Site()

    def _read_section(self, section: Section, table: str, entries: object) -> Any:
        if not isinstance(entries, list):
            self._mistake(table, 0, "", f"[{table}]: write [[{table}]] with two brackets.")
            return ()
        built = []
        seen: set[tuple[object, ...]] = set()
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                text = (
                    f"it is no table. Write [[{table}]] on a line of its own, and its keys below "
                    "it."
                )
                self._mistake(table, index, "", f"[[{table}]] {index + 1}: {text}")
                continue
            made = self._read_entry(section, table, index, entry)
            if made is not None:
                built.append(made)
            kind = section.kind
            written = [entry.get(key) for key in kind.UNIQUE_BY]
            if not all(isinstance(value, str) for value in written):
                continue
            key = tuple(written) if made is None else made.unique_key
            if key in seen:
                text = f"{kind.LABEL} {written[0]!r} is declared more than once. Keep one entry."
                self._mistake(table, index, kind.UNIQUE_BY[0], text)
            seen.add(key)
        return tuple(built)

    def _read_entry(
        self, section: Section, table: str, index: int, entry: Mapping[str, Any]
    ) -> Entry | None:
        kind = section.kind
        named_by = kind.UNIQUE_BY[0]
        name = entry.get(named_by)
        where = f"{kind.LABEL} {name!r}" if isinstance(name, str) else f"[[{table}]] {index + 1}"
        missing = [key for key in section.needed if key not in entry]
        if missing:
            text = f"{where}: it lacks {', '.join(missing)}. Add what is missing."
            self._mistake(table, index, "", text)
        values = self._read_values(entry, section.keys, table, index, where)
        if named_by not in values:
            return None
        unread = {key for key in (*section.needed, *entry) if key not in values}
        section.mend(values, unread)
        try:
            return kind(**{**section.placeholders, **values})
        except PolicyError as error:
            for mistake in error.mistakes:
                key = _key_meant(mistake.removeprefix(f"{where}: "), section)
                self._mistake(table, index, key, mistake)
            return None

    def _check_recipients(self, document: Mapping[str, Any]) -> None:
        """Tell which external origins name a recipient that is not there."""
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
                text = f"{ExternalOrigin.LABEL} {origin!r}: {unknown_recipient(name, known)}"
                self._mistake("external_origin", index, "recipient", text)

    def _read_values(
        self,
        entry: Mapping[str, Any],
        keys: Mapping[str, Key],
        table: str,
        index: int,
        where: str,
    ) -> dict[str, Any]:
        self._refuse_unknown(entry, keys, table, index, f"{where}: ")
        values = {}
        for key, (form, *_) in keys.items():
            if key in entry:
                try:
                    values[key] = form.read(entry[key])
                except ValueError as error:
                    text = f"{where}: {key} is {_say(entry[key])}: {error}"
                    self._mistake(table, index, key, text)
        return values

    def _refuse_unknown(
        self, entry: Mapping[str, Any], known: Iterable[str], table: str, index: int, where: str
    ) -> None:
        for key in entry:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
                if table in SECTIONS:
                    hint = SECTIONS[table].hints.get(key.lower(), hint)
                elif not table and not isinstance(entry[key], dict | list):
                    hint = f"It stands before any section. {hint}"
                line = self._lines.of(table, index, key) or self._lines.of(key) or 0
                self._found.append((line, f"{where}{_say(key)} is not known. {hint}"))

    def _mistake(self, table: str, index: int, key: str, text: str) -> None:
        self._found.append((self._lines.of(table, index, key) or 0, text))


def _key_meant(mistake: str, section: Section) -> str:
    """Find the key that a mistake of an entry begins with; empty for the entry as a whole."""
    word = mistake.split(" ", 1)[0]
    for key in (word, f"{word}s"):
        if key in section.keys:
            return key
    # "the name ...", "the pattern ...", "the prefix ...", "this is a name ...", "only one star ..."
    return section.kind.UNIQUE_BY[0] if word in ("the", "this", "only") else ""


def _say(value: object) -> str:
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= 60 else f"{text[:57]}..."
