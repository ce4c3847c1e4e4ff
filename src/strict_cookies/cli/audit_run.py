"""Run an audit from the command line, with progress, warnings and errors on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from ..errors import AuditError, StrictCookiesError

if TYPE_CHECKING:
    from ..archive.base import Archive
    from ..audit.analysis.headers import Expected
    from ..audit.browser.options import AuditOptions
    from ..audit.browser.values import Values
    from ..audit.observation import Observation
    from ..policy.policy import CookiePolicy

#: The exit code of an audit that failed.
FAILED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedSite:
    """
    A site to audit, and what is known about it beforehand.

    Args:
        urls: Where to start.
        find_policy: Returns what the site declares, given the observation; None if it declares
            nothing.
        find_declaration: Whether to look for the declaration that the site publishes.
        known_routes: Paths of pages that are known to exist; empty to read them from the sitemap.
        archive: Records the audit; None for a site that is not this application's.
        expected: Returns the headers that a page should have; None for general expectations.
    """

    urls: tuple[str, ...]
    find_policy: Callable[[Observation], CookiePolicy | None]
    find_declaration: bool = False
    known_routes: tuple[str, ...] = ()
    archive: Archive | None = None
    expected: Expected | None = None


def run_audit(ctx: click.Context, site: AuditedSite, given: Mapping[str, Any]) -> int:
    """
    Run an audit; print and write its report.

    Args:
        ctx: Of the command.
        site: The site to audit.
        given: The values of :func:`~strict_cookies.cli.audit_options.audit_options`, by name.

    Returns:
        The exit code: 0 if nothing was found, 1 if something was found. If the audit fails, the
        command ends with 2.
    """
    try:
        import protego  # noqa: F401
        import rich  # noqa: F401
    except ImportError:
        click.echo("Packages are missing. Run 'pip install strict-cookies[audit]'.", err=True)
        ctx.exit(FAILED)
    for option in ("with_values", "pdf"):
        if given[option] and given["output"] is None:
            name = option.replace("_", "-")
            raise click.UsageError(f"--{name} needs --output, the directory of the bundle.")
    try:
        return _run(site, given)
    except StrictCookiesError as error:
        click.echo(f"Error: {error}", err=True)
        ctx.exit(FAILED)


def _run(site: AuditedSite, given: Mapping[str, Any]) -> int:
    from rich.console import Console

    from ..audit.browser.crawler import audit_site
    from ..audit.browser.printing import print_alone
    from ..audit.conclusion import AuditOutput, conclude_audit
    from ..audit.progress import Display

    options = _read_options(given, site)
    _prepare_directory(given["output"])
    draft = given["draft"]
    if draft is not None and draft.exists():
        raise AuditError(f"{draft} exists already. Name another file.")
    with TemporaryDirectory(prefix="strict-cookies-") as directory:
        takes_screenshots = given["output"] is not None and not given["no_screenshots"]
        options = replace(options, screenshots=Path(directory) if takes_screenshots else None)
        values = _collect_values(given)
        with Display(Console(stderr=True)) as display:
            observation = audit_site(site.urls, options, display.update, values)
        output = AuditOutput(
            bundle=given["output"],
            screenshots=options.screenshots,
            draft=draft,
            archive=site.archive,
            print_pdf=(lambda html: print_alone(html, chromium=options.chromium))
            if given["pdf"]
            else None,
            values=values,
        )
        percent = given["min_coverage"]
        return conclude_audit(
            observation,
            site.find_policy(observation),
            Console(),
            output,
            expected=site.expected,
            min_coverage=None if percent is None else percent / 100,
        )


def _read_options(given: Mapping[str, Any], site: AuditedSite) -> AuditOptions:
    from ..audit.browser.chromium import find_chromium
    from ..audit.browser.journeys import load_journey
    from ..audit.browser.options import AuditOptions

    options = AuditOptions(
        max_pages=given["max_pages"],
        max_depth=given["max_depth"],
        max_seconds=given["max_seconds"],
        page_seconds=given["page_seconds"],
        tabs=given["tabs"],
        delay_seconds=given["delay"],
        exclude=given["exclude"],
        ignore_robots=given["ignore_robots"],
        ignore_certificates=given["ignore_certificates"],
        chromium=find_chromium(given["chromium"]),
        find_declaration=site.find_declaration,
        known_routes=site.known_routes,
    )
    if given["journey"] is not None:
        options = replace(options, journey=load_journey(given["journey"]))
    return options


def _collect_values(given: Mapping[str, Any]) -> Values | None:
    """Return a collector of values, after a warning; None if no values are wanted."""
    if not given["with_values"]:
        return None
    from ..audit.browser.values import VALUES, Values

    click.secho(
        f"Sensitive: {given['output']}/{VALUES} will hold cookie values. Anyone with that file can "
        "act as the signed-in visitor. Keep it private, and delete it soon.",
        fg="red",
        bold=True,
        err=True,
    )
    return Values()


def _prepare_directory(directory: Path | None) -> None:
    """Create the directory of the bundle, so that an audit does not fail at its end."""
    if directory is None:
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        is_empty = not any(directory.iterdir())
    except OSError as error:
        raise AuditError(
            f"Can't use {directory}: {error.strerror}. Name another directory."
        ) from None
    if not is_empty:
        raise AuditError(f"{directory} is not empty. Name a new or empty directory.")
