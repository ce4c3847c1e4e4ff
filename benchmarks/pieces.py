"""The pieces beside what does the same elsewhere: the reader of a field, the judge of a line."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie

from werkzeug.http import dump_cookie, parse_cookie

from strict_cookies.reader import CookieReader
from strict_cookies.verdict import Judge, judge

from .cases import SIX, Case, make_policy
from .measure import ROUNDS, measure

#: What a view of Flask emits for a session, and for a preference that lacks attributes.
LINES = {
    "a line that passes": "__Host-sid=abcdefghijklmnop; Secure; HttpOnly; Path=/; SameSite=Lax",
    "a line to harden": "csrf=abcdef0123456; Path=/",
    "a line to drop": "_ga=GA1.2.123456789.1700000000; Path=/; Max-Age=63072000",
}


def pieces_cases() -> dict[str, Case]:
    """Give each piece alone."""
    policy = make_policy(10)
    read, remember = CookieReader(policy), Judge(policy)
    cases: dict[str, Case] = {
        "read six cookies: CookieReader": lambda: read(SIX),
        "read six cookies: werkzeug.http.parse_cookie": lambda: parse_cookie(SIX),
        "read six cookies: http.cookies.SimpleCookie": lambda: SimpleCookie(SIX),
        "write a line: werkzeug.http.dump_cookie": lambda: dump_cookie("csrf", "abcdef0123456"),
    }
    for name, line in LINES.items():
        cases[f"{name}: Judge, seen before"] = lambda line=line: remember(line)  # type: ignore[misc]
        cases[f"{name}: judge, anew"] = lambda line=line: judge(policy, line)  # type: ignore[misc]
    return cases


def pieces_table() -> Iterator[str]:
    """Measure each piece."""
    found = measure(pieces_cases())
    yield "## The pieces"
    yield ""
    yield f"CPU time; medians of {ROUNDS} rounds. A line that is dropped is judged anew each time."
    yield ""
    yield "| case | us | spread |"
    yield "|---|---:|---:|"
    for name, timing in found.items():
        yield f"| {name} | {timing.median:.1f} | {timing.spread:.1f} |"
    yield ""
