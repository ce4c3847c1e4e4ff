"""
Bring the catalogues up to date with the messages in modules and templates.

``python scripts/extract_messages.py`` adds new messages without a translation and removes old ones.
With ``--check`` it writes nothing, and the exit code is 1 if a catalogue is stale.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).parent.parent / "src" / "strict_cookies"
CATALOGUES = PACKAGE / "declaration" / "i18n" / "translations"
#: The directories with messages.
SOURCES = ("declaration", "sessions", "policy")
METHODS = [("**.py", "python"), ("pages/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}


def extract() -> Catalog:
    """Return every message in the modules and templates."""
    catalogue = Catalog()
    for name in SOURCES:
        for found in extract_from_dir(PACKAGE / name, METHODS, keywords=KEYWORDS):
            _path, _line, message, _comments, context = found
            catalogue.add(message, context=context)
    return catalogue


def catalogues() -> dict[str, Path]:
    """Return the path of each language's catalogue."""
    return {path.stem: path for path in sorted(CATALOGUES.glob("*.po"))}


def update(path: Path, template: Catalog) -> bytes:
    """Return a catalogue as bytes, with exactly the messages of the template."""
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
    data = io.BytesIO()
    write_po(data, new, omit_header=True, no_location=True, sort_output=False, width=0)
    plural = f'"Plural-Forms: {new.plural_forms}\\n"'
    head = (
        f'{new.header_comment}\nmsgid ""\nmsgstr ""\n"Language: {path.stem}\\n"\n'
        f'"Content-Type: text/plain; charset=utf-8\\n"\n{plural}\n\n'
    )
    return head.encode() + data.getvalue().lstrip()


def main() -> str | None:
    """Write the catalogues, or return which are stale."""
    check, stale = "--check" in sys.argv, []
    template = extract()
    for path in catalogues().values():
        text = update(path, template)
        if text != path.read_bytes():
            stale.append(path.name)
            if not check:
                path.write_bytes(text)
    if check and stale:
        return f"Stale: {', '.join(stale)}. Run python scripts/extract_messages.py."
    return None


if __name__ == "__main__":
    sys.exit(main())
