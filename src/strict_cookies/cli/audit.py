"""
``strict-cookies audit``, for any site, and ``flask cookies audit``, for an application at hand.

The exit code is 0 where nothing was found, 1 where something was, and 2 where the audit could not
be made. Nothing here needs Flask; what an audit needs is imported when one begins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..errors import AuditError, StrictCookiesError
from .bundle import verify_bundle_command

if TYPE_CHECKING:
    from flask import Flask

    from ..archive.base import Archive
    from ..audit.analysis.headers import Expected
    from ..audit.browser.options import AuditOptions
    from ..audit.observation import Observation, ObservedPage
    from ..http.compare import Pairs
    from ..policy.policy import CookiePolicy

#: The exit code where an audit could not be made.
FAILED = 2

_Command = TypeVar("_Command", bound=Callable[..., Any])


@click.group()
@click.version_option(package_name="strict-cookies")
def program() -> None:
    """Look at what a site stores in browsers, with a browser."""


program.add_command(verify_bundle_command)


def audit_options(command: _Command) -> _Command:
    """Add the options that both commands share."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--output",
        type=click.Path(path_type=Path, file_okay=False),
        help="A folder for the report and its evidence; it must be empty.",
    ),
    click.option("--pdf", is_flag=True, help="Print the report to PDF, too; needs --output."),
    click.option(
        "--draft",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write a first cookies.toml from what is seen.",
    ),
    click.option(
        "--journey",
        type=click.Path(path_type=Path, dir_okay=False),
        help="What a visitor does there (TOML): visit, return, login, submit, logout.",
    ),
    click.option("--max-pages", default=50, show_default=True, type=click.IntRange(1)),
    click.option("--max-depth", default=5, show_default=True, type=click.IntRange(0)),
    click.option(
        "--max-seconds",
        default=900.0,
        show_default=True,
        type=click.FloatRange(1),
        help="Longest time of one step of the journey.",
    ),
    click.option(
        "--page-seconds",
        default=15.0,
        show_default=True,
        type=click.FloatRange(1),
        help="Longest time that a page takes to load.",
    ),
    click.option(
        "--tabs",
        default=3,
        show_default=True,
        type=click.IntRange(1, 16),
        help="How many pages are looked at at once.",
    ),
    click.option(
        "--delay",
        type=click.FloatRange(0),
        metavar="SECONDS",
        help="Wait between two pages; by default what robots.txt asks for, else half a second.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="PATH",
        help="Follow no link to this path, or below it. May be given several times.",
    ),
    click.option("--ignore-robots", is_flag=True, help="For a site of your own."),
    click.option(
        "--ignore-certificates", is_flag=True, help="Take any certificate. For tests only."
    ),
    click.option("--no-screenshots", is_flag=True, help="Keep no pictures of the pages."),
    click.option(
        "--with-values",
        is_flag=True,
        help="Write what cookies and web storage hold into the bundle, which is sensitive then; "
        "needs --output.",
    ),
    click.option(
        "--min-coverage",
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        help="The part of the known pages that must be visited for a clean result.",
    ),
    click.option(
        "--chromium", metavar="PATH", help="The browser to use; by default one that is installed."
    ),
)


@program.command("audit")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option(
    "--against-declaration",
    is_flag=True,
    help="Compare with the declaration that the site itself publishes.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Compare with this cookies.toml.",
)
@audit_options
@click.pass_context
def audit_command(
    ctx: click.Context,
    /,
    urls: tuple[str, ...],
    against_declaration: bool,
    policy: Path | None,
    **options: Any,
) -> None:
    """
    Walk over a site with a real browser, and tell what it stores.

    The exit code is 0 where nothing was found, 1 where something was, 2 where the audit could not
    be made.
    """
    if against_declaration and policy is not None:
        raise click.UsageError("Use --against-declaration or --policy, not both.")

    def declared(observation: Observation) -> CookiePolicy | None:
        if against_declaration:
            return read_declared(observation)
        if policy is None:
            return None
        from ..policy.policy import CookiePolicy

        return CookiePolicy.load(policy)

    ctx.exit(run_audit(ctx, urls, declared, find_declaration=against_declaration, **options))


def create_command(
    load_app: Callable[[click.Context], Flask], failure: Callable[[str], click.ClickException]
) -> click.Command:
    """
    Make ``flask cookies audit``, which knows an application's policy and its pages.

    Args:
        load_app: Loads the application of a command.
        failure: Makes an exception of a message.
    """

    @click.command("audit")
    @click.argument("urls", metavar="[URL]...", nargs=-1)
    @audit_options
    @click.pass_context
    def command(ctx: click.Context, /, urls: tuple[str, ...], **options: Any) -> None:
        """
        Walk over this site with a real browser, and compare with what is declared.

        The site must be running. Without URL it is the one at STRICT_COOKIES_CANONICAL_HOST.
        The exit code is 0 where nothing was found, 1 where something was, 2 where the audit could
        not be made.
        """
        app = load_app(ctx)
        if "strict_cookies" not in app.extensions:
            raise failure(f"StrictCookies is not added to the application {app.name!r}.")
        host = app.config["STRICT_COOKIES_CANONICAL_HOST"]
        if not urls and not host:
            raise click.UsageError(
                "Give the address at which the site runs, or set STRICT_COOKIES_CANONICAL_HOST."
            )
        protection = app.extensions["strict_cookies"]
        policy = protection.freeze().policy

        code = run_audit(
            ctx,
            urls or (f"https://{host}",),
            lambda _: policy,
            known_routes=find_routes(app),
            archive=protection.archive,
            expected=expect_own_headers(app),
            **options,
        )
        protection.trail.record("audit-run", exit_code=code)
        ctx.exit(code)

    return command


