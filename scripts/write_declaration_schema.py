"""
Bring the JSON Schema of the declaration up to date with the keys that ``cookies.toml`` publishes.

``python scripts/write_declaration_schema.py`` writes
``src/strict_cookies/declaration/schema.json``. With ``--check`` it writes nothing, and the exit
code is 1 if the file is stale. What the declaration adds to the keys of the file is edited in the
JSON Schema itself.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from strict_cookies.policy.schema import ENTRY_SECTIONS
from strict_cookies.policy.section import Section
from strict_cookies.policy.site import SITE

SCHEMA = Path(__file__).parent.parent / "src" / "strict_cookies" / "declaration" / "schema.json"


def main(check: bool) -> str | None:
    """Write the file, or report that it is stale; return None on success."""
    old = SCHEMA.read_text("utf-8")
    schema = json.loads(old)
    update(schema["properties"]["site"], SITE)
    for table, section in ENTRY_SECTIONS.items():
        update(schema["$defs"][table], section)
    new = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
    if not check:
        SCHEMA.write_text(new, "utf-8")
    elif new != old:
        return f"Stale: {SCHEMA.name}. Run: python scripts/write_declaration_schema.py"
    return None


def update(definition: dict[str, Any], section: Section) -> None:
    """Replace the schemas of a section's published keys, and add those of new ones."""
    for key in section.published_keys():
        is_new = key.key not in definition["properties"]
        definition["properties"][key.key] = key.schema
        if is_new and not key.optional:
            definition["required"].append(key.key)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
