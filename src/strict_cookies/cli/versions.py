"""
``flask cookies publish`` and ``diff``: put a version of the declaration on record, and compare.

Publishing is a step of a deployment, not something that a worker does when it starts. ``diff``
exits with 0 where nothing differs, 1 where something does, and 2 where that could not be told, as
``diff`` and ``grep`` do.
"""

from __future__ import annotations

import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import click

from .._util.text import printable
from ..errors import UnchangedDeclarationError
from .app import protection_of
from .terminal import failure

if TYPE_CHECKING:
    from flask import Flask

    from ..declaration.i18n.language import Language
    from ..declaration.versions import Version
    from ..flask.state import AppState

#: Exit codes of ``diff``.
DIFFERS, UNKNOWN = 1, 2
_WITHOUT = "Or say --without-pdf; 'flask cookies publish' makes it later."


@click.command("publish")
@click.option(
    "--effective",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day from which it counts, as 2026-03-01; by default today, UTC.",
)
@click.option("--without-pdf", is_flag=True, help="Make no PDF, so that no browser is needed.")
@click.pass_context
def publish_command(
    ctx: click.Context, effective: datetime.datetime | None, without_pdf: bool
) -> None:
    """
    Publish the declaration as it stands: record it as a version.

    What is published already is not recorded twice; the exit code is 0 then, too. A PDF that
    the newest version lacks is made.
    """
    day = None if effective is None else effective.date()
    if day is not None and day > datetime.datetime.now(datetime.UTC).date():
        raise click.UsageError(
            f"--effective is {day}, which is to come. The declaration tells what is enforced "
            "now: publish it when that is deployed.",
            ctx,
        )
    with protection_of(ctx) as (app, protection):
        versions = protection.versions
        last = versions.last()
        if day is not None and last is not None and day < last.effective_from:
            raise click.UsageError(
                f"--effective is {day}, before version {last.number} "
                f"({last.effective_from}). Give a later day.",
                ctx,
            )
        try:
            version = versions.prepare(protection.document(), last, day)
            is_new = True
        except UnchangedDeclarationError:
            assert last is not None
            version, is_new = last, False
        pdfs = {}
        if not without_pdf and (is_new or not versions.pdf_languages(version.number)):
            pdfs = _print(app, version)
        if is_new:
            recorded = protection.publish(effective_from=day)
            if recorded.number != version.number:
                # The sheets have another number on them.
                version, pdfs = recorded, {}
        if pdfs:
            versions.keep_pdfs(version.number, pdfs)
    _tell_published(version, is_new=is_new, languages=tuple(pdfs))


@click.command("diff")
@click.argument("old", required=False, type=click.IntRange(min=1), metavar="[OLD")
@click.argument("new", required=False, type=click.IntRange(min=1), metavar="[NEW]]")
@click.pass_context
def diff_command(ctx: click.Context, old: int | None, new: int | None) -> None:
    """
    Compare the declaration as it stands with what is published, or two versions.

    Without a number it is compared with the newest version, with one with that. The exit code
    is 0 where nothing differs, 1 where something does or nothing is published, and 2 where
    that can't be told.
    """
    from ..declaration.diff import diff
    from ..declaration.i18n.language import find_language
    from ..declaration.view import describe_changes

    with protection_of(ctx, code=UNKNOWN) as (_, protection):
        versions = protection.versions
        before = versions.last() if old is None else versions.find(old)
        after = None if new is None else versions.find(new)
        for number, found in ((old, before), (new, after)):
            if number is not None and found is None:
                raise failure(f"There is no version {number}. {_say_newest(versions.last())}")
        document = protection.document() if after is None else after.document
    if before is None:
        click.echo("Nothing is published yet: run 'flask cookies publish'.")
        ctx.exit(DIFFERS)
    what = "the declaration as it stands" if after is None else f"version {after.number}"
    if before.document["hash"] == document["hash"]:
        click.echo(f"Nothing differs between version {before.number} and {what}.")
        return
    click.echo(f"From version {before.number} to {what}:")
    changes = diff(before.document, document)
    _print_words(describe_changes(changes, document, find_language("en")))
    ctx.exit(DIFFERS)


def print_pdf(
    app: Flask, version: Version | None = None, *, languages: tuple[Language, ...] = ()
) -> dict[str, bytes]:
    """
    Print the declaration in several languages.

    Args:
        app: Whose configuration is settled.
        version: Which one; None for the declaration as it stands.
        languages: By default those of the site.

    Returns:
        The PDFs by the languages' tags.

    Raises:
        AuditError: Playwright or a Chromium is missing; the message says what to install.
    """
    from werkzeug.test import Client

    from ..audit.browser.printing import Page, Resource, print_to_pdf
    from ..declaration.pages.blueprint import Pages
    from ..declaration.pages.versions import print_languages, standing_document
    from ..declaration.published import Published

    protection: AppState = app.extensions["strict_cookies"]
    document = protection.document()
    if version is not None:
        past = (version.past, *protection.versions.history_of(version.number - 1))
        document = standing_document(version, past)
    origin = _origin(app)
    pages = Pages(Published(protection.stand), lambda: protection.versions)
    languages = languages or print_languages(document)
    with app.test_request_context(base_url=f"{origin}{app.config['APPLICATION_ROOT']}"):
        links = {key: f"{origin}{path}" for key, path in pages.links().items()}
        sheets = [
            Page(
                f"{links['page']}?lang={language.tag}",
                pages.render_past(document, language, links, past=False).octets.decode(),
                f"{document['site']['name']} · {document['hash']}".lstrip(" ·"),
            )
            for language in languages
        ]
    # What a page links to is asked of the application itself, inside the firewall.
    client = Client(protection.inner)

    def fetch(url: str) -> Resource | None:
        if not url.startswith(f"{origin}/"):
            return None
        with client.get(url.removeprefix(origin), base_url=origin) as response:
            if response.status_code != HTTPStatus.OK:
                return None
            return Resource(response.data, response.content_type)

    printed = print_to_pdf(sheets, fetch)
    return {language.tag: octets for language, octets in zip(languages, printed, strict=True)}


def _print(app: Flask, version: Version) -> dict[str, bytes]:
    from ..errors import AuditError

    try:
        return print_pdf(app, version)
    except AuditError as error:
        raise failure(
            f"No PDF can be made, and nothing was published. {error}\n{_WITHOUT}"
        ) from None


def _say_newest(last: Version | None) -> str:
    return "None is published yet." if last is None else f"The newest is {last.number}."


def _origin(app: Flask) -> str:
    """Give the site's origin, for the links in a PDF."""
    config = app.config
    hosts = (
        config["STRICT_COOKIES_CANONICAL_HOST"],
        config["SERVER_NAME"],
        *(config["TRUSTED_HOSTS"] or ()),
    )
    host: Any = next((host for host in hosts if host and not host.startswith(".")), "localhost")
    return f"https://{host}"


def _tell_published(version: Version, *, is_new: bool, languages: tuple[str, ...]) -> None:
    from ..declaration.publishing import say_version

    if is_new:
        click.echo(f"Published version {version.number}, in force since {version.effective_from}.")
        if version.number == 1:
            click.echo("It is the first.")
        _print_words(say_version(version))
    else:
        click.echo(f"Nothing to publish: version {version.number} has this very content.")
    if languages:
        click.echo(f"PDF: {', '.join(languages)}.")


def _print_words(words: tuple[str, ...]) -> None:
    for text in words:
        click.echo(f"  {printable(text)}")
