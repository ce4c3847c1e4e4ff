"""
What a visitor does on the site while the browser looks on, read from a small TOML file.

    [[step]]
    do = "visit"                      # open the site and follow its links

    [[step]]
    do = "login"
    page = "/login"
    fields = { username = "clerk", password = { env = "ERP_PASSWORD" } }

    [[step]]
    do = "logout"
    page = "/"
    click = "text=Sign out"

Steps are taken in order, in one browser with one jar. Every mistake of a file is told in one error.
What is typed into fields stays in the file or in the environment; it is part of no report.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from ...errors import JourneyError

#: What a step can do. ``visit``: open pages and follow links. ``return``: come back with the jar
#: kept, in a new tab. ``login``: fill in a form, or load a storage state. ``submit``: fill in any
#: other form, for example of preferences. ``logout``: click, or open an address, that signs out.
Action = Literal["visit", "return", "login", "submit", "logout"]

_SCHEMES = ("http", "https")
#: Largest file that is read, in octets.
MAX_FILE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One step of a journey.

    Args:
        do: What is done.
        name: How the report calls it.
        pages: Paths or URLs to begin with; empty for the targets of the audit.
        crawl: Whether links are followed from there.
        fields: Names of a form's fields, and what is entered; true and false for boxes.
        click: A selector of what is clicked, as Playwright reads it; by default the button of the
            form that has the fields.
        expect: A selector of what is there afterwards where it worked; None where nobody says.
        storage_state: A file that Playwright wrote, of a browser that has signed in.
    """

    do: Action
    name: str
    pages: tuple[str, ...] = ()
    crawl: bool = False
    fields: Mapping[str, str | bool] = field(default_factory=dict, repr=False)
    click: str | None = None
    expect: str | None = None
    storage_state: Path | None = None


#: What is done where nobody says more.
DEFAULT_JOURNEY = (
    Step(do="visit", name="first visit", crawl=True),
    Step(do="return", name="second visit"),
)

_NAMES: Mapping[str, str] = {
    "visit": "first visit",
    "return": "second visit",
    "login": "login",
    "submit": "preference",
    "logout": "logout",
}


def load_journey(path: str | os.PathLike[str]) -> tuple[Step, ...]:
    """
    Read a journey.

    Args:
        path: A TOML file.

    Raises:
        JourneyError: It can't be read, or all that is wrong in it.
    """
    source = os.fspath(path)
    try:
        with Path(source).open("rb") as file:
            octets = file.read(MAX_FILE_BYTES + 1)
        if len(octets) > MAX_FILE_BYTES:
            raise ValueError(f"it has more than {MAX_FILE_BYTES} octets")
        text = octets.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise JourneyError([f"It can't be read: {problem}."], source=source) from None
    return parse_journey(text, source=source, folder=Path(source).parent)


def parse_journey(
    text: str, *, source: str = "journey.toml", folder: Path | None = None
) -> tuple[Step, ...]:
    """
    Read the text of a journey.

    Args:
        text: TOML 1.0.
        source: Its path, for messages.
        folder: Where relative paths of storage states begin.

    Raises:
        JourneyError: All that is wrong in it.
    """
    import tomllib

    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise JourneyError([f"It is not TOML: {error}."], source=source) from None
    reader = _Reader(folder or Path())
    steps = reader.read(document)
    if reader.mistakes:
        raise JourneyError(reader.mistakes, source=source)
    return steps


