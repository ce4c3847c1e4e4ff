"""Who gets in, who may do what, and what protects the forms."""

from __future__ import annotations

import re

import pytest

from example_app import database, journal
from strict_cookies.report.pages import report_links

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
ROOMS = ("/", "/orders/", "/customers/", "/messages/", "/preferences/")


@pytest.mark.parametrize("path", [*ROOMS, "/activity/", "/orders/new", "/customers/1/edit"])
def test_visitor_is_sent_to_sign_in(visitor, path):
    """No room of the ERP opens without a user."""
    answer = visitor.get(path)
    assert (answer.status_code, answer.location) == (302, f"/login?next={path}")


@pytest.mark.parametrize("username", ["clerk", "manager", "auditor"])
def test_each_account_signs_in_and_may_read(sign_in, username):
    """Every role opens every shared room."""
    someone = sign_in(username)
    assert {path: someone.get(path).status_code for path in ROOMS} == dict.fromkeys(ROOMS, 200)


@pytest.mark.parametrize("username", ["clerk", "nobody"])
def test_wrong_password_and_unknown_name_look_alike(visitor, username):
    """The answer does not tell whether the account exists, and no session is signed in."""
    page = visitor.post("/login", username=username, password="wrong").text
    assert "Unknown user name or wrong password." in page
    assert visitor.get("/").status_code == 302


def test_sign_in_changes_identifier_and_form_token(visitor):
    """Whoever has planted either before has nothing of the session that follows."""
    visitor.post("/login", username="manager", password="manager-on-track")
    token = _TOKEN.search(visitor.get("/privacy").text)[1]
    before = visitor.client.get_cookie("__Host-Http-session").value
    visitor.post("/login", username="clerk", password="clerk-on-track")
    after = visitor.client.get_cookie("__Host-Http-session").value
    assert after != before
    assert token not in visitor.get("/").text


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/orders/?status=draft", "/orders/?status=draft"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\nx", "/"),
    ],
)
def test_sign_in_leads_to_the_page_that_was_wanted(visitor, wanted, reached):
    """A path of the ERP, and never another site."""
    answer = visitor.client.post(
        "/login",
        query_string={"next": wanted},
        data={"username": "clerk", "password": "clerk-on-track"},
        headers={"Origin": "http://localhost"},
    )
    assert (answer.status_code, answer.location) == (302, reached)


def test_sign_out_ends_the_session(sign_in):
    """After signing out the rooms are closed again."""
    clerk = sign_in("clerk")
    assert clerk.post("/logout").location == "/login"
    assert clerk.get("/").status_code == 302


def test_sign_out_leaves_nothing_in_the_browser(sign_in):
    """The session's cookie is expired, and what scripts stored is cleared."""
    answer = sign_in("clerk").post("/logout")
    assert answer.headers.getlist("Clear-Site-Data") == ['"storage"']
    assert set(answer.headers.getlist("Set-Cookie")) == {
        "__Host-Http-session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure; "
        "HttpOnly; SameSite=Lax"
    }


def test_form_of_another_site_is_refused(app, sign_in):
    """A sibling host that knows even the token of a session can't act in its name."""
    clerk = sign_in("clerk")
    headers = {"Sec-Fetch-Site": "same-site"}
    answer = clerk.client.post("/logout", headers=headers)
    assert (answer.status_code, answer.text.split("\n")[0]) == (
        403,
        "SC601 cross-origin request",
    )
    assert clerk.get("/").status_code == 200


def test_sign_out_of_a_visitor_is_harmless(visitor):
    """Signing out in a second tab leads to the sign-in page, not to an error."""
    assert visitor.post("/logout").location == "/login"


@pytest.mark.parametrize("wrong", [False, True], ids=["right password", "wrong password"])
def test_visitor_has_no_cookie_until_signed_in(visitor, wrong):
    """Neither looking at the sign-in form nor failing at it begins a session."""
    visitor.get("/login")
    if wrong:
        visitor.post("/login", username="clerk", password="wrong")
    assert visitor.client.get_cookie("__Host-Http-session") is None
    visitor.post("/login", username="clerk", password="clerk-on-track")
    assert visitor.client.get_cookie("__Host-Http-session")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sibling host"),
        pytest.param({"Origin": "https://evil.example"}, id="another origin, old browser"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
        pytest.param({}, id="nothing said"),
    ],
)
def test_sign_in_by_another_site_is_refused(visitor, app, headers):
    """Nobody is signed in, as whomever, by a form that is not the ERP's; none is even tried."""
    answer = visitor.client.post(
        "/login", data={"username": "clerk", "password": "clerk-on-track"}, headers=headers
    )
    assert answer.status_code == 403
    assert visitor.client.get_cookie("__Host-Http-session") is None
    with app.app_context():
        assert database.rows("SELECT * FROM activity WHERE action LIKE 'Sign%'") == []


def test_whoever_signs_out_has_no_cookie_afterwards(sign_in):
    """The page that follows a sign-out begins no new session."""
    clerk = sign_in("clerk")
    clerk.get("/preferences/")
    assert clerk.client.get(clerk.post("/logout").location).status_code == 200
    assert clerk.client.get_cookie("__Host-Http-session") is None


