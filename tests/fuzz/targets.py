"""
What must hold for any octets: one function for each thing that strangers can write to.

Each takes octets and raises where something that is promised does not hold. ``make fuzz`` feeds
them what atheris thinks of; ``tests/test_fuzz.py`` feeds them the corpus, where the input of each
crash stays once it is mended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from strict_cookies._util.keys import SessionKeys
from strict_cookies._util.urls import is_host_name
from strict_cookies.errors import PolicyError
from strict_cookies.firewall.browser_reports import MAX_REPORTS, MalformedReportError, read_reports
from strict_cookies.firewall.middleware import CookieFirewall
from strict_cookies.http.cookies import (
    format_attributes,
    format_date,
    is_plain,
    is_safe_value,
    is_token,
    parse_cookie_date,
    parse_set_cookie,
)
from strict_cookies.policy.policy import CookiePolicy
from strict_cookies.sessions.ids import SessionIds, has_form
from strict_cookies.sessions.record import Payloads, Unreadable, split
from strict_cookies.sessions.tagged import dump, load
from tests.policies import declare

POLICY = CookiePolicy(
    cookies=(
        declare("sid"),
        declare("__Host-auth"),
        declare("csrf", purposes=("security",), samesite="Strict"),
        declare("draft_*", purposes=("user_input",)),
    )
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_KEYS = SessionKeys("k" * 32, ())
_PAYLOADS = Payloads(_KEYS)
_IDS = SessionIds(_KEYS)
_ROW = b"r" * 32


def grammar(octets: bytes) -> None:
    """A line reads as a cookie that, written, reads as itself."""
    text = octets.decode("latin-1")
    if is_plain(text):
        assert is_safe_value(text)
    cookie = parse_set_cookie(text)
    if cookie is None:
        return
    assert not _CONTROL.search(cookie.name + cookie.value.replace("\t", ""))
    # A domain that is no host's name, " a" of "Domain=. a", can't be written; it is never matched.
    if not (cookie.domain is None or is_host_name(cookie.domain)):
        return
    written = f"{cookie.name}={cookie.value}{format_attributes(cookie)}"
    assert parse_set_cookie(written) == cookie, "written and read again, it is another"


def date(octets: bytes) -> None:
    """A date reads as a moment that, written, reads as itself, or as none."""
    moment = parse_cookie_date(octets.decode("latin-1"))
    if moment is not None:
        assert parse_cookie_date(format_date(moment)) == moment, "written and read again, another"


class _App:
    """Emits given lines, and keeps the field that it got."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.field = ""

    def __call__(self, environ, start_response):
        self.field = environ.get("HTTP_COOKIE", "")
        headers = [("Set-Cookie", line) for line in self.lines]
        start_response("200 OK", [("Content-Type", "text/html"), *headers])
        return [b"body"]


_APP = _App()
#: What is swept by default, and whatever a client sends.
_FIREWALLS = (CookieFirewall(_APP, POLICY), CookieFirewall(_APP, POLICY, expire_undeclared="site"))


def is_declared(name: str) -> bool:
    """Tell without the policy's help whether it declares a name."""
    return name in {"sid", "__Host-auth", "csrf"} or (name.startswith("draft_") and is_token(name))


def firewall(octets: bytes) -> None:
    """The first line arrives as a Cookie field, the others are emitted: only declared names."""
    field, *_APP.lines = octets.decode("latin-1").split("\n")[:6]
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "HTTP_HOST": "app.example.com",
        "wsgi.url_scheme": "https",
        "HTTP_SEC_FETCH_MODE": "navigate",
        "HTTP_COOKIE": field,
    }
    sent: list[tuple[str, str]] = []
    statuses: list[str] = []

    def start_response(status, headers, exc_info=None):
        statuses.append(status)
        sent[:] = headers

    body = _FIREWALLS[len(octets) % 2](environ, start_response)
    assert statuses == ["200 OK"]
    assert body == [b"body"]
    names = [pair.partition("=")[0].strip(" \t") for pair in _APP.field.split(";")]
    names = [name for name, pair in zip(names, _APP.field.split(";"), strict=True) if pair.strip()]
    assert all(map(is_declared, names)), "an undeclared cookie arrived"
    assert len(names) == len(set(names)), "a cookie arrived twice"
    for name, line in sent:
        if name != "Set-Cookie":
            continue
        assert not _CONTROL.search(line)
        pair, *attributes = line.split("; ")
        cookie_name = pair.partition("=")[0]
        assert is_token(cookie_name), "a name that is no token left"
        assert "Secure" in attributes
        assert "Max-Age=0" in attributes or is_declared(cookie_name), "an undeclared cookie left"


def policy(octets: bytes) -> None:
    """A file is a policy, or an error that says what is wrong; never anything else."""
    try:
        found = CookiePolicy.parse(octets.decode("utf-8", "replace"))
    except PolicyError as error:
        told = str(error)
    else:
        told = "a policy"
        assert all(found.find(cookie.name) is not None for cookie in found.cookies)
    assert told


def session(octets: bytes) -> None:
    """Octets in a store or a cookie that we did not write are no session; ours come back."""
    try:
        _PAYLOADS.open(_ROW, octets)
    except Unreadable:
        pass
    else:
        raise AssertionError("octets without our seal were taken for a session")
    split(octets)
    text = octets.decode("latin-1")
    has_form(text)
    assert _IDS.verify(text) is None
    try:
        data = load(octets)
    except ValueError:
        return
    if isinstance(data, Mapping):
        again = load(dump(data))
        assert dump(again) == dump(data)


def reports(octets: bytes) -> None:
    """A report is reduced to rows of bounded text, or refused."""
    try:
        rows = read_reports(octets, "app.example.com")
    except MalformedReportError:
        return
    assert len(rows) <= MAX_REPORTS
    for row in rows:
        for text in row:
            assert not _CONTROL.search(text)
            assert len(text) <= 512


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (grammar, date, firewall, policy, session, reports)
}
