"""A receiver of a signal that raises keeps nothing from the trail, the response or the others."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack

import pytest
from flask import Flask, make_response, session

from strict_cookies import StrictCookies, current_login, login, logout, requires_role, signals
from strict_cookies.reasons import Reason
from strict_cookies.sessions.events import SessionEvents
from strict_cookies.sessions.manager import LOCK_SECONDS

HOME = "https://localhost"
CANARY = "VALUE-CANARY"


def make_app():
    app = Flask("shop")
    app.config.update(TESTING=True, SECRET_KEY="k" * 40, STRICT_COOKIES_MODE="enforce")
    StrictCookies(app)

    @app.get("/in")
    def sign_in():
        login("alice")
        return "in"

    @app.get("/out")
    def sign_out():
        logout()
        return "out"

    @app.get("/end")
    def end():
        app.extensions["strict_cookies"].sessions.end_user(current_login().user_id)
        return "ended"

    @app.get("/denied")
    @requires_role("auditor")
    def denied():
        return "seen"

    @app.get("/drop")
    def drop():
        response = make_response("dropped")
        response.set_cookie("undeclared", CANARY)
        return response

    @app.get("/harden")
    def harden():
        response = make_response("hardened")
        response.set_cookie(app.config["SESSION_COOKIE_NAME"], "x", path="/harden")
        return response

    @app.post("/post")
    def post():
        return "posted"

    return app


def _ask(app, path, *, method="GET", client=None, **options):
    client = client or app.test_client()
    return client.open(path, method=method, base_url=HOME, **options).status_code


def _sign_in_and(path):
    def cause(app):
        client = app.test_client()
        return [_ask(app, "/in", client=client), _ask(app, path, client=client)]

    return cause


def _receive_undeclared(app):
    client = app.test_client(use_cookies=False)
    return [_ask(app, "/out", client=client, headers={"Cookie": f"stale={CANARY}"})]


def _post_from_elsewhere(app):
    client = app.test_client()
    headers = {"Origin": "https://attacker.example"}
    return [
        _ask(app, "/in", client=client),
        _ask(app, "/post", method="POST", client=client, headers=headers),
    ]


def _report(app):
    body = (
        b'[{"type": "coep", "body": {"destination": "image", "blockedURL": "https://x.example/"}}]'
    )
    headers = {"Content-Type": "application/reports+json"}
    path = "/cookies/reports"
    return [_ask(app, path, method="POST", data=body, headers=headers)]


def _publish(app):
    app.extensions["strict_cookies"].publish()
    return []


def _raise_alarm(app):
    manager = app.extensions["strict_cookies"].sessions
    manager.events.alarm(Reason.UNKNOWN_SESSIONS, "Sixty within a minute.")
    return []


def _entries(app):
    """The trail's events, and what its counters hold by reason."""
    trail = app.extensions["strict_cookies"].trail
    trail.flush()
    events = {entry.event for entry in trail.entries()}
    return events | {row.reason for row in trail.counts.read()}


