"""
Read ``cookies.toml`` into a policy; every mistake in one error.

Each mistake says where (file and line, entry), what was found, and what to do. The file is read
once, when the application is put together; nothing later reads it again.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from .cookie import DeclaredCookie
from .durations import read_duration
from .errors import PolicyError
from .policy import CookiePolicy, Site

#: Largest policy file that is read, in octets.
MAX_FILE_OCTETS = 4 * 1024 * 1024

#: What may hold anything, brackets included: texts of all four kinds, and comments.
_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL
)
_HEADER = re.compile(r"\s*\[\[?\s*([A-Za-z0-9_.-]+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:\.[^=]*)?=")


class _Lines:
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


def load_policy(path: str | os.PathLike[str]) -> CookiePolicy:
    """
    Read a policy file.

    Args:
        path: A TOML file; ``[site]`` and ``[[cookie]]`` entries are optional.

    Raises:
        PolicyError: It can't be read, or all that is wrong in it.
    """
    source = os.fspath(path)
    try:
        with Path(source).open("rb") as file:
            octets = file.read(MAX_FILE_OCTETS + 1)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise PolicyError(
            [f"It can't be read: {problem}. Mend its path or mode."], source=source
        ) from None
    if len(octets) > MAX_FILE_OCTETS:
        raise PolicyError(
            [f"It has more than {MAX_FILE_OCTETS} octets. Is it the right file?"],
            source=source,
        )
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise PolicyError(
            [f"line {line}: it is not UTF-8. Save it as UTF-8."], source=source
        ) from None
    return parse_policy(text, source=source)


def parse_policy(text: str, *, source: str = "cookies.toml") -> CookiePolicy:
    """
    Read the text of a policy file.

    Args:
        text: TOML 1.0.
        source: Its path, for messages.

    Raises:
        PolicyError: All that is wrong in it.
    """
    import tomllib

    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise PolicyError([f"It is not TOML: {error}."], source=source) from None
    return _Reader(_Lines(text)).read(document, source)


class _Reader:
    """Reads a document and gathers what is wrong with it."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        #: (line or 0, text), in the order found.
        self._found: list[tuple[int, str]] = []

    @property
    def mistakes(self) -> list[str]:
        """One sentence each, in the order of the file."""
        ordered = sorted(self._found, key=lambda found: found[0])
        return [f"line {line}: {text}" if line else text for line, text in ordered]

    def read(self, document: Mapping[str, Any], source: str) -> CookiePolicy:
        """
        Make the policy.

        Raises:
            PolicyError: All that is wrong.
        """
        self._refuse_unknown(document, ("site", "cookie"), "", 0, "")
        site = self._read_site(document.get("site", {}))
        cookies = self._read_cookies(document.get("cookie", []))
        if self._found:
            raise PolicyError(self.mistakes, source=source)
        return CookiePolicy(cookies=tuple(cookies), site=site, source=source)

    def _read_site(self, entry: object) -> Site:
        if not isinstance(entry, dict):
            self._mistake(
                "site", 0, "", "[site]: it is no table. Write [site] on a line of its own."
            )
            return Site()
        values = self._read_entry(entry, _SITE_KEYS, "site", 0, "[site]")
        try:
            return Site(**values)
        except PolicyError as error:
            for mistake in error.mistakes:
                self._mistake("site", 0, "privacy_url", mistake)
            return Site()

    def _read_cookies(self, entries: object) -> list[DeclaredCookie]:
        if not isinstance(entries, list):
            self._mistake("cookie", 0, "", "[cookie]: write [[cookie]] with two brackets.")
            return []
        cookies = []
        names: set[str] = set()
        for index, entry in enumerate(entries):
            if not isinstance(entry, dict):
                self._mistake("cookie", index, "", f"[[cookie]] {index + 1}: {_NO_TABLE}")
                continue
            name = entry.get("name")
            if isinstance(name, str):
                if name in names:
                    text = f"Cookie {name!r} is declared twice. Keep one entry."
                    self._mistake("cookie", index, "name", text)
                names.add(name)
            cookie = self._read_cookie(entry, index)
            if cookie is not None:
                cookies.append(cookie)
        return cookies

    def _read_cookie(self, entry: Mapping[str, Any], index: int) -> DeclaredCookie | None:
        name = entry.get("name")
        where = f"Cookie {name!r}" if isinstance(name, str) else f"[[cookie]] {index + 1}"
        missing = [key for key in _NEEDED if key not in entry]
        if missing:
            text = f"{where}: it lacks {', '.join(missing)}. Add what is missing."
            self._mistake("cookie", index, "", text)
        values = self._read_entry(entry, _COOKIE_KEYS, "cookie", index, where)
        if "name" not in values:
            return None
        if "purposes" not in values:
            # Without its purposes a lifetime has no limit that it could be held to.
            values.pop("lifetime", None)
        if "samesite" in entry and "samesite" not in values:
            values.pop("partitioned", None)
        try:
            return DeclaredCookie(**{**_STAND_INS, **values})
        except PolicyError as error:
            for mistake in error.mistakes:
                self._mistake("cookie", index, _key_meant(mistake, where), mistake)
            return None

    def _read_entry(
        self,
        entry: Mapping[str, Any],
        keys: Mapping[str, Callable[[Any], Any]],
        table: str,
        index: int,
        where: str,
    ) -> dict[str, Any]:
        self._refuse_unknown(entry, keys, table, index, f"{where}: ")
        values = {}
        for key, read in keys.items():
            if key in entry:
                try:
                    values[key] = read(entry[key])
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
                if table == "cookie":
                    hint = _HINTS.get(key.lower(), hint)
                elif not table and not isinstance(entry[key], dict | list):
                    hint = f"It stands before any section. {hint}"
                line = self._lines.of(table, index, key) or self._lines.of(key) or 0
                self._found.append((line, f"{where}{_say(key)} is not known. {hint}"))

    def _mistake(self, table: str, index: int, key: str, text: str) -> None:
        self._found.append((self._lines.of(table, index, key) or 0, text))


