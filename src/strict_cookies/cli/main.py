"""
``flask cookies``: show, export and check what is declared, and make a first ``cookies.toml``.

What the groups and commands of other modules do, they tell themselves; here they are gathered.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup, ScriptInfo

from .._util.text import printable
from ..checks.app import HOW_TO_ADD, run_checks
from ..checks.finding import Finding, explain_error, sort_findings
from ..checks.freshness import check_last_audit, check_published
from ..declaration.exports import EXPORTS
from ..declaration.i18n.language import LANGUAGES, find_language
from ..errors import StrictCookiesError
from ..flask.config import POLICY_FILE, find_policy
from ..policy.schema import SCHEMA_FILE, read_json_schema
from ..scan.app import MAX_FILES, ScanResult, find_tracker, scan_app
from ..scan.markup import Violation, ViolationKind
from ..scan.sources import MAX_FILE_BYTES
from .app import find_protection, load_app
from .audit import create_command
from .init_policy import list_changes, write_policy
from .report import link_command, report_command
from .sessions import sessions_group
from .show_policy import describe_policy
from .terminal import failure, print_heading, print_rows, print_text
from .trail import trail_group
from .versions import diff_command, print_pdf, publish_command

if TYPE_CHECKING:
    from flask import Flask

    from ..firewall.middleware import CookieFirewall
    from ..policy.policy import CookiePolicy

#: Most places of one kind that ``init`` lists.
MAX_PLACES = 500

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}
_MODES = {
    "enforce": "undeclared cookies neither leave nor are read",
    "report-only": "nothing is held back; undeclared cookies are only logged",
    "raise": "a cookie that is not declared raises an error",
}
_SWEEPS = {
    "known": "trackers' cookies, and those this application tried to set, are expired",
    "host": "every undeclared cookie of this host is expired",
    "site": "every undeclared cookie of this host and its parent domains is expired",
    "off": "no cookie is expired in the browser",
}
_TRANSPORTS = {
    "https": "every cookie is Secure",
    "plain-http": "Secure is not added; for development only",
}

cookies = AppGroup("cookies", help="Show, check and set up the cookies that this site declares.")


@cookies.command("show", with_appcontext=False)
@click.option("--json", "as_json", is_flag=True, help="Print the declaration as JSON.")
@click.pass_context
def show_command(ctx: click.Context, as_json: bool) -> None:
    """Show which cookies are declared, and how they are enforced."""
    app = load_app(ctx)
    firewall, own = _freeze(app)
    if as_json:
        click.echo(_export(app, "json", "en"), nl=False)
        return
    policy = firewall.policy
    source = policy.source or (
        "built in Python (STRICT_COOKIES_POLICY)"
        if app.config["STRICT_COOKIES_POLICY"] is not None
        else f"built in; there is no {POLICY_FILE} in {app.root_path}"
    )
    click.echo(click.style(f"Strict Cookies in {app.name!r}", bold=True))
    click.echo()
    print_rows(
        [
            ("Mode", f"{firewall.mode}: {_MODES[firewall.mode]}"),
            ("Sweep", f"{firewall.sweep}: {_SWEEPS[firewall.sweep]}"),
            ("Transport", f"{policy.transport}: {_TRANSPORTS[policy.transport]}"),
            ("Policy", source),
        ]
    )
    own_names = {cookie.name for cookie in own.cookies}
    for heading, entries in describe_policy(policy, own_names, source):
        click.echo()
        click.echo(heading)
        for title, rows in entries:
            click.echo()
            click.echo(click.style(printable(title), bold=True))
            print_rows(rows)


@cookies.command("export", with_appcontext=False)
@click.argument("format_name", metavar="FORMAT", type=click.Choice([*EXPORTS, "pdf"]))
@click.option("--lang", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write; by default to the terminal.",
)
@click.pass_context
def export_command(ctx: click.Context, format_name: str, lang: str, output: Path | None) -> None:
    """
    Write the declaration in an open format.

    json, csv and md are what the site publishes. tcf is a file of IAB device storage disclosures;
    the site does not thereby take part in TCF. edpb is a knowledge base for the EDPB Website
    Auditing Tool. pdf is the page as 'flask cookies publish' prints it; it needs a Chromium.
    """
    app = load_app(ctx)
    _freeze(app)
    if format_name == "pdf":
        _write_pdf(app, lang, output)
        return
    text = _export(app, format_name, lang)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise failure(f"{output} can't be written: {error.strerror}. Mend its folder.") from None


@cookies.command("check", with_appcontext=False)
@click.option("--strict", is_flag=True, help="Exit with 1 where there is a warning, too.")
@click.pass_context
def check_command(ctx: click.Context, strict: bool) -> None:
    """
    Check the configuration for what is wrong or weak.

    The exit code is 1 where there is an error, else 0.
    """
    try:
        app = ctx.ensure_object(ScriptInfo).load_app()
        findings = run_checks(app)
        if all(finding.severity != "error" for finding in findings):
            late = (check_last_audit(app), check_published(app))
            findings = sort_findings([*findings, *filter(None, late)])
    except StrictCookiesError as error:
        findings = [explain_error(error)]
    for finding in findings:
        _print_finding(finding)
    counts: Counter[str] = Counter(finding.severity for finding in findings)
    click.echo(click.style(_summarise(counts), bold=True))
    ctx.exit(1 if counts["error"] or (strict and counts["warning"]) else 0)


@cookies.command("init", with_appcontext=False)
@click.option("--force", is_flag=True, help="Overwrite the file where it is there already.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Where to write; by default cookies.toml beside the application.",
)
@click.pass_context
def init_command(ctx: click.Context, force: bool, output: Path | None) -> None:
    """Write a cookies.toml to begin with, and list what will change."""
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
            f"{path} is there already and was left alone. Use --force to write it anew, or "
            "--output PATH to write elsewhere."
        ) from None
    except OSError as error:
        raise failure(
            f"{path} can't be written: {error.strerror}. Mend its folder, or use --output PATH."
        ) from None
    entries = {0: "no entry yet", 1: "1 entry"}.get(declared, f"{declared} entries")
    print_text(
        f"Wrote {path}, with {entries} beside Flask's own session cookie. Fill in [site], and "
        "remove what the site does not need."
    )
    print_text(f"Wrote {SCHEMA_FILE} next to it, with which editors complete and check it.")
    _print_place(app, path)
    _print_scan(scan)
    print_heading(f"What Strict Cookies changes in {app.name!r}")
    print_rows([(change.label, change.text) for change in list_changes(app, scan)])
    print_heading("Next")
    if "strict_cookies" in app.extensions:
        print_text("Run 'flask cookies check'.", indent="  ")
    else:
        print_text(f"{HOW_TO_ADD}\nThen run 'flask cookies check'.", indent="  ")


@cookies.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of cookies.toml, for editors."""
    click.echo(read_json_schema(), nl=False)


