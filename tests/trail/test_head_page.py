"""The head of the trail as a public page."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from strict_cookies import StrictCookies
from strict_cookies.trail.chain import canonical
from strict_cookies.trail.signing import is_signed, make_key

HOME = "https://localhost"


@pytest.fixture
def app(tmp_path):
    """An application whose heads are signed."""
    make_key(tmp_path / "trail.pem")
    app = Flask("shop")
    app.config.update(
        TESTING=True, SECRET_KEY="k" * 40, STRICT_COOKIES_TRAIL_KEY=tmp_path / "trail.pem"
    )
    StrictCookies(app)
    return app


def test_head_has_no_details(app):
    """Number, hash, time, key and signature in canonical form; no cookie, no event."""
    trail = app.extensions["strict_cookies"].trail
    trail.record("signed-in", user="alice")
    response = app.test_client().get("/cookies/trail-head", base_url=HOME)
    head = response.get_json()
    assert set(head) == {"format", "hash", "number", "public_key", "signature", "time"}
    assert (head["number"], head["hash"]) == trail.last()
    assert is_signed(head)
    assert response.data == canonical(head) + b"\n"
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "max-age=10"
    assert "Set-Cookie" not in response.headers
    assert "Vary" not in response.headers


def test_known_head_is_not_sent_again(app):
    """A browser that has it gets a 304."""
    client = app.test_client()
    etag = client.get("/cookies/trail-head", base_url=HOME).headers["ETag"]
    response = client.get("/cookies/trail-head", base_url=HOME, headers={"If-None-Match": etag})
    assert (response.status_code, response.data) == (304, b"")


def test_head_is_unavailable_without_its_key(app, caplog):
    """A head that should be signed is never sent unsigned."""
    client = app.test_client()
    trail = app.extensions["strict_cookies"].trail
    trail.key.path.unlink()
    response = client.get("/cookies/trail-head", base_url=HOME)
    assert (response.status_code, response.text) == (503, "The trail can't be read now.\n")
    assert response.headers["Cache-Control"] == "no-store"
    assert "SC905" in caplog.text


def test_head_is_cached_for_some_seconds(app, monkeypatch):
    """Repeated requests cause no read of the store."""
    client = app.test_client()
    first = client.get("/cookies/trail-head", base_url=HOME).data
    monkeypatch.setattr(app.extensions["strict_cookies"].trail.archive, "last", lambda log: 1 // 0)
    assert client.get("/cookies/trail-head", base_url=HOME).data == first
    assert json.loads(first)["number"] == 0
