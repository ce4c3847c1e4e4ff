"""The ledger: bounded, escaped, said once, and it never disturbs a request."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from strict_cookies import CookieDroppedError, CookieFirewall, CookiePolicy, Reason, cookie_dropped
from strict_cookies._util.text import MAX_SHOWN, OTHER, show, toml_text
from strict_cookies.firewall.middleware import FirewallHooks
from strict_cookies.firewall.recorder import MAX_PLACES, MAX_ROWS, OVERFLOW_BURST, Recorder
from strict_cookies.policy.draft import suggest_entry

ENVIRON = {"SCRIPT_NAME": "", "PATH_INFO": "/form"}


def test_table_is_bounded(caplog):
    """However many names an app invents, the table and the log end; the rest is counted."""
    recorder = Recorder("sender")
    for number in range(MAX_ROWS + 100):
        recorder.record(((Reason.UNDECLARED, f"name{number}"),), ENVIRON)
    assert len(recorder.counts) <= MAX_ROWS + 1
    assert recorder.counts["SC101", OTHER] == 100
    assert sum(recorder.counts.values()) == MAX_ROWS + 100
    full = [message for message in caplog.messages if message.startswith("SC907")]
    assert len(full) == 1
    assert len(caplog.records) <= MAX_ROWS + OVERFLOW_BURST + 2


def test_new_name_is_logged_when_the_table_is_full(caplog):
    """Its line is one of the few that are still logged; it is not silent."""
    recorder = Recorder("sender")
    for number in range(MAX_ROWS):
        recorder.record(((Reason.UNDECLARED, f"name{number}"),), ENVIRON)
    caplog.clear()
    recorder.record(((Reason.UNDECLARED, "fresh"),), ENVIRON)
    assert caplog.messages[0].startswith("SC101 undeclared cookie: 'fresh' at '/form'.")
    assert caplog.messages[1].startswith("SC907 too many kinds")


def test_paths_do_not_fill_the_table(caplog):
    """A client that asks for random paths does not hide what happens afterwards."""
    recorder = Recorder("sender")
    for number in range(MAX_ROWS + 100):
        environ = {**ENVIRON, "PATH_INFO": f"/random/{number}"}
        recorder.record(((Reason.UNDECLARED, "x"), (Reason.WEAKER_HEADER, "CSP")), environ)
    assert len(caplog.records) == 2 * MAX_PLACES
    assert recorder.counts == {("SC101", "x"): MAX_ROWS + 100, ("SC501", "CSP"): MAX_ROWS + 100}
    caplog.clear()
    recorder.record(((Reason.UNDECLARED, "fresh"),), {**ENVIRON, "PATH_INFO": "/other"})
    assert caplog.messages[0].startswith("SC101 undeclared cookie: 'fresh' at '/other'.")
    assert recorder.places()["SC101", "fresh"] == ("/other",)


def test_hostile_names_and_places_are_escaped_and_cut(caplog):
    """No name or path forges a log line, colours a terminal or fills a disk."""
    name = "a\n\x1b[31mSC999 forged" + "\u202e" * 5000
    ledger = Recorder("sender")
    ledger.record(((Reason.TRACKER, name),), {"SCRIPT_NAME": "", "PATH_INFO": "/\r\n" + "p" * 5000})
    (message,) = caplog.messages
    assert message.isprintable()
    assert message.isascii()
    assert len(message) < 300
    assert all(len(name) <= MAX_SHOWN for _, name in ledger.counts)


def test_place_is_kept_for_what_was_emitted_only(caplog):
    """Where an app sets a cookie is worth a line each; where a browser sends one is not."""
    ledger = Recorder("sender")
    for path in ("/a", "/b"):
        environ = {**ENVIRON, "PATH_INFO": path}
        ledger.record(((Reason.UNDECLARED, "x"),), environ)
        ledger.record(((Reason.TRACKER_RECEIVED, "_ga"),), environ)
    assert [message[:5] for message in caplog.messages] == ["SC101", "SC202", "SC101"]
    assert ledger.counts == {("SC101", "x"): 2, ("SC202", "_ga"): 2}


def test_fault_in_place_is_a_gap_and_nothing_more():
    """Where even the place can't be told, verdicts are still carried out, and raised in tests."""

    def place(environ):
        raise RuntimeError

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "x=1")])
        return [b""]

    firewall = CookieFirewall(app, CookiePolicy(), hooks=FirewallHooks(place=place), mode="raise")
    with pytest.raises(CookieDroppedError, match="'x' at 'other'"):
        firewall(EnvironBuilder().get_environ(), lambda *args: None)
    assert firewall.recorder.counts["SC903", OTHER] >= 1


def test_signals_are_sent_each_time():
    """A receiver hears of each occurrence, though the log tells only the first."""
    ledger, heard = Recorder("sender"), []

    def receive(sender, **found):
        heard.append((sender, found))

    with cookie_dropped.connected_to(receive, "sender"):
        for _ in range(3):
            ledger.record(((Reason.UNDECLARED, "x"),), ENVIRON)
    found = {"cookie_name": "x", "reason": Reason.UNDECLARED, "place": "/form"}
    assert heard == [("sender", found)] * 3


@given(st.text())
def test_shown_text_is_short_and_harmless(text):
    """Whatever is shown is printable ASCII of bounded length."""
    shown = show(text)
    assert shown.isascii()
    assert shown == "" or shown.isprintable()
    assert len(shown) <= MAX_SHOWN


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_toml_text_reads_back(text):
    """Any text that TOML can hold comes back as it was."""
    assert tomllib.loads(f"key = {toml_text(text)}")["key"] == text


def test_suggested_entry_of_a_known_cookie_loads():
    """For a cookie that the catalogue knows, the suggestion is complete."""
    (cookie,) = CookiePolicy.parse(suggest_entry("remember_token")).cookies
    assert (cookie.name, cookie.lifetime) == ("remember_token", None)
    (cookie,) = CookiePolicy.parse(suggest_entry("csrf_access_token")).cookies
    assert cookie.script_readable
