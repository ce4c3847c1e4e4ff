"""
What the commands share: the application and its protection, or in words what stops them.

The commands load the application themselves, so that a policy that stops it is explained instead
of shown as a traceback.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from flask.cli import ScriptInfo

from ..checks.app import HOW_TO_ADD
from ..checks.finding import explain_error
from ..errors import PolicyError, StrictCookiesError
from .terminal import failure

if TYPE_CHECKING:
    from flask import Flask

    from ..flask.state import AppState


def load_app(ctx: click.Context) -> Flask:
    """
    Load the application of a command.

    Raises:
        click.ClickException: What stops it, in words.
    """
    try:
        return ctx.ensure_object(ScriptInfo).load_app()
    except StrictCookiesError as error:
        finding = explain_error(error)
        hint = (
            f"\nMend it, or move it away and remove STRICT_COOKIES_POLICY, then run 'flask cookies "
            f"{ctx.info_name}' again."
            if isinstance(error, PolicyError)
            else ""
        )
        raise failure(f"The application can't start. {finding.message}{hint}") from None


def find_protection(app: Flask) -> AppState:
    """
    Give what Strict Cookies keeps about an application.

    Raises:
        click.ClickException: It was not added; with the lines that add it.
    """
    protection: AppState | None = app.extensions.get("strict_cookies")
    if protection is None:
        raise failure(f"StrictCookies is not added to the application {app.name!r}.\n{HOW_TO_ADD}")
    return protection


@contextmanager
def protection_of(ctx: click.Context, *, code: int = 1) -> Iterator[tuple[Flask, AppState]]:
    """
    Give the application of a command and its protection, in an application context.

    Args:
        ctx: Of the command.
        code: The exit code where something stops it.

    Raises:
        click.ClickException: What stops it, in words; also for an error of ours in the block.
    """
    try:
        app = load_app(ctx)
        protection = find_protection(app)
        with app.app_context():
            yield app, protection
    except click.UsageError:
        raise
    except click.ClickException as error:
        error.exit_code = code  # type: ignore[misc]
        raise
    except StrictCookiesError as error:
        stopped = failure(f"{error}")
        stopped.exit_code = code  # type: ignore[misc]
        raise stopped from None
