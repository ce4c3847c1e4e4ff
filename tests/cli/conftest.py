"""A small application, of which commands are run."""

from __future__ import annotations

import pytest
from flask import Flask

from strict_cookies import StrictCookies
from strict_cookies.trail.signing import make_key
from tests.cli.commands import POLICY, SOUND


@pytest.fixture
def make_app(tmp_path):
    def make_app(protected=True, toml=POLICY, **config):
        if toml is not None:
            (tmp_path / "cookies.toml").write_text(toml, "utf-8")
        key = tmp_path / "trail.pem"
        if not key.exists():
            make_key(key)
        app = Flask("erp", root_path=str(tmp_path))
        app.config.update(SOUND, STRICT_COOKIES_TRAIL_KEY=key, **config)
        if protected:
            StrictCookies(app)
        return app

    return make_app


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make a distribution look installed."""

    def install(name):
        info = tmp_path / "site-packages" / f"{name.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        monkeypatch.syspath_prepend(info.parent)

    return install
