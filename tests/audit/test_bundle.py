"""A bundle is intact, or each difference is reported; common tools agree."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strict_cookies.audit.bundle import (
    MANIFEST,
    read_manifest_hash,
    verify_bundle,
    write_bundle,
)
from strict_cookies.audit.report import build_report
from strict_cookies.cli.bundle import verify_bundle_command
from strict_cookies.errors import BundleError
from tests.audit.observations import MISBEHAVING, POLICY, observe

PICTURES = {"page-001.png": b"\x89PNG one", "page-002.png": b"\x89PNG two"}
REPORT = build_report(MISBEHAVING, POLICY, declaration_hash="sha256:" + "ab" * 32)
FILES = ["findings.csv", "findings.sarif", "page-001.png", "page-002.png", "report.html",
         "report.json"]  # fmt: skip


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """Write a bundle once; tests work on copies."""
    folder = tmp_path_factory.mktemp("evidence") / "bundle"
    return folder, write_bundle(folder, REPORT, files=PICTURES)


@pytest.fixture
def bundle(pristine, tmp_path):
    """Give a copy of the bundle."""
    return shutil.copytree(pristine[0], tmp_path / "bundle")


def differences(folder, **options):
    """Give kinds and names of what is found."""
    return [one[:2] for one in verify_bundle(folder, **options)]


def blamed(folder, **options):
    """Give the names of what is found; the manifest's, where it is none any more."""
    try:
        return {name for _, name in differences(folder, **options)}
    except BundleError:
        return {MANIFEST}


def sha256sum(folder):
    """Verify the bundle with the common tool, without this package."""
    return subprocess.run(
        ["sha256sum", "-c", MANIFEST], cwd=folder, capture_output=True, text=True, check=False
    )


def test_untouched_bundle_is_whole(bundle, pristine):
    """A copy passes, with and without the hash that was noted."""
    assert verify_bundle(bundle) == []
    assert verify_bundle(bundle, manifest_hash=pristine[1]) == []
    assert sorted(os.listdir(bundle)) == sorted([*FILES, MANIFEST])
    assert read_manifest_hash(bundle) == pristine[1]


def test_common_tool_finds_the_same(bundle):
    """``sha256sum -c`` alone passes the untouched bundle, and names the file that was changed."""
    done = sha256sum(bundle)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(FILES)
    with (bundle / "report.html").open("ab") as file:
        file.write(b" ")
    done = sha256sum(bundle)
    assert done.returncode != 0
    assert "report.html: FAILED" in done.stdout


def test_manifest_has_the_hash_of_every_file(bundle):
    """One line for each file but the manifest itself, in the order of the names."""
    assert (bundle / MANIFEST).read_text() == "".join(
        f"{hashlib.sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in FILES
    )


def test_evidence_says_how_the_audit_was_made(bundle):
    """Browser, command line, times, result and the declaration's hash are in the report."""
    report = json.loads((bundle / "report.json").read_bytes())
    keys = ("targets", "began", "ended", "browser", "command_line", "result")
    assert {key: report[key] for key in keys} == {
        "targets": ["https://shop.example/"],
        "began": "2026-11-25T09:00:00Z",
        "ended": "2026-11-25T09:00:42Z",
        "browser": "Chromium 156.0.8078.0",
        "command_line": ["chromium", "--headless"],
        "result": "findings",
    }
    assert report["declaration"]["hash"] == "sha256:" + "ab" * 32


def test_same_audit_gives_the_same_bundle(pristine, tmp_path):
    """Nothing but the audit itself is in the hash: neither a clock nor a path."""
    assert write_bundle(tmp_path / "again", REPORT, files=PICTURES) == pristine[1]


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_one_changed_byte_is_found_and_named(bundle, pristine, data):
    """Whichever byte of whichever file is changed, that file is named."""
    name = data.draw(st.sampled_from(FILES))
    original = (pristine[0] / name).read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    other = data.draw(st.integers(1, 255))
    changed = bytearray(original)
    changed[at] ^= other
    (bundle / name).write_bytes(changed)
    try:
        assert ("changed", name) in differences(bundle)
    finally:
        (bundle / name).write_bytes(original)


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_one_changed_byte_of_the_manifest_is_found(bundle, pristine, data):
    """A changed manifest is reported, or is invalid; it never passes."""
    original = (pristine[0] / MANIFEST).read_bytes()
    changed = bytearray(original)
    changed[data.draw(st.integers(0, len(original) - 1))] ^= data.draw(st.integers(1, 255))
    (bundle / MANIFEST).write_bytes(changed)
    try:
        assert MANIFEST in blamed(bundle, manifest_hash=pristine[1])
        assert blamed(bundle)
    finally:
        (bundle / MANIFEST).write_bytes(original)


def swap(folder):
    """Put the screenshots in each other's place."""
    one, two = folder / "page-001.png", folder / "page-002.png"
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)


def reverse_manifest(folder):
    """Reverse the lines of the manifest."""
    lines = (folder / MANIFEST).read_text().splitlines(keepends=True)
    (folder / MANIFEST).write_text("".join(reversed(lines)))


