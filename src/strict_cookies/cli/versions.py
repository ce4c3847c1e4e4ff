"""
``flask cookies publish`` and ``diff``: publish a version of the declaration, compare versions.

Publishing is a step of a deployment; workers do not publish when they start. ``diff`` exits like
``diff`` and ``grep``: with 0 if nothing differs, 1 if something does, and 2 for errors.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

import click

from .._util.text import printable
from ..declaration.changes import compare_documents
from ..declaration.i18n.language import find_language
from ..declaration.publishing import describe_version
from ..declaration.view import describe_changes
from ..errors import AuditError, UnchangedDeclarationError
from .app import open_app
from .pdf import print_pdf
from .terminal import failure

if TYPE_CHECKING:
    from flask import Flask

    from ..declaration.versions import Version

#: Exit codes of ``diff``.
DIFFERS, UNKNOWN = 1, 2
_WITHOUT = "Or use --without-pdf; run 'flask cookies publish' again later to add the PDF."


@click.command("publish")
@click.option(
    "--effective",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day from which it is in force, such as 2026-03-01; by default today (UTC).",
)
@click.option("--without-pdf", is_flag=True, help="Create no PDF, so that no browser is needed.")
@click.pass_context
def publish_command(
    ctx: click.Context, effective: datetime.datetime | None, without_pdf: bool
) -> None:
    """
    Publish the current declaration as a new version.

    If it is published already, no version is added, and the exit code is 0. If the newest
    version has no PDF, the PDF is created.
    """
    day = None if effective is None else effective.date()
    if day is not None and day > datetime.datetime.now(datetime.UTC).date():
        raise click.UsageError(
            f"--effective is {day}, in the future. The declaration describes what is enforced "
            "now: publish it when you deploy.",
            ctx,
        )
    with open_app(ctx) as (app, state):
        versions = state.versions
        last = versions.last()
        if day is not None and last is not None and day < last.effective_from:
            raise click.UsageError(
                f"--effective is {day}, before version {last.number} "
                f"({last.effective_from}). Give a later day.",
                ctx,
            )
        try:
            version = versions.prepare(state.document(), last, day)
            is_new = True
        except UnchangedDeclarationError:
            assert last is not None
            version, is_new = last, False
        pdfs = {}
        if not without_pdf and (is_new or not versions.pdf_languages(version.number)):
            pdfs = _create_pdfs(app, version)
        if is_new:
            recorded = state.publish(effective_from=day)
            if recorded.number != version.number:
                # The PDF shows the number of another version.
                version, pdfs = recorded, {}
        if pdfs:
            versions.store_pdfs(version.number, pdfs)
    _print_published(version, is_new=is_new, languages=tuple(pdfs))


@click.command("diff")
@click.argument("old", required=False, type=click.IntRange(min=1), metavar="[OLD")
@click.argument("new", required=False, type=click.IntRange(min=1), metavar="[NEW]]")
@click.pass_context
def diff_command(ctx: click.Context, old: int | None, new: int | None) -> None:
    """
    Compare the current declaration with a published version, or two versions.

    Without OLD, the newest version is compared with the current declaration. The exit code is 0
    if nothing differs, 1 if something does or nothing is published, and 2 for errors.
    """
    with open_app(ctx, code=UNKNOWN) as (_, state):
        versions = state.versions
        before = versions.last() if old is None else versions.find(old)
        after = None if new is None else versions.find(new)
        for number, version in ((old, before), (new, after)):
            if number is not None and version is None:
                raise failure(f"There is no version {number}. {_name_newest(versions.last())}")
        document = state.document() if after is None else after.document
    if before is None:
        click.echo("No version is published yet. Run 'flask cookies publish'.")
        ctx.exit(DIFFERS)
    what = "the current declaration" if after is None else f"version {after.number}"
    if before.document["hash"] == document["hash"]:
        click.echo(f"Nothing differs between version {before.number} and {what}.")
        return
    click.echo(f"From version {before.number} to {what}:")
    changes = compare_documents(before.document, document)
    _print_lines(describe_changes(changes, document, find_language("en")))
    ctx.exit(DIFFERS)


def _create_pdfs(app: Flask, version: Version) -> dict[str, bytes]:
    try:
        return print_pdf(app, version)
    except AuditError as error:
        raise failure(
            f"Nothing was published, because the PDF can't be created. {error}\n{_WITHOUT}"
        ) from None


def _name_newest(last: Version | None) -> str:
    return "No version is published yet." if last is None else f"The newest is {last.number}."


def _print_published(version: Version, *, is_new: bool, languages: tuple[str, ...]) -> None:
    if is_new:
        click.echo(f"Published version {version.number}, in force since {version.effective_from}.")
        if version.number == 1:
            click.echo("It is the first version.")
        _print_lines(describe_version(version))
    else:
        click.echo(f"Nothing to publish: version {version.number} has the same content.")
    if languages:
        click.echo(f"PDF: {', '.join(languages)}.")


def _print_lines(lines: tuple[str, ...]) -> None:
    for line in lines:
        click.echo(f"  {printable(line)}")
