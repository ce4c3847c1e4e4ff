"""That every kind of finding has a stable id and a paragraph, and that the docs are true."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from strict_cookies.audit.analysis.finding import SEVERITIES, FindingKind
from strict_cookies.audit.bundle import read_manifest_hash, write_bundle
from strict_cookies.audit.formats.csv_file import COLUMNS
from strict_cookies.audit.report import CLEAN, EXIT_CODES
from strict_cookies.cli.main import cookies
from tests.audit.test_bundle import REPORT

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "audit-report.md"
#: Ids are promised to reports, CI and dashboards outside: this table only ever grows.
IDS = {
    "AU1": (1, 2, 3, 4, 5, 6, 7, 8, 9),
    "AU2": (1, 2, 3, 4),
    "AU3": (1, 2, 3, 4),
    "AU4": (1, 2),
    "AU5": (1, 2, 3),
    "AU6": (1, 2, 3, 4),
}


#: Commands that are documented before they exist.


def test_ids_are_unique_and_stable():
    """No two kinds share an id, and no published id has gone."""
    ids = [kind.id for kind in FindingKind]
    assert len(ids) == len(set(ids))
    assert {f"{group}{number:02}" for group in IDS for number in IDS[group]} <= set(ids)
    assert ids == sorted(ids)


@pytest.mark.parametrize("kind", FindingKind, ids=lambda kind: kind.id)
def test_kind_is_complete(kind):
    """Each kind has an id of the pattern, a severity, a short title and a remedy in sentences."""
    assert re.fullmatch(r"AU[1-6]\d\d", kind.id)
    assert kind.severity in SEVERITIES
    assert 0 < len(kind.title) <= 60
    assert kind.title[0].islower()
    assert kind.remedy.endswith(".")
    assert kind.remedy[0].isupper()
    assert str(kind) == f"{kind.id} {kind.title}"


def test_every_kind_has_a_paragraph():
    """The page has a heading and a text for each kind, and none that does not exist."""
    parts = re.split(r"^##+ (AU\d{3}) (.+)$", PAGE.read_text("utf-8"), flags=re.M)[1:]
    told = list(zip(parts[::3], parts[1::3], strict=True))
    assert told == [(kind.id, kind.title) for kind in FindingKind]
    assert all(len(text.strip()) > 40 for text in parts[2::3])


def test_table_of_kinds_is_complete():
    """The table has each kind with its severity."""
    rows = re.findall(r"^\| (AU\d{3}) \| (\w+) \| (.+) \|$", PAGE.read_text("utf-8"), flags=re.M)
    assert rows == [(kind.id, kind.severity, kind.title) for kind in FindingKind]


def test_results_and_columns_are_told_right():
    """Exit codes, the clean sentence and the columns of the CSV are those of the code."""
    text = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .+ \| (\d) \|$", text, flags=re.M)
    assert [(result, int(code)) for result, code in rows] == list(EXIT_CODES.items())
    assert f'"{CLEAN}"' in text
    assert f"The columns of the CSV are {', '.join(f'`{name}`' for name in COLUMNS)}." in text


def test_commands_of_the_page_check_a_bundle(tmp_path):
    """The commands of the page verify the bundle with common tools, and print its hash."""
    write_bundle(tmp_path / "audit", REPORT)
    blocks = re.findall(
        r"<!-- verify: bundle -->\n```console\n\$ (.+)\n```", PAGE.read_text("utf-8")
    )
    said = [
        subprocess.run(
            [shutil.which(words[0]), *words[1:]],
            cwd=tmp_path / "audit",
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for words in map(shlex.split, blocks)
    ]
    checked, hashed = said
    assert all(line.endswith(": OK") for line in checked.splitlines())
    assert f"sha256:{hashed.split()[0]}" == read_manifest_hash(tmp_path / "audit")


def test_commands_of_the_hooks_and_the_workflow_exist():
    """No hook and no step of CI calls a command that the library does not have."""
    texts = [(ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"),
             (ROOT / "docs" / "ci.md").read_text("utf-8")]  # fmt: skip
    called = {name for text in texts for name in re.findall(r"flask cookies (\w+)", text)}
    assert {"check", "diff", "audit"} <= called
    assert called <= set(cookies.commands)
