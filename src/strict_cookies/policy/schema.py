"""
The schema of ``cookies.toml``: every section, in the order of the file and of the document.

The table of a section is in the module of its entry, next to the dataclass: each key with its type,
help, example and how the declaration publishes it. All else is derived from these tables: the
loader, the commented file of ``flask cookies init``, the reference page and the JSON Schema
(``scripts/write_policy_reference.py``), and the declaration's document, its JSON Schema and the
reader of published declarations.

To add a key to a section, for example to ``[[cookie]]`` in ``cookie.py``:

1. Add a field with its default, type and checks to the dataclass.
2. Add a :class:`~strict_cookies.policy.section.Key` of the same name to the table below it, with
   ``published=None`` if it stays out of the declaration, and with ``Published(optional=True)``
   otherwise, since older declarations lack it.
3. Run ``scripts/write_policy_reference.py`` and ``scripts/write_declaration_schema.py``.

The dataclass checks whether an entry makes sense, whether it comes from the file or from Python.
"""

from __future__ import annotations

from collections.abc import Mapping

from .cookie import COOKIE
from .external_origin import EXTERNAL_ORIGIN
from .preference import PREFERENCE
from .recipient import RECIPIENT
from .section import Section
from .site import SITE
from .web_storage import STORAGE

#: The sections with entries, written ``[[name]]``.
ENTRY_SECTIONS: Mapping[str, Section] = {
    "cookie": COOKIE,
    "storage": STORAGE,
    "preference": PREFERENCE,
    "recipient": RECIPIENT,
    "external_origin": EXTERNAL_ORIGIN,
}

#: Every section, ``[site]`` included, which is there once.
SECTIONS: Mapping[str, Section] = {"site": SITE, **ENTRY_SECTIONS}

#: The JSON Schema of the file for editors, as ``flask cookies init`` writes it.
SCHEMA_FILE = "cookies.schema.json"


def read_json_schema() -> str:
    """Return the JSON Schema of ``cookies.toml`` (draft 7), for editors."""
    from importlib.resources import files

    return files(__package__).joinpath(SCHEMA_FILE).read_text("utf-8")
