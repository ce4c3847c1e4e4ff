"""Flask-Security-Too: sign in, change the password, sign out, all with our sessions."""

from __future__ import annotations

import re

import pytest
from flask import Flask, session
from flask_security import (
    RoleMixin,
    Security,
    UserDatastore,
    UserMixin,
    auth_required,
    current_user,
    hash_password,
    roles_required,
)
from flask_wtf import CSRFProtect

from strict_cookies import CookieDroppedError, StrictCookies, current_login
from strict_cookies.checks.extensions import used_cookies
from strict_cookies.policy.policy import CookiePolicy

SITE = "https://localhost"
COOKIE = "__Host-Http-session"
OLD, NEW = "correct horse battery", "staple of another horse"


class Role(RoleMixin):
    name = permissions = None

    def __init__(self, **fields):
        vars(self).update(fields)


class User(UserMixin):
    id = email = password = fs_uniquifier = active = None

    def __init__(self, **fields):
        vars(self).update(fields)


class Datastore(UserDatastore):
    """Users in memory; which database keeps them is nothing to a cookie."""

    def __init__(self):
        super().__init__(User, Role)
        self._kept = []

    def put(self, model):
        if model not in self._kept:
            self._kept.append(model)
        return model

    def delete(self, model):
        self._kept.remove(model)

    def commit(self):
        """Nothing waits."""

    def find_user(self, case_insensitive=False, **wanted):
        fits = (
            user
            for user in self._kept
            if isinstance(user, User) and wanted.items() <= vars(user).items()
        )
        return next(fits, None)

    def find_role(self, role):
        return next((r for r in self._kept if isinstance(r, Role) and r.name == role), None)


@pytest.fixture
def app():
    """An application with Flask-Security-Too as its quickstart has it, and with form tokens."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY="k" * 32,
        TESTING=True,
        SECURITY_PASSWORD_SALT="s" * 32,
        SECURITY_PASSWORD_HASH="pbkdf2_sha512",
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_CHANGEABLE=True,
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
    )
    CSRFProtect(app)
    datastore = Datastore()
    Security(app, datastore)
    StrictCookies(app)
    with app.app_context():
        clerk = datastore.create_role(name="clerk", permissions=set())
        datastore.create_user(email="alice@example.com", password=hash_password(OLD), roles=[clerk])

    @app.get("/me")
    @auth_required("session")
    def me():
        assert current_login().user_id == current_user.get_id()
        return current_user.email

    @app.get("/clerk")
    @roles_required("clerk")
    def clerk():
        return "clerk"

    @app.get("/keys")
    def keys():
        return sorted(session)

    return app


def send(client, path, **data):
    """Open a form of Flask-Security's own, and send it as a browser does."""
    page = client.get(path, base_url=SITE).text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
    headers = {"Referer": f"{SITE}{path}"}
    return client.post(path, data={"csrf_token": token, **data}, base_url=SITE, headers=headers)


def current_keys(client):
    """List what the client's session holds."""
    return set(client.get("/keys", base_url=SITE).json)


def sign_in(app, password=OLD, **data):
    """Sign in with a new browser; give it and the answer."""
    client = app.test_client()
    return client, send(client, "/login", email="alice@example.com", password=password, **data)


def test_one_cookie_signs_in(app):
    """The session is ours, and the only cookie."""
    client, response = sign_in(app)
    assert response.status_code == 302
    assert [cookie.key for cookie in client._cookies.values()] == [COOKIE]
    assert client.get("/me", base_url=SITE).text == "alice@example.com"
    assert client.get("/clerk", base_url=SITE).text == "clerk"


def test_remember_me_must_be_declared(app):
    """Its form offers it; where the site does not declare the cookie, a test says so."""
    with pytest.raises(CookieDroppedError, match="remember_token"):
        sign_in(app, remember="y")


def test_login_gives_a_new_identifier(app):
    """Flask-Security signs in through Flask-Login, whose logins we follow."""
    client = app.test_client()
    client.get("/login", base_url=SITE)
    before = client.get_cookie(COOKIE).value
    send(client, "/login", email="alice@example.com", password=OLD)
    assert client.get_cookie(COOKIE).value != before


def test_wrong_password_signs_nobody_in(app):
    """Its own answer arrives as it is."""
    client, response = sign_in(app, password="wrong")
    assert response.status_code == 200
    assert 'class="fs-error-msg"' in response.text
    assert client.get("/me", base_url=SITE).status_code == 302


def test_change_of_the_password_keeps_this_browser_and_ends_the_others(app):
    """Flask-Security gives the user a new id then; who changed it stays signed in under that."""
    here, _ = sign_in(app)
    elsewhere, _ = sign_in(app)
    answer = send(here, "/change", password=OLD, new_password=NEW, new_password_confirm=NEW)
    assert answer.status_code == 302
    assert here.get("/me", base_url=SITE).text == "alice@example.com"
    assert elsewhere.get("/me", base_url=SITE).status_code == 302
    assert sign_in(app, password=NEW)[1].status_code == 302


def test_logout_ends_the_session(app):
    """A copy of the cookie is worth nothing afterwards."""
    client, _ = sign_in(app)
    copied = client.get_cookie(COOKIE).value
    page = client.get("/change", base_url=SITE).text
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
    client.post(
        "/logout", data={"csrf_token": token}, base_url=SITE, headers={"Referer": f"{SITE}/"}
    )
    thief = app.test_client()
    thief.set_cookie(COOKIE, copied, domain="localhost", secure=True)
    assert thief.get("/me", base_url=SITE).status_code == 302
    assert current_keys(thief).isdisjoint({"_user_id", "fs_cc"})


def test_its_cookies_are_found_by_init(app):
    """Init knows which cookies the options in use will set, and what it writes loads."""
    names = [used.name for used in used_cookies(app)]
    assert names == ["remember_token"]
    policy = CookiePolicy.parse("\n\n".join(used.entry for used in used_cookies(app)))
    assert policy.find("remember_token") is not None
