"""Alarms are told once a minute, and observers never decide."""

from __future__ import annotations

import logging

import pytest

from strict_cookies.reasons import Reason
from strict_cookies.sessions.events import ALARM_EVERY, SessionEvents
from strict_cookies.signals import session_alarm, signed_in

from .apps import Clock


@pytest.fixture
def clock():
    return Clock(5.0)


def test_alarm_is_logged_and_sent(caplog, clock):
    """An alarm is one line with its id and what to do, and a signal with its reason."""
    seen = []
    with session_alarm.connected_to(lambda sender, **facts: seen.append((sender, facts)), "app"):
        SessionEvents("app", clock=clock).alarm(Reason.OTHER_BROWSER, "Something was seen.")
    assert seen == [("app", {"reason": Reason.OTHER_BROWSER, "count": 1})]
    assert caplog.messages == [
        f"SC704 session used by another browser. Something was seen. {Reason.OTHER_BROWSER.remedy}"
    ]


def test_alarm_that_keeps_on_is_told_once_a_minute(caplog, clock):
    """Nobody can flood the log; what was held back is counted."""
    events = SessionEvents("app", clock=clock)
    for _ in range(5):
        events.alarm(Reason.OTHER_BROWSER, "x.")
    clock.turn(ALARM_EVERY)
    events.alarm(Reason.OTHER_BROWSER, "x.")
    events.alarm(Reason.SESSION_UNREADABLE, "y.")
    heads = [message.partition(".")[0] for message in caplog.messages]
    assert heads == [
        "SC704 session used by another browser",
        "SC704 session used by another browser (5 times)",
        "SC702 unreadable stored session",
    ]


def test_broken_receiver_changes_nothing(caplog, clock):
    """An exception in a receiver is logged by type and place, and goes no further."""

    def broken(sender, user_id):
        raise RuntimeError(user_id)

    with signed_in.connected_to(broken, "app"):
        SessionEvents("app", clock=clock).notify(signed_in, user_id=chr(0x2603))
    assert caplog.messages[0].startswith("SC903 ")
    assert "RuntimeError" in caplog.text
    assert chr(0x2603) not in caplog.text


def test_broken_log_handler_changes_nothing(clock):
    """An exception in a log handler goes no further either."""

    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError

    logger, handler = logging.getLogger("strict_cookies"), Broken()
    logger.addHandler(handler)

    def broken(sender, **facts):
        raise RuntimeError

    try:
        events = SessionEvents("app", clock=clock)
        events.alarm(Reason.OTHER_BROWSER, "x.")
        with signed_in.connected_to(broken, "app"):
            events.notify(signed_in)
    finally:
        logger.removeHandler(handler)
