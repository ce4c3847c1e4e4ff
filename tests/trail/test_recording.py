"""What an application's trail records by itself, and what it never contains."""

from __future__ import annotations

import gc
import json
import logging
import re
import weakref

import pytest
from flask import Flask, make_response, request, session

from strict_cookies import (
    StrictCookies,
    current_login,
    erase_user,
    login,
    logout,
    requires_role,
)
from strict_cookies.errors import ConfigurationError, StoreUnavailableError
from strict_cookies.trail.audit_trail import NoTrail
from strict_cookies.trail.settings_changes import digest_settings
from strict_cookies.trail.verification import verify_trail

HOME = "https://localhost"
#: What must never be found in a trail.
CANARIES = ("alice@example.com", "VALUE-CANARY", "AGENT-CANARY", "QUERY-CANARY", "PASSWORD-CANARY")


def make_app(**config):
    """An application with a trail; in memory while testing."""
    app = Flask("shop")
    app.config.update(TESTING=True, SECRET_KEY="k" * 40, STRICT_COOKIES_MODE="enforce")
    app.config.update(config)
    StrictCookies(app)

    @app.get("/sign-in/<user>")
    def sign_in(user):
        login(user, roles=["clerk"], aal=2)
        session["note"] = "VALUE-CANARY"
        return "in"

    @app.get("/sign-out")
    def sign_out():
        logout()
        return "out"

    @app.get("/report/<what>")
    @requires_role("auditor")
    def report(what):
        return what

    @app.get("/end-others")
    def end_others():
        protection = app.extensions["strict_cookies"]
        return str(protection.sessions.end_user(current_login().user_id))

    @app.get("/drop")
    def drop():
        response = make_response(request.args.get("q", ""))
        response.set_cookie("undeclared", "VALUE-CANARY")
        return response

    return app


def trail_of(app):
    """The application's trail."""
    return app.extensions["strict_cookies"].trail


def events_of(app):
    """Return the events with their details, and the user's name for the pseudonym."""
    trail = trail_of(app)
    code = trail.pseudonyms.find("alice@example.com")
    return [
        (entry.event, {name: "alice" if value == code else value
                       for name, value in entry.details.items()})
        for entry in trail.entries()
    ]  # fmt: skip


def ask(app, path, client=None, **headers):
    """Request a page."""
    client = client or app.test_client()
    return client.get(path, base_url=HOME, headers=headers)


def test_day_of_a_user_is_recorded():
    """Signing in and out, a missing role, and sessions that are ended from elsewhere."""
    app = make_app()
    client = app.test_client()
    assert ask(app, "/report/secret", client).status_code == 401
    for path, status in (
        ("/sign-in/alice@example.com", 200),
        ("/report/secret", 403),
        ("/report/other", 403),
        ("/sign-in/alice@example.com", 200),
        ("/sign-out", 200),
        ("/sign-out", 200),
        ("/sign-in/alice@example.com", 200),
        ("/end-others", 200),
    ):
        assert ask(app, path, client).status_code == status
    assert events_of(app) == [
        ("signed-in", {"user": "alice", "level": 2, "again": 0}),
        # The second within a minute is not recorded.
        ("role-denied", {"user": "alice", "place": "report"}),
        ("signed-in", {"user": "alice", "level": 2, "again": 1}),
        ("signed-out", {"user": "alice"}),
        ("signed-in", {"user": "alice", "level": 2, "again": 0}),
        ("sessions-ended", {"user": "alice", "count": 1}),
    ]
    assert verify_trail(trail_of(app)).is_intact


def test_what_the_firewall_sees_is_counted():
    """Dropped and undeclared cookies of this process, by name if it is declared or known."""
    app = make_app()
    client = app.test_client(use_cookies=False)
    for _ in range(3):
        ask(app, "/drop", client, Cookie="_ga=VALUE-CANARY; unheard_of=VALUE-CANARY")
    trail = trail_of(app)
    assert trail.counts.read() == []
    trail.flush()
    assert {(row.reason, row.name): row.times for row in trail.counts.read()} == {
        ("SC101", "undeclared"): 3,
        ("SC201", "other"): 3,
        ("SC202", "_ga"): 3,
    }
    assert sorted(event for event, _ in events_of(app)) == [
        "cookie-dropped",
        "undeclared-received",
        "undeclared-received",
    ]


def test_changed_settings_are_recorded():
    """
    The compiled settings are compared; the names of changed ones are recorded, not the
    values.
    """
    app = make_app()
    ask(app, "/drop")
    protection = app.extensions["strict_cookies"]
    protection._recorder.compare_settings()
    assert [details["part"] for event, details in events_of(app)] == [
        "policy", "headers", "sessions", "protection", "trail",
    ]  # fmt: skip
    changed = make_app(
        STRICT_COOKIES_HEADERS={"referrer_policy": "no-referrer"},
        STRICT_COOKIES_SESSION_LIFETIME="aal3",
    )
    ask(changed, "/drop")
    trail_of(changed).archive = trail_of(app).archive
    changed.extensions["strict_cookies"]._recorder.compare_settings()
    found = [(details["part"], details["names"]) for _, details in events_of(app)[5:]]
    # The declaration says how long sessions are kept.
    assert found == [
        ("policy", "declaration"),
        ("headers", "referrer_policy"),
        ("sessions", "limits"),
    ]


