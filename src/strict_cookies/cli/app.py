"""
Load the application of a command, and its state; explain what prevents it.
from ..flask.state import get_state

The commands load the application themselves. If the policy is wrong, they print its mistakes
instead of a traceback.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from flask.cli import ScriptInfo

from .._util.app_state import EXTENSION
from ..checks.app import HOW_TO_ADD
from ..checks.finding import explain_error
from ..errors import PolicyError, StrictCookiesError
from ..flask.state import get_state
from .terminal import failure

if TYPE_CHECKING:
    from flask import Flask

    from ..flask.state import AppState


def load_app(ctx: click.Context) -> Flask:
    """
    Load the application of a command.

    Raises:
        click.ClickException: The application can't be created; the message says why.
    """
    try:
        return ctx.ensure_object(ScriptInfo).load_app()
    except StrictCookiesError as error:
        finding = explain_error(error)
        hint = (
            "\nFix it, or move the file away and remove STRICT_COOKIES_POLICY. Then run 'flask "
            f"cookies {ctx.info_name}' again."
            if isinstance(error, PolicyError)
            else ""
        )
        raise failure(f"The application can't start. {finding.message}{hint}") from None


def has_state(app: Flask) -> bool:
    """Return whether StrictCookies was added to an application."""
    return EXTENSION in app.extensions


def find_app_state(app: Flask) -> AppState:
    """
    Return the state of an application.

    Raises:
        click.ClickException: StrictCookies was not added; the message says how to add it.
    """
    if not has_state(app):
        raise failure(f"StrictCookies was not added to the application {app.name!r}.\n{HOW_TO_ADD}")
    state = get_state(app)
    return state


@contextmanager
def open_app(ctx: click.Context, *, code: int = 1) -> Iterator[tuple[Flask, AppState]]:
    """
    Load the application of a command and its state, and push an application context.

    Args:
        ctx: The command's.
        code: The exit code for errors.

    Raises:
        click.ClickException: For any error of this library, also if the block raises it.
    """
    try:
        app = load_app(ctx)
        state = find_app_state(app)
        with app.app_context():
            yield app, state
    except click.UsageError:
        raise
    except click.ClickException as error:
        error.exit_code = code  # type: ignore[misc]
        raise
    except StrictCookiesError as error:
        raise failure(f"{error}", code=code) from None
