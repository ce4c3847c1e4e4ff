"""
List the texts of the declaration's pages for translators.

``python scripts/extract_messages.py`` brings each catalogue up to date: new texts are added without
a translation, old ones are removed. With ``--check`` nothing is written, and the exit code is 1
where a catalogue is not up to date.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "src" / "strict_cookies"
FOLDER = PACKAGE / "declaration"
METHODS = [("**.py", "python"), ("pages/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def extract() -> Catalog:
    """Find every text in the modules and templates."""
    catalogue = Catalog()
    for folder in (FOLDER, PACKAGE / "sessions", PACKAGE / "policy"):
        for found in extract_from_dir(folder, METHODS, keywords=KEYWORDS):
            _path, _line, message, _comments, context = found
            catalogue.add(message, context=context)
    return catalogue


def catalogues() -> dict[str, Path]:
    """Give the catalogue of each language that has one."""
    return {path.stem: path for path in sorted((FOLDER / "i18n" / "translations").glob("*.po"))}


def update(path: Path, template: Catalog) -> bytes:
    """Give a catalogue's octets with exactly the texts of the template."""
    old = read_po(io.BytesIO(path.read_bytes()), locale=path.stem)
    new = Catalog(
        locale=path.stem,
        fuzzy=False,
        header_comment=old.header_comment,
        creation_date=old.creation_date,
        revision_date=old.revision_date,
    )
    for message in template:
        if message.id:
            known = old.get(message.id)
            new.add(message.id, known.string if known else "", flags=message.flags)
    octets = io.BytesIO()
    write_po(octets, new, omit_header=True, no_location=True, sort_output=False, width=0)
    plural = f'"Plural-Forms: {new.plural_forms}\\n"'
    head = (
        f'{new.header_comment}\nmsgid ""\nmsgstr ""\n"Language: {path.stem}\\n"\n'
        f'"Content-Type: text/plain; charset=utf-8\\n"\n{plural}\n\n'
    )
    return head.encode() + octets.getvalue().lstrip()


def main() -> str | None:
    """Bring the catalogues up to date, or say which are not."""
    check, stale = "--check" in sys.argv, []
    template = extract()
    for path in catalogues().values():
        text = update(path, template)
        if text != path.read_bytes():
            stale.append(path.name)
            if not check:
                path.write_bytes(text)
    if check and stale:
        return f"Not up to date: {', '.join(stale)}. Run python scripts/extract_messages.py."
    return None


if __name__ == "__main__":
    sys.exit(main())
