"""``flask cookies init``: write a first ``cookies.toml``, and report what will change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .._util.text import format_count
from ..checks.app import HOW_TO_ADD
from ..flask.config import POLICY_FILE
from ..policy.schema import SCHEMA_FILE, read_json_schema
from ..scan.app import MAX_FILES, ScanResult, find_tracker, scan_app
from ..scan.markup import Violation, ViolationKind
from ..scan.sources import MAX_FILE_BYTES
from .app import has_state, load_app
from .init_changes import list_changes
from .init_policy import write_policy
from .terminal import failure, print_heading, print_rows, print_text, write_failure

if TYPE_CHECKING:
    from flask import Flask

#: Most places of one kind that are listed.
MAX_PLACES = 500


@click.command("init")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write; by default cookies.toml next to the application.",
)
@click.pass_context
def init_command(ctx: click.Context, force: bool, output: Path | None) -> None:
    """Write a first cookies.toml, and list what will change."""
    app = load_app(ctx)
    path = Path(app.root_path, POLICY_FILE) if output is None else output
    scan = scan_app(app)
    text, declared = write_policy(app, scan)
    try:
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        path.with_name(SCHEMA_FILE).write_text(read_json_schema(), "utf-8", newline="\n")
    except FileExistsError:
        raise failure(
            f"{path} exists and was not changed. Use --force to overwrite it, or --output PATH to "
            "write another file."
        ) from None
    except OSError as error:
        raise write_failure(path, error) from None
    entries = format_count(declared, "entry", "entries", zero="no")
    print_text(
        f"Wrote {path} with {entries}, in addition to Flask's session cookie. Fill in [site], and "
        "remove what the site does not need."
    )
    print_text(f"Wrote {SCHEMA_FILE} next to it, for completion and validation in editors.")
    _print_setting(app, path)
    _print_scan(scan)
    print_heading(f"What Strict Cookies changes in {app.name!r}")
    print_rows([(change.label, change.text) for change in list_changes(app, scan)])
    print_heading("Next")
    if has_state(app):
        print_text("Run 'flask cookies check'.", indent="  ")
    else:
        print_text(f"{HOW_TO_ADD}\nThen run 'flask cookies check'.", indent="  ")


@click.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of cookies.toml, for editors."""
    click.echo(read_json_schema(), nl=False)


def _print_setting(app: Flask, path: Path) -> None:
    """Print the setting that the application needs to read the file, if it needs one."""
    policy = app.config.get("STRICT_COOKIES_POLICY")
    read = Path(app.root_path, policy if isinstance(policy, str | Path) else POLICY_FILE)
    if path.resolve() != read.resolve() or not isinstance(policy, str | Path | None):
        print_text(
            "The application does not read this file until you set:\n"
            f"    STRICT_COOKIES_POLICY = {json.dumps(str(path.resolve()))}"
        )


def _print_scan(scan: ScanResult) -> None:
    print_heading("What the default Content-Security-Policy blocks")
    text = f"{format_count(scan.files, 'file was', 'files were', zero='No')} scanned."
    if not scan.violations:
        text += " No external origins or inline code found."
    if scan.truncated:
        text += f" There are more files; only the first {MAX_FILES} were scanned."
    print_text(text, indent="  ")
    for names, why in (
        (scan.too_large, f"not scanned because larger than {MAX_FILE_BYTES // 1024} KiB"),
        (scan.unreadable, "not readable"),
    ):
        if names:
            print_text(f"{len(names)} {why}: {_shorten(names)}.", indent="  ")
    for kind in ViolationKind:
        violations = scan.of(kind)
        if violations:
            _print_kind(kind, violations)
    if any("mail" in violation.file for violation in scan.violations):
        click.echo()
        print_text(
            "Mail templates can stay as they are: mail clients apply no such policy.", indent="  "
        )


def _print_kind(kind: ViolationKind, violations: list[Violation]) -> None:
    click.echo()
    click.echo(f"  {click.style(f'{kind.title} ({len(violations)})', bold=True)}")
    for line in _list_places(kind, violations[:MAX_PLACES]):
        print_text(line, indent="    ", hanging="      ")
    if len(violations) > MAX_PLACES:
        print_text(f"and {len(violations) - MAX_PLACES} more", indent="    ")
    print_text(f"Do: {kind.remedy}", indent="    ", hanging="        ")


def _list_places(kind: ViolationKind, violations: Iterable[Violation]) -> list[str]:
    """Group external origins by origin, and other violations by file."""
    if kind is not ViolationKind.EXTERNAL:
        return list(_by_file(violations))
    by_origin: dict[tuple[str, str], list[Violation]] = {}
    for violation in violations:
        by_origin.setdefault((violation.subject, violation.loaded), []).append(violation)
    lines = []
    for (origin, loaded), places in sorted(by_origin.items()):
        tracker = find_tracker(origin)
        note = "" if tracker is None else f", of {tracker.vendor} ({tracker.category}); remove it"
        lines.append(f"{origin} ({loaded}{note}): {'; '.join(_by_file(places))}")
    return lines


def _by_file(violations: Iterable[Violation]) -> list[str]:
    lines: dict[str, list[str]] = {}
    for violation in violations:
        lines.setdefault(violation.file, []).append(str(violation.line))
    return [f"{file}:{', '.join(dict.fromkeys(numbers))}" for file, numbers in lines.items()]


def _shorten(names: list[str]) -> str:
    more = len(names) - 5
    return ", ".join(names[:5]) + (f" and {more} more" if more > 0 else "")
