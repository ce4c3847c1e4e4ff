"""Flask-JWT-Extended with tokens in cookies: declared as init says, they work and nothing else."""

from __future__ import annotations

import pytest
from flask import Flask, jsonify
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)

from strict_cookies import CookieDroppedError, StrictCookies
from strict_cookies.checks.extensions import used_cookies
from strict_cookies.policy.policy import CookiePolicy

SITE = "https://localhost"
SECRET = "k" * 32


def make_app(policy=None, **config):
    """Make an application that signs in by tokens in cookies."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=SECRET,
        TESTING=True,
        JWT_TOKEN_LOCATION=["cookies"],
        JWT_COOKIE_SECURE=True,
        JWT_COOKIE_SAMESITE="Lax",
        STRICT_COOKIES_POLICY=policy,
        **config,
    )
    JWTManager(app)
    StrictCookies(app)

    @app.post("/sign-in")
    def sign_in():
        response = jsonify(done=True)
        set_access_cookies(response, create_access_token("alice"))
        set_refresh_cookies(response, create_refresh_token("alice"))
        return response

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh():
        response = jsonify(done=True)
        set_access_cookies(response, create_access_token(get_jwt_identity()))
        return response

    @app.post("/sign-out")
    def sign_out():
        response = jsonify(done=True)
        unset_jwt_cookies(response)
        return response

    @app.route("/me", methods=["GET", "POST"])
    @jwt_required()
    def me():
        return get_jwt_identity()

    return app


def declared(**config):
    """Make the application with the entries that ``flask cookies init`` writes for it."""
    entries = [used.entry for used in used_cookies(make_app(**config))]
    return make_app(CookiePolicy.parse("\n\n".join(entries)), **config)


@pytest.fixture
def client():
    """A browser on https, signed in."""
    client = declared().test_client()
    client.post("/sign-in", base_url=SITE)
    return client


def names(client):
    """List the cookies in the jar."""
    return sorted(cookie.key for cookie in client._cookies.values())


def test_four_cookies_leave_as_they_are_declared():
    """Tokens can't be read by scripts; their CSRF values can, since a script must send them."""
    response = declared().test_client().post("/sign-in", base_url=SITE)
    lines = {
        line.partition("=")[0]: line.partition("; ")[2]
        for line in response.headers.getlist("Set-Cookie")
    }
    hidden, readable = "Path=/; Secure; HttpOnly; SameSite=Lax", "Path=/; Secure; SameSite=Lax"
    assert lines == {
        "access_token_cookie": hidden,
        "csrf_access_token": readable,
        "refresh_token_cookie": hidden,
        "csrf_refresh_token": readable,
    }


def test_signed_in_user_reads_and_writes(client):
    """A GET needs the cookie; a POST also the value that the page's script read."""
    assert client.get("/me", base_url=SITE).text == "alice"
    assert client.post("/me", base_url=SITE).status_code == 401
    value = client.get_cookie("csrf_access_token").value
    headers = {"X-CSRF-TOKEN": value}
    assert client.post("/me", base_url=SITE, headers=headers).text == "alice"


def test_access_is_refreshed(client):
    """The refresh token gives a new access token."""
    client.delete_cookie("access_token_cookie")
    headers = {"X-CSRF-TOKEN": client.get_cookie("csrf_refresh_token").value}
    assert client.post("/refresh", base_url=SITE, headers=headers).json == {"done": True}
    assert client.get("/me", base_url=SITE).text == "alice"


def test_signing_out_clears_the_jar(client):
    """A deletion leaves with the attributes of what it deletes."""
    client.post("/sign-out", base_url=SITE)
    assert names(client) == []


def test_other_origin_is_refused_before_the_token_is_looked_at(client):
    """A forged request with the tokens does not reach the view."""
    headers = {"Origin": "https://evil.test", "Sec-Fetch-Site": "cross-site"}
    response = client.post("/refresh", base_url=SITE, headers=headers)
    assert response.status_code == 403
    assert response.text.startswith("SC601")


def test_undeclared_token_is_told():
    """Without the entries a test fails, with the lines that declare the cookie."""
    with pytest.raises(CookieDroppedError, match="access_token_cookie"):
        make_app().test_client().post("/sign-in", base_url=SITE)


def test_tokens_in_headers_need_no_entry():
    """Where tokens are in headers, init declares nothing."""
    app = make_app()
    app.config["JWT_TOKEN_LOCATION"] = ["headers"]
    assert used_cookies(app) == ()
