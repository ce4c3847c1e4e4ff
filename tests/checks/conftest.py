"""Applications that are checked."""

from __future__ import annotations

import pytest
from flask import Flask

from strict_cookies import (
    StrictCookies,
)
from strict_cookies.trail.signing import make_key
from tests.checks.applications import SITE, SOUND


@pytest.fixture
def make_app(tmp_path):
    """Build a sound application, but for what a test changes; None for toml means no file."""

    def make_app(config=(), toml=SITE, before=None, after=None):
        path = tmp_path / "cookies.toml"
        path.unlink(missing_ok=True)
        if toml is not None:
            path.write_text(toml, "utf-8")
        key = tmp_path / "trail.pem"
        if not key.exists():
            make_key(key)
        app = Flask("erp", root_path=str(tmp_path))
        app.config.update(SOUND, STRICT_COOKIES_TRAIL_KEY=key)
        app.config.update(config)
        if before:
            before(app)
        StrictCookies(app)
        if after:
            after(app)
        return app

    return make_app
