"""
What a visitor does on the site during an audit, read from a small TOML file.

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

Steps run in order, in one browser with one cookie jar. All mistakes in a file are reported in one
error. What is typed into fields stays in the file or in the environment and appears in no report.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from ..._util.suggest import did_you_mean
from ..._util.toml_file import (
    LineIndex,
    parse_toml,
    read_text,
    show_value,
    sort_mistakes,
)
from ...errors import JourneyError
from ...policy.value_types import FLAG, STRING, STRINGS

#: What a step does. ``visit``: open pages and follow links. ``return``: come back in a new tab,
#: with the cookies kept. ``login``: fill in a form, or load a storage state. ``submit``: fill in
#: any other form, for example of preferences. ``logout``: sign out, by a click or a URL.
Action = Literal["visit", "return", "login", "submit", "logout"]

_SCHEMES = ("http", "https")
#: Largest file that is read, in bytes.
MAX_FILE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One step of a journey.

    Args:
        do: The action.
        name: The name in the report.
        pages: Paths or URLs to start from; empty for the targets of the audit.
        crawl: Whether to follow links from there.
        fields: Names and values of a form's fields; true and false for checkboxes.
        click: A Playwright selector of the element to click; by default the button of the form
            with the fields.
        expect: A Playwright selector of an element that is there after the step; None for no check.
        storage_state: A file with the storage state of a signed-in browser, from Playwright.
    """

    do: Action
    name: str
    pages: tuple[str, ...] = ()
    crawl: bool = False
    fields: Mapping[str, str | bool] = field(default_factory=dict, repr=False)
    click: str | None = None
    expect: str | None = None
    storage_state: Path | None = None