def test_user_who_was_deleted_is_a_visitor(app, sign_in):
    """A session of a user that is gone opens nothing, and ends."""
    clerk = sign_in("clerk")
    with app.app_context(), database.connect() as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("DELETE FROM user WHERE username = 'clerk'")
    assert clerk.get("/").status_code == 302
    assert app.extensions["strict_cookies"].sessions.list_user(1) == []


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("clerk", "/customers/new"),
        ("clerk", "/customers/1/edit"),
        ("auditor", "/customers/new"),
        ("auditor", "/orders/new"),
        ("clerk", "/activity/"),
        ("manager", "/activity/"),
    ],
)
def test_role_without_the_right_gets_a_403_page(sign_in, username, path):
    """Roles decide; the page of the ERP says so."""
    answer = sign_in(username).get(path)
    assert answer.status_code == 403
    assert "<h1>Forbidden</h1>" in answer.text


def test_clerk_moves_no_order_along(sign_in):
    """A form that the page does not show is refused as well."""
    assert sign_in("clerk").post("/orders/1032/status", status="confirmed").status_code == 403


@pytest.mark.parametrize("path", ["/password", "/logout", "/preferences/", "/messages/new"])
@pytest.mark.parametrize("fields", [{}, {"csrf_token": "guessed"}, {"csrf_token": "é"}])
def test_post_without_the_session_token_is_refused(sign_in, path, fields):
    """A form of another site does not know the token."""
    clerk = sign_in("clerk")
    clerk.get("/")
    answer = clerk.client.post(path, data=fields)
    assert answer.status_code == 400
    assert "came from another site" in answer.text
    assert clerk.get("/").status_code == 200


def test_post_without_any_session_is_refused(app):
    """Two absent tokens are not equal."""
    assert app.test_client().post("/password", data={"csrf_token": ""}).status_code == 400


def test_token_of_another_session_is_refused(sign_in):
    """A token is good for its own session only."""
    clerk, manager = sign_in("clerk"), sign_in("manager")
    clerk.get("/")
    manager.get("/")
    with manager.client.session_transaction() as session:
        token = session["csrf_token"]
    assert clerk.client.post("/logout", data={"csrf_token": token}).status_code == 400


def test_auditor_reads_who_did_what(sign_in, visitor):
    """Sign-ins, failed ones too, and changes are listed; typed names and passwords are not."""
    visitor.post("/login", username="mistyped-secret", password="wrong")
    manager = sign_in("manager")
    manager.post("/orders/1032/status", status="confirmed")
    manager.post("/logout")
    page = sign_in("auditor").get("/activity/").text
    for text in ("Signed in", "Signed out", "Sign-in failed", "Order confirmed", "SO-1032"):
        assert text in page
    assert "mistyped-secret" not in page


def test_old_activity_is_deleted(app, sign_in):
    """Entries beyond the retention go with the next one."""
    with app.app_context(), database.connect() as connection:
        journal.record("Long ago", by=None)
        connection.execute("UPDATE activity SET happened_at = '2020-01-01T00:00:00+00:00'")
    assert "Long ago" not in sign_in("auditor").get("/activity/").text


def test_error_page_keeps_the_allow_header(sign_in):
    """A page of ours replaces the text of an error, not its headers."""
    answer = sign_in("clerk").get("/logout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    assert "Method Not Allowed" in answer.text


def test_untrusted_host_gets_a_plain_400(app, visitor):
    """A site that pins its host refuses others, without a page whose links it can't build."""
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    assert visitor.get("/privacy", base_url="http://other.example").status_code == 400


def test_auditor_reads_the_report(sign_in):
    """The navigation leads there, and the page tells of the site's own settings."""
    auditor = sign_in("auditor")
    assert 'href="/cookies/report/"' in auditor.get("/").text
    page = auditor.get("/cookies/report/").text
    assert "Auditor’s report" in page
    assert "__Host-Http-session" in page


@pytest.mark.parametrize("username", ["clerk", "manager"])
def test_report_is_for_auditors(sign_in, username):
    """Nobody else is led there, or gets in."""
    someone = sign_in(username)
    assert "/cookies/report/" not in someone.get("/").text
    assert someone.get("/cookies/report/").status_code == 403


def test_visitor_of_the_report_is_sent_to_sign_in(visitor):
    """As from any room of the ERP."""
    answer = visitor.get("/cookies/report/")
    assert (answer.status_code, answer.location) == (302, "/login?next=/cookies/report/")


def test_link_opens_the_report_past_the_form_tokens(visitor, app):
    """The library's form carries the ERP's token, so that its check lets it through."""
    with app.app_context():
        _, token = report_links().create(3600)
    page = visitor.get("/cookies/report/link").text
    opened = visitor.post("/cookies/report/open", token=token, csrf_token=_TOKEN.search(page)[1])
    assert opened.status_code == 303
    assert visitor.get("/cookies/report/").status_code == 200
    assert visitor.get("/").status_code == 302
