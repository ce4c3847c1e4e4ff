"""The reference page and the JSON Schema are up to date with the loader's tables and messages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strict_cookies.policy.schema import SECTIONS

ROOT = Path(__file__).parents[2]
SCRIPT = Path("scripts", "write_policy_reference.py")
PAGE = Path("docs", "cookies-toml.md")


@pytest.fixture
def copy(tmp_path):
    """Copy what the script reads and writes."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (SCRIPT, PAGE):
        (tmp_path / path).parent.mkdir()
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def change(folder, module, old, new):
    """Change one place of a module."""
    path = folder / "src" / "strict_cookies" / module
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def run(folder, *arguments):
    """Run the script; return its exit code and output."""
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.fspath(folder / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


STALE = "Stale: {}. Run: python scripts/write_policy_reference.py\n"
BOTH = STALE.format("cookies-toml.md, cookies.schema.json")
PAGE_ONLY = STALE.format("cookies-toml.md")


def test_page_is_up_to_date():
    """The page that is committed is the one that the script writes."""
    assert run(ROOT, "--check") == (0, "")


def test_page_has_a_heading_for_each_key():
    """Each key of each section has a heading of its own, in the order of the tables."""
    tables = {name: section.keys for name, section in SECTIONS.items()}
    headings = re.findall(r"^### (\w+): `(\w+)`$", (ROOT / PAGE).read_text("utf-8"), re.MULTILINE)
    assert headings == [(table, key) for table, keys in tables.items() for key in keys]


def test_new_key_makes_both_files_stale(copy):
    """A key that the loader accepts and the files lack is reported, and then written."""
    change(copy, "policy/site.py", '    dpo: str = ""\n', '    dpo: str = ""\n    icon: str = ""\n')
    change(
        copy,
        "policy/site.py",
        '        "dpo": Key',
        '        "icon": Key(type=STRING, summary="A picture.", example=\'"/i.svg"\'),\n'
        '        "dpo": Key',
    )
    assert run(copy, "--check") == (1, BOTH)
    assert run(copy) == (0, "")
    assert run(copy, "--check") == (0, "")
    assert "\n### site: `icon`\n\nA picture.\n" in (copy / PAGE).read_text("utf-8")
    schema = json.loads((copy / "src/strict_cookies/policy/cookies.schema.json").read_text("utf-8"))
    assert schema["properties"]["site"]["properties"]["icon"]["description"] == "A picture."


@pytest.mark.parametrize(
    ("module", "old", "new", "stale"),
    [
        pytest.param(
            "policy/cookie.py",
            'samesite: str = "Lax"',
            'samesite: str = "Strict"',
            BOTH,
            id="default",
        ),
        pytest.param(
            "policy/web_storage.py",
            "MAX_NAME_LENGTH = 128",
            "MAX_NAME_LENGTH = 64",
            BOTH,
            id="limit",
        ),
        pytest.param(
            "policy/cookie.py",
            "            example='\"4 hours\"',\n            required=True,\n",
            "            example='\"4 hours\"',\n",
            BOTH,
            id="required",
        ),
        pytest.param(
            "policy/value_types.py",
            'wanted="text in quotes",\n    convert=_parse_string',
            'wanted="text",\n    convert=_parse_string',
            PAGE_ONLY,
            id="message of a type",
        ),
        pytest.param(
            "policy/preference.py",
            "Name at least two, each once.",
            "Name two.",
            PAGE_ONLY,
            id="message of an entry",
        ),
    ],
)
def test_files_follow_the_loader(copy, module, old, new, stale):
    """If a fact of the loader changes, the check fails until the files are written again."""
    change(copy, module, old, new)
    assert run(copy, "--check") == (1, stale)
    assert run(copy) == (0, "")
    assert run(copy, "--check") == (0, "")


def test_example_that_is_refused_stops_the_script(copy):
    """An example that the loader no longer accepts is reported, and nothing is written."""
    change(copy, "policy/cookie.py", ', "none": "None"}', "}")
    code, said = run(copy)
    assert code == 1
    assert said.startswith("The example of partitioned in [[cookie]] is refused: Cookie '__Host-")
    assert (copy / PAGE).read_text("utf-8") == (ROOT / PAGE).read_text("utf-8")


def test_mistake_that_is_taken_stops_the_script(copy):
    """A value that the page calls a mistake, but the loader accepts, is reported."""
    change(
        copy,
        "policy/purposes.py",
        "A_FEW_HOURS = timedelta(hours=4)",
        "A_FEW_HOURS = timedelta(hours=5)",
    )
    code, said = run(copy)
    assert code == 1
    assert said.startswith('[[cookie]] accepts `lifetime = "5 hours"`.')