def _key_meant(mistake: str, where: str) -> str:
    """Find the key that a mistake of a cookie begins with; empty for the entry as a whole."""
    words = mistake.removeprefix(f"{where}: ").split(" ", 2)
    if words[0] in _COOKIE_KEYS:
        return words[0]
    if words[0] == "purpose":
        return "purposes"
    # "the name ...", "the pattern ...", "the prefix ...", "this is a name ...", "only one star ..."
    return "name" if words[0] in ("the", "this", "only") else ""


def _say(value: object) -> str:
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= 60 else f"{text[:57]}..."


def _read_string(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("write text in quotes.")
    return value


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("write true or false, without quotes.")
    return value


def _read_strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError('write a list of texts: ["...", "..."].')
    return tuple(value)


def _read_languages(value: object) -> tuple[str, ...]:
    languages = _read_strings(value)
    if not languages or any(
        not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) for tag in languages
    ):
        raise ValueError('write language tags, for example ["en", "de"].')
    return languages


def _read_text(value: object) -> str | Mapping[str, str]:
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value and all(isinstance(text, str) for text in value.values()):
        return dict(value)
    raise ValueError('write text in quotes, or one for each language: { en = "...", de = "..." }.')


def _read_lifetime(value: object) -> object:
    if value == "session":
        return None
    return read_duration(_read_string(value))


_SITE_KEYS: dict[str, Callable[[Any], Any]] = {
    "name": _read_string,
    "controller": _read_string,
    "contact": _read_string,
    "dpo": _read_string,
    "authority": _read_string,
    "privacy_url": _read_string,
    "languages": _read_languages,
    "jurisdictions": _read_strings,
}

_COOKIE_KEYS: dict[str, Callable[[Any], Any]] = {
    "name": _read_string,
    "title": _read_text,
    "purposes": _read_strings,
    "description": _read_text,
    "without_it": _read_text,
    "lifetime": _read_lifetime,
    "path": _read_string,
    "domain": _read_string,
    "samesite": _read_string,
    "script_readable": _read_flag,
    "partitioned": _read_flag,
    "not_the_tracker": _read_string,
}

_NEEDED = ("name", "title", "purposes", "description", "without_it", "lifetime")

_NO_TABLE = "it is no table. Write [[cookie]] on a line of its own, and its keys below it."

#: What to say to keys that people try, of other libraries or of the header itself.
_HINTS = {
    "category": "Write purposes = [...].",
    "expires": 'Write lifetime = "4 hours", or "session".',
    "http_only": "It is always on; script_readable = true takes it off.",
    "httponly": "It is always on; script_readable = true takes it off.",
    "max-age": 'Write lifetime = "4 hours", or "session".',
    "max_age": 'Write lifetime = "4 hours", or "session".',
    "secure": "It is always on.",
}

#: What stands for a missing or unreadable key, so that the rest of its entry is still checked.
_STAND_INS = {
    "title": "-",
    "purposes": ("security",),
    "description": "-",
    "without_it": "-",
}