@pytest.mark.parametrize("mode", ["enforce", "report-only"])
def test_policy_among_the_settings_is_what_is_published(mode):
    """The trail identifies a policy by one hash: that of the declaration, in every mode."""
    app = make_app(STRICT_COOKIES_MODE=mode)
    published = app.test_client().get("/cookies/declaration.json", base_url=HOME).get_json()
    protection = app.extensions["strict_cookies"]
    protection.publish()
    protection._recorder.compare_settings()
    hashes = [details["hash"] for event, details in events_of(app) if event == "policy-published"]
    assert hashes == [published["hash"]]
    noted = json.loads(trail_of(app).archive.last("trail-settings-policy").data)
    assert noted == digest_settings({"declaration": published["hash"]})


def test_trail_holds_no_values_and_no_identifiers():
    """Neither log nor shelves contain users' names, cookie values or request data."""
    app = make_app()
    client = app.test_client()
    client.set_cookie("_ga", "VALUE-CANARY")
    ask(app, "/sign-in/alice@example.com", client, **{"User-Agent": "AGENT-CANARY"})
    signed = client.get_cookie(app.config["SESSION_COOKIE_NAME"]).value
    ask(app, "/report/QUERY-CANARY?password=PASSWORD-CANARY", client)
    ask(app, "/drop?q=QUERY-CANARY", client)
    ask(app, "/sign-out", client)
    trail = trail_of(app)
    trail.flush()
    app.extensions["strict_cookies"]._recorder.compare_settings()
    archive = trail.archive
    everything = repr((archive._logs, archive._shelves, archive._tallies))
    assert "signed-in" in everything
    for canary in (*CANARIES, "k" * 40, *re.findall(r"[\w-]{12,}", signed)):
        assert canary not in everything


def test_unavailable_trail_changes_no_response(monkeypatch, caplog):
    """Users sign in and out as before; the failure is logged, and later recorded in the trail."""
    app = make_app()
    client = app.test_client()
    archive = trail_of(app).archive
    append = archive.append

    def fail(*arguments):
        raise StoreUnavailableError("The disk is full.")

    monkeypatch.setattr(archive, "append", fail)
    monkeypatch.setattr(archive, "add", fail)
    with caplog.at_level(logging.ERROR, "strict_cookies"):
        assert ask(app, "/sign-in/alice@example.com", client).text == "in"
        assert ask(app, "/sign-out", client).text == "out"
        ask(app, "/drop", client)
        trail_of(app).flush()
    assert caplog.text.count("SC905") == 4
    monkeypatch.setattr(archive, "append", append)
    ask(app, "/sign-in/alice@example.com", client)
    assert [event for event, _ in events_of(app)] == ["gap", "signed-in"]


def test_trail_can_be_switched_off():
    """An application that records does not notice, and the declaration lists no trail."""
    app = make_app(STRICT_COOKIES_TRAIL="off")
    assert ask(app, "/sign-in/alice@example.com").text == "in"
    trail = trail_of(app)
    assert isinstance(trail, NoTrail)
    assert trail.record("order-approved", user="alice") is None
    response = ask(app, "/cookies/trail-head")
    assert (response.status_code, response.text) == (404, "This site keeps no trail.\n")
    found = ask(app, "/cookies/declaration.json").get_json()["processing"]
    assert "trail" not in [one["id"] for one in found]
    with app.app_context():
        assert erase_user("alice") is False


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"STRICT_COOKIES_TRAIL": False}, "STRICT_COOKIES_TRAIL is False"),
        ({"STRICT_COOKIES_TRAIL_KEY": 3}, "STRICT_COOKIES_TRAIL_KEY is of type int"),
        ({"STRICT_COOKIES_TRAIL_KEY": "missing.pem"}, "Run 'flask cookies trail key' once"),
        ({"STRICT_COOKIES_TRAIL_RETENTION": "12 hours"}, "whole days"),
        ({"STRICT_COOKIES_TRAIL_RETENTION": None}, "is not a valid duration"),
    ],
)
def test_wrong_setting_stops_the_first_request(config, message):
    """Each error says which value to use."""
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        ask(make_app(**config), "/drop")


def test_user_is_erased_for_applications():
    """The public function deletes what links a user to the trail."""
    app = make_app()
    ask(app, "/sign-in/alice@example.com")
    with app.app_context():
        assert erase_user("alice@example.com") is True
        assert erase_user("alice@example.com") is False
    assert trail_of(app).pseudonyms.find("alice@example.com") is None
    assert [event for event, _ in events_of(app)] == ["signed-in", "user-erased"]


def test_retention_is_declared():
    """Visitors read how long the trail is kept."""
    app = make_app(STRICT_COOKIES_TRAIL_RETENTION="90 days")
    found = ask(app, "/cookies/declaration.json").get_json()["processing"]
    (trail,) = [one for one in found if one["id"] == "trail"]
    assert trail["kept"] == {"until": "time", "seconds": 90 * 86_400, "text": "90 days"}


def test_trail_ends_with_its_application():
    """Nothing keeps the application or its trail alive."""
    app = make_app()
    ask(app, "/sign-in/alice")
    gone = weakref.ref(trail_of(app))
    del app
    gc.collect()
    assert gone() is None
