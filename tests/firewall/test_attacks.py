"""
Known attacks on cookies, one case each, through a real application behind the firewall.

What arrives is asserted as Werkzeug's ``request.cookies`` gives it to the application; what leaves,
as whole ``Set-Cookie`` lines. The names of the attacks are those of the literature.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask, session
from werkzeug.http import dump_cookie
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.test import create_environ
from werkzeug.wrappers import Request, Response

from strict_cookies.firewall.expire import MAX_EXPIRY_LINES
from strict_cookies.firewall.middleware import CookieFirewall, FirewallHooks
from strict_cookies.firewall.set_cookie import VerdictCache
from strict_cookies.http.cookies import MAX_FIELD_BYTES, MAX_PAIRS
from strict_cookies.policy.policy import CookiePolicy
from tests.policies import declare
from tests.wsgi import run

POLICY = CookiePolicy(
    cookies=(
        declare("s"),
        declare("a"),
        declare("__Host-s"),
        declare("__Secure-s"),
        declare("__Host-Http-s", samesite="Strict"),
        declare(
            "pref", purposes=("preferences",), lifetime=timedelta(hours=4), script_readable=True
        ),
        declare("embed", samesite="None", partitioned=True),
        declare("shared", domain="example.com"),
        declare("sub", path="/sub"),
    )
)
NOW = 1_800_000_000
IN_FOUR_HOURS = "Expires=Fri, 15 Jan 2027 12:00:00 GMT; Max-Age=14400"
EXPIRED = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"


# --- What arrives ---


class LoadedSession:
    """One request with a Cookie field, and what came of it."""

    def __init__(self, field, *, policy=POLICY, **options):
        @Request.application
        def app(request):
            self.cookies = list(request.cookies.items(multi=True))
            self.field = request.environ.get("HTTP_COOKIE")
            return Response("page", mimetype="text/html")

        environ = create_environ(
            "/account", "https://app.example.com", headers={"Accept": "text/html"}
        )
        self.reasons = []
        firewall = CookieFirewall(
            LintMiddleware(app),
            policy,
            hooks=FirewallHooks(
                on_verdict=lambda reason, name, place: self.reasons.append((reason.id, name))
            ),
            **options,
        )
        _, self.status, self.headers = run(
            LintMiddleware(firewall), {**environ, "HTTP_COOKIE": field}
        )


CONTROLS = [*range(0x20), 0x7F]


@pytest.mark.parametrize(
    ("field", "seen"),
    [
        # RFC 6265bis section 8.6: a sibling host or a longer path sets a second cookie of the name.
        pytest.param("s=evil; s=good", [], id="tossing"),
        pytest.param("s=good; a=1; s=evil", [("a", "1")], id="tossing behind, neighbour kept"),
        pytest.param("s=x; s=y; s=z", [], id="tossing thrice"),
        pytest.param("s=same; s=same", [], id="tossing the same value"),
        pytest.param("s=; s=good", [], id="tossing an empty value"),
        pytest.param("__Host-s=evil; __Host-s=good", [], id="tossing a prefixed name"),
        pytest.param("s=good;\ts =evil", [], id="tossing with other blanks"),
        # PortSwigger, "Stealing HttpOnly cookies with the cookie sandwich technique".
        pytest.param('a="x; s=SECRET; b=y"', [("s", "SECRET")], id="cookie sandwich"),
        pytest.param(
            '$Version=1; a="x; s=SECRET; b=y"', [("s", "SECRET")], id="versioned sandwich"
        ),
        pytest.param(
            'a="x\\"; s=SECRET; pref=y"', [("s", "SECRET")], id="sandwich with escaped quote"
        ),
        pytest.param(
            's=SECRET; a="x; stray=y"', [("s", "SECRET")], id="sandwich behind the session"
        ),
        # PortSwigger, "Bypassing WAFs with the phantom $Version cookie"; RFC 2965.
        pytest.param("$Version=1; s=v; $Path=/", [("s", "v")], id="phantom version"),
        pytest.param('$Version="1"; s=v; $Domain=x; $Port', [("s", "v")], id="phantom attributes"),
        pytest.param("$s=evil", [], id="phantom name"),
        # RFC 6265bis section 5.4: user agents compare prefixes without case, servers with.
        pytest.param("__HOST-s=evil", [], id="prefix case"),
        pytest.param("__host-s=evil; a=1", [("a", "1")], id="prefix case, neighbour kept"),
        pytest.param("__HOST-s=evil; __Host-s=good", [], id="prefix case beside the real one"),
        pytest.param("__Host-s=good; __hOsT-s=evil", [], id="prefix case behind the real one"),
        pytest.param("__HOST-HTTP-s=x; __Host-Http-s=good", [], id="long prefix case beside"),
        pytest.param("__SECURE-s=x; __Secure-s=good", [], id="secure prefix case beside"),
        # PortSwigger, "Cookie chaos: how to bypass __Host and __Secure cookie prefixes".
        pytest.param("\xa0__Host-s=evil", [], id="chaos, octet A0"),
        pytest.param("\x85__Host-s=evil", [], id="chaos, octet 85"),
        pytest.param("\xc2\xa0__Host-s=evil", [], id="chaos, U+00A0"),
        pytest.param("\xc2\x85__Host-s=evil", [], id="chaos, U+0085"),
        pytest.param("\xe2\x80\x80__Host-s=evil", [], id="chaos, U+2000"),
        pytest.param("__Host-s\xe2\x80\x80=evil", [], id="chaos, U+2000 behind the name"),
        pytest.param("\x0b__Host-s=evil", [], id="chaos, vertical tab"),
        pytest.param("\x0c__Host-s=evil", [], id="chaos, form feed"),
        pytest.param("\x1c__Host-s=evil", [], id="chaos, file separator"),
        pytest.param(
            "\x85__Host-s=evil; __Host-s=good",
            [("__Host-s", "good")],
            id="chaos beside the real one",
        ),
        # CVE-2023-23934: a nameless cookie whose value looks like a pair.
        pytest.param("=__Host-s=evil", [], id="empty name"),
        pytest.param("=__Host-s=evil; a=1", [("a", "1")], id="empty name, neighbour kept"),
        pytest.param(" = __Host-s=evil", [], id="empty name with blanks"),
        pytest.param("==", [], id="empty everything"),
        # "Cookie Crumbles", USENIX Security 2023: the wire can't show it, so a store must know ids.
        pytest.param("__Host-s=evil", [("__Host-s", "evil")], id="nameless smuggling, alone"),
        pytest.param("__Host-s=evil; __Host-s=good", [], id="nameless smuggling beside the real"),
        # A comma is an octet like any other.
        pytest.param("a=1,__Host-s=evil", [("a", "1,__Host-s=evil")], id="comma"),
        pytest.param("stray=1, s=evil", [], id="comma in a stray"),
        # Some readers begin a second cookie behind a space; Werkzeug drops the pair, and so do we.
        pytest.param("a=1, __Host-s=evil; s=v", [("s", "v")], id="comma and space"),
        pytest.param("a=1 __Host-s=evil; s=v", [("s", "v")], id="space in a value"),
        # Blanks round the sign are trimmed, as every reader does.
        pytest.param("__Host-s = evil", [("__Host-s", "evil")], id="space round the sign"),
        pytest.param("\t__Host-s\t=\tv\t", [("__Host-s", "v")], id="tab round the sign"),
        # What is malformed goes alone.
        pytest.param("novalue; s=v", [("s", "v")], id="bare stray"),
        pytest.param("s; a=1", [("a", "1")], id="bare declared name"),
        pytest.param('s="open; a=1', [("a", "1")], id="unclosed quote"),
        pytest.param('s="a" x; a=1', [("a", "1")], id="text behind a quotation"),
        pytest.param("; ;; s=v;", [("s", "v")], id="empty pairs"),
        # Names that merely resemble.
        pytest.param("S=evil; s2=evil; ss=evil", [], id="near misses"),
        pytest.param("%5f%5fHost-s=evil", [], id="percent-encoded name"),
        pytest.param('"s"=evil', [], id="quoted name"),
        pytest.param("\\163=evil", [], id="octal name"),
        pytest.param("s\x00=evil", [], id="NUL behind the name"),
        # Invalid UTF-8 reaches neither the decoder nor the application where it is not declared.
        pytest.param("\xff\xfe=\x80; s=v", [("s", "v")], id="invalid UTF-8 in a stray"),
        pytest.param("\xc0\xf3=evil", [], id="overlong UTF-8 name"),
    ],
)
def test_attack_by_cookie_field_reaches_the_application_as(field, seen):
    """The application sees declared cookies that arrived once and well formed, and nothing else."""
    visit = LoadedSession(field)
    assert visit.status == "200 OK"
    assert visit.cookies == seen


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        pytest.param("s=evil; s=good", ("SC203", "s"), id="tossing"),
        pytest.param("__HOST-s=x; __Host-s=v", ("SC203", "__Host-s"), id="prefix case beside"),
        pytest.param('s="open', ("SC204", "s"), id="unclosed quote"),
        pytest.param("s=\x01", ("SC204", "s"), id="control character"),
        pytest.param("s", ("SC204", "s"), id="bare declared name"),
        pytest.param("strange=1", ("SC201", "other"), id="stray"),
        pytest.param("_ga=1", ("SC202", "_ga"), id="tracker"),
        pytest.param("s=v" + "; x=" * MAX_PAIRS, ("SC205", "other"), id="too many pairs"),
    ],
)
def test_attack_is_recorded(field, reason):
    """Each attack that the wire can show leaves its reason, and no value."""
    assert reason in LoadedSession(field).reasons


@pytest.mark.parametrize("code", CONTROLS, ids=lambda code: f"octet {code:02X}")
def test_control_character_in_a_value_costs_that_cookie_only(code):
    """A value with a control character is absent; its neighbours arrive."""
    assert LoadedSession(f"s=x{chr(code)}y; a=1").cookies == [("a", "1")]


def test_octal_escapes_are_handed_on_as_received():
    """No escape is decoded, so a filter before the application judges what the client sent."""
    assert LoadedSession('a="\\147\\145\\164"').field == 'a="\\147\\145\\164"'


def test_invalid_utf_8_in_a_declared_value_is_no_error():
    """Octets that are no text arrive under their name, and the page is served."""
    visit = LoadedSession("a=\xff\x80; s=v")
    assert visit.status == "200 OK"
    assert [name for name, _ in visit.cookies] == ["a", "s"]


def test_evicted_cookie_is_absent_and_no_error():
    """After a jar overflow pushed the session out, the visitor is anonymous."""
    visit = LoadedSession("")
    assert (visit.status, visit.cookies) == ("200 OK", [])


# --- Hostile fields ---


class CountingPolicy(CookiePolicy):
    """A policy that counts how many names it is asked about."""

    asked = 0

    def find(self, cookie_name):
        """Count, then find."""
        type(self).asked += 1
        return super().find(cookie_name)


@pytest.fixture
def counting():
    """A policy with its counter at zero, and with a pattern, so that no look-up is cut short."""
    CountingPolicy.asked = 0
    return CountingPolicy(cookies=(*POLICY.cookies, declare("draft_*")))


HOSTILE = [
    pytest.param("s=" + "x" * 2**20, id="1 MiB value"),
    pytest.param("x" * 2**20, id="1 MiB bare"),
    pytest.param("=" * 2**20, id="1 MiB of equals signs"),
    pytest.param(";" * 2**20, id="1 MiB of semicolons"),
    pytest.param(" " * 2**20, id="1 MiB of spaces"),
    pytest.param('s="' + "\\a" * 2**19, id="1 MiB of escapes"),
    pytest.param("; ".join(f"n{index}=v" for index in range(10_000)), id="10,000 pairs"),
    pytest.param("; ".join(["s=v"] * 10_000), id="10,000 times the session"),
    pytest.param("; ".join(f"_ga_{index}=v" for index in range(10_000)), id="10,000 trackers"),
    pytest.param("\xff" * 2**20, id="1 MiB of invalid UTF-8"),
    pytest.param("\x01" * 2**20, id="1 MiB of control characters"),
    pytest.param(f"s=v; {'x' * MAX_FIELD_BYTES}=1", id="session before a huge name"),
]


@pytest.mark.parametrize("field", HOSTILE)
def test_hostile_field_reaches_the_application_clean_at_bounded_cost(counting, field):
    """Above its bounds a field counts as absent, and no more of it is examined than its bounds."""
    visit = LoadedSession(field, policy=counting)
    assert visit.status == "200 OK"
    assert visit.field is None
    assert visit.cookies == []
    assert 0 < counting.asked <= MAX_PAIRS + 1 + MAX_EXPIRY_LINES
    assert len(visit.reasons) <= 1 + MAX_EXPIRY_LINES
    assert visit.reasons[0] == ("SC205", "other")
    assert len(visit.headers.getlist("Set-Cookie")) <= MAX_EXPIRY_LINES


def test_field_within_its_bounds_is_read_whole(counting):
    """The most pairs that browsers keep for a site are still read, each name asked once."""
    strays = [f"n{index}=v" for index in range(MAX_PAIRS - 1)]
    visit = LoadedSession("; ".join([*strays, "s=v"]), policy=counting)
    assert visit.cookies == [("s", "v")]
    # The one exact name is found without asking.
    assert counting.asked == MAX_PAIRS - 1
    one_more = LoadedSession("; ".join([*strays, "s=v", "a=1"]))
    assert one_more.cookies == []


def test_field_at_its_longest_is_read_whole():
    """A field of as many octets as are read at all arrives; one octet more does not."""
    field = "s=v; a=" + "x" * (MAX_FIELD_BYTES - 7)
    assert [name for name, _ in LoadedSession(field).cookies] == ["s", "a"]
    assert LoadedSession(f"{field}x").cookies == []


def test_oversized_jar_drains():
    """A visitor whose jar is over its bounds is told to expire strays, so that no lockout stays."""
    field = "; ".join(f"n{index}=v" for index in range(10_000))
    lines = LoadedSession(field, expire_undeclared="host").headers.getlist("Set-Cookie")
    assert f"n0=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None" in lines


# --- What leaves ---


def leave(*lines):
    """Emit raw lines through a firewall whose clock stands at NOW; give those that leave."""

    def app(environ, start_response):
        headers = [("Content-Type", "text/plain"), *(("Set-Cookie", line) for line in lines)]
        start_response("200 OK", headers)
        return [b"page"]

    return _answer(app)


def _answer(app):
    firewall = CookieFirewall(app, POLICY)
    firewall._decide = VerdictCache(POLICY, clock=lambda: NOW)
    environ = create_environ("/sub/page", "https://app.example.com")
    _, status, headers = run(LintMiddleware(firewall), environ)
    assert status == "200 OK"
    return headers.getlist("Set-Cookie")


def respond(change):
    """Let a Flask view change its response; give the lines that leave."""
    app = Flask(__name__)

    @app.get("/sub/page")
    def page():
        response = Response("page", mimetype="text/plain")
        change(response)
        return response

    return _answer(LintMiddleware(app.wsgi_app))


def setting(*arguments, **options):
    """Call ``set_cookie`` on a response."""
    return lambda response: response.set_cookie(*arguments, **options)


def deleting(*arguments, **options):
    """Call ``delete_cookie`` on a response."""
    return lambda response: response.delete_cookie(*arguments, **options)


@pytest.mark.filterwarnings("ignore:The 's' cookie is too large:UserWarning")
@pytest.mark.parametrize(
    ("change", "leaving"),
    [
        # Werkzeug checks neither the name nor the domain that it writes into the line.
        pytest.param(setting("s; Path=/evil", "v"), [], id="attribute injection by the name"),
        pytest.param(setting("stray; Secure", "v"), [], id="attribute injection by a stray's name"),
        pytest.param(setting("", "v"), [], id="empty name"),
        pytest.param(setting("", "__Host-s=evil"), [], id="nameless with a prefix in the value"),
        pytest.param(setting("a b", "v"), [], id="space in the name"),
        pytest.param(setting("s\x01", "v"), [], id="control character in the name"),
        pytest.param(setting("s\t", "v"), [], id="tab in the name"),
        pytest.param(setting("s,", "v"), [], id="comma in the name"),
        pytest.param(setting("stray=s", "v"), [], id="equals sign in the name, undeclared"),
        pytest.param(
            setting("a=b", "v"),
            ["a=b=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="equals sign in the name, declared",
        ),
        pytest.param(
            setting("s", "v", domain="example.com; Path=/evil; Secure"),
            ["s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="attribute injection by the domain",
        ),
        pytest.param(
            setting("shared", "v", path=None, domain="example.com; SameSite=None; Path=/evil"),
            ["shared=v; Domain=example.com; Path=/evil; Secure; HttpOnly; SameSite=Lax"],
            id="attribute injection by a shared domain never weakens",
        ),
        pytest.param(
            setting("s", "v", path="/x; Domain=example.com"),
            ["s=v; Path=/x%3B%20Domain=example.com; Secure; HttpOnly; SameSite=Lax"],
            id="attribute injection by the path",
        ),
        pytest.param(
            setting("a", "x;b, c"),
            ['a="x\\073b\\054 c"; Path=/; Secure; HttpOnly; SameSite=Lax'],
            id="attribute injection by the value",
        ),
        # Prefixed names go out as browsers demand, whatever the view asked for.
        pytest.param(
            setting("__Host-s", "v", domain="example.com"),
            ["__Host-s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="host prefix with domain",
        ),
        pytest.param(
            setting("__Host-s", "v", path="/account"),
            ["__Host-s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="host prefix with path",
        ),
        pytest.param(
            setting("__Host-s", "v", path=None),
            ["__Host-s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="host prefix without path",
        ),
        pytest.param(
            setting("__Host-Http-s", "v", samesite="Lax"),
            ["__Host-Http-s=v; Path=/; Secure; HttpOnly; SameSite=Strict"],
            id="host-http prefix bare",
        ),
        pytest.param(
            setting("__Secure-s", "v"),
            ["__Secure-s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="secure prefix without Secure",
        ),
        pytest.param(setting("__host-s", "v"), [], id="host prefix in lower case"),
        pytest.param(setting("__HOST-HTTP-s", "v"), [], id="host-http prefix in upper case"),
        # Deletions must be heeded, or a logout would not be one.
        pytest.param(
            deleting("__Host-s"),
            [f"__Host-s=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="deletion of a host prefix",
        ),
        pytest.param(
            deleting("__Host-s", domain="example.com", path="/account"),
            [f"__Host-s=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="deletion of a host prefix with domain and path",
        ),
        pytest.param(
            deleting("__Host-Http-s"),
            [f"__Host-Http-s=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Strict"],
            id="deletion of a host-http prefix",
        ),
        pytest.param(
            deleting("__Secure-s"),
            [f"__Secure-s=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="deletion of a secure prefix",
        ),
        pytest.param(
            deleting("_ga", domain="example.com"),
            [f"_ga=; {EXPIRED}; Domain=example.com; Path=/; Secure"],
            id="deletion of a tracker on the parent domain",
        ),
        pytest.param(
            setting("_ga", "GA1.2.3", max_age=0),
            [f"_ga=; {EXPIRED}; Path=/; Secure"],
            id="deletion takes no value along",
        ),
        pytest.param(
            deleting("__Http-x", path="/sub"),
            [f"__Http-x=; {EXPIRED}; Path=/sub; Secure; HttpOnly"],
            id="deletion of an http prefix",
        ),
        pytest.param(
            deleting("__host-s", domain="example.com", path="/account"),
            [f"__host-s=; {EXPIRED}; Path=/; Secure"],
            id="deletion of a host prefix in lower case",
        ),
        pytest.param(
            deleting("sub"),
            [f"sub=; {EXPIRED}; Path=/sub; Secure; HttpOnly; SameSite=Lax"],
            id="deletion where the path had been narrowed",
        ),
        pytest.param(
            deleting("embed"),
            [f"embed=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"],
            id="deletion of a partitioned cookie",
        ),
        pytest.param(
            deleting("stray", domain="example.com; Secure"),
            [f"stray=; {EXPIRED}; Domain=example.com; Path=/; Secure"],
            id="deletion with attribute injection by the domain",
        ),
        pytest.param(deleting("s; Path=/evil"), [], id="deletion with attribute injection"),
        pytest.param(deleting("a b"), [], id="deletion of a name with a space"),
        pytest.param(deleting("stray\xe4"), [], id="deletion of a name that is no token"),
        # Scope, lifetime and size.
        pytest.param(
            setting("s", "v", samesite="None"),
            ["s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="SameSite=None where Lax is declared",
        ),
        pytest.param(
            setting("embed", "v", samesite="None"),
            ["embed=v; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"],
            id="SameSite=None without Secure",
        ),
        pytest.param(
            setting("s", "v", partitioned=True, samesite="Strict"),
            ["s=v; Path=/; Secure; HttpOnly; SameSite=Strict"],
            id="Partitioned where none is declared",
        ),
        pytest.param(
            setting("pref", "v", max_age=1_000_000_000),
            [f"pref=v; {IN_FOUR_HOURS}; Path=/; Secure; SameSite=Lax"],
            id="31 years",
        ),
        pytest.param(
            setting("pref", "v", max_age=60),
            [
                "pref=v; Expires=Fri, 15 Jan 2027 08:01:00 GMT; Max-Age=60; Path=/; Secure; "
                "SameSite=Lax"
            ],
            id="a minute stays a minute",
        ),
        pytest.param(
            setting("pref", "v", expires=NOW + 1_000_000_000),
            [f"pref=v; {IN_FOUR_HOURS}; Path=/; Secure; SameSite=Lax"],
            id="31 years by date",
        ),
        pytest.param(
            setting("s", "v", max_age=1_000_000_000),
            ["s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="31 years of a session cookie",
        ),
        pytest.param(
            setting("sub", "v", path="/"),
            ["sub=v; Path=/sub; Secure; HttpOnly; SameSite=Lax"],
            id="wider path",
        ),
        pytest.param(
            setting("sub", "v", path="/subway"),
            ["sub=v; Path=/sub; Secure; HttpOnly; SameSite=Lax"],
            id="path that only looks narrower",
        ),
        pytest.param(
            setting("shared", "v", domain="evil-example.com"),
            ["shared=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="domain that only looks narrower",
        ),
        pytest.param(
            setting("s", "v", path=None),
            ["s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="no path at all",
        ),
        pytest.param(setting("s", "x" * 4096), [], id="oversized"),
        pytest.param(
            setting("s", "x" * 4095),
            [f"s={'x' * 4095}; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="as large as browsers keep",
        ),
        pytest.param(setting("s", "v", path=f"/{'p' * 1024}"), [], id="over-long path"),
        pytest.param(setting("shared", "v", domain=f"{'d.' * 520}com"), [], id="over-long domain"),
        pytest.param(setting("_ga", "v"), [], id="tracker"),
        pytest.param(setting("stray", "v", secure=True, httponly=True), [], id="undeclared"),
    ],
)
def test_what_a_view_sets_leaves_as(change, leaving):
    """Whatever Werkzeug writes for a Flask view, what leaves is declared and in canonical form."""
    assert respond(change) == leaving


@pytest.mark.parametrize(
    ("line", "leaving"),
    [
        pytest.param("s=v\r\nSet-Cookie: evil=1", [], id="response splitting by the value"),
        pytest.param(dump_cookie("s\r\nSet-Cookie: evil", "1"), [], id="splitting by the name"),
        pytest.param("s=v\nX-Evil: 1", [], id="bare LF"),
        pytest.param("s=v; Path=/\r\n\r\n<script>", [], id="body injection by the path"),
        pytest.param("s=v\x00; Path=/", [], id="NUL"),
        pytest.param("s=\u0100", [], id="text that is no octet"),
        pytest.param(
            "s=a,secure; Path=/",
            ["s=a,secure; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="comma flag that other filters take for Secure",
        ),
        pytest.param(
            "s=v; Secure; HttpOnly, evil=1; Domain=example.com",
            ["s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="two cookies folded into a line",
        ),
        pytest.param(
            "=__Host-s=evil; Secure; Path=/", [], id="nameless with a prefix in the value"
        ),
        pytest.param("__Host-s", [], id="bare"),
        pytest.param(
            "__Host-s=v; Path=/; Path=/evil; Domain=; Secure",
            ["__Host-s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="repeated attributes",
        ),
        pytest.param(
            "sub=v; Path=/sub/x; Path=",
            ["sub=v; Path=/sub; Secure; HttpOnly; SameSite=Lax"],
            id="path undone by a second one",
        ),
        pytest.param(
            "s=v; Max-Age=0; Max-Age=junk",
            [f"s=; {EXPIRED}; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="unreadable second Max-Age",
        ),
        pytest.param(
            "s=v; SameSite=Strict; SameSite=junk",
            ["s=v; Path=/; Secure; HttpOnly; SameSite=Lax"],
            id="SameSite undone by a second one",
        ),
        pytest.param(
            "s=v;secure=false;HTTPONLY=0;samesite=STRICT;path=/",
            ["s=v; Path=/; Secure; HttpOnly; SameSite=Strict"],
            id="attributes spelt strangely",
        ),
    ],
)
def test_what_any_server_code_emits_leaves_as(line, leaving):
    """Lines written by hand are judged as browsers read them."""
    assert leave(line) == leaving


def test_flask_session_cookie_saved_last_is_judged_too():
    """Flask saves its session after every ``after_request``; the firewall outside still sees it."""
    app = Flask(__name__)
    app.secret_key = "not a secret"
    app.config["SESSION_COOKIE_NAME"] = "s"
    app.config["SESSION_COOKIE_DOMAIN"] = "example.com"
    app.config["SESSION_COOKIE_HTTPONLY"] = False

    @app.get("/sub/page")
    def page():
        session["user"] = "someone"
        return "page"

    (line,) = _answer(LintMiddleware(app.wsgi_app))
    pair, _, attributes = line.partition("; ")
    assert pair.startswith("s=")
    assert attributes == "Path=/; Secure; HttpOnly; SameSite=Lax"


def test_lines_stay_apart():
    """Each cookie leaves on a line of its own, in the order emitted, strays taken out."""
    assert leave("s=1", "stray=2; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "a=3", "s=4") == [
        "s=1; Path=/; Secure; HttpOnly; SameSite=Lax",
        "a=3; Path=/; Secure; HttpOnly; SameSite=Lax",
        "s=4; Path=/; Secure; HttpOnly; SameSite=Lax",
    ]
