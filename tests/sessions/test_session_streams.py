"""flask.session beyond one plain request: in streams, copied contexts, and under its lock."""

from __future__ import annotations

import logging

import pytest
from flask import (
    Response,
    copy_current_request_context,
    render_template_string,
    send_file,
    session,
    stream_template_string,
    stream_with_context,
)

from strict_cookies.errors import StoreUnavailableError

from .apps import ask, cookie_of, lines, make_app, manager_of, rows_of, view


@pytest.fixture
def app():
    return make_app()


# --- Streams and copied contexts ---


def test_stream_reads_what_was_looked_at_before(app, caplog):
    """A streamed body may read the session; nothing is said where the view looked first."""

    @view(app)
    def stream():
        session.get("a")
        return Response(stream_with_context(f"{session['a']}" for _ in range(3)))

    cookie = cookie_of(ask(app, "/set/a/1"))
    response = ask(app, "/view", cookie)
    assert response.text == "111"
    assert response.headers["Vary"] == "Cookie"
    assert caplog.records == []


@pytest.mark.parametrize("control", [None, "public, max-age=60"])
def test_stream_of_a_request_with_a_cookie_is_personal(app, caplog, control):
    """A body that reads the session first was marked before it began."""

    @view(app)
    def stream():
        response = Response(stream_template_string("{{ session.a }}"))
        if control is not None:
            response.headers["Cache-Control"] = control
        return response

    response = ask(app, "/view", cookie_of(ask(app, "/set/a/1")))
    assert response.text == "1"
    assert response.headers["Vary"] == "Cookie"
    assert "private" in response.headers["Cache-Control"].split(", ")
    assert "public" not in response.headers["Cache-Control"]
    assert caplog.records == []


def test_file_is_not_marked(app, tmp_path):
    """What the server hands on as a file reads no session."""
    (tmp_path / "a.txt").write_text("a")
    view(app)(lambda: send_file(tmp_path / "a.txt"))
    response = ask(app, "/view", cookie_of(ask(app, "/set/a/1")))
    assert "Vary" not in response.headers
    response.close()


def test_stream_that_looks_first_is_reported(app, caplog):
    """The headers were sent, so the response does not say that it depends on the cookie."""
    view(app)(lambda: stream_template_string("{{ session.a }}"))
    response = ask(app, "/view")
    assert response.text == ""
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert caplog.messages[0].startswith("SC706 session used after the headers were sent. It was")


def test_stream_can_not_store(app):
    """A top-level write in a streamed body raises, rather than getting lost."""

    @view(app)
    def stream():
        def body():
            session["late"] = 1
            yield "x"

        session.get("a")
        return Response(stream_with_context(body()))

    cookie = cookie_of(ask(app, "/set/a/1"))
    with pytest.raises(RuntimeError, match="The session can't be changed any more"):
        _ = ask(app, "/view", cookie).text
    assert ask(app, "/show", cookie).json == {"a": "1"}


def test_nested_change_in_a_stream_is_told(app, caplog):
    """What can't be refused is compared at the end, and the loss is logged."""

    @view(app)
    def stream():
        def body():
            session["l"].append(1)
            yield "x"

        _ = session["l"]
        return Response(stream_with_context(body()))

    view(app, "/begin")(lambda: session.update(l=[]) or "begun")
    cookie = cookie_of(ask(app, "/begin"))
    assert ask(app, "/view", cookie, buffered=True).text == "x"
    assert caplog.messages[0].startswith("SC706 session used after the headers were sent. What was")
    assert ask(app, "/show", cookie).json == {"l": []}


def test_copied_context_shares_the_session(app):
    """A function that runs in a thread of the request sees and changes its session."""
    from concurrent.futures import ThreadPoolExecutor

    @view(app)
    def use():
        session["a"] = 1

        @copy_current_request_context
        def work():
            session["b"] = session["a"] + 1

        with ThreadPoolExecutor(1) as pool:
            pool.submit(work).result()
        return dict(session)

    response = ask(app, "/view")
    assert response.json == {"a": 1, "b": 2}
    assert ask(app, "/show", cookie_of(response)).json == {"a": 1, "b": 2}


def test_template_reads_the_session(app):
    """What a template shows counts as a look, though Flask does not notice it."""
    view(app)(lambda: render_template_string("{{ session.a }} {{ session['b'] }}"))
    client = app.test_client()
    client.get("/set/a/1")
    response = client.get("/view")
    assert response.text == "1 "
    assert response.headers["Vary"] == "Cookie"


# --- Locked ---


def test_counter_in_a_lock_reads_what_others_wrote(app):
    """Inside the block the session is as the store has it, with what the request changed before."""
    cookie = cookie_of(ask(app, "/count"))

    @view(app)
    def count():
        session["mine"] = 1
        assert session["count"] == 1
        ask(app, "/count", cookie)
        with session.locked():
            session["count"] += 1
        return dict(session)

    assert ask(app, "/view", cookie).json == {"count": 3, "mine": 1}
    assert ask(app, "/show", cookie).json == {"count": 3, "mine": 1}


def test_lock_saves_at_the_end_of_the_block(app):
    """What was done in the block is there for others before the request ends."""
    cookie = cookie_of(ask(app, "/count"))

    @view(app)
    def count():
        with session.locked():
            session["count"] += 1
        return ask(app, "/show", cookie).json

    assert ask(app, "/view", cookie).json == {"count": 2}


def test_exception_in_a_lock_leaves_the_session_as_it_was(app):
    """What the block had done is taken back, nested changes too."""

    @view(app)
    def fail():
        session["before"] = 1
        try:
            with session.locked():
                session["count"] = 100
                session["list"].append(1)
                raise ZeroDivisionError
        except ZeroDivisionError:
            return dict(session)

    view(app, "/begin")(lambda: session.update(count=1, list=[]) or "begun")
    cookie = cookie_of(ask(app, "/begin"))
    assert ask(app, "/view", cookie).json == {"count": 1, "list": [], "before": 1}
    assert ask(app, "/show", cookie).json == {"count": 1, "list": [], "before": 1}


def test_lock_on_a_session_that_has_ended_stores_nothing(app):
    """Where somebody ended it meanwhile, the block sees nothing and brings nothing back."""
    cookie = cookie_of(ask(app, "/count"))

    @view(app)
    def count():
        assert session["count"] == 1
        ask(app, "/logout", cookie)
        with session.locked():
            assert dict(session) == {}
            session["count"] = 5
        return "counted"

    response = ask(app, "/view", cookie)
    assert (response.text, lines(response)) == ("counted", [])
    assert rows_of(manager_of(app)) == 0


def test_lock_that_is_not_had_is_a_503(app, monkeypatch):
    """Whoever waits too long is told to try again, and nothing was stored."""
    cookie = cookie_of(ask(app, "/count"))

    def refuse(key, *, timeout):
        raise StoreUnavailableError("locked for too long")

    monkeypatch.setattr(manager_of(app).store, "lock", refuse)
    response = ask(app, "/count", cookie)
    assert (response.status_code, lines(response)) == (503, [])
    assert ask(app, "/show", cookie).json == {"count": 1}
