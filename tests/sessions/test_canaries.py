"""Planted values and identifiers turn up in no log line, signal, repr, error page or exception."""

from __future__ import annotations

import logging
import traceback

import pytest
from flask import session

from strict_cookies.errors import StoreUnavailableError
from strict_cookies.sessions.record import NewLogin
from strict_cookies.sessions.stores.memory import MemoryStore
from strict_cookies.signals import session_alarm, sessions_ended, signed_in, signed_out

from .apps import CHROME, HOUR, Clock, ask, cookie_of, make_app, make_manager, manager_of

CANARY = "canary7f3a"


class Failing(MemoryStore):
    """A store that works until it is told not to."""

    failing = False

    def read(self, key):
        if self.failing:
            raise StoreUnavailableError("The disk is full. Make room.")
        return super().read(key)


@pytest.fixture
def told(caplog):
    """Whatever is told while the block lasts: log records and what signals carry."""
    caplog.set_level(logging.DEBUG)
    found = []

    def receive(sender, **facts):
        found.append(repr(facts))

    signals = (signed_in, signed_out, sessions_ended, session_alarm)
    for signal in signals:
        signal.connect(receive)
    yield found
    for signal in signals:
        signal.disconnect(receive)


def assert_clean(texts, *secrets):
    """No text holds the canary, or a part of an identifier or its key."""
    for text in texts:
        assert CANARY not in text
        for secret in secrets:
            assert secret not in text


def parts_of(manager, cookie):
    """Give what of an identifier must not be told: itself, its signature, its key and handle."""
    read = manager._ids.verify(cookie)
    identifier, _, _, signature = cookie.split(".")
    return identifier, signature, read.key.hex(), repr(read.key)[2:20]


@pytest.mark.parametrize("testing", [True, False])
def test_nothing_is_told_of_values_and_identifiers(caplog, told, testing):
    """A life with every alarm, through Flask, in all that it leaves behind."""
    store, clock = Failing(), Clock()
    app = make_app(store, clock=clock, TESTING=testing)
    manager = manager_of(app)

    @app.get("/fail")
    def fail():
        session["value"] = CANARY
        raise RuntimeError

    @app.get("/refused")
    def refused():
        session["basket"] = {CANARY}
        return "never"

    @app.get("/store")
    def plant():
        session["value"] = CANARY
        session[f"key-{CANARY}"] = [CANARY]
        return "stored"

    first = cookie_of(ask(app, "/store"))
    cookie = cookie_of(ask(app, "/login/alice", first))
    secrets = [*parts_of(manager, first), *parts_of(manager, cookie)]
    pages = [ask(app, "/untouched", cookie)]
    pages.append(ask(app, "/who", cookie, headers={"User-Agent": CHROME + CANARY}))
    raised = []
    for path in ("/refused", "/fail"):
        try:
            pages.append(ask(app, path, cookie))
        except (TypeError, RuntimeError) as error:
            raised.append("".join(traceback.format_exception_only(error)))
    for _ in range(120):
        ask(app, "/show", f"{CANARY}{first}"[:100])
    store.failing = True
    pages.append(ask(app, "/show", cookie))
    store.failing = False
    key = manager._ids.verify(cookie).key
    store._rows[key] = store._rows[key]._replace(payload=b"\x02" + CANARY.encode())
    pages.append(ask(app, "/show", cookie))
    other = make_app(clock=clock)
    pages.append(ask(other, "/show", cookie))
    clock.turn(HOUR)
    ask(app, "/show", first)
    manager.end_everyone()

    logged = [record.getMessage() for record in caplog.records]
    ids = {message[:5] for message in logged if message.startswith("SC7")}
    assert ids >= {"SC701", "SC702", "SC703", "SC704", "SC705"}
    assert len(told) >= 6
    ours = [record.getMessage() for record in caplog.records if record.name == "strict_cookies"]
    assert_clean(ours, *secrets)
    assert_clean(logged, *secrets)
    assert_clean(told, *secrets)
    assert_clean(raised, *secrets)
    assert_clean([page.text for page in pages], *secrets)
    headers = [str(page.headers) for page in pages]
    assert_clean(headers, *secrets)


def test_nothing_shows_itself():
    """No object that a debugger or a traceback may print shows a value, an identifier or a key."""
    manager = make_manager()
    visit = manager.sign_in(
        NewLogin(user_id=CANARY, roles=[CANARY], device=CANARY), {"value": CANARY}
    )
    found, stale = manager.open(visit.signed), manager.open(visit.signed).visit
    manager.save(found.visit, {"value": [CANARY], "more": 1})
    merged = manager.save(stale, {"value": [CANARY], "other": CANARY})
    assert merged.merged is not None
    read, row = manager._ids.verify(visit.signed), manager.store.read(visit.key)
    manager.end(visit.key)
    gone = manager.open(visit.signed)
    assert gone.former == visit.key
    shown = [
        repr(one)
        for one in (
            visit, found, gone, merged, read, row, visit.record, manager, manager._ids,
            manager._visits, manager._watch, manager._end_markers, manager.events,
        )
    ]  # fmt: skip
    assert_clean(shown, *parts_of(manager, visit.signed), repr(visit.key))
