"""Requests about one's own data: who may write one, who reads it, how long it stays."""

from __future__ import annotations

import pytest

from example_app import data_requests, database
from example_app.data_requests import Kind

NEW, ALL = "/privacy/requests/new", "/privacy/requests/"
REQUEST = {"kind": "access", "name": "Ada <b>", "email": "ada@example.com", "details": "All\nof it"}


def stored(app):
    """Read the rows as they are."""
    with app.app_context():
        return [dict(row) for row in database.rows("SELECT * FROM data_request ORDER BY id")]


@pytest.mark.parametrize("kind", Kind)
def test_anybody_asks_and_a_manager_reads(app, visitor, sign_in, kind):
    """No account is needed; the request is numbered, escaped, and has all that was written."""
    assert visitor.get(NEW).status_code == 200
    answer = visitor.post(NEW, **{**REQUEST, "kind": kind})
    assert (answer.status_code, answer.location) == (302, "/privacy")
    assert "noted as DR-1. We answer within 30 days." in visitor.get("/privacy").text
    page = sign_in("manager").get(ALL).text
    for text in ("DR-1", "Ada &lt;b&gt;", "ada@example.com", data_requests.LABELS[kind]):
        assert text in page
    assert stored(app)[0]["details"] == "All\nof it"


def test_form_knows_who_is_signed_in(sign_in):
    """A user need not write his name."""
    assert 'value="Clara Winter"' in sign_in("clerk").get(NEW).text


@pytest.mark.parametrize("username", ["clerk", "auditor"])
def test_list_is_for_managers(sign_in, username):
    """Others neither read nor answer."""
    someone = sign_in(username)
    assert someone.get(ALL).status_code == 403
    assert someone.post(f"{ALL}1/answered").status_code == 403
    assert 'href="/privacy/requests/"' not in someone.get("/").text


def test_visitor_is_sent_to_sign_in(visitor):
    """The list is not on the way to the form."""
    assert visitor.get(ALL).location == f"/login?next={ALL}"


def test_answered_request_is_marked_once(app, visitor, sign_in):
    """By whom and when is noted; a second click changes nothing; those that wait come first."""
    for _ in range(2):
        visitor.post(NEW, **REQUEST)
    manager = sign_in("manager")
    assert 'href="/privacy/requests/"' in manager.get("/").text
    assert manager.post(f"{ALL}1/answered").location == ALL
    before = stored(app)[0]
    manager.post(f"{ALL}1/answered")
    assert stored(app)[0] == before
    assert before["answered_by"] == 2
    page = manager.get(ALL).text
    assert page.index("DR-2") < page.index("DR-1")
    assert page.count("Mark as answered") == 1
    assert manager.post(f"{ALL}9/answered").status_code == 404


def test_request_that_waits_too_long_is_called_late(app, visitor, sign_in):
    """A manager sees that the month is over."""
    visitor.post(NEW, **REQUEST)
    manager = sign_in("manager")
    assert ">late<" not in manager.get(ALL).text
    with app.app_context(), database.connect() as connection:
        connection.execute("UPDATE data_request SET received_at = '2020-01-01T00:00:00+00:00'")
    assert ">late<" in manager.get(ALL).text


@pytest.mark.parametrize(
    ("fields", "mistake"),
    [
        ({"kind": "portability"}, "Please choose one from the list."),
        ({"name": ""}, "Please fill this in."),
        ({"email": "nowhere"}, "Please write an address to which we can answer."),
        ({"details": "x" * 2_001}, "Please use at most 2000 characters."),
    ],
)
def test_request_with_a_mistake_is_not_stored(app, visitor, fields, mistake):
    """The form comes back with what was written, and says what to mend."""
    answer = visitor.post(NEW, **{**REQUEST, **fields})
    assert answer.status_code == 422
    assert mistake in answer.text
    assert stored(app) == []


def test_requests_are_bounded(app, visitor, monkeypatch):
    """Nobody fills the disk by a form that needs no account."""
    monkeypatch.setattr(data_requests, "MAX_OPEN", 1)
    visitor.post(NEW, **REQUEST)
    answer = visitor.post(NEW, **REQUEST)
    assert answer.status_code == 422
    assert "Please send us a mail." in answer.text
    assert len(stored(app)) == 1


def test_old_answers_are_deleted(app, visitor, sign_in):
    """Beyond the retention they go with the next answer; what waits stays."""
    for _ in range(3):
        visitor.post(NEW, **REQUEST)
    with app.app_context(), database.connect() as connection:
        connection.execute(
            "UPDATE data_request SET answered_at = '2020-01-01T00:00:00+00:00' WHERE id = 1"
        )
    sign_in("manager").post(f"{ALL}2/answered")
    assert [row["id"] for row in stored(app)] == [2, 3]


def test_pages_lead_to_the_form(visitor):
    """The privacy page links it; the page of the visitor's browser links the privacy page."""
    assert f'href="{NEW}"' in visitor.get("/privacy").text
    page = visitor.get("/cookies/this-browser", base_url="https://localhost").text
    assert '<a href="/privacy">' in page


def test_privacy_page_tells_of_requests(visitor):
    """What is kept of them, and for how long, as the code has it."""
    page = visitor.get("/privacy").text
    assert "1095 days after we answered it" in page
    assert 'href="/cookies/this-browser"' in page


def test_button_needs_no_session(app):
    """A visitor without a cookie presses it; the ERP's own check of tokens lets it pass."""
    client = app.test_client()
    page = client.get("/cookies/this-browser")
    assert "Set-Cookie" not in page.headers
    answer = client.post("/cookies/this-browser", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.location == "/cookies/this-browser?after=deleted"


def test_copy_of_a_session_has_choices_and_no_token(sign_in):
    """What the ERP keeps in a session is handed over but for the form's token."""
    clerk = sign_in("clerk")
    clerk.get("/")
    found = clerk.get("/cookies/this-browser/session.json").json
    assert found["user"] == 1
    assert found["preferences"] == {"theme": "system", "language": "en", "rows": "10"}
    assert "csrf_token" in found["left_out"]
    assert "csrf_token" not in found["contents"]
