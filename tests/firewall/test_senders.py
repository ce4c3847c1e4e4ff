"""Header lines that are sent without start_response are checked like those of the response."""

import logging

import pytest
from werkzeug.test import EnvironBuilder

from strict_cookies import CookieDroppedError, CookieFirewall, CookiePolicy
from strict_cookies.firewall.senders import SENDERS

from ..policies import declare

LINES = [
    ("Link", "</app.css>; rel=preload; as=style"),
    ("Set-Cookie", "_ga=1"),
    ("set-cookie", "sid=1"),
    (b"Set-Cookie", b"other=1"),
]


def send(key, lines, policy, *, mode="enforce"):
    """Let an application send lines by a server's callable; return what the server gets."""
    sent, answers = [], []

    def app(environ, start_response):
        environ[key](lines)
        start_response("200 OK", [])
        return [b""]

    environ = EnvironBuilder(base_url="https://localhost").get_environ()
    environ[key] = sent.append
    firewall = CookieFirewall(app, policy, mode=mode)
    list(firewall(environ, lambda status, headers, exc_info=None: answers.append(status)))
    return sent, answers


@pytest.fixture
def policy():
    return CookiePolicy(cookies=[declare("sid")])


@pytest.mark.parametrize("key", SENDERS)
def test_lines_are_checked(policy, caplog, key):
    """Undeclared cookies are dropped and logged, declared ones are hardened."""
    caplog.set_level(logging.WARNING, "strict_cookies")
    sent, answers = send(key, LINES, policy)
    ((link, cookie),) = sent
    assert link == LINES[0]
    assert cookie[1].startswith("sid=1; ")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie[1].split("; "))
    assert "'_ga'" in caplog.text
    assert "'other'" in caplog.text
    assert answers == ["200 OK"]


@pytest.mark.parametrize("key", SENDERS)
def test_nothing_is_sent_if_nothing_is_left(policy, key):
    """An undeclared cookie alone causes no empty message."""
    assert send(key, [("Set-Cookie", "_ga=1")], policy)[0] == []


def test_report_only_sends_all(policy, caplog):
    """In report-only mode the lines are sent as they are, and logged."""
    caplog.set_level(logging.WARNING, "strict_cookies")
    ((*lines,),), _ = send("wsgi.early_hints", LINES, policy, mode="report-only")
    assert lines == [*LINES[:3], ("Set-Cookie", "other=1")]
    assert "'_ga'" in caplog.text


def test_raise_mode_raises(policy):
    """A test of the application sees the cookie that would be dropped."""
    with pytest.raises(CookieDroppedError, match="_ga"):
        send("wsgi.early_hints", LINES, policy, mode="raise")


@pytest.mark.parametrize(
    "line", [("Link", "a\r\nSet-Cookie: _ga=1"), ("Link: a\r\nSet-Cookie", "_ga=1"), ("Li nk", "a")]
)
def test_line_breaks_are_refused(policy, line):
    """A line that a server would write as two is a fault, and nothing is sent."""
    sent, answers = send("wsgi.early_hints", [line], policy)
    assert sent == []
    assert answers[0].startswith("500 ")