@pytest.mark.parametrize(
    ("signal", "cause", "statuses", "entry"),
    [
        (signals.signed_in, lambda app: [_ask(app, "/in")], [200], "signed-in"),
        (signals.signed_out, _sign_in_and("/out"), [200, 200], "signed-out"),
        (signals.sessions_ended, _sign_in_and("/end"), [200, 200], "sessions-ended"),
        (signals.role_denied, _sign_in_and("/denied"), [200, 403], "role-denied"),
        (signals.cookie_dropped, lambda app: [_ask(app, "/drop")], [200], "SC101"),
        (signals.cookie_hardened, lambda app: [_ask(app, "/harden")], [200], "SC124"),
        (signals.undeclared_cookie_received, _receive_undeclared, [200], "SC201"),
        (signals.request_refused, _post_from_elsewhere, [200, 403], "SC601"),
        (signals.browser_reported, _report, [204], None),
        (signals.declaration_published, _publish, [], "policy-published"),
        (signals.session_alarm, _raise_alarm, [], None),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_raising_receiver_loses_nothing(caplog, signal, cause, statuses, entry):
    """The event is in the trail, the other receivers were called, and the responses are as ever."""
    app, called = make_app(), []

    def fail(sender, **facts):
        raise RuntimeError(CANARY)

    def receive(sender, **facts):
        called.append(entry is None or entry in _entries(app))

    with ExitStack() as stack, caplog.at_level(logging.ERROR, "strict_cookies"):
        # More than one of each, since blinker calls receivers in no defined order.
        receivers = [lambda sender, **facts: fail(sender), receive, fail]
        receivers.append(lambda sender, **facts: receive(sender))
        for receiver in receivers:
            stack.enter_context(signal.connected_to(receiver, app))
        assert cause(app) == statuses
    if entry is not None:
        assert entry in _entries(app)
    # Recorded before the first receiver was called, which can read the trail already.
    assert called
    assert len(called) % 2 == 0
    assert all(called)
    faults = [message for message in caplog.messages if message.startswith("SC903 ")]
    # Of the reports of one payload, only the first fault is logged.
    assert len(faults) == (1 if signal is signals.browser_reported else len(called))
    assert "RuntimeError" in faults[0]
    assert "in fail" in faults[0]
    assert CANARY not in caplog.text


def test_every_signal_is_tested():
    """A new signal gets a line in the table above."""
    (mark,) = test_raising_receiver_loses_nothing.pytestmark
    tested = {case[0] for case in mark.args[1]}
    assert tested == {
        value for name, value in vars(signals).items() if hasattr(value, "connected_to")
    }


def test_failing_record_keeps_receivers(caplog):
    """An exception while recording is logged like a receiver's, and receivers are still called."""
    called = []

    def fail(signal, facts):
        raise RuntimeError(CANARY)

    def receive(sender, **facts):
        called.append(facts)

    with signals.signed_out.connected_to(receive, "app"):
        SessionEvents("app", record=fail).notify(signals.signed_out, user_id="alice")
    assert called == [{"user_id": "alice"}]
    assert "SC903" in caplog.text
    assert CANARY not in caplog.text


def test_receiver_may_call_back():
    """No lock is held while a receiver runs: it may cause the same event again."""
    app = make_app()
    seen = []

    def receive(sender, **facts):
        if not seen:
            seen.append(facts)
            assert _ask(app, "/drop") == 200
            assert (
                app.extensions["strict_cookies"].firewall.recorder.counts["SC101", "undeclared"]
                == 2
            )

    with signals.cookie_dropped.connected_to(receive, app):
        assert _ask(app, "/drop") == 200
    assert seen


def test_coroutine_is_reported(caplog):
    """A receiver that can't be awaited here is logged, and the next one is called."""
    called = []

    async def wait(sender, **facts):
        called.append("awaited")

    def receive(sender, **facts):
        called.append("called")

    with (
        signals.signed_out.connected_to(wait, "app"),
        signals.signed_out.connected_to(receive, "app"),
    ):
        SessionEvents("app").notify(signals.signed_out, user_id="alice")
    assert called == ["called"]
    assert "TypeError" in caplog.text


# --- A receiver that uses what it is told about ---


def test_receiver_of_a_login_finds_it_and_may_write():
    """What it stores in the session is kept, since the login is complete by then."""
    app = make_app()
    seen = []

    def receive(sender, **facts):
        seen.append(current_login().user_id)
        session["greeting"] = "Hello"

    app.add_url_rule("/greeting", "greeting", lambda: session.get("greeting", ""))
    client = app.test_client()
    with signals.signed_in.connected_to(receive):
        client.get("/in", base_url=HOME)
    assert seen == ["alice"]
    assert client.get("/greeting", base_url=HOME).text == "Hello"


def test_receiver_of_a_logout_finds_nobody_and_may_write():
    """What it stores is in a new session, and an end that it calls changes nothing more."""
    app = make_app()
    seen = []

    def receive(sender, **facts):
        seen.append(current_login())
        logout()
        session["greeting"] = "Bye"

    app.add_url_rule("/greeting", "greeting", lambda: session.get("greeting", ""))
    client = app.test_client()
    client.get("/in", base_url=HOME)
    with signals.signed_out.connected_to(receive):
        client.get("/out", base_url=HOME)
    assert seen == [None]
    assert client.get("/greeting", base_url=HOME).text == "Bye"
    events = [entry.event for entry in app.extensions["strict_cookies"].trail.entries()]
    assert events.count("signed-out") == 1


def test_receiver_that_hangs_keeps_no_other_login_waiting():
    """The lock by which a user's sessions are counted is given back before it is called."""
    app = make_app()
    app.config["STRICT_COOKIES_SESSION_LIMIT_PER_USER"] = 1
    calls = []

    def receive(sender, **facts):
        # A login of the same user, while this one is still being reported.
        if len(calls) < 3:
            calls.append(facts)
            assert app.test_client().get("/in", base_url=HOME).status_code == 200

    app.test_client().get("/in", base_url=HOME)
    begun = time.monotonic()
    with signals.sessions_ended.connected_to(receive):
        app.test_client().get("/in", base_url=HOME)
    assert len(calls) == 3
    assert time.monotonic() - begun < LOCK_SECONDS
    assert len(app.extensions["strict_cookies"].sessions.list_user("alice")) == 1
