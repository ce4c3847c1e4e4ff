"""The end of an audit: printed, written, recorded, and reported by the exit code."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from strict_cookies.archive.memory import MemoryArchive
from strict_cookies.audit.bundle import verify_bundle
from strict_cookies.audit.conclusion import AuditOutput, conclude_audit
from strict_cookies.audit.last_audit import read_last_audit
from strict_cookies.errors import AuditError, BundleError
from tests.audit.observations import MISBEHAVING, POLICY, observe


def conclude(observation, policy=POLICY, *, min_coverage=None, **output):
    """Conclude an audit; return the exit code and what was printed."""
    console = Console(file=io.StringIO(), width=90, force_terminal=False)
    code = conclude_audit(
        observation, policy, console, AuditOutput(**output), min_coverage=min_coverage
    )
    return code, console.file.getvalue()


def test_exit_code_tells_the_result():
    """0 is clean, 1 is findings or too little seen, 2 is nothing seen."""
    assert conclude(observe())[0] == 0
    assert conclude(MISBEHAVING)[0] == 1
    assert conclude(observe(known_routes=("/", "/a", "/b")), min_coverage=0.5)[0] == 1
    assert conclude(observe(pages=()))[0] == 2


def test_bundle_keeps_the_pictures_that_were_taken(tmp_path):
    """Screenshots become evidence; the hash is printed and remembered."""
    output, screenshots = tmp_path / "evidence", tmp_path / "screenshots"
    output.mkdir()
    screenshots.mkdir()
    (screenshots / "page-001.png").write_bytes(b"\x89PNG")
    archive = MemoryArchive()
    asked = []

    def print_pdf(html):
        asked.append(html)
        return b"%PDF-1.4"

    _, said = conclude(
        MISBEHAVING, bundle=output, screenshots=screenshots, archive=archive, print_pdf=print_pdf
    )
    remembered = read_last_audit(archive)
    assert verify_bundle(output, manifest_hash=remembered.manifest_hash) == []
    assert f"Manifest: {remembered.manifest_hash}\n" in said
    assert (output / "report.pdf").read_bytes() == b"%PDF-1.4"
    assert "data:image/png;base64," in asked[0]


def test_foreign_files_are_no_evidence(tmp_path):
    """A directory with other files is refused, after the report is printed."""
    (tmp_path / "notes.txt").write_text("mine")
    console = Console(file=io.StringIO(), width=90)
    with pytest.raises(BundleError, match="not empty"):
        conclude_audit(observe(), POLICY, console, AuditOutput(bundle=tmp_path))
    assert "Clean: " in console.file.getvalue()


def test_draft_is_written_once(tmp_path):
    """A draft never overwrites an existing file."""
    path = tmp_path / "cookies.toml"
    _, said = conclude(MISBEHAVING, None, draft=path)
    assert f"Draft: {path}. " in said
    assert 'name = "basket"' in path.read_text("utf-8")
    path.write_text("mine")
    with pytest.raises(AuditError, match="exists already"):
        conclude(MISBEHAVING, None, draft=path)
    assert path.read_text() == "mine"