# Loading


def _freeze(app: Flask) -> tuple[CookieFirewall, CookiePolicy]:
    """Give the firewall as it enforces, and the application's own policy."""
    protection = find_protection(app)
    try:
        return protection.freeze(), find_policy(app)
    except (StrictCookiesError, AttributeError, TypeError, ValueError) as error:
        raise failure(
            f"The configuration can't be used: {error}\nRun 'flask cookies check' for all of it."
        ) from None


def _export(app: Flask, format_name: str, language: str) -> str:
    document = app.extensions["strict_cookies"].document()
    return EXPORTS[format_name].write(document, find_language(language))


def _write_pdf(app: Flask, language: str, output: Path | None) -> None:
    if output is None:
        raise failure("A PDF is nothing for a terminal. Say where to write it: --output PATH.")
    try:
        output.write_bytes(print_pdf(app, languages=(find_language(language),))[language])
    except StrictCookiesError as error:
        raise failure(f"{error}") from None
    except OSError as error:
        raise failure(f"{output} can't be written: {error.strerror}. Mend its folder.") from None


# check


def _print_finding(finding: Finding) -> None:
    head = click.style(finding.severity.ljust(8), fg=_COLOURS[finding.severity], bold=True)
    click.echo(f"{head}{click.style(finding.title, bold=True)}")
    print_rows([("Found", finding.message), ("Do", finding.remedy)])
    click.echo()


