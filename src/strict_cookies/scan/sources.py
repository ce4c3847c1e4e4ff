"""
Which templates and static files an application and its blueprints bring, for the scan.

Strict Cookies' own pages are left out, as is what no browser shows as a page: mails in plain text,
feeds, data. Folders are walked, other loaders of Jinja are asked for what they have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from flask import Flask

    Language = Literal["html", "css", "js"]

#: Largest file that is read, in octets.
MAX_FILE_OCTETS = 1024 * 1024

_LANGUAGES: dict[str, Language] = {
    ".css": "css",
    ".js": "js",
    ".mjs": "js",
    ".htm": "html",
    ".html": "html",
}
#: Templates that no browser shows as a page.
_NO_PAGES = frozenset(
    {".atom", ".csv", ".eml", ".json", ".md", ".rss", ".rst", ".txt", ".xml", ".yml"}
)
#: Endings that say only that Jinja renders the file.
_RENDERED = frozenset({".j2", ".jinja", ".jinja2"})


class Source(NamedTuple):
    """One file, or one template that a loader keeps elsewhere."""

    name: str
    path: str
    language: Language
    template: bool
    loader: Any = None

    def read(self) -> str | None:
        """Read the text; None where it is too large."""
        if self.loader is not None:
            text = str(self.loader.get_source(None, self.name)[0])
            return text if len(text) <= MAX_FILE_OCTETS else None
        with open(self.path, "rb") as file:
            octets = file.read(MAX_FILE_OCTETS + 1)
        return None if len(octets) > MAX_FILE_OCTETS else octets.decode("utf-8", "replace")


def list_sources(app: Flask) -> Iterator[Source]:
    """List what the application and its blueprints bring, templates first."""
    ours = __name__.partition(".")[0]
    rooms: list[Any] = [app]
    rooms += [
        blueprint
        for blueprint in app.blueprints.values()
        if blueprint.import_name.partition(".")[0] != ours
    ]
    for room in rooms:
        yield from _templates(room.jinja_loader)
    for room in rooms:
        if room.static_folder:
            for path in _walk(room.static_folder):
                language = _LANGUAGES.get(os.path.splitext(path)[1].lower())
                if language is not None:
                    yield Source(path, path, language, False)


def _templates(loader: Any) -> Iterator[Source]:
    """List the templates of a loader: folders as files, other loaders by what they tell."""
    if loader is None:
        return
    folders = getattr(loader, "searchpath", None)
    if folders is not None:
        for folder in folders:
            for path in _walk(folder):
                language = _template_language(path)
                if language is not None:
                    yield Source(path, path, language, True)
        return
    inner = getattr(loader, "loaders", None)
    if inner is not None:
        for part in inner:
            yield from _templates(part)
        return
    try:
        names = loader.list_templates()
    except (TypeError, OSError):
        # A loader that can't list what it has, for example a FunctionLoader.
        return
    for name in names:
        language = _template_language(name)
        if language is not None:
            yield Source(name, "", language, True, loader)


def _template_language(name: str) -> Language | None:
    stem, ending = os.path.splitext(name.lower())
    if ending in _RENDERED:
        ending = os.path.splitext(stem)[1]
    return None if ending in _NO_PAGES else _LANGUAGES.get(ending, "html")


def _walk(folder: str | os.PathLike[str]) -> Iterator[str]:
    """List the regular files of a folder in a stable order; links to folders aren't followed."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if os.path.isfile(path):
                yield path
