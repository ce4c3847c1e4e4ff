"""``flask cookies check``: report what is wrong or weak in the configuration."""

from __future__ import annotations

from collections import Counter

import click
from flask.cli import ScriptInfo

from .._util.text import format_count
from ..checks.app import run_checks
from ..checks.finding import Finding, explain_error, sort_findings
from ..checks.freshness import check_last_audit, check_published
from ..errors import StrictCookiesError
from .terminal import print_rows

_COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


@click.command("check")
@click.option("--strict", is_flag=True, help="Also exit with 1 if there is a warning.")
@click.pass_context
def check_command(ctx: click.Context, strict: bool) -> None:
    """
    Check the configuration for what is wrong or weak.

    The exit code is 1 if there is an error, else 0.
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


def _print_finding(finding: Finding) -> None:
    severity = click.style(finding.severity.ljust(8), fg=_COLOURS[finding.severity], bold=True)
    click.echo(f"{severity}{click.style(finding.title, bold=True)}")
    print_rows([("Found", finding.message), ("Do", finding.remedy)])
    click.echo()


def _summarise(counts: Counter[str]) -> str:
    if not counts:
        return "No errors, no warnings."
    parts = [
        format_count(counts["error"], "error", zero="No"),
        format_count(counts["warning"], "warning", zero="no"),
    ]
    if counts["info"]:
        parts.append(format_count(counts["info"], "info"))
    return f"{', '.join(parts)}."
