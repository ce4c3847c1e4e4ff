"""
Find the library's state of a Flask application.

Lower stages look it up here and name what they need of it as a Protocol of their own;
:func:`strict_cookies.flask.state.get_state` returns it with its full type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from flask import Flask

#: The key in ``app.extensions``.
EXTENSION = "strict_cookies"


def find_state(app: Flask | None = None) -> Any:
    """
    Return ``app.extensions["strict_cookies"]``.

    Args:
        app: None for the current application.

    Raises:
        ConfigurationError: StrictCookies was not added to the application.
        RuntimeError: ``app`` is None and there is no application context.
    """
    extensions = (current_app if app is None else app).extensions
    try:
        return extensions[EXTENSION]
    except KeyError:
        name = (current_app if app is None else app).name
        raise ConfigurationError(
            f"StrictCookies was not added to the application {name!r}. Call StrictCookies(app)."
        ) from None
