"""
The evidence of one audit: a directory that anyone can verify offline.

``SHA256SUMS`` is its manifest, with the SHA-256 of every other file, so ``sha256sum -c SHA256SUMS``
is enough to verify them. It has only one valid form, so reordered lines are a difference, too. If
you note the hash of the manifest elsewhere, you can later prove that no file was changed. Without
that hash, a bundle only proves that it is consistent with itself.

Only the owner can read a bundle that contains cookie values.

Source: GNU coreutils for the format of ``SHA256SUMS``.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from .._util.text import show
from ..errors import BundleError
from .browser.values import VALUES
from .formats.csv_file import write_csv
from .formats.html import write_html
from .formats.json_file import write_json
from .formats.sarif import write_sarif
from .report import Report

MANIFEST = "SHA256SUMS"
REPORT = "report.json"

#: Largest manifest that is read, in bytes.
MAX_MANIFEST = 16 * 1024 * 1024
#: A file name without a directory, or anything that a shell or ``sha256sum`` would escape.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LINE = re.compile(rf"([0-9a-f]{{64}})  ({_NAME.pattern})")


class Difference(NamedTuple):
    """
    A difference between a bundle and what was written.

    Attributes:
        kind: ``"changed"``, ``"missing"``, ``"extra"`` or ``"reordered"``.
        name: The name of the file, printable.
        detail: What is different, in one sentence.
    """

    kind: str
    name: str
    detail: str


def write_bundle(
    directory: str | os.PathLike[str],
    report: Report,
    *,
    files: Mapping[str, bytes] | None = None,
    pdf: bytes | None = None,
    values: bytes | None = None,
) -> str:
    """
    Write a report in all its formats, other evidence, and the manifest.

    Args:
        directory: Created if it does not exist; must be empty.
        report: From :func:`~strict_cookies.audit.report.build_report`.
        files: Screenshots and other evidence, by file name.
        pdf: The report as PDF; None for no PDF.
        values: From :meth:`~strict_cookies.audit.browser.values.Values.write`, for a report that
            was built with ``has_values``. Only the owner can read the bundle then.

    Returns:
        The hash of the manifest, ``"sha256:..."``. Note it elsewhere.

    Raises:
        BundleError: The directory is not empty or not writable, or a file name is not allowed.
    """
    contents = _collect_contents(report, files or {}, pdf, values)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    manifest = _format_manifest(hashes)
    location = Path(directory)
    try:
        location.mkdir(parents=True, exist_ok=True)
        if any(location.iterdir()):
            raise BundleError(
                f"{location} is not empty. Use a new directory: existing files would count as "
                "evidence."
            )
        for name, data in {**contents, MANIFEST: manifest}.items():
            _write_file(location / name, data, 0o666 if values is None else 0o600)
    except OSError as error:
        raise BundleError(
            f"Can't write to {location}: {error.strerror or error}. Fix it, or use another "
            "directory."
        ) from None
    return _hash_manifest(manifest)


def verify_bundle(
    directory: str | os.PathLike[str], *, manifest_hash: str | None = None
) -> list[Difference]:
    """
    Find every difference between a bundle and what was written; needs no network.

    Args:
        directory: The bundle.
        manifest_hash: The hash that :func:`write_bundle` returned. Without it, a bundle that was
            replaced as a whole passes.

    Returns:
        The differences, by file name; empty if the bundle is intact.

    Raises:
        BundleError: The directory is not a bundle, or can't be read.
    """
    location = Path(directory)
    try:
        manifest = _read_manifest(location)
        entries = _parse_manifest(manifest, location)
        differences = _compare(location, manifest, entries, manifest_hash)
        return sorted(differences, key=lambda difference: difference[1:])
    except OSError as error:
        raise BundleError(
            f"Can't read {location}: {error.strerror or error}. Name the directory of a bundle."
        ) from None


def holds_values(directory: str | os.PathLike[str]) -> bool:
    """Return whether a bundle has, or should have, a file of cookie values."""
    location = Path(directory)
    entries = _parse_manifest(_read_manifest(location), location)
    return VALUES in (name for name, _ in entries) or (location / VALUES).exists()


def read_manifest_hash(directory: str | os.PathLike[str]) -> str:
    """Return the current hash of a bundle's manifest, ``"sha256:..."``."""
    return _hash_manifest((Path(directory) / MANIFEST).read_bytes())


