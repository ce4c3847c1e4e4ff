"""
List the templates and static files of an application and its blueprints.

Strict Cookies' own pages are skipped, and so are templates that no browser renders as a page, such
as plain-text mails, feeds and data.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from flask import Flask

    Language = Literal["html", "css", "js"]

#: Largest file that is read, in bytes.
MAX_FILE_BYTES = 1024 * 1024

_LANGUAGES: dict[str, Language] = {
    ".css": "css",
    ".js": "js",
    ".mjs": "js",
    ".htm": "html",
    ".html": "html",
}
#: Suffixes of templates that no browser renders as a page.
_NO_PAGES = frozenset(
    {".atom", ".csv", ".eml", ".json", ".md", ".rss", ".rst", ".txt", ".xml", ".yml"}
)
#: Suffixes that only say that Jinja renders the file.
_RENDERED = frozenset({".j2", ".jinja", ".jinja2"})


class Source(NamedTuple):
    """One file, or one template of a Jinja loader that has no files."""

    name: str
    path: str
    language: Language
    template: bool
    loader: Any = None

    def read(self) -> str | None:
        """Return the text, or None if it is too large."""
        if self.loader is not None:
            text = str(self.loader.get_source(None, self.name)[0])
            return text if len(text) <= MAX_FILE_BYTES else None
        with open(self.path, "rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        return None if len(data) > MAX_FILE_BYTES else data.decode("utf-8", "replace")


def list_sources(app: Flask) -> Iterator[Source]:
    """Yield the sources of the application and its blueprints, templates first."""
    ours = __name__.partition(".")[0]
    scaffolds: list[Any] = [app]
    scaffolds += [
        blueprint
        for blueprint in app.blueprints.values()
        if blueprint.import_name.partition(".")[0] != ours
    ]
    for scaffold in scaffolds:
        yield from _templates(scaffold.jinja_loader)
    for scaffold in scaffolds:
        if scaffold.static_folder:
            for path in _walk(scaffold.static_folder):
                language = _LANGUAGES.get(os.path.splitext(path)[1].lower())
                if language is not None:
                    yield Source(path, path, language, False)


def _templates(loader: Any) -> Iterator[Source]:
    """Yield the templates of a loader: its files, or else what it lists."""
    if loader is None:
        return
    directories = getattr(loader, "searchpath", None)
    if directories is not None:
        for directory in directories:
            for path in _walk(directory):
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
        # This loader can't list its templates, for example a FunctionLoader.
        return
    for name in names:
        language = _template_language(name)
        if language is not None:
            yield Source(name, "", language, True, loader)


def _template_language(name: str) -> Language | None:
    stem, suffix = os.path.splitext(name.lower())
    if suffix in _RENDERED:
        suffix = os.path.splitext(stem)[1]
    return None if suffix in _NO_PAGES else _LANGUAGES.get(suffix, "html")


def _walk(directory: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the files below a directory in a stable order; links to directories aren't followed."""
    for parent, subdirectories, names in os.walk(directory):
        subdirectories.sort()
        for name in sorted(names):
            path = os.path.join(parent, name)
            if os.path.isfile(path):
                yield path
