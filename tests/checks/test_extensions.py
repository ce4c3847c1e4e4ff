"""Which cookies an application's extensions are known to set, as it configured them."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from flask import Flask

from strict_cookies.checks.extensions import used_cookies, used_distributions
from strict_cookies.policy.policy import CookiePolicy

JWT = "flask-jwt-extended"
JWT_COOKIES = ["access_token_cookie", "refresh_token_cookie"]
JWT_CSRF = ["csrf_access_token", "csrf_refresh_token"]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Make a distribution look installed, by its metadata."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    # What is installed here for other tests is out of sight.
    rest = [path for path in sys.path if "site-packages" not in path]
    monkeypatch.setattr(sys, "path", [str(folder), *rest])

    def install(*names):
        for name in names:
            info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")

    return install


def make_app(uses=(), **config):
    app = Flask(__name__)
    app.config.update(config)
    for name in uses:
        if name == "flask-login":
            app.login_manager = object()
        else:
            app.extensions[name] = object()
    return app


@pytest.mark.parametrize(
    ("installed", "uses", "expected"),
    [
        pytest.param([], [], (), id="neither"),
        pytest.param(["flask-login"], [], (), id="installed only"),
        pytest.param([], ["flask-login"], (), id="an attribute of that name only"),
        pytest.param(["Flask-Login"], ["flask-login"], ("flask-login",), id="both"),
        pytest.param([JWT], [JWT], (JWT,), id="jwt"),
        pytest.param(
            ["flask-security-too"], ["security"], ("flask-security-too",), id="a fork's name"
        ),
    ],
)
def test_extension_counts_where_it_is_installed_and_used(install, installed, uses, expected):
    """Only what is both installed and used by the application is listed."""
    install(*installed)
    assert used_distributions(make_app(uses)) == expected


@pytest.mark.parametrize(
    ("uses", "config", "expected"),
    [
        pytest.param("flask-login", {}, ["remember_token"], id="login"),
        pytest.param("flask-login", {"REMEMBER_COOKIE_NAME": "stay"}, ["stay"], id="login renamed"),
        pytest.param(JWT, {}, [], id="jwt in headers by default"),
        pytest.param(JWT, {"JWT_TOKEN_LOCATION": "headers"}, [], id="jwt in headers"),
        pytest.param(
            JWT, {"JWT_TOKEN_LOCATION": ["cookies"]}, JWT_COOKIES + JWT_CSRF, id="jwt in cookies"
        ),
        pytest.param(
            JWT,
            {"JWT_TOKEN_LOCATION": "cookies", "JWT_COOKIE_CSRF_PROTECT": False},
            JWT_COOKIES,
            id="jwt without csrf",
        ),
        pytest.param(
            JWT,
            {
                "JWT_TOKEN_LOCATION": ("headers", "cookies"),
                "JWT_CSRF_IN_COOKIES": False,
                "JWT_ACCESS_COOKIE_NAME": "a",
                "JWT_REFRESH_COOKIE_NAME": "a",
            },
            ["a"],
            id="jwt with one name for two",
        ),
        pytest.param("security", {}, [], id="security"),
        pytest.param("security", {"SECURITY_TWO_FACTOR": True}, [], id="asks at each login"),
        pytest.param(
            "security",
            {"SECURITY_TWO_FACTOR": True, "SECURITY_TWO_FACTOR_ALWAYS_VALIDATE": False},
            ["tf_validity"],
            id="remembers devices",
        ),
    ],
)
def test_cookies_are_those_of_the_configuration(install, uses, config, expected):
    """A cookie is listed under its configured name, and only where the configuration sets it."""
    install("flask-login", JWT, "flask-security")
    assert sorted(c.name for c in used_cookies(make_app([uses], **config))) == sorted(expected)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({}, timedelta(days=365), id="default"),
        pytest.param({"REMEMBER_COOKIE_DURATION": 60}, timedelta(minutes=1), id="seconds"),
        pytest.param(
            {"REMEMBER_COOKIE_DURATION": timedelta(days=2)}, timedelta(days=2), id="timedelta"
        ),
        pytest.param({"REMEMBER_COOKIE_DURATION": "long"}, None, id="what Flask-Login refuses"),
    ],
)
def test_lifetime_of_a_remembered_login_is_the_configured_one(install, config, expected):
    """Today's lifetime is read as Flask-Login reads it."""
    install("flask-login")
    (cookie,) = used_cookies(make_app(["flask-login"], **config))
    assert cookie.lifetime == expected


@pytest.mark.parametrize(
    ("session", "expected"),
    [(True, None), (False, timedelta(seconds=31_540_000))],
)
def test_lifetime_of_a_token_is_the_configured_one(install, session, expected):
    """Flask-JWT-Extended's cookies end with the browser unless it is told otherwise."""
    install(JWT)
    app = make_app([JWT], JWT_TOKEN_LOCATION="cookies", JWT_SESSION_COOKIE=session)
    assert {cookie.lifetime for cookie in used_cookies(app)} == {expected}


def test_entry_declares_the_configured_cookie(install):
    """The suggested entry loads, with the name and domain that the application uses."""
    install("flask-login")
    app = make_app(
        ["flask-login"], REMEMBER_COOKIE_NAME="stay", REMEMBER_COOKIE_DOMAIN=".example.com"
    )
    (cookie,) = used_cookies(app)
    (declared,) = CookiePolicy.parse(cookie.entry).cookies
    assert (declared.name, declared.domain) == ("stay", "example.com")
    assert declared.title == "Remembered login"