def end_without_newline(folder):
    """Strip the last newline of the manifest."""
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text().rstrip())


def link(folder):
    """Put a link to the same content in a file's place."""
    (folder / "report.json").rename(folder.parent / "elsewhere.json")
    (folder / "report.json").symlink_to(folder.parent / "elsewhere.json")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda folder: (folder / "page-001.png").unlink(),
                     [("missing", "page-001.png")], id="missing"),
        pytest.param(lambda folder: (folder / "more.png").write_bytes(b""),
                     [("extra", "more.png")], id="extra"),
        pytest.param(lambda folder: (folder / "below").mkdir(), [("extra", "below")],
                     id="extra folder"),
        pytest.param(lambda folder: (folder / "x\n\x1b[31m").write_bytes(b""),
                     [("extra", "x\\n\\x1b[31m")], id="extra with a hostile name"),
        pytest.param(lambda folder: os.truncate(folder / "report.json", 100),
                     [("changed", "report.json")], id="tail cut off"),
        pytest.param(link, [("changed", "report.json")], id="link"),
        pytest.param(swap, [("reordered", "page-001.png"), ("reordered", "page-002.png")],
                     id="swapped"),
        pytest.param(reverse_manifest, [("reordered", MANIFEST)], id="manifest reversed"),
        pytest.param(end_without_newline, [("changed", MANIFEST)], id="no newline at the end"),
    ],
)  # fmt: skip
def test_what_was_done_is_found_and_named(bundle, change, expected):
    """Removed, added, cut, replaced, put in another order: each is named, and nothing else."""
    change(bundle)
    assert differences(bundle) == expected


def test_bundle_written_anew_needs_the_noted_hash(tmp_path, pristine):
    """A bundle that was replaced as a whole is detected by the noted hash, and only by it."""
    folder = tmp_path / "forged"
    write_bundle(folder, build_report(observe(), POLICY))
    assert differences(folder) == []
    assert differences(folder, manifest_hash=pristine[1]) == [("changed", MANIFEST)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("{}", id="JSON"),
        pytest.param("[" * 100_000, id="long"),
        pytest.param(f"{'0' * 64}  ../report.json\n", id="path"),
        pytest.param(f"{'0' * 64}  report.json\nx\n", id="malformed line"),
        pytest.param(f"{'G' * 64}  report.json\n", id="not a hash"),
        pytest.param(f"{'0' * 64}  debian.iso\n", id="another directory's sums"),
        pytest.param(f"{'0' * 64}  report.json\n{'0' * 64}  {MANIFEST}\n", id="itself"),
    ],
)
def test_invalid_manifest_is_refused(bundle, text):
    """A hostile manifest leads to no other directory and no crash, but to a clear error."""
    (bundle / MANIFEST).write_text(text)
    with pytest.raises(BundleError, match="not the manifest of a bundle"):
        verify_bundle(bundle)


@pytest.mark.parametrize("name", ["../x", "a/b", ".hidden", "report.json", MANIFEST, "x\ny", ""])
def test_names_that_would_lead_elsewhere_are_refused(tmp_path, name):
    """Evidence can't be written outside the bundle, nor over its own files."""
    with pytest.raises(BundleError, match="is not allowed in a bundle"):
        write_bundle(tmp_path / "bundle", REPORT, files={name: b""})


def test_full_folder_is_left_alone(tmp_path):
    """Existing files in a directory do not become evidence."""
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BundleError, match="not empty"):
        write_bundle(tmp_path, REPORT)
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_pdf_is_evidence_too(tmp_path):
    """A printed report is in the bundle, and in its manifest."""
    write_bundle(tmp_path / "b", REPORT, pdf=b"%PDF-1.4")
    assert (tmp_path / "b" / "report.pdf").read_bytes() == b"%PDF-1.4"
    assert differences(tmp_path / "b") == []


def run(*arguments):
    """Run the command; return its exit code and output."""
    done = CliRunner().invoke(verify_bundle_command, [str(one) for one in arguments])
    return done.exit_code, done.output


def test_command_passes_a_whole_bundle(bundle, pristine):
    """The command reports that the bundle is intact, and its hash."""
    code, said = run(bundle)
    assert code == 0
    assert said.startswith(f"The bundle is intact. Manifest: {pristine[1]}\n")
    code, said = run(bundle, "--manifest-hash", pristine[1])
    assert (code, said) == (0, f"The bundle is intact. Manifest: {pristine[1]}\n")


def test_command_names_what_is_different(bundle):
    """Exit code 1, and one line for each difference."""
    (bundle / "page-001.png").unlink()
    assert run(bundle) == (
        1,
        "missing   page-001.png: The file is missing.\nThe bundle is not intact: 1 difference.\n",
    )


def test_command_says_what_it_can_not_check(tmp_path):
    """Exit code 2 where there is nothing to check."""
    code, said = run(tmp_path)
    assert code == 2
    assert "is not a bundle: SHA256SUMS is missing" in said
