"""The JSON Schema of the declaration has the keys that cookies.toml publishes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_schema_is_up_to_date():
    """The committed file is the one that the script writes."""
    done = subprocess.run(
        [sys.executable, Path("scripts", "write_declaration_schema.py"), "--check"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.fspath(ROOT / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
