"""
The evidence of one audit as a folder that anyone can check alone, offline.

``manifest.json`` says how the audit was made and holds the SHA-256 of every other file;
``SHA256SUMS`` lists the same and the manifest, so that ``sha256sum -c SHA256SUMS`` suffices. Both
are written in one form only, so that a line out of its order is a change, too. Whoever notes the
manifest's hash elsewhere can later show that nothing in the folder was changed; without that, a
bundle shows only that it is whole.

A bundle with a file of cookie values says so in its manifest, and only its owner can read it.

Source: RFC 8785 for one form of a JSON text (here: sorted keys, no floating-point numbers); GNU
coreutils for the form of ``SHA256SUMS``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .._util.text import show
from ..errors import BundleError
from .browser.values import SENSITIVE, VALUES
from .formats.csv_file import write_csv
from .formats.html import write_html
from .formats.json_file import write_json
from .formats.sarif import write_sarif
from .plain import plain
from .report import Report

if TYPE_CHECKING:
    from .observation import Observation

FORMAT = "strict-cookies-audit-bundle"
#: Version of the bundle's form; it grows when a field changes its meaning.
FORMAT_VERSION = 1
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"

#: Largest manifest that is read, in octets.
MAX_MANIFEST = 16 * 1024 * 1024
#: A file's name: of one folder, without what a shell or ``sha256sum`` would escape.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_HASH = re.compile(r"[0-9a-f]{64}")


class Difference(NamedTuple):
    """
    One thing in a bundle that is not as it was written.

    Attributes:
        kind: ``"changed"``, ``"missing"``, ``"extra"`` or ``"reordered"``.
        name: Of the file; printable.
        detail: What is wrong with it, in a sentence.
    """

    kind: str
    name: str
    detail: str


def write_bundle(
    directory: str | os.PathLike[str],
    report: Report,
    observation: Observation,
    *,
    files: Mapping[str, bytes] | None = None,
    pdf: bytes | None = None,
    values: bytes | None = None,
) -> str:
    """
    Write a report in all its formats, with what else was kept, and the manifest.

    Args:
        directory: Is made where it is not there; must be empty.
        report: As :func:`~strict_cookies.audit.report.build_report` gives it.
        observation: What the report was made of; its command line and times go to the manifest.
        files: Screenshots and other evidence, by name.
        pdf: The report as PDF, where it was printed.
        values: As :meth:`~strict_cookies.audit.browser.values.Values.write` gives them, for a report that
            was built as one that has them; only the owner can read the files then.

    Returns:
        ``"sha256:..."`` of the manifest, to be noted elsewhere.

    Raises:
        BundleError: The folder is not empty, can't be written, or a name is no plain file name.
    """
    extra = dict(files or {})
    made = {
        "report.json": write_json(report).encode(),
        "report.html": write_html(report, extra).encode(),
        "findings.csv": write_csv(report).encode(),
        "findings.sarif": write_sarif(report).encode(),
        **({} if pdf is None else {"report.pdf": pdf}),
        **({} if values is None else {VALUES: values}),
    }
    for name in extra:
        if not _NAME.fullmatch(name) or name in {*made, MANIFEST, SUMS}:
            raise BundleError(
                f"File {show(name)!r} can't be in a bundle. Use letters, digits, '.', '_' and '-', "
                "and no name of the bundle's own."
            )
    contents = {**extra, **made}
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()}
    manifest = _serialise(
        {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            **({} if values is None else {"sensitive": SENSITIVE}),
            "targets": report["targets"],
            "began": report["began"],
            "ended": report["ended"],
            "browser": report["browser"],
            "command_line": [plain(word) for word in observation.command_line],
            "declaration_hash": (report["declaration"] or {}).get("hash"),
            "result": report["result"],
            "files": [
                {"name": name, "octets": len(contents[name]), "sha256": hashes[name]}
                for name in sorted(contents)
            ],
        }
    )
    own_hash = hashlib.sha256(manifest).hexdigest()
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise BundleError(
                f"{folder} is not empty. Give a new folder: what is there already would count as "
                "evidence."
            )
        contents[MANIFEST] = manifest
        contents[SUMS] = _write_sums({**hashes, MANIFEST: own_hash})
        for name, data in contents.items():
            _write_file(folder / name, data, 0o666 if values is None else 0o600)
    except OSError as error:
        raise BundleError(
            f"{folder} can't be written: {error.strerror or error}. Mend it, or give another."
        ) from None
    return f"sha256:{own_hash}"


def verify_bundle(
    directory: str | os.PathLike[str], *, manifest_hash: str | None = None
) -> list[Difference]:
    """
    Find what in a bundle is not as it was written; asks nobody else.

    Args:
        directory: The bundle.
        manifest_hash: As :func:`write_bundle` gave it, noted elsewhere; without it a bundle whose
            manifest was written anew passes.

    Returns:
        In the order of the names; empty where all is as it was.

    Raises:
        BundleError: It is no bundle, can't be read, or is of a newer form.
    """
    folder = Path(directory)
    try:
        raw = _read_manifest(folder)
        manifest = _parse_manifest(raw, folder)
        return sorted(_verify(folder, raw, manifest, manifest_hash), key=lambda one: one[1:])
    except OSError as error:
        raise BundleError(
            f"{folder} can't be read: {error.strerror or error}. Name the folder of a bundle."
        ) from None


def holds_values(directory: str | os.PathLike[str]) -> bool:
    """Tell whether a bundle is marked as one with cookie values, or has a file of them."""
    folder = Path(directory)
    manifest = _parse_manifest(_read_manifest(folder), folder)
    names = {entry["name"] for entry in manifest["files"]}
    return "sensitive" in manifest or VALUES in names or (folder / VALUES).exists()


def read_manifest_hash(directory: str | os.PathLike[str]) -> str:
    """Give ``"sha256:..."`` of a bundle's manifest as it is now."""
    return f"sha256:{hashlib.sha256((Path(directory) / MANIFEST).read_bytes()).hexdigest()}"


