"""``flask cookies show`` and ``export``: the declaration in a terminal or a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .._util.text import printable
from ..declaration.exports import EXPORTS
from ..declaration.i18n.language import LANGUAGES, find_language
from ..errors import StrictCookiesError
from ..flask.config import POLICY_FILE
from .app import find_app_state, load_app
from .pdf import print_pdf
from .terminal import failure, print_rows, write_failure

if TYPE_CHECKING:
    from flask import Flask

    from ..flask.state import AppState

_MODES = {
    "enforce": "undeclared cookies are neither sent nor read",
    "report-only": "nothing is blocked; undeclared cookies are only logged",
    "raise": "an undeclared cookie raises an error",
}
_EXPIRY = {
    "known": "known trackers, and undeclared cookies that this application tried to set, are "
    "expired in the browser",
    "host": "every undeclared cookie of this host is expired in the browser",
    "site": "every undeclared cookie of this host and its parent domains is expired in the browser",
    "off": "no cookie is expired in the browser",
}
_TRANSPORTS = {
    "https": "every cookie is Secure",
    "plain-http": "Secure is not added; for development only",
}


@click.command("show")
@click.option("--json", "as_json", is_flag=True, help="Print only the declaration, as JSON.")
@click.pass_context
def show_command(ctx: click.Context, as_json: bool) -> None:
    """Show how cookies are enforced, and the declaration as Markdown."""
    app = load_app(ctx)
    state = _freeze(app)
    if as_json:
        click.echo(_export(state, "json", "en"), nl=False)
        return
    settings, policy = state.settings, state.policy
    source = policy.source or (
        "built in Python (STRICT_COOKIES_POLICY)"
        if app.config["STRICT_COOKIES_POLICY"] is not None
        else f"the default; there is no {POLICY_FILE} in {app.root_path}"
    )
    print_rows(
        [
            ("Mode", f"{settings.mode}: {_MODES[settings.mode]}"),
            ("Expiry", f"{settings.expire_undeclared}: {_EXPIRY[settings.expire_undeclared]}"),
            ("Transport", f"{settings.transport}: {_TRANSPORTS[settings.transport]}"),
            ("Policy", source),
        ]
    )
    click.echo()
    for line in _export(state, "md", "en").splitlines():
        click.echo(printable(line))


@click.command("export")
@click.argument("format_name", metavar="FORMAT", type=click.Choice([*EXPORTS, "pdf"]))
@click.option("--lang", type=click.Choice(list(LANGUAGES)), default="en", show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write; by default standard output.",
)
@click.pass_context
def export_command(ctx: click.Context, format_name: str, lang: str, output: Path | None) -> None:
    """
    Export the declaration in an open format.

    json, csv and md are the formats that the site publishes. tcf is a file of IAB device storage
    disclosures; it does not make the site a participant in TCF. edpb is a knowledge base for the
    EDPB Website Auditing Tool. pdf is the page as 'flask cookies publish' prints it; it needs
    Chromium.
    """
    app = load_app(ctx)
    state = _freeze(app)
    if format_name == "pdf":
        _write_pdf(app, lang, output)
        return
    text = _export(state, format_name, lang)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise write_failure(output, error) from None


def _freeze(app: Flask) -> AppState:
    """Return the state of an application, with its configuration compiled."""
    state = find_app_state(app)
    try:
        state.freeze()
    except (StrictCookiesError, AttributeError, TypeError, ValueError) as error:
        raise failure(
            f"Invalid configuration: {error}\nRun 'flask cookies check' to see every problem."
        ) from None
    return state


def _export(state: AppState, format_name: str, language: str) -> str:
    return EXPORTS[format_name].write(state.document(), find_language(language))


def _write_pdf(app: Flask, language: str, output: Path | None) -> None:
    if output is None:
        raise failure("A PDF can't be printed to the terminal. Use --output PATH.")
    try:
        output.write_bytes(print_pdf(app, languages=(find_language(language),))[language])
    except StrictCookiesError as error:
        raise failure(f"{error}") from None
    except OSError as error:
        raise write_failure(output, error) from None
