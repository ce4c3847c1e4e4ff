"""What others wrap around an application: WhiteNoise, DispatcherMiddleware, ProxyFix."""

from __future__ import annotations

import pytest
from flask import Flask, request, session
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client
from whitenoise import WhiteNoise

from strict_cookies import ConfigurationError, StrictCookies

COOKIE = "__Host-Http-session"


def make_app(name="shop", **config):
    """Make an application that is not protected yet."""
    app = Flask(name)
    app.config.update(SECRET_KEY="k" * 32, TESTING=True, **config)

    @app.get("/")
    def index():
        session["user"] = "alice"
        return {"secure": request.is_secure, "address": request.remote_addr}

    return app


@pytest.fixture
def files(tmp_path):
    """A folder with one static file."""
    (tmp_path / "style.css").write_text("p { color: black }", "utf-8")
    return str(tmp_path)


def test_whitenoise_inside_gets_headers_and_no_cookie(files):
    """WhiteNoise comes first; its files are cached for long, carry our headers and no cookie."""
    app = make_app()
    app.wsgi_app = WhiteNoise(app.wsgi_app, root=files, prefix="static/", max_age=600)
    StrictCookies(app)
    response = app.test_client().get("/static/style.css", base_url="https://localhost")
    assert response.text == "p { color: black }"
    assert response.headers["Cache-Control"] == "max-age=600, public"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "Set-Cookie" not in response.headers
    # WhiteNoise lets other sites use its files, for content delivery networks; we do not.
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    response.close()


def test_whitenoise_outside_is_told(files):
    """Added afterwards, its files would get no header, and the message says what to do."""
    app = make_app()
    StrictCookies(app)
    app.wsgi_app = WhiteNoise(app.wsgi_app, root=files)
    with pytest.raises(ConfigurationError, match=r"SC301.*whitenoise\.base\.WhiteNoise"):
        app.test_client().get("/")


def test_dispatcher_of_two_protected_applications():
    """Each has its own firewall, policy and session; names differ, since the jar is one."""
    shop = make_app()
    admin = make_app("admin", SESSION_COOKIE_NAME="__Host-Http-admin")
    for app in (shop, admin):
        StrictCookies(app)
    client = Client(DispatcherMiddleware(shop, {"/admin": admin}))
    for path in ("/", "/admin/"):
        assert client.get(path, base_url="https://localhost").status_code == 200
    assert {cookie.key for cookie in client._cookies.values()} == {COOKIE, "__Host-Http-admin"}
    assert client.get("/admin/cookies/", base_url="https://localhost").status_code == 200


def test_proxy_fix_outside_tells_scheme_and_address():
    """ProxyFix goes around ours, so that what it tells counts."""
    app = make_app(STRICT_COOKIES_CANONICAL_HOST="shop.test")
    StrictCookies(app)
    app.wsgi_app = ProxyFix(app.wsgi_app)
    client = app.test_client()
    fields = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
    response = client.get("/", base_url="http://shop.test", headers=fields)
    assert response.json == {"secure": True, "address": "203.0.113.7"}
    assert client.get("/", base_url="http://shop.test").status_code == 308


def test_proxy_fix_inside_is_told():
    """Inside, it comes too late for redirect and HSTS, and the message says so."""
    app = make_app()
    app.wsgi_app = ProxyFix(app.wsgi_app)
    StrictCookies(app)
    with pytest.raises(ConfigurationError, match="SC302"):
        app.test_client().get("/")