def _write_file(path: Path, data: bytes, mode: int) -> None:
    """Write a new file that has its mode from the first octet on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _serialise(manifest: Mapping[str, Any]) -> bytes:
    return (json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=True) + "\n").encode()


def _write_sums(hashes: Mapping[str, str]) -> bytes:
    return "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes)).encode()


def _read_manifest(folder: Path) -> bytes:
    path = folder / MANIFEST
    if not path.is_file():
        raise BundleError(f"{folder} is no bundle: it has no {MANIFEST}. Name a bundle's folder.")
    if path.stat().st_size > MAX_MANIFEST:
        raise BundleError(f"{path} is larger than any manifest. Name a bundle's folder.")
    return path.read_bytes()


def _parse_manifest(raw: bytes, folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(raw)
        if manifest["format"] != FORMAT:
            raise ValueError
        if manifest["format_version"] != FORMAT_VERSION:
            raise BundleError(
                f"{folder} is a bundle of form {show(str(manifest['format_version']))}; this "
                f"program reads {FORMAT_VERSION}. Use a newer one."
            )
        for entry in manifest["files"]:
            name, digest = entry["name"], entry["sha256"]
            if not _NAME.fullmatch(name) or not _HASH.fullmatch(digest):
                raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BundleError(
            f"{folder / MANIFEST} is no manifest of a bundle, or was damaged: nothing can be "
            "checked by it. Compare its hash with the one that was noted."
        ) from None
    found: dict[str, Any] = manifest
    return found


def _verify(
    folder: Path, raw: bytes, manifest: Mapping[str, Any], noted: str | None
) -> Iterator[Difference]:
    own_hash = hashlib.sha256(raw).hexdigest()
    entries = manifest["files"]
    names = [entry["name"] for entry in entries]
    wanted = {entry["name"]: entry["sha256"] for entry in entries}
    if noted is not None and noted.removeprefix("sha256:").lower() != own_hash:
        yield Difference("changed", MANIFEST, "Its hash is not the one that was noted.")
    if names != sorted(set(names)):
        yield Difference("reordered", MANIFEST, "Its files are not in the order of their names.")
    elif raw != _serialise(manifest):
        yield Difference("changed", MANIFEST, "It is not in the form in which it was written.")
    yield from _verify_files(folder, wanted)
    yield from _verify_sums(folder, {**wanted, MANIFEST: own_hash})


def _verify_files(folder: Path, wanted: Mapping[str, str]) -> Iterator[Difference]:
    by_hash = {digest: name for name, digest in wanted.items()}
    for name, digest in wanted.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            there = path.is_symlink() or path.exists()
            yield Difference(
                "changed" if there else "missing",
                name,
                "It is no plain file any more." if there else "It is not there any more.",
            )
            continue
        found = _hash_file(path)
        if found != digest:
            other = by_hash.get(found)
            yield (
                Difference("reordered", name, f"It holds what {other} held.")
                if other is not None
                else Difference("changed", name, "Its content is not what was written.")
            )
    for path in folder.iterdir():
        if path.name not in wanted and path.name not in (MANIFEST, SUMS):
            yield Difference("extra", show(path.name), "It was not there when it was written.")


def _verify_sums(folder: Path, hashes: Mapping[str, str]) -> Iterator[Difference]:
    path = folder / SUMS
    if path.is_symlink() or not path.is_file():
        yield Difference("missing", SUMS, "It is not there any more.")
        return
    wanted = _write_sums(hashes)
    # One octet more than there can be tells a longer file from the right one.
    with path.open("rb") as file:
        found = file.read(len(wanted) + 1)
    if found == wanted:
        return
    if sorted(found.splitlines()) == sorted(wanted.splitlines()):
        yield Difference("reordered", SUMS, "Its lines are not in the order of their names.")
    else:
        yield Difference("changed", SUMS, "It does not say what the manifest says.")


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
