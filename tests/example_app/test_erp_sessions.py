"""Signed in here and elsewhere: one's sessions, ending them, and the change of a password."""

from __future__ import annotations

import re

import pytest
from werkzeug.security import check_password_hash, generate_password_hash

from example_app import auth, database
from example_app.demo import ACCOUNTS

PASSWORDS = {username: password for username, _name, _role, password in ACCOUNTS}
NEW = "four words of the clerk's own"
PAGE = "/cookies/sessions"


def is_in(visitor):
    return visitor.get("/").status_code == 200


def change(visitor, **fields):
    """Submit the form for a new password, as it should be but for some fields."""
    sound = {"present": PASSWORDS["clerk"], "new_password": NEW, "repeated": NEW}
    return visitor.post("/password", **sound | fields)


def test_one_browser_ends_another(sign_in):
    """It is signed out at once; the one that ended it, and another user's, go on."""
    lost, here, manager = sign_in("clerk"), sign_in("clerk"), sign_in("manager")
    (handle,) = re.findall(r'name="session" value="(\w+)"', here.get(PAGE).text)
    answer = here.post(f"{PAGE}/end", session=handle)
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert [is_in(visitor) for visitor in (lost, here, manager)] == [False, True, True]


def test_everywhere_means_here_too(sign_in):
    """Afterwards each browser is asked to sign in, and comes back to where it was."""
    other, here = sign_in("clerk"), sign_in("clerk")
    here.post(f"{PAGE}/end-all")
    assert [is_in(visitor) for visitor in (other, here)] == [False, False]
    assert here.get(PAGE).location == f"/login?next={PAGE}"


def test_ending_needs_the_token_of_the_form(sign_in):
    """The ERP's own protection of forms covers the library's page as well."""
    other, here = sign_in("clerk"), sign_in("clerk")
    assert here.client.post(f"{PAGE}/end-others").status_code == 400
    assert is_in(other)


def test_page_is_linked_for_those_who_are_signed_in(sign_in, visitor):
    """From the footer of every page, and from the preferences."""
    link = f'href="{PAGE}"'
    clerk = sign_in("clerk")
    assert link in clerk.get("/").text
    assert clerk.get("/preferences/").text.count(link) == 2
    assert link not in visitor.get("/login").text


def test_new_password_is_hashed_at_full_cost(app, sign_in, monkeypatch):
    """Other tests save the time; the ERP itself takes the method that Werkzeug takes by default."""
    monkeypatch.setattr(auth, "generate_password_hash", generate_password_hash)
    change(sign_in("clerk"))
    with app.app_context():
        text = database.row("SELECT * FROM user WHERE username = 'clerk'")["password_hash"]
    assert check_password_hash(text, NEW)
    assert text.partition("$")[0] == generate_password_hash("any").partition("$")[0]


def test_new_password_ends_all_other_sessions(app, sign_in, visitor):
    """This browser stays signed in under a new identifier; the former password opens nothing."""
    other, here, manager = sign_in("clerk"), sign_in("clerk"), sign_in("manager")
    before = here.client.get_cookie("__Host-Http-session").value
    assert change(here).location == "/preferences/"
    assert here.client.get_cookie("__Host-Http-session").value != before
    assert "Other sessions ended: 1." in here.get("/preferences/").text
    assert [is_in(one) for one in (other, here, manager)] == [False, True, True]
    assert len(app.extensions["strict_cookies"].sessions.list_user(1)) == 1
    visitor.post("/login", username="clerk", password=PASSWORDS["clerk"])
    assert not is_in(visitor)
    visitor.post("/login", username="clerk", password=NEW)
    assert is_in(visitor)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"present": "guessed"}, "This is not your current password.", id="present"),
        pytest.param({"new_password": "short", "repeated": "short"}, "Please use 15", id="short"),
        pytest.param({"new_password": "x" * 101, "repeated": "x" * 101}, "to 100", id="long"),
        pytest.param({"repeated": NEW.upper()}, "This differs", id="repeated"),
    ],
)
def test_password_that_is_not_confirmed_or_weak_stays(sign_in, fields, words):
    """Nothing is changed and nobody signed out; no password comes back in the page."""
    other, here = sign_in("clerk"), sign_in("clerk")
    answer = change(here, **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert PASSWORDS["clerk"] not in answer.text
    assert NEW not in answer.text
    assert [is_in(other), is_in(here)] == [True, True]
    assert is_in(sign_in("clerk"))


def test_visitor_changes_no_password(visitor):
    """Not even whoever knows the present one."""
    assert visitor.get("/password").location == "/login?next=/password"
    form = visitor.get("/privacy/requests/new").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)[1]
    assert change(visitor, csrf_token=token).location == "/login"


def test_change_of_a_password_is_recorded(sign_in):
    """The auditor sees that it happened, and no password."""
    change(sign_in("clerk"))
    page = sign_in("auditor").get("/activity/").text
    assert "Changed password" in page
    assert NEW not in page


def test_nothing_is_remembered_beyond_the_browser(sign_in):
    """The one cookie ends with the browser: neither Max-Age nor Expires."""
    cookie = sign_in("clerk").client.get_cookie("__Host-Http-session")
    assert (cookie.max_age, cookie.expires) == (None, None)


def test_preferences_of_one_user_are_not_those_of_the_next(sign_in):
    """Whoever signs in at the same browser, without a sign-out between, begins anew."""
    browser = sign_in("clerk")
    browser.post("/preferences/", theme="dark", language="de", rows="50")
    browser.post("/login", username="manager", password=PASSWORDS["manager"])
    assert 'data-theme="system"' in browser.get("/").text


def test_signing_in_again_keeps_the_preferences(sign_in):
    """Who proves again who he is goes on with what he chose."""
    browser = sign_in("clerk")
    browser.post("/preferences/", theme="dark", language="de", rows="50")
    browser.post("/login", username="clerk", password=PASSWORDS["clerk"])
    assert 'data-theme="dark"' in browser.get("/").text