class _Reader:
    """Reads steps and gathers what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.mistakes: list[str] = []

    def read(self, document: Mapping[str, Any]) -> tuple[Step, ...]:
        self._refuse_unknown(document, ("step",), "")
        entries = document.get("step", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.mistakes.append("step: it is no list of tables. Write [[step]] above each step.")
            return ()
        if not entries:
            self.mistakes.append("There is no step. Write [[step]] and below it do = 'visit'.")
        steps = [self._step(number, entry) for number, entry in enumerate(entries, 1)]
        taken: dict[str, int] = {}
        for number, step in enumerate(steps, 1):
            if step is not None:
                first = taken.setdefault(step.name, number)
                if first != number:
                    self.mistakes.append(
                        f"step {number}: it is called {step.name!r} like step {first}. Give it a "
                        "name of its own: name = '...'."
                    )
        return tuple(step for step in steps if step is not None)

    def _step(self, number: int, entry: Mapping[str, Any]) -> Step | None:
        where = f"step {number}: "
        before = len(self.mistakes)
        self._refuse_unknown(entry, ("do", "page", "name", *_READERS), where)
        do = entry.get("do")
        if not isinstance(do, str) or do not in _NAMES:
            said = "do is missing" if do is None else f"do is {_say(do)}"
            self.mistakes.append(f"{where}{said}. Use one of {', '.join(_NAMES)}.")
            return None
        where = f"step {number} ({_say(entry.get('name', do))}): "
        values: dict[str, Any] = {}
        for key, read in _READERS.items():
            if key in entry:
                try:
                    values[key] = read(entry[key])
                except ValueError as error:
                    self.mistakes.append(f"{where}{key} {error}.")
        pages = self._pages(entry.get("page", []), where)
        self._check(do, entry, values, where)
        if len(self.mistakes) > before:
            return None
        if "storage_state" in values:
            values["storage_state"] = self._folder / values["storage_state"]
        return Step(
            **{"crawl": do == "visit", "name": _NAMES[do], "do": do, **values},
            pages=pages,
        )

    def _pages(self, value: object, where: str) -> tuple[str, ...]:
        pages = [value] if isinstance(value, str) else value
        if not isinstance(pages, list) or not all(isinstance(page, str) for page in pages):
            self.mistakes.append(f"{where}page is {_say(value)}. Use a path, or a list of paths.")
            return ()
        self.mistakes += (
            f"{where}page is {_say(page)}, which is no address of a page. Use a path such as "
            "'/login', or an address that begins with http:// or https://."
            for page in pages
            if not _is_page(page)
        )
        return tuple(pages)

    def _check(
        self, do: str, entry: Mapping[str, Any], values: Mapping[str, Any], where: str
    ) -> None:
        """Tell what does not go together."""
        acts = {"fields", "click"} & entry.keys()
        state = values.get("storage_state")
        if do in ("visit", "return") and acts:
            self.mistakes.append(
                f"{where}{' and '.join(sorted(acts))} can't be used with do = {do!r}. "
                "Use do = 'submit'."
            )
        if do == "login" and "storage_state" not in entry and "fields" not in entry:
            self.mistakes.append(
                f"{where}it lacks fields or storage_state. Say how to sign in: "
                "fields = { username = '...', password = { env = '...' } }."
            )
        if do == "submit" and not acts:
            self.mistakes.append(f"{where}it lacks fields and click. Say what is to be sent.")
        if do == "logout" and not acts and not entry.get("page"):
            self.mistakes.append(f"{where}it lacks click and page. Say how to sign out.")
        if do != "login" and "storage_state" in entry:
            self.mistakes.append(f"{where}storage_state is for do = 'login' only.")
        elif state is not None and not (self._folder / state).is_file():
            self.mistakes.append(f"{where}storage_state is {_say(str(state))}: there is no file.")

    def _refuse_unknown(self, entry: Mapping[str, Any], known: Iterable[str], where: str) -> None:
        known = tuple(known)
        for key in entry:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(known)}."
                self.mistakes.append(f"{where}{_say(key)} is not known. {hint}")


def _is_page(page: str) -> bool:
    """Tell whether a browser could be sent there, from whatever site is audited."""
    try:
        found = [urlsplit(urljoin(f"{scheme}://site.example/", page)) for scheme in _SCHEMES]
        # Reading the port checks it.
        is_web = all(
            parts.scheme in _SCHEMES and parts.hostname and parts.port != 0 for parts in found
        )
    except ValueError:
        return False
    return is_web and bool(page.strip()) and page.isprintable()


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"is {_say(value)}: use a text")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"is {_say(value)}: use true or false")
    return value


def _fields(value: object) -> dict[str, str | bool]:
    if not isinstance(value, dict) or not value:
        raise ValueError("is no table: write fields = { name = 'text' }")
    return {name: _entered(name, entry) for name, entry in value.items()}


def _entered(name: str, entry: object) -> str | bool:
    """Read what is entered; a message never repeats it, since it may be a password."""
    if isinstance(entry, dict):
        variable = entry.get("env")
        if set(entry) != {"env"} or not isinstance(variable, str):
            raise ValueError(f"has for {name!r} a table that is not {{ env = 'VARIABLE' }}")
        if variable not in os.environ:
            raise ValueError(f"wants {variable!r} for {name!r}, which is not in the environment")
        return os.environ[variable]
    if not isinstance(entry, str | bool):
        raise ValueError(f"has for {name!r} neither a text, nor true, nor false")
    return entry


_READERS: Mapping[str, Callable[[object], Any]] = {
    "name": _text,
    "crawl": _flag,
    "fields": _fields,
    "click": _text,
    "expect": _text,
    "storage_state": lambda value: Path(_text(value)),
}


def _say(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
