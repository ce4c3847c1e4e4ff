"""
A small ERP of a fictional vendor, "Definitive Track", as the showcase of Strict Cookies.

It does what such a product does (sign-in, roles, customers, orders, messages, preferences) with
one cookie, the session's. :mod:`example_app.misbehave` is the one place that tries to set others,
on purpose, so that a developer can watch what becomes of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from strict_cookies import StrictCookies

from . import (
    activity,
    auth,
    csrf,
    customers,
    data_requests,
    database,
    display,
    messages,
    misbehave,
    orders,
    overview,
    pages,
    preferences,
    secret,
)


def create_app(config: dict[str, Any] | None = None) -> Flask:
    """
    Build the ERP, with its database ready for use.

    Args:
        config: Overrides. ``DATABASE`` is the path of the SQLite file, ``SECRET_KEY`` signs the
            session's cookie; both are in the instance directory by default.

    Returns:
        The application, with Strict Cookies around all mounted applications.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        # In tests the default is to raise; here cookies are dropped on purpose.
        STRICT_COOKIES_MODE="enforce",
        STRICT_COOKIES_LOGIN_VIEW="auth.login",
        TRUSTED_HOSTS=["localhost", "127.0.0.1"],
        TRACKER=None,
        TRACKER_URL="http://127.0.0.2:5001/pixel.gif",
    )
    app.config.update(config or {})
    instance = Path(app.instance_path)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = secret.load_or_create(instance)
    app.config.setdefault("DATABASE", instance / "erp.sqlite")

    for part in (database, auth, csrf, display):
        part.init_app(app)
    for room in (
        overview, pages, data_requests, customers, orders, messages, preferences, activity,
        misbehave,
    ):  # fmt: skip
        app.register_blueprint(room.bp)

    misbehave.init_app(app)
    app.wsgi_app = DispatcherMiddleware(  # type: ignore[method-assign]
        app.wsgi_app, {"/legacy": misbehave.legacy_app}
    )
    StrictCookies(app)
    return app