def _summarise(counts: Counter[str]) -> str:
    if not counts:
        return "Nothing to mend: no error, no warning."
    parts = [
        f"{counts[word] or 'no'} {word}{'' if counts[word] == 1 else 's'}"
        for word in ("error", "warning")
    ]
    if counts["info"]:
        parts.append(f"{counts['info']} for information")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


# init


def _print_place(app: Flask, path: Path) -> None:
    """Say so where the application would not read the file that was written."""
    named = app.config.get("STRICT_COOKIES_POLICY")
    read = Path(app.root_path, named if isinstance(named, str | Path) else POLICY_FILE)
    if path.resolve() != read.resolve() or not isinstance(named, str | Path | None):
        print_text(
            "The application does not read this file until you set:\n"
            f"    STRICT_COOKIES_POLICY = {json.dumps(str(path.resolve()))}"
        )


def _print_scan(scan: ScanResult) -> None:
    print_heading("What the closed Content-Security-Policy blocks")
    files = "1 file was" if scan.files == 1 else f"{scan.files} files were"
    text = f"{files} looked through."
    if not scan.violations:
        text += " Neither an external origin nor inline code was found."
    if scan.truncated:
        text += f" There are more: only the first {MAX_FILES} were taken."
    print_text(text, indent="  ")
    for names, why in (
        (scan.too_large, f"larger than {MAX_FILE_BYTES // 1024} KiB, so not looked through"),
        (scan.unreadable, "can't be read"),
    ):
        if names:
            print_text(f"{len(names)} {why}: {_shorten(names)}.", indent="  ")
    for kind in ViolationKind:
        found = scan.of(kind)
        if not found:
            continue
        click.echo()
        click.echo(f"  {click.style(f'{kind.title} ({len(found)})', bold=True)}")
        for line in _list_places(kind, found[:MAX_PLACES]):
            print_text(line, indent="    ", hanging="      ")
        if len(found) > MAX_PLACES:
            print_text(f"and {len(found) - MAX_PLACES} more", indent="    ")
        print_text(f"Do: {kind.remedy}", indent="    ", hanging="        ")
    if any("mail" in violation.file for violation in scan.violations):
        click.echo()
        print_text(
            "Templates of mails may stay as they are: a mail carries no such policy.", indent="  "
        )


def _list_places(kind: ViolationKind, found: Iterable[Violation]) -> list[str]:
    """Gather places: by origin for external ones, else by file."""
    if kind is not ViolationKind.EXTERNAL:
        return list(_by_file(found))
    by_origin: dict[tuple[str, str], list[Violation]] = {}
    for place in found:
        by_origin.setdefault((place.subject, place.loaded), []).append(place)
    lines = []
    for (origin, loaded), places in sorted(by_origin.items()):
        tracker = find_tracker(origin)
        note = "" if tracker is None else f", of {tracker.vendor} ({tracker.category}); remove it"
        lines.append(f"{origin} ({loaded}{note}): {'; '.join(_by_file(places))}")
    return lines


def _by_file(found: Iterable[Violation]) -> list[str]:
    lines: dict[str, list[str]] = {}
    for place in found:
        lines.setdefault(place.file, []).append(str(place.line))
    return [f"{file}:{', '.join(dict.fromkeys(numbers))}" for file, numbers in lines.items()]


def _shorten(names: list[str]) -> str:
    more = len(names) - 5
    return ", ".join(names[:5]) + (f" and {more} more" if more > 0 else "")


cookies.add_command(create_command(load_app, failure))
cookies.add_command(sessions_group)
cookies.add_command(trail_group)
cookies.add_command(link_command)
cookies.add_command(publish_command)
cookies.add_command(diff_command)
cookies.add_command(report_command)
