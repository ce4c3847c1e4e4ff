"""docs/cookies-toml.md is what the loader's tables and answers make it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from strict_cookies.policy.schema import SECTIONS, SITE_KEYS

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
    """Run the script; give its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.fspath(folder / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


STALE = "Stale: cookies-toml.md. Run: python scripts/write_policy_reference.py\n"


def test_page_is_up_to_date():
    """The page that is committed is the one that the script writes."""
    assert run(ROOT, "--check") == (0, "")


def test_page_has_a_heading_for_each_key():
    """Each key of each section has a heading of its own, in the order of the tables."""
    tables = {"site": SITE_KEYS, **{name: section.keys for name, section in SECTIONS.items()}}
    headings = re.findall(r"^### (\w+): `(\w+)`$", (ROOT / PAGE).read_text("utf-8"), re.MULTILINE)
    assert headings == [(table, key) for table, keys in tables.items() for key in keys]


def test_new_key_makes_the_page_stale(copy):
    """A key that the loader takes and the page does not have is told, by the check too."""
    change(copy, "policy/site.py", '    dpo: str = ""\n', '    dpo: str = ""\n    icon: str = ""\n')
    change(
        copy,
        "policy/schema.py",
        '    "dpo": Key',
        '    "icon": Key(STRING, "A picture."),\n    "dpo": Key',
    )
    assert run(copy, "--check") == (
        1,
        "TRIED lacks icon of [site]. Mend write_policy_reference.py.\n",
    )
    script = (copy / SCRIPT).read_text("utf-8")
    tried = script.replace(
        '        "dpo": Tried', '        "icon": Tried(\'"/i.svg"\'),\n        "dpo": Tried'
    )
    (copy / SCRIPT).write_text(tried, "utf-8")
    assert run(copy, "--check") == (1, STALE)
    assert run(copy) == (0, "")
    assert run(copy, "--check") == (0, "")
    assert "\n### site: `icon`\n\nA picture.\n" in (copy / PAGE).read_text("utf-8")


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        pytest.param(
            "policy/cookie.py", 'samesite: str = "Lax"', 'samesite: str = "Strict"', id="default"
        ),
        pytest.param(
            "policy/web_storage.py", "MAX_NAME_LENGTH = 128", "MAX_NAME_LENGTH = 64", id="limit"
        ),
        pytest.param(
            "policy/schema.py",
            '        needed=("origin", "kinds", "reason", "recipient"),',
            '        needed=("origin", "kinds", "recipient"),',
            id="needed",
        ),
        pytest.param(
            "policy/value_types.py",
            'wanted="text in quotes", convert=_string',
            'wanted="text", convert=_string',
            id="message",
        ),
        pytest.param(
            "policy/preference.py", "Name at least two, each once.", "Name two.", id="answer"
        ),
    ],
)
def test_page_follows_the_loader(copy, module, old, new):
    """Whatever of the loader's facts changes, the check fails until the page is written anew."""
    change(copy, module, old, new)
    assert run(copy, "--check") == (1, STALE)
    assert run(copy) == (0, "")
    assert run(copy, "--check") == (0, "")


def test_example_that_is_refused_stops_the_script(copy):
    """An example that the loader no longer takes is told, and nothing is written."""
    change(copy, "policy/cookie.py", ', "none": "None"}', "}")
    code, said = run(copy)
    assert code == 1
    assert said.startswith("The example of partitioned in [[cookie]] is refused: Cookie '__Host-")
    assert (copy / PAGE).read_text("utf-8") == (ROOT / PAGE).read_text("utf-8")


def test_mistake_that_is_taken_stops_the_script(copy):
    """A value that the page calls a mistake, and that the loader takes, is told."""
    change(
        copy,
        "policy/purposes.py",
        "A_FEW_HOURS = timedelta(hours=4)",
        "A_FEW_HOURS = timedelta(hours=5)",
    )
    code, said = run(copy)
    assert code == 1
    assert said.startswith('[[cookie]] takes `lifetime = "5 hours"`.')
