"""The verdict on one line: what is refused, what each hardening does, what never shows a value."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strict_cookies import CookiePolicy, Reason
from strict_cookies.firewall.set_cookie import MAX_TAILS, Verdict, VerdictCache, decide
from strict_cookies.http.cookies import MAX_PAIR_BYTES
from tests.policies import declare

NOW = 1_800_000_000
POLICY = CookiePolicy(
    cookies=(
        declare("sid"),
        declare("__Host-sid"),
        declare("__Http-sid"),
        declare("theme", purposes=("preferences",), lifetime=timedelta(hours=4),
                script_readable=True),
        declare("strict", samesite="Strict"),
        declare("embed", samesite="None", partitioned=True),
        declare("shared", domain="example.com"),
        declare("erp", path="/erp"),
        declare("csrf-*"),
        declare("_gid", not_the_tracker="our group id"),
    )
)  # fmt: skip
STRICT_TAIL = "; Path=/; Secure; HttpOnly; SameSite=Lax"


def line_of(emitted, policy=POLICY):
    """Return what leaves of a line, or None."""
    return decide(policy, emitted, now=NOW).line


@pytest.mark.parametrize(
    ("emitted", "reason"),
    [
        pytest.param("other=1", Reason.UNDECLARED, id="undeclared"),
        pytest.param("_ga=1", Reason.TRACKER, id="tracker"),
        pytest.param("SID=1", Reason.UNDECLARED, id="other case"),
        pytest.param("__host-sid=1", Reason.UNDECLARED, id="prefix in another case"),
        pytest.param("csrf=1", Reason.UNDECLARED, id="shorter than the pattern"),
        pytest.param("sid=a\nb", Reason.CONTROL_CHARACTER, id="LF in value"),
        pytest.param("sid=a; Path=/\r\nSet-Cookie: x=1", Reason.CONTROL_CHARACTER, id="CR LF"),
        pytest.param("sid=a\tb", Reason.CONTROL_CHARACTER, id="HTAB"),
        pytest.param("sid=\u20ac", Reason.CONTROL_CHARACTER, id="no octet"),
        pytest.param("", Reason.NAMELESS, id="empty"),
        pytest.param("=", Reason.NAMELESS, id="empty pair"),
        pytest.param("=v", Reason.NAMELESS, id="empty name"),
        pytest.param("sid", Reason.NAMELESS, id="no equals sign"),
        pytest.param("=__Host-sid=x", Reason.NAMELESS, id="prefix hidden in a value"),
        pytest.param("a b=1", Reason.MALFORMED_NAME, id="space in name"),
        pytest.param("csrf-a b=1", Reason.MALFORMED_NAME, id="space behind a pattern"),
        pytest.param("a b=; Max-Age=0", Reason.MALFORMED_NAME, id="deletion of no name"),
        pytest.param("sid=" + "x" * (MAX_PAIR_BYTES - 2), Reason.TOO_LARGE, id="too large"),
        pytest.param('sid="open', Reason.UNSAFE_VALUE, id="quotation that does not close"),
        pytest.param("sid=a __Host-x=b", Reason.UNSAFE_VALUE, id="second cookie behind a space"),
        pytest.param("sid=1; Path=/" + "x" * 1024, Reason.LONG_ATTRIBUTE, id="long path"),
        pytest.param("sid=1; x=" + "x" * 1025, Reason.LONG_ATTRIBUTE, id="long unknown attribute"),
    ],
)
def test_refused_line_does_not_leave(emitted, reason):
    """What must not leave gives no line and exactly one reason."""
    verdict = decide(POLICY, emitted, now=NOW)
    assert (verdict.line, verdict.reasons) == (None, (reason,))
    assert verdict.dropped


def test_longest_pair_leaves():
    """The limit counts name and value, not attributes."""
    value = "x" * (MAX_PAIR_BYTES - len("sid"))
    assert line_of(f"sid={value}{STRICT_TAIL}") == f"sid={value}{STRICT_TAIL}"


@pytest.mark.parametrize(
    ("emitted", "leaving", "reasons"),
    [
        pytest.param("sid=1" + STRICT_TAIL, "sid=1" + STRICT_TAIL, (), id="passes"),
        pytest.param("sid=1; SameSite=Lax; HTTPONLY; secure=no; path=/",
                     "sid=1" + STRICT_TAIL, (), id="canonical form"),
        pytest.param(" sid = 1 ; Path=/; Secure; HttpOnly; SameSite=Lax",
                     "sid=1" + STRICT_TAIL, (), id="trimmed"),
        pytest.param("sid=1; Path=/; HttpOnly; SameSite=Lax",
                     "sid=1" + STRICT_TAIL, (Reason.SECURE_ADDED,), id="Secure"),
        pytest.param("sid=1; Path=/; Secure; SameSite=Lax",
                     "sid=1" + STRICT_TAIL, (Reason.HTTPONLY_ADDED,), id="HttpOnly"),
        pytest.param("sid=1; Path=/; Secure; HttpOnly; SameSite=None",
                     "sid=1" + STRICT_TAIL, (Reason.SAMESITE_SET,), id="SameSite weaker"),
        pytest.param("sid=1; Path=/; Secure; HttpOnly; SameSite=Sideways",
                     "sid=1" + STRICT_TAIL, (Reason.SAMESITE_SET,), id="SameSite unknown"),
        pytest.param("sid=1; Path=/; Secure; HttpOnly; SameSite=Strict",
                     "sid=1; Path=/; Secure; HttpOnly; SameSite=Strict", (), id="stricter stays"),
        pytest.param("sid=1; Secure; HttpOnly; SameSite=Lax",
                     "sid=1" + STRICT_TAIL, (Reason.PATH_SET,), id="no Path"),
        pytest.param("sid=1; Path=x; Secure; HttpOnly; SameSite=Lax",
                     "sid=1" + STRICT_TAIL, (Reason.PATH_SET,), id="relative Path"),
        pytest.param("sid=1; Path=/a; Secure; HttpOnly; SameSite=Lax",
                     "sid=1; Path=/a; Secure; HttpOnly; SameSite=Lax", (),
                     id="narrower Path stays"),
        pytest.param("__Host-sid=1; Path=/a; Secure; HttpOnly; SameSite=Lax",
                     "__Host-sid=1" + STRICT_TAIL, (Reason.PATH_SET,), id="__Host- Path"),
        pytest.param("erp=1; Path=/erpx; Secure; HttpOnly; SameSite=Lax",
                     "erp=1; Path=/erp; Secure; HttpOnly; SameSite=Lax", (Reason.PATH_SET,),
                     id="neighbouring Path"),
        pytest.param("sid=1; Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
                     "sid=1" + STRICT_TAIL, (Reason.DOMAIN_SET,), id="Domain removed"),
        pytest.param("shared=1; Domain=EVIL-example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
                     "shared=1" + STRICT_TAIL, (Reason.DOMAIN_SET,), id="foreign Domain"),
        pytest.param("shared=1; Domain=a.Example.com; Path=/; Secure; HttpOnly; SameSite=Lax",
                     "shared=1; Domain=a.example.com; Path=/; Secure; HttpOnly; SameSite=Lax", (),
                     id="narrower Domain stays"),
        pytest.param("sid=1; Max-Age=60" + STRICT_TAIL,
                     "sid=1" + STRICT_TAIL, (Reason.LIFETIME_SHORTENED,), id="remember me"),
        pytest.param("sid=1; Expires=Wed, 21 Oct 2099 07:28:00 GMT" + STRICT_TAIL,
                     "sid=1" + STRICT_TAIL, (Reason.LIFETIME_SHORTENED,), id="Expires alone"),
        pytest.param("theme=d; Max-Age=99999; Path=/; Secure; SameSite=Lax",
                     "theme=d; Expires=Fri, 15 Jan 2027 12:00:00 GMT; Max-Age=14400; Path=/; "
                     "Secure; SameSite=Lax", (Reason.LIFETIME_SHORTENED,), id="capped"),
        pytest.param("theme=d; Max-Age=60; Path=/; Secure; SameSite=Lax",
                     "theme=d; Expires=Fri, 15 Jan 2027 08:01:00 GMT; Max-Age=60; Path=/; Secure; "
                     "SameSite=Lax", (), id="shorter stays, both attributes agree"),
        pytest.param("theme=d; Path=/; Secure; HttpOnly; SameSite=Lax",
                     "theme=d; Path=/; Secure; HttpOnly; SameSite=Lax", (), id="session stays"),
        pytest.param("theme=d; Max-Age=9999999999999999999999; Path=/; Secure; SameSite=Lax",
                     "theme=d; Expires=Fri, 15 Jan 2027 12:00:00 GMT; Max-Age=14400; Path=/; "
                     "Secure; SameSite=Lax", (Reason.LIFETIME_SHORTENED,), id="huge Max-Age"),
        pytest.param("sid=1; Partitioned" + STRICT_TAIL,
                     "sid=1" + STRICT_TAIL, (Reason.PARTITIONED_SET,), id="Partitioned removed"),
        pytest.param("embed=1; Path=/; Secure; HttpOnly; SameSite=None",
                     "embed=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
                     (Reason.PARTITIONED_SET,), id="Partitioned added"),
        pytest.param("strict=1; Path=/; Secure; HttpOnly; SameSite=Lax",
                     "strict=1; Path=/; Secure; HttpOnly; SameSite=Strict", (Reason.SAMESITE_SET,),
                     id="declared Strict"),
        pytest.param("csrf-form7=1", "csrf-form7=1" + STRICT_TAIL,
                     (Reason.SECURE_ADDED, Reason.HTTPONLY_ADDED, Reason.SAMESITE_SET,
                      Reason.PATH_SET), id="pattern, bare"),
        pytest.param("_gid=1" + STRICT_TAIL, "_gid=1" + STRICT_TAIL, (),
                     id="not the tracker"),
    ],
)  # fmt: skip
def test_declared_line_leaves_as_strict_as_declared(emitted, leaving, reasons):
    """A declared cookie leaves in canonical form, with one reason for each thing changed."""
    verdict = decide(POLICY, emitted, now=NOW)
    assert (verdict.line, verdict.reasons) == (leaving, reasons)
    name = emitted.partition("=")[0].strip()
    assert (verdict.cookie_name, verdict.found) == (name, tuple((one, name) for one in reasons))


GONE = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"


@pytest.mark.parametrize(
    ("emitted", "leaving"),
    [
        pytest.param("_ga=payload; Max-Age=0; Path=/; Domain=example.com",
                     f"_ga=; {GONE}; Domain=example.com; Path=/; Secure", id="stray, emptied"),
        pytest.param("x=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", f"x=; {GONE}; Secure",
                     id="by Expires, default path"),
        pytest.param("sid=; Max-Age=-1", f"sid=; {GONE}{STRICT_TAIL}", id="declared"),
        pytest.param("sid=; Max-Age=0; Domain=example.com; Partitioned",
                     f"sid=; {GONE}{STRICT_TAIL}", id="as the cookie itself left"),
        pytest.param("embed=; Max-Age=0; Path=/",
                     f"embed=; {GONE}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned",
                     id="in its partition"),
        pytest.param("__Host-x=; Max-Age=0; Path=/a; Domain=example.com",
                     f"__Host-x=; {GONE}; Path=/; Secure", id="__Host- as browsers demand"),
        pytest.param("__Http-x=; Max-Age=0; Path=/", f"__Http-x=; {GONE}; Path=/; Secure; HttpOnly",
                     id="__Http- as browsers demand"),
    ],
)  # fmt: skip
def test_deletion_always_leaves(emitted, leaving):
    """Deleting stores nothing; it leaves without a value, in a form that browsers heed."""
    assert decide(POLICY, emitted, now=NOW) == (emitted.partition("=")[0], leaving, ())


def test_plain_http_transport_adds_no_secure():
    """Only the named switch for development lets a cookie leave without Secure."""
    policy = CookiePolicy(cookies=(declare("sid"),), transport="plain-http")
    assert line_of("sid=1", policy) == "sid=1; Path=/; HttpOnly; SameSite=Lax"
    assert line_of("sid=; Max-Age=0", policy) == f"sid=; {GONE}; Path=/; HttpOnly; SameSite=Lax"
    assert line_of("x=; Max-Age=0; Path=/", policy) == f"x=; {GONE}; Path=/"


def test_repr_holds_no_value():
    """A verdict in a log or a debugger shows the name and the reasons only."""
    assert repr(decide(POLICY, "sid=s3cr3t", now=NOW)) == (
        "<Verdict harden 'sid' SC121 SC122 SC123 SC124>"
    )
    assert repr(decide(POLICY, "sid=s3cr3t" + STRICT_TAIL)) == "<Verdict pass 'sid'>"
    assert repr(decide(POLICY, "x=s3cr3t")) == "<Verdict drop 'x' SC101>"


def test_remembered_tails_hold_no_value():
    """What a VerdictCache keeps between requests is attributes, never values."""
    remembering = VerdictCache(POLICY, clock=lambda: NOW)
    for emitted in ("sid=s3cr3t", "sid=s3cr3t; Max-Age=0", "x=s3cr3t", "theme=s3cr3t; Max-Age=5"):
        remembering(emitted)
    assert "s3cr3t" not in repr(remembering._tails)


def test_judge_gives_one_verdict_for_the_first_and_the_next():
    """A remembered tail changes no verdict, neither for another value nor for a bad one."""
    remembering = VerdictCache(POLICY, clock=lambda: NOW)
    for value in ("a", "b", "x" * MAX_PAIR_BYTES, "c\x00", '"o', "a b=c", "a b", '"q"', "d"):
        emitted = f"sid={value}; Path=/"
        assert remembering(emitted) == decide(POLICY, emitted, now=NOW)


def test_remembered_tails_are_bounded():
    """An app that emits ever new attributes can't grow the memory without end."""
    remembering = VerdictCache(POLICY)
    for number in range(MAX_TAILS + 10):
        remembering(f"sid=1; Path=/{number}")
    assert len(remembering._tails) <= MAX_TAILS


def test_verdict_reads_the_clock_where_no_time_is_given():
    """Without a time, lifetimes count from now."""
    assert isinstance(decide(POLICY, "theme=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT"), Verdict)
    assert "Max-Age=0" in decide(POLICY, "theme=1; Expires=Wed, 21 Oct 2015 07:28:00 GMT").line
