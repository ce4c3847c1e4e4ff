"""
The pieces next to their counterparts elsewhere: reading a field, judging a line, opening a session.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from werkzeug.http import dump_cookie, parse_cookie

from strict_cookies._util.keys import SessionKeys
from strict_cookies.firewall.request_cookies import CookieReader
from strict_cookies.firewall.set_cookie import VerdictCache, decide
from strict_cookies.sessions.ids import SessionIds
from strict_cookies.sessions.record import Payloads, Record, dump_record
from strict_cookies.sessions.tagged import dump

from .cases import SIX, Case, make_policy
from .measure import ROUNDS, measure
from .stores import NOW

#: What a view of Flask emits for a session, and for a preference that lacks attributes.
LINES = {
    "a line that passes": "__Host-sid=abcdefghijklmnop; Secure; HttpOnly; Path=/; SameSite=Lax",
    "a line to harden": "csrf=abcdef0123456; Path=/",
    "a line to drop": "_ga=GA1.2.123456789.1700000000; Path=/; Max-Age=63072000",
}
#: What an application keeps of a visitor.
DATA = {
    "user_id": 42,
    "csrf": "c" * 43,
    "preferences": {"language": "en", "density": "compact"},
    "count": 0,
}


def pieces_cases() -> dict[str, Case]:
    """Return each piece alone."""
    policy = make_policy(10)
    read, remember = CookieReader(policy), VerdictCache(policy)
    cases: dict[str, Case] = {
        "read six cookies: CookieReader": lambda: read(SIX),
        "read six cookies: werkzeug.http.parse_cookie": lambda: parse_cookie(SIX),
        "read six cookies: http.cookies.SimpleCookie": lambda: SimpleCookie(SIX),
        "write a line: werkzeug.http.dump_cookie": lambda: dump_cookie("csrf", "abcdef0123456"),
    }
    for name, line in LINES.items():
        cases[f"{name}: VerdictCache, seen before"] = lambda line=line: remember(line)  # type: ignore[misc]
        cases[f"{name}: decide, uncached"] = lambda line=line: decide(policy, line)  # type: ignore[misc]
    return cases | _session_cases()


def _session_cases() -> dict[str, Case]:
    """Return the work on a session besides the store, and what Flask does to its cookie."""
    keys = SessionKeys("k" * 32, ())
    ids, payloads = SessionIds(keys), Payloads(keys)
    key, signed = ids.issue("nowhere", NOW)
    record = Record(None, (), 0, 0, NOW, NOW + 3600, "Firefox on Linux", "")
    text = dump_record(record)
    payload = payloads.seal(key, text, dump(DATA))
    app = Flask("benchmark")
    app.secret_key = "k" * 32
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    cookie = serializer.dumps(DATA)

    def open_session() -> tuple[Record, dict[str, object]]:
        read = ids.verify(signed)
        assert read is not None
        return payloads.open(read.key, payload)

    return {
        "open a session: identifier and payload": open_session,
        "open a session: Flask's cookie": lambda: serializer.loads(cookie),
        "write a session: payload": lambda: payloads.seal(key, text, dump(DATA)),
        "write a session: Flask's cookie": lambda: serializer.dumps(DATA),
    }


def pieces_table() -> Iterator[str]:
    """Measure each piece."""
    found = measure(pieces_cases())
    yield "## The pieces"
    yield ""
    yield f"CPU time; medians of {ROUNDS} rounds. A line that is dropped is decided each time."
    yield "Opening and writing a session is without what the store takes, which has a table below."
    yield ""
    yield "| case | us | spread |"
    yield "|---|---:|---:|"
    for name, timing in found.items():
        yield f"| {name} | {timing.median:.1f} | {timing.spread:.1f} |"
    yield ""
