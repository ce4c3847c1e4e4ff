"""
Minify the guard's scripts; with ``--check``, tell whether that was done since they changed.

Run it after a change of ``src/strict_cookies/guard/*.js`` and commit what it writes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import minify

FOLDER = Path(__file__).parent.parent / "src" / "strict_cookies" / "firewall" / "guard"
NAMES = ("guard", "erase")


def minified(name: str) -> str:
    """Give the text of a minified file as it should be."""
    source = (FOLDER / f"{name}.js").read_text("utf-8")
    return f"{minify.string('application/javascript', source)}\n"


def main(check: bool) -> str | None:
    """Write each minified file, or say which ones are stale; None where all is well."""
    stale = []
    for name in NAMES:
        written = FOLDER / f"{name}.min.js"
        if not check:
            written.write_text(minified(name), "utf-8")
        elif written.read_text("utf-8") != minified(name):
            stale.append(written.name)
    return f"Stale: {', '.join(stale)}. Run: python scripts/minify_guard.py" if stale else None


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
