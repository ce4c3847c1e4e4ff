"""The commands of docs/verify.md, run as they stand there, without this package."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from strict_cookies.trail.chain import Point, write_entry
from strict_cookies.trail.export import export_trail
from strict_cookies.trail.head_stamper import HeadStamper
from strict_cookies.trail.signing import make_key
from strict_cookies.trail.timestamps import TIMESTAMP_FORMAT

from .authority import Authority
from .trails import DAY, Clock, file_trail, fill

PAGE = Path(__file__).parents[2] / "docs" / "verify.md"
BLOCKS = dict(
    re.findall(r"<!-- verify: (\w+) -->\n```\w+\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
)
TOOLS = ("sh", "jq", "sha256sum", "openssl", "base64")


@pytest.fixture
def directory(tmp_path, authority):
    """What an outsider has: an export, and a head that was saved when it was shorter."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    assert not missing, f"Install {', '.join(missing)}: apt-get install jq openssl coreutils"
    clock = Clock()
    make_key(tmp_path / "private.pem")
    options = {"clock": clock, "retention": timedelta(days=1), "key": tmp_path / "private.pem"}
    with file_trail(tmp_path / "file", **options) as trail:
        fill(trail, 3)
        clock.now += 2 * DAY
        fill(trail, 5)
        trail.prune()
        trail.record("noted", text='quotes " and \\ and \x7f', number=2**53 - 1)
        (tmp_path / "head.json").write_text(json.dumps(trail.make_head()))
        fill(trail, 4)
        HeadStamper(trail, authority.url).stamp()
        (tmp_path / "trail.jsonl").write_bytes(b"\n".join(export_trail(trail, pytest.fail)) + b"\n")
    (tmp_path / "file").unlink()
    shutil.copy(authority.ca, tmp_path / "tsa-ca.pem")
    return tmp_path


def run(name, directory):
    """Run a block of the page; return the exit code and the output."""
    if name == "python":
        # -I: neither this project nor any variable of it is found; -S: nothing that is installed.
        command = [sys.executable, "-I", "-S", "-c", BLOCKS[name]]
    else:
        command = ["sh", "-c", BLOCKS[name]]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    return done.returncode, f"{done.stdout}{done.stderr}".strip()


def change(directory, name, old, new):
    """Forge a file; each text is there once."""
    path = directory / name
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def test_page_has_every_step():
    """What is run below is what readers see."""
    assert set(BLOCKS) == {
        "export",
        "checkpoint",
        "chain",
        "head",
        "signature",
        "python",
        "timestamps",
    }


def test_outsider_can_verify(directory):
    """Chain, head and signature are found in order by common tools, pruned as the trail is."""
    assert run("chain", directory) == (0, "the chain is intact")
    assert run("python", directory) == (0, "the chain is intact")
    assert run("head", directory) == (0, "no entry up to 10 was rewritten or removed")
    assert run("signature", directory) == (0, "Signature Verified Successfully")
    assert run("checkpoint", directory) == (0, "the chain begins after entry 3")


@pytest.mark.parametrize("name", ["chain", "python"])
def test_outsider_finds_a_change(directory, name):
    """A changed byte, and two swapped entries."""
    lines = (directory / "trail.jsonl").read_text().splitlines(keepends=True)
    swapped = [*lines[:3], lines[4], lines[3], *lines[5:]]
    (directory / "trail.jsonl").write_text("".join(swapped))
    code, output = run(name, directory)
    assert code == 1
    assert "entry 7 does not follow" in output
    (directory / "trail.jsonl").write_text("".join(lines))
    change(directory, "trail.jsonl", '"event":"noted"', '"event":"Noted"')
    code, output = run(name, directory)
    assert code == 1
    assert "entry 10" in output


@pytest.mark.parametrize("change", ["unsigned", "moved", "a head"])
def test_outsider_finds_a_forged_checkpoint(directory, change):
    """One without a signature, one for another entry, and a head in the place of one."""
    assert run("signature", directory)[0] == 0
    first, *lines = (directory / "trail.jsonl").read_text().splitlines()
    point = json.loads(first)
    if change == "unsigned":
        del point["signature"]
    elif change == "moved":
        point["number"] += 1
    else:
        head = json.loads((directory / "head.json").read_text())
        point = {**head, "format": point["format"]}
    (directory / "trail.jsonl").write_text("\n".join([json.dumps(point), *lines]) + "\n")
    code, output = run("checkpoint", directory)
    assert (code, "the checkpoint is not signed by this key" in output) == (1, True)


def test_outsider_finds_a_removed_end(directory):
    """An export that ends before the saved head does not contain it."""
    lines = (directory / "trail.jsonl").read_text().splitlines(keepends=True)
    (directory / "trail.jsonl").write_text("".join(lines[:5]))
    assert run("chain", directory)[0] == 0
    assert run("head", directory) == (1, "entry 10 does not match the saved head")


def test_outsider_finds_a_forged_head(directory):
    """A changed head has no valid signature."""
    change(directory, "head.json", '"number": 10', '"number": 11')
    code, output = run("signature", directory)
    assert code == 1
    assert "Signature Verification Failure" in output


def test_outsider_can_verify_a_timestamp(directory):
    """With openssl alone, against the authority's own CA."""
    code, output = run("timestamps", directory)
    assert code == 0
    assert re.fullmatch(r"entry 14 existed at \w{3} +\d+ \d\d:\d\d:\d\d \d{4} GMT", output)


def test_outsider_finds_a_rewritten_entry_by_its_timestamp(directory, tmp_path):
    """A chain that is intact, of a site that signs it again: only the timestamp contradicts."""
    lines = (directory / "trail.jsonl").read_text().splitlines()
    checkpoint, *entries = [
        json.loads(line) for line in lines if '"event"' in line or "point" in line
    ]
    previous, forged = checkpoint["hash"], [lines[0]]
    for entry in entries:
        details = entry["details"] | ({"order": 99} if entry["number"] == 12 else {})
        timestamp = datetime.fromisoformat(entry["time"])
        data = write_entry(Point(entry["number"] - 1, previous), timestamp, entry["event"], details)
        forged.append(data.decode())
        previous = json.loads(data)["hash"]
    stamps = [line for line in lines if TIMESTAMP_FORMAT in line]
    (directory / "trail.jsonl").write_text("\n".join([*forged, *stamps]) + "\n")
    assert run("chain", directory) == (0, "the chain is intact")
    assert run("timestamps", directory) == (1, "entry 14 is not the one that was stamped")


def test_outsider_trusts_only_the_authority(directory, tmp_path):
    """A timestamp of an authority with the same name, but another CA."""
    other = Authority(tmp_path / "other")
    shutil.copy(other.ca, directory / "tsa-ca.pem")
    assert run("timestamps", directory) == (1, "entry 14 is not the one that was stamped")