def _collect_contents(
    report: Report, files: Mapping[str, bytes], pdf: bytes | None, values: bytes | None
) -> dict[str, bytes]:
    """
    Return the content of every file but the manifest.

    Raises:
        BundleError: A name in ``files`` is not allowed.
    """
    written = {
        REPORT: write_json(report).encode(),
        "report.html": write_html(report, files).encode(),
        "findings.csv": write_csv(report).encode(),
        "findings.sarif": write_sarif(report).encode(),
        **({} if pdf is None else {"report.pdf": pdf}),
        **({} if values is None else {VALUES: values}),
    }
    for name in files:
        if not _NAME.fullmatch(name) or name in {*written, MANIFEST}:
            raise BundleError(
                f"File name {show(name)!r} is not allowed in a bundle. Use letters, digits, '.', "
                "'_' and '-', and no name that the bundle itself uses."
            )
    return {**files, **written}


def _write_file(path: Path, data: bytes, mode: int) -> None:
    """Write a new file that has its mode from the first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _hash_manifest(manifest: bytes) -> str:
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def _format_manifest(hashes: Mapping[str, str]) -> bytes:
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()


def _read_manifest(location: Path) -> bytes:
    path = location / MANIFEST
    if not path.is_file():
        raise BundleError(f"{location} is not a bundle: {MANIFEST} is missing. Name a bundle.")
    if path.stat().st_size > MAX_MANIFEST:
        raise BundleError(f"{path} is too large for a manifest. Name the directory of a bundle.")
    return path.read_bytes()


def _parse_manifest(manifest: bytes, location: Path) -> list[tuple[str, str]]:
    """
    Return names and hashes, in the order of the lines.

    Raises:
        BundleError: It is malformed, or does not list a report.
    """
    lines = manifest.decode("ascii", "replace").split("\n")
    matches = [_LINE.fullmatch(line) for line in lines if line]
    entries = [(match[2], match[1]) for match in matches if match]
    names = {name for name, _ in entries}
    if len(entries) < len(matches) or REPORT not in names or MANIFEST in names:
        raise BundleError(
            f"{location / MANIFEST} is not the manifest of a bundle, or is damaged: nothing can be "
            "verified. Compare its hash with the one that you noted."
        )
    return entries


def _compare(
    location: Path, manifest: bytes, entries: list[tuple[str, str]], noted: str | None
) -> Iterator[Difference]:
    hashes = dict(entries)
    names = [name for name, _ in entries]
    own_hash = _hash_manifest(manifest)
    if noted is not None and noted.lower() not in (own_hash, own_hash.removeprefix("sha256:")):
        yield Difference("changed", MANIFEST, "Its hash is not the one that you noted.")
    if names != sorted(set(names)):
        yield Difference("reordered", MANIFEST, "Its lines are not in the order of the names.")
    elif manifest != _format_manifest(hashes):
        yield Difference("changed", MANIFEST, "It is not in its original form.")
    by_hash = {digest: name for name, digest in entries}
    for name, digest in hashes.items():
        difference = _compare_file(location / name, digest, by_hash)
        if difference is not None:
            yield difference
    for path in location.iterdir():
        if path.name not in hashes and path.name != MANIFEST:
            yield Difference("extra", show(path.name), "The manifest does not list it.")


def _compare_file(path: Path, digest: str, by_hash: Mapping[str, str]) -> Difference | None:
    if path.is_symlink() or not path.is_file():
        if path.is_symlink() or path.exists():
            return Difference("changed", path.name, "It is no longer a regular file.")
        return Difference("missing", path.name, "The file is missing.")
    with path.open("rb") as file:
        current = hashlib.file_digest(file, "sha256").hexdigest()
    if current == digest:
        return None
    if current in by_hash:
        return Difference("reordered", path.name, f"It has the content of {by_hash[current]}.")
    return Difference("changed", path.name, "Its content was changed.")