def find_routes(app: Flask) -> tuple[str, ...]:
    """List the rules of an application's pages that answer GET, without files and sign-out."""
    from ..audit.browser.links import is_harmless

    return tuple(
        sorted(
            {
                rule.rule
                for rule in app.url_map.iter_rules()
                if "GET" in (rule.methods or ())
                and not rule.endpoint.endswith("static")
                and is_harmless({"url": rule.rule})
            }
        )
    )


def expect_own_headers(app: Flask) -> Expected:
    """
    Give for each page the headers that an application has compiled for the view behind it.

    What is mounted inside, and what no rule of its own answers, has those of an ordinary page.
    """
    from urllib.parse import urlsplit

    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import RequestRedirect
    from werkzeug.test import create_environ

    talisman = app.extensions["strict_cookies"].talisman

    def expected(page: ObservedPage) -> Pairs:
        parts = urlsplit(page.final_url)
        environ = create_environ(
            parts.path or "/", f"{parts.scheme}://{parts.netloc}", query_string=parts.query
        )
        request = app.request_class(environ)
        try:
            request.url_rule, _ = app.url_map.bind_to_environ(environ).match(return_rule=True)
        except (HTTPException, RequestRedirect):
            # The ordinary ones, then.
            request.url_rule = None
        pairs: Pairs = talisman.headers_for(environ, str(page.status)).pairs
        return pairs

    return expected


def read_declared(observation: Observation) -> CookiePolicy:
    """
    Read the declaration that a site publishes.

    Raises:
        AuditError: There is none.
        PolicyError: It can't be read.
    """
    from ..declaration.reading import read_declaration

    if observation.declaration is None:
        raise AuditError(
            "The site publishes no declaration that could be found. One is linked by "
            'rel="cookie-declaration", in a Link header or on a page. '
            "Use --policy, or leave out --against-declaration."
        )
    return read_declaration(
        observation.declaration, source=observation.declaration_url or "declaration"
    )


def run_audit(
    ctx: click.Context,
    urls: tuple[str, ...],
    declared: Callable[[Observation], CookiePolicy | None],
    *,
    output: Path | None,
    find_declaration: bool = False,
    known_routes: tuple[str, ...] = (),
    archive: Archive | None = None,
    expected: Expected | None = None,
    **options: Any,
) -> int:
    """
    Make an audit, show and write what it found.

    Args:
        ctx: Of the command.
        urls: Of the site.
        declared: Gives what the site declares, once it was seen; None where it declares nothing.
        output: A folder; None to write nothing.
        find_declaration: As in :class:`~strict_cookies.audit.browser.options.AuditOptions`.
        known_routes: Likewise.
        archive: Where the audit is remembered; None for a site that is not at hand.
        expected: Gives the headers of a page; None takes what any page should have.
        options: Those of :func:`audit_options`, by their names.

    Returns:
        The exit code: 0 where nothing was found, 1 where something was; an audit that could not be
        made ends the command with 2.
    """
    try:
        from rich.console import Console
    except ImportError:
        click.echo("More packages are needed. Run 'pip install strict-cookies[audit]'.", err=True)
        ctx.exit(FAILED)
    for option in ("with_values", "pdf"):
        if options[option] and output is None:
            name = option.replace("_", "-")
            raise click.UsageError(
                f"--{name} needs --output, the folder of the bundle it goes into."
            )
    from ..audit.browser.crawler import audit_site
    from ..audit.browser.printing import print_alone
    from ..audit.browser.values import VALUES, Values
    from ..audit.conclusion import conclude_audit
    from ..audit.progress import Display

    percent = options["min_coverage"]

    def print_pdf(text: str) -> bytes:
        return print_alone(text, chromium=chosen.chromium)

    try:
        chosen = replace(
            _read_options(options), find_declaration=find_declaration, known_routes=known_routes
        )
        _make_folder(output)
        draft = options["draft"]
        if draft is not None and draft.exists():
            raise AuditError(f"{draft} is there already. Name another file.")
        with TemporaryDirectory(prefix="strict-cookies-") as folder:
            pictures = None if output is None or options["no_screenshots"] else Path(folder)
            chosen = replace(chosen, screenshots=pictures)
            values = Values() if options["with_values"] else None
            if values is not None:
                click.secho(
                    f"Sensitive: {output}/{VALUES} will hold cookie values. Whoever has that file "
                    "can act as a visitor who was signed in: keep it to yourself, delete it soon.",
                    fg="red",
                    bold=True,
                    err=True,
                )
            with Display(Console(stderr=True)) as display:
                observation = audit_site(urls, chosen, display.update, values)
            code = conclude_audit(
                observation,
                declared(observation),
                Console(),
                output=output,
                pictures=pictures,
                draft=draft,
                archive=archive,
                expected=expected,
                min_coverage=None if percent is None else percent / 100,
                print_pdf=print_pdf if options["pdf"] else None,
                values=values,
            )
    except StrictCookiesError as error:
        click.echo(f"Error: {error}", err=True)
        ctx.exit(FAILED)
    return code


def _read_options(given: dict[str, Any]) -> AuditOptions:
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
    )
    if given["journey"] is not None:
        options = replace(options, journey=load_journey(given["journey"]))
    return options


def _make_folder(folder: Path | None) -> None:
    """Make the folder before the work of an audit, not after it."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise AuditError(
            f"{folder} can't be used: {error.strerror}. Name another folder."
        ) from None
    if not is_empty:
        raise AuditError(f"{folder} is not empty. Name a folder that is empty or not there yet.")
