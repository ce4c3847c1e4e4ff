"""How proxies write the scheme of a request."""

from __future__ import annotations

import pytest
from flask import Flask, request, session
from werkzeug.middleware.proxy_fix import ProxyFix

from strict_cookies import StrictCookies


def make_app(*, own):
    """Behind one proxy, by the setting or by a ProxyFix of the application's own."""
    app = Flask("shop")
    app.config.update(SECRET_KEY="k" * 40, TRUSTED_HOSTS=["shop.example"])
    if not own:
        app.config["STRICT_COOKIES_TRUSTED_PROXIES"] = 1
    StrictCookies(app)
    if own:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)

    @app.get("/")
    def index():
        session["a"] = 1
        return request.scheme

    return app


def ask(app, scheme):
    headers = {"X-Forwarded-Proto": scheme, "X-Forwarded-For": "192.0.2.7"}
    return app.test_client().get("/", base_url="http://shop.example", headers=headers)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("scheme", ["https", "wss", "HTTPS", "Wss"])
def test_secure_scheme_is_https(own, scheme):
    """It is neither redirected to itself nor refused, and its cookie is Secure."""
    response = ask(make_app(own=own), scheme)
    assert (response.status_code, response.text) == (200, "https")
    assert "; Secure" in response.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in response.headers


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("scheme", ["http", "ws", "HTTP"])
def test_plain_scheme_is_redirected(own, scheme):
    """Once, to https."""
    response = ask(make_app(own=own), scheme)
    assert (response.status_code, response.location) == (308, "https://shop.example/")