#: The journey of an audit without a journey file.
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
    Read a journey from a file.

    Args:
        path: A TOML file.

    Raises:
        JourneyError: The file can't be read, or has mistakes; all are listed.
    """
    source = os.fspath(path)
    try:
        text = read_text(path, max_bytes=MAX_FILE_BYTES)
    except ValueError as error:
        raise JourneyError([str(error)], source=source) from None
    return parse_journey(text, source=source, directory=Path(source).parent)


def parse_journey(
    text: str, *, source: str = "journey.toml", directory: Path | None = None
) -> tuple[Step, ...]:
    """
    Parse a journey.

    Args:
        text: TOML 1.0.
        source: The path of the file, for messages.
        directory: Base of relative paths of storage states; None for the current directory.

    Raises:
        JourneyError: The text has mistakes; all are listed.
    """
    try:
        document = parse_toml(text)
    except ValueError as error:
        raise JourneyError([str(error)], source=source) from None
    loader = _Loader(directory or Path(), LineIndex(text))
    steps = loader.load(document)
    if loader.mistakes:
        raise JourneyError(sort_mistakes(loader.mistakes), source=source)
    return steps


class _Loader:
    """Converts a document and collects its mistakes."""

    def __init__(self, directory: Path, lines: LineIndex) -> None:
        self._directory = directory
        self._lines = lines
        #: (line or 0, text), in the order of discovery.
        self.mistakes: list[tuple[int, str]] = []

    def load(self, document: Mapping[str, Any]) -> tuple[Step, ...]:
        """Return the valid steps of a document."""
        for key in document:
            if key != "step":
                line = self._lines.find(key) or self._lines.find("", 0, key) or 0
                hint = did_you_mean(key, ["step"], otherwise="Write [[step]].")
                text = f"{show_value(key)} is not known. {hint}"
                self.mistakes.append((line, text))
        entries = document.get("step", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self._add(0, "", "step is not a list of tables. Write [[step]] above each step.")
            return ()
        if not entries:
            self._add(0, "", "There is no step. Write [[step]], and below it do = 'visit'.")
        steps = [self._load_step(index, entry) for index, entry in enumerate(entries)]
        names: dict[str, int] = {}
        for index, step in enumerate(steps):
            if step is not None:
                first = names.setdefault(step.name, index)
                if first != index:
                    self._add(
                        index,
                        "name",
                        f"step {index + 1}: step {first + 1} is called {step.name!r}, too. Give "
                        "one of them another name: name = '...'.",
                    )
        return tuple(step for step in steps if step is not None)

    def _load_step(self, index: int, entry: Mapping[str, Any]) -> Step | None:
        label = f"step {index + 1}"
        before = len(self.mistakes)
        for key in entry:
            if key not in _KEYS:
                hint = did_you_mean(key, _KEYS, otherwise=f"Known: {', '.join(_KEYS)}.")
                text = f"{label}: {show_value(key)} is not known. {hint}"
                self._add(index, key, text)
        do = entry.get("do")
        if not isinstance(do, str) or do not in _NAMES:
            problem = "do is missing" if do is None else f"do is {show_value(do)}"
            self._add(index, "do", f"{label}: {problem}: write one of {', '.join(_NAMES)}.")
            return None
        label += f" ({show_value(entry.get('name', do))})"
        values: dict[str, Any] = {}
        for key, convert in _CONVERTERS.items():
            if key in entry:
                try:
                    values[key] = convert(entry[key])
                except _SecretError as error:
                    self._add(index, key, f"{label}: {key}: {error}")
                except ValueError as error:
                    text = f"{label}: {key} is {show_value(entry[key])}: {error}"
                    self._add(index, key, text)
        for page in values.get("page", ()):
            if not _is_page(page):
                text = (
                    f"{label}: page is {show_value(page)}: write a path such as '/login', or a URL."
                )
                self._add(index, "page", text)
        for text in self._check(do, entry, values):
            self._add(index, "", f"{label}: {text}")
        if len(self.mistakes) > before:
            return None
        if "storage_state" in values:
            values["storage_state"] = self._directory / values["storage_state"]
        pages = values.pop("page", ())
        return Step(**{"crawl": do == "visit", "name": _NAMES[do], "do": do, **values}, pages=pages)

    def _check(self, do: str, entry: Mapping[str, Any], values: Mapping[str, Any]) -> Iterable[str]:
        """Find keys that contradict each other, and missing ones."""
        acts = {"fields", "click"} & entry.keys()
        state = values.get("storage_state")
        if do in ("visit", "return") and acts:
            keys = " and ".join(sorted(acts))
            yield f"{keys} can't be used with do = {do!r}. Use do = 'submit'."
        if do == "login" and "storage_state" not in entry and "fields" not in entry:
            yield (
                "it lacks fields or storage_state. Say how to sign in: "
                "fields = { username = '...', password = { env = '...' } }."
            )
        if do == "submit" and not acts:
            yield "it lacks fields and click. Say what to submit."
        if do == "logout" and not acts and not entry.get("page"):
            yield "it lacks click and page. Say how to sign out."
        if do != "login" and "storage_state" in entry:
            yield "storage_state is for do = 'login' only."
        elif state is not None and not (self._directory / state).is_file():
            yield f"storage_state is {show_value(str(state))}: there is no such file."

    def _add(self, index: int, key: str, text: str) -> None:
        self.mistakes.append((self._lines.find("step", index, key) or 0, text))


class _SecretError(ValueError):
    """A mistake in a value that may be a password, so that no message repeats it."""


def _is_page(page: str) -> bool:
    """Return whether a browser can open a path or URL, whichever site is audited."""
    try:
        urls = [urlsplit(urljoin(f"{scheme}://site.example/", page)) for scheme in _SCHEMES]
        # Accessing the port validates it.
        is_web = all(url.scheme in _SCHEMES and url.hostname and url.port != 0 for url in urls)
    except ValueError:
        return False
    return is_web and bool(page.strip()) and page.isprintable()


def _convert_text(value: object) -> str:
    text: str = STRING.parse(value)
    if not text.strip():
        raise ValueError(f"write {STRING.wanted}.")
    return text


def _convert_fields(value: object) -> dict[str, str | bool]:
    if not isinstance(value, dict) or not value:
        raise _SecretError("write a table: fields = { name = 'text' }.")
    return {name: _convert_field(name, entry) for name, entry in value.items()}


def _convert_field(name: str, entry: object) -> str | bool:
    if isinstance(entry, dict):
        variable = entry.get("env")
        if set(entry) != {"env"} or not isinstance(variable, str):
            raise _SecretError(f"write {name!r} as text, true, false or {{ env = 'VARIABLE' }}.")
        if variable not in os.environ:
            raise _SecretError(
                f"{name!r} needs the environment variable {variable!r}, which is not set. Set it."
            )
        return os.environ[variable]
    if not isinstance(entry, str | bool):
        raise _SecretError(f"write {name!r} as text, true, false or {{ env = 'VARIABLE' }}.")
    return entry


_CONVERTERS: Mapping[str, Callable[[object], Any]] = {
    "page": STRINGS.parse,
    "name": _convert_text,
    "crawl": FLAG.parse,
    "fields": _convert_fields,
    "click": _convert_text,
    "expect": _convert_text,
    "storage_state": lambda value: Path(_convert_text(value)),
}
_KEYS = ("do", *_CONVERTERS)
