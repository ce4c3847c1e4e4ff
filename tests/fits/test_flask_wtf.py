"""Flask-WTF: its token lives in our session, and its errors stay its own."""

from __future__ import annotations

import re

import pytest
from flask import Flask, render_template_string, session
from flask_wtf import CSRFProtect, FlaskForm
from wtforms import StringField

from strict_cookies import StrictCookies, login

SITE = "https://localhost"
COOKIE = "__Host-Http-session"
FORM = '<form method="post">{{ form.csrf_token }}{{ form.name }}</form>'


class Form(FlaskForm):
    name = StringField()


@pytest.fixture
def app():
    """An application whose forms are protected by Flask-WTF as well."""
    app = Flask(__name__)
    app.config.update(SECRET_KEY="k" * 32, TESTING=True)
    CSRFProtect(app)
    StrictCookies(app)

    @app.route("/form", methods=["GET", "POST"])
    def form():
        form = Form()
        if form.validate_on_submit():
            session["name"] = form.name.data
            return "saved"
        return render_template_string(FORM, form=form)

    @app.post("/sign-in")
    def sign_in():
        login("alice")
        return "in"

    return app


@pytest.fixture
def client(app):
    """A browser on https."""
    return app.test_client()


def token_of(client):
    """Open the form and read its token."""
    return re.search(r'value="([^"]+)"', client.get("/form", base_url=SITE).text)[1]


def send(client, token, path="/form", referer=f"{SITE}/form"):
    """Send the form as a browser does: Flask-WTF wants a Referer of the same host on https."""
    data = {"csrf_token": token, "name": "Alice"}
    return client.post(path, data=data, base_url=SITE, headers={"Referer": referer})


def test_form_with_its_token_is_taken(client):
    """The token is in the session, so the session's cookie is the only one."""
    assert send(client, token_of(client)).text == "saved"
    assert [cookie.key for cookie in client._cookies.values()] == [COOKIE]


@pytest.mark.parametrize(
    ("token", "referer", "says"),
    [
        pytest.param("", f"{SITE}/form", "The CSRF token is missing.", id="no token"),
        pytest.param("x", f"{SITE}/form", "The CSRF token is invalid.", id="wrong token"),
        pytest.param(None, "https://evil.test/", "does not match the host", id="other site"),
    ],
)
def test_refusal_is_flask_wtfs_own(client, token, referer, says):
    """A form without the token, or from elsewhere, is refused by Flask-WTF as without us."""
    right = token_of(client)
    response = send(client, right if token is None else token, referer=referer)
    assert response.status_code == 400
    assert says in response.text


def test_token_from_before_a_login_is_good_after_it(client):
    """A login gives the session a new identifier; a form that was open before can still be sent."""
    token = token_of(client)
    assert send(client, token, "/sign-in").text == "in"
    assert send(client, token).text == "saved"


def test_referrer_policy_lets_the_check_pass(client):
    """Our Referrer-Policy gives the site's own pages the Referer that Flask-WTF wants to see."""
    policy = client.get("/form", base_url=SITE).headers["Referrer-Policy"]
    assert policy == "strict-origin-when-cross-origin"
