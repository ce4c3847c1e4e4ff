"""
Chromium as the oracle: what a browser stores of what the firewall lets through.

Hundreds of ``Set-Cookie`` lines go through the firewall into a real jar. The jar must then hold
exactly what an expectation written here says, by RFC 6265bis and by what the policy promises; the
expectation shares no code with the library. Each rule of the verdict is then taken out in turn, and
the browser must notice.
"""

from __future__ import annotations

import logging
import random
import re
import time
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from typing import NamedTuple

import pytest
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.test import create_environ

from strict_cookies.firewall import set_cookie as verdict
from strict_cookies.firewall.middleware import CookieFirewall
from strict_cookies.http.cookies import parse_cookie_date
from strict_cookies.policy.policy import CookiePolicy
from tests.policies import declare
from tests.serving import serve
from tests.wsgi import run

pytestmark = pytest.mark.browser

HOST = "app.site.test"
SITE = "site.test"
#: Where the page fetches; its directory would be the default-path.
FETCHED = "/sub/deep/answer"
#: How far a stored expiry may lie from the expected one, in seconds.
TOLERANCE = 3
DAY = 24 * 60 * 60
NOW = int(time.time())


# --- What is declared ---


class Entry(NamedTuple):
    """One line of the policy, in the terms of the expectation; ``seconds`` None: session-only."""

    name: str
    purpose: str = "session"
    seconds: int | None = None
    samesite: str = "Lax"
    script_readable: bool = False
    path: str = "/"
    domain: str | None = None
    partitioned: bool = False


ENTRIES = (
    Entry("sid"),
    Entry("pref", "preferences", 4 * 60 * 60),
    Entry("csrf", "security", 30 * DAY, samesite="Strict", script_readable=True),
    Entry("login", "authentication", samesite="Strict"),
    Entry("embed", "user_input", 60 * 60, samesite="None", partitioned=True),
    Entry("widget", samesite="None"),
    Entry("shared", domain=SITE),
    Entry("sub", "preferences", 10 * 60, path="/sub"),
    Entry("draft_*", "user_input", 4 * 60 * 60),
    Entry("__Secure-note", "preferences", 60 * 60),
    Entry("__Host-auth", "authentication"),
    Entry("__Http-pref", "preferences", 2 * 60 * 60, path="/sub"),
    Entry("__Host-Http-pref", "preferences", 60 * 60, samesite="Strict"),
)
POLICY = CookiePolicy(
    cookies=tuple(
        declare(
            entry.name,
            purposes=(entry.purpose,),
            lifetime=None if entry.seconds is None else timedelta(seconds=entry.seconds),
            samesite=entry.samesite,
            script_readable=entry.script_readable,
            path=entry.path,
            domain=entry.domain,
            partitioned=entry.partitioned,
        )
        for entry in ENTRIES
    )
)


# --- What is sent ---


def _written(ahead: int, form: str) -> str:
    return time.strftime(form, time.gmtime(NOW + ahead))


#: Chromium takes years before 1601 for the beginning of time; section 5.1.1 takes them for no date.
TOO_EARLY = "Tue, 01 Jan 1600 00:00:00 GMT"
#: Expires texts, each with the seconds from NOW that section 5.1.1 reads; None: no date.
DATES: dict[str, int | None] = {
    _written(ahead, form): ahead
    for ahead in (-DAY, 30 * 60, 730 * DAY)
    for form in (
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %d %H:%M:%S %Y",
        "%d %b %Y %H:%M:%S",
        "%H:%M:%S %d %b %Y",
        "%Y %b %d %H:%M:%S",
        "%B/%d/%Y %H:%M:%S GMT+0100",
        "xx %d %b %Y %H:%M:%S.123",
    )
} | {
    _written(30 * 60, "%a, %d %b %Y %H:%M:%S GMT").upper(): 30 * 60,
    _written(30 * 60, "%a, %d %b %Y %H:%M:%S GMT").lower(): 30 * 60,
    "Thu, 01 Jan 1970 00:00:00 GMT": -NOW,
    "Thu, 01-Jan-70 00:00:01 GMT": 1 - NOW,
    "Wed, 01 Jan 1700 00:00:00 GMT": -8520336000 - NOW,
    TOO_EARLY: None,
    "Thu, 31 Feb 2030 00:00:00 GMT": None,
    "Tue, 01 Jan 2030 24:00:00 GMT": None,
    "Tue, 01 Jan 2030 00:60:00 GMT": None,
    "Tue, 01 Jan 2030 00:00:60 GMT": None,
    "Tue, 00 Jan 2030 00:00:00 GMT": None,
    "Tue, 01 Jan 2030": None,
    "01 Foo 2030 00:00:00": None,
    "2030-01-01T00:00:00Z": None,
    "4102444800": None,
    "tomorrow": None,
    "-1": None,
    "0": None,
    "": None,
}

ATTRIBUTES = (
    *(f"Max-Age={text}" for text in ("0", "-1", "-0", "30", "60", "3600", "14400", "14401")),
    *(f"Max-Age={text}" for text in ("99999999999", "9" * 30, f"-{'9' * 30}", "", "-", "--1")),
    *(f"Max-Age={text}" for text in ("+60", "6e1", "1h", '"60"', "60.5", "0x10", " 90 ")),
    f"Max-Age={'0' * 20}600",
    "max-age=60",
    "MAX-AGE = 60",
    "Max-Age",
    "Max_Age=60",
    *(f"Expires={text}" for text in DATES),
    "expires",
    *(f"Domain={text}" for text in (HOST, f".{HOST}", SITE, f".{SITE}", SITE.upper())),
    *(
        f"Domain={text}"
        for text in ("test", ".test", "", ".", "other.site.test", "x.app.site.test")
    ),
    *(
        f"Domain={text}"
        for text in ("evil.test", "notsite.test", "127.0.0.1", "[::1]", "site.test.")
    ),
    *(f"Domain={text}" for text in ("co.uk", '"site.test"', "site.test:443", "a" * 1025)),
    "Domain",
    *(
        f"Path={text}"
        for text in ("/", "/sub", "/sub/", "/sub/deep", "/sub/deep/answer", "/subway")
    ),
    *(f"Path={text}" for text in ("/other", "sub", "", '"/"', "//", "/sub/../x", "/a b", "\\")),
    *(f"Path={text}" for text in ("/sub/\xc3\xa4", f"/{'p' * 1023}", f"/{'p' * 1024}", "/" * 1100)),
    "path = /sub/deep",
    "Path",
    *(f"SameSite={text}" for text in ("Strict", "strict", "STRICT", "Lax", "lax", "lAx", "None")),
    *(
        f"SameSite={text}"
        for text in ("none", "NONE", "", "junk", '"Strict"', "Strict,Lax", "Default")
    ),
    "SameSite",
    "samesite=strict",
    "Secure",
    "secure",
    "SECURE=",
    "Secure=value",
    "Secure=false",
    "Secure=" + "s" * 1025,
    "HttpOnly",
    "httponly",
    "HttpOnly=no",
    "Http Only",
    "Partitioned",
    "partitioned=0",
    "SameSite=None; Secure; Partitioned",
    "SameParty",
    "Priority=High",
    "Version=1",
    "Comment=" + "c" * 1025,
    "",
    "=",
    "=x",
    ";;;",
    "\xfcnknown=\xff",
    # Repeated: the last one counts, unless it can't be read.
    "Max-Age=60; Max-Age=120",
    "Max-Age=120; Max-Age=60",
    "Max-Age=60; Max-Age=junk",
    "Max-Age=0; Max-Age=60",
    "Max-Age=60; Max-Age=0",
    "Path=/sub; Path=/",
    "Path=/; Path=/sub/deep",
    "Path=/sub/deep; Path=",
    f"Domain={SITE}; Domain=",
    f"Domain=evil.test; Domain={SITE}",
    f"Domain={SITE}; Domain=evil.test",
    "SameSite=Strict; SameSite=None",
    "SameSite=None; SameSite=Strict",
    "SameSite=Strict; SameSite=junk",
    "Secure; Secure; HttpOnly; HttpOnly",
    "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=junk",
    "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60",
    "Max-Age=0; Expires=" + _written(30 * 60, "%a, %d %b %Y %H:%M:%S GMT"),
    "Max-Age=junk; Expires=" + _written(30 * 60, "%a, %d %b %Y %H:%M:%S GMT"),
)

#: What CR, LF and NUL would do can't be asked here: no server sends them.
CONTROLS = [chr(code) for code in (*range(1, 10), 11, 12, *range(14, 32), 127)]

DECLARED_NAMES = tuple(entry.name.replace("*", "7") for entry in ENTRIES)
#: Names whose entries differ in what each attribute must become.
TELLING_NAMES = ("sid", "pref", "embed", "shared", "__Host-auth", "__Http-pref")

PAIRS = (
    *(f"{name}=v" for name in DECLARED_NAMES),
    # Undeclared, or near misses of what is declared.
    *(
        f"{name}=v"
        for name in ("_ga", "_gid", "stray", "SID", "Sid", "sid2", "si", "pref.", "draft")
    ),
    *(
        f"{name}=v"
        for name in ("draft_", "draft_a.b", "Draft_1", "draft_a b", "draft_\xe4", "_fbp")
    ),
    *(f"{name}=v" for name in ("draft_*", "draft_a(b", 'draft_"', "draft_,", "s\xefd", "$Version")),
    # Prefixes in any case, declared or not.
    *(
        f"{spelling}=v"
        for name in ("__Secure-note", "__Host-auth", "__Http-pref", "__Host-Http-pref")
        for spelling in (name.lower(), name.upper(), name.swapcase(), f"{name}2")
    ),
    *(f"{name}=v" for name in ("__Secure-", "__Host-", "__Http-", "__Host-Http-", "__HostHttp-x")),
    *(f"{name}=v" for name in ("__Host-Http-auth", "__host-Http-auth", "__Secure-sid", "__sid")),
    # Nameless.
    "",
    "=",
    "=v",
    "v",
    "=sid=v",
    "sid",
    "==v",
    "__Host-auth",
    "=__Host-auth=evil",
    "=__host-http-pref=evil",
    "; sid=v",
    # White space.
    " sid =v",
    "sid= v ",
    "  pref  =  a  b  ",
    "sid\t=v",
    "\tsid=v",
    "sid=\tv\t",
    "sid=v\tw",
    "s id=v",
    "\xa0sid=v",
    "sid\x85=v",
    "\xe2\x80\x80sid=v",
    # Values.
    *(
        f"sid={value}"
        for value in ("", "a=b", "=", "==a", "a,b", "a, pref=b", "a b", "\\", "a\\073b")
    ),
    *(
        f"sid={value}"
        for value in ('"quoted"', '"', '"open', 'in"side', '""', '"a=b, c"', "'single'")
    ),
    *(
        f"sid={value}"
        for value in ("\xc3\xa4", "\xff", "\x80\x81", "a\xa0", "\x85", "%00%0d%0a", "{}")
    ),
    *(f"sid={value}" for value in ("__Host-auth=1", "$Path=/", "\xe2\x82\xac 5", "[1,2]", "<b>")),
    'sid="a; pref=b"',
    "sid=a,secure; Path=/",
    # Sizes: name and value together, attributes not counted.
    *(f"sid={'x' * (size - 3)}" for size in (4000, 4093, 4095, 4096, 4097, 5000)),
    *(f"sid={chr(0xC3) + chr(0xA4)}{'x' * (size - 5)}" for size in (4096, 4097)),
    *(f"draft_{'n' * (size - 7)}=v" for size in (4096, 4097)),
    f"draft_{'n' * 2000}={'x' * 2090}",
    f"draft_{'n' * 2000}={'x' * 2091}",
    f"sid={' ' * 100}{'x' * 4093}{' ' * 100}",
    f"sid={'x' * 4090}; Path=/{'p' * 1000}; Comment={'c' * 1000}",
)

CONTROLLED = (
    *(f"sid=a{control}b" for control in CONTROLS),
    *(f"s{control}id=v" for control in CONTROLS[::5]),
    *(f"sid=v; Path=/{control}" for control in CONTROLS[::5]),
    *(f"sid=v; Sec{control}ure" for control in CONTROLS[::5]),
    *(f"pref=v; Max-Age={control}60" for control in CONTROLS[::5]),
    "sid=v;\tSecure",
    "sid=v; Secure\t",
    "sid=v\x7f",
    "stray\x01=v",
    "\x01",
)

INJECTED = (
    "sid; Path=/evil=v",
    "sid=v; Domain=site.test; Secure",
    "shared=v; Domain=site.test; Secure; Path=/sub; SameSite=Strict; HttpOnly; Max-Age=60",
    "csrf=v; Secure; Path=/; SameSite=None; Max-Age=99999999",
    "__Host-auth=v; Domain=app.site.test; Path=/sub",
    "__Host-auth=v; Secure; Path=/",
    "__Host-Http-pref=v; Domain=site.test; Path=; Max-Age=7200; SameSite=None",
    "__Secure-note=v; Domain=site.test; Max-Age=7200",
    "__Http-pref=v; Domain=site.test; Path=/sub/deep; Max-Age=60",
    "__Http-pref=v; Path=/",
    "widget=v; SameSite=None",
    "widget=v; SameSite=Lax; Partitioned",
    "embed=v; SameSite=Strict; Max-Age=7200",
    "sub=v; Path=/subway; Max-Age=7200",
    "sub=v; Path=/sub/deep; Max-Age=60",
    "stray=v; Domain=site.test; Partitioned; SameSite=None; Secure; Max-Age=60",
    "stray=; Max-Age=0",
    "stray=kept?; Max-Age=0; Domain=site.test; Path=/sub",
)


def _shuffled(count: int) -> tuple[str, ...]:
    """Combine what is listed above at random, the same on each run."""
    chance = random.Random(6265)
    plain = [part for part in ATTRIBUTES if len(part) < 1000]
    lines = []
    for _ in range(count):
        parts = [f"{chance.choice(DECLARED_NAMES)}={chance.choice(['v', '', 'a=b', chr(34) * 2])}"]
        parts += chance.choices(plain, k=chance.randint(1, 5))
        lines.append(chance.choice([";", "; ", " ;  "]).join(parts))
    return tuple(lines)


LINES = {
    "pairs alone": PAIRS,
    **{
        f"each attribute on {name}": tuple(f"{name}=v; {part}" for part in ATTRIBUTES)
        for name in TELLING_NAMES
    },
    "control characters": CONTROLLED,
    "injections and whole sets": INJECTED,
    "combined at random": _shuffled(250),
}
ALL_LINES = tuple(line for lines in LINES.values() for line in lines)


# --- What must be stored ---


class Stored(NamedTuple):
    """
    A cookie in the jar, in the terms of the browser's protocol.

    ``size`` counts the octets of name and value, also those that are no UTF-8 and that the protocol
    does not show. ``domain`` begins with a dot unless it is host-only.
    ``expires`` is in seconds since the epoch; None: until the browser closes.
    """

    name: str
    value: str
    size: int
    secure: bool
    httponly: bool
    samesite: str | None
    path: str
    domain: str
    partition: str | None
    expires: float | None


_ATTRIBUTE = re.compile(r";[ ]*([^;=]*?)[ ]*(?:=[ ]*([^;]*?)[ ]*)?(?=;|\Z)")
_TOKEN_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_RANK = ("None", "Lax", "Strict")


def expected(line: str, sent: float) -> Stored | None:
    """
    Say what a browser must hold after the application emitted a line.

    What section 5.6 ignores, what is undeclared and what deletes stores nothing. A declared cookie
    is stored as its entry allows, or stricter where the line asks for it.

    Args:
        line: As the application emitted it.
        sent: When, in seconds since the epoch.

    Source: RFC 6265bis sections 4.1.3, 5.4, 5.6 and 5.7; the docstrings of the policy.
    """
    if re.search(r"[\x00-\x1f\x7f]", line):
        return None
    match = re.match(r"[ ]*([^;=]*?)[ ]*=[ ]*([^;]*?)[ ]*(?=;|\Z)", line)
    if match is None:
        return None
    name, value = match.groups()
    entry = _entry(name)
    if entry is None or len(name) + len(value) > 4096:
        return None
    asked: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for key, text in _ATTRIBUTE.findall(line[match.end() :]):
        key = key.lower()
        if len(text) > 1024:
            return None
        asked[key] = text
        if key == "max-age" and re.fullmatch(r"-?[0-9]+", text):
            seconds[key] = int(text)
        if key == "expires" and DATES.get(text) is not None:
            seconds[key] = NOW + DATES[text] - sent
    left = seconds.get("max-age", seconds.get("expires"))
    if left is not None and left <= 0:
        return None
    # What some reader would take for two cookies is refused rather than cut when it comes back.
    if value.startswith('"') and not re.fullmatch(r'"(\\.|[^"\\])*"', value):
        return None
    if not value.startswith('"') and re.search(" [^=]*=", value):
        return None
    domain = _expected_domain(entry, asked.get("domain", ""))
    if domain is None:
        return None
    return Stored(
        name=name,
        value=_shown(value),
        size=len(name) + len(value),
        secure=True,
        httponly="httponly" in asked or not entry.script_readable,
        samesite=max(_samesite(asked.get("samesite", "")), entry.samesite, key=_RANK.index),
        path=_expected_path(entry, asked.get("path", "")),
        domain=domain,
        partition=f"https://{SITE}" if entry.partitioned else None,
        expires=None if left is None or not entry.seconds else sent + min(left, entry.seconds),
    )


def _entry(name: str) -> Entry | None:
    for entry in ENTRIES:
        stem = entry.name.removesuffix("*")
        if name == entry.name or (stem != entry.name and name.startswith(stem)):
            return entry if _TOKEN_NAME.fullmatch(name) else None
    return None


def _samesite(text: str) -> str:
    return next((word for word in _RANK if word.lower() == text.lower()), "None")


def _expected_path(entry: Entry, text: str) -> str:
    """Keep a path within the declared one; ``__Host-`` has none but ``/``."""
    inside = text.startswith("/") and f"{text}/".startswith(f"{entry.path.rstrip('/')}/")
    if inside and not entry.name.startswith("__Host-"):
        return _shown(text)
    return entry.path


def _expected_domain(entry: Entry, text: str) -> str | None:
    """Keep a domain within the declared one, which the browser may still refuse: None."""
    asked = text.lower().removeprefix(".")
    inside = asked == entry.domain or (
        not asked.startswith(".") and asked.endswith(f".{entry.domain}")
    )
    if entry.domain is None or not inside:
        return HOST
    return f".{asked}" if f".{HOST}".endswith(f".{asked}") else None


def _shown(text: str) -> str:
    """Show octets as the browser's protocol does, which leaves out what is no UTF-8."""
    return text.encode("latin-1").decode("utf-8", "ignore")


def same(stored: list[Stored], wanted: Stored | None) -> bool:
    """Tell whether the jar holds what was expected and nothing else."""
    if wanted is None or len(stored) != 1:
        return not stored and wanted is None
    (found,) = stored
    if (found.expires is None) != (wanted.expires is None):
        return False
    late = 0 if found.expires is None else found.expires - wanted.expires
    return found._replace(expires=None) == wanted._replace(expires=None) and abs(late) <= TOLERANCE


# --- The browser ---


class Jar:
    """A page, the browser's jar behind it, and the application that the page fetches from."""

    def __init__(self, page) -> None:
        self._page = page
        self._protocol = page.context.new_cdp_session(page)
        self._app = None
        self._status = None
        self._sent = 0.0

    def answer(self, environ, start_response):
        """Serve the page itself, which sets nothing, or whatever application a test is about."""

        def noting(status, headers, exc_info=None):
            self._status = status
            return start_response(status, headers, exc_info)

        if environ["PATH_INFO"] == FETCHED:
            self._sent = time.time()
            return self._app(environ, noting)
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "0")])
        return [b""]

    def open(self, page_url: str, fetched_url: str) -> None:
        """Go to the page, and fetch from that address from now on."""
        self._page.goto(page_url)
        self._url = fetched_url

    def fetch(self, app) -> float:
        """Let the page fetch one answer of an application; give the time when it was sent."""
        self._app, self._status = app, None
        self._page.evaluate(
            "url => fetch(url, {cache: 'no-store', credentials: 'include', mode: 'no-cors'})",
            self._url,
        )
        assert self._status == "200 OK"
        return self._sent

    def read(self) -> list[Stored]:
        """Read all that the browser stores."""
        return [
            Stored(
                name=cookie["name"],
                value=cookie["value"],
                size=cookie["size"],
                secure=cookie["secure"],
                httponly=cookie["httpOnly"],
                samesite=cookie.get("sameSite"),
                path=cookie["path"],
                domain=cookie["domain"],
                partition=cookie.get("partitionKey", {}).get("topLevelSite"),
                expires=None if cookie["session"] else cookie["expires"],
            )
            for cookie in self._protocol.send("Network.getAllCookies")["cookies"]
        ]

    def clear(self) -> None:
        """Empty the jar."""
        self._protocol.send("Network.clearBrowserCookies")

    def mistakes(self, lines, build=None) -> list[str]:
        """Send each line through a firewall into an empty jar; list where the jar is wrong."""
        build = build or _firewall
        found = []
        for line in lines:
            sent = self.fetch(build(_emitting(line)))
            stored, wanted = self.read(), expected(line, sent)
            self.clear()
            if not same(stored, wanted):
                found.append(f"{line[:200]!r}\n  stored: {stored}\n  wanted: {wanted}")
        return found


@contextmanager
def _jar_behind(chromium, page_host: str):
    """Open a page of some host, which fetches from the site, with a jar of its own."""
    context = chromium.new_context(ignore_https_errors=True)
    jar = Jar(context.new_page())
    with serve(jar.answer, tls_hosts=(HOST, page_host)) as server:
        jar.open(server.url(page_host, "/sub/page"), server.url(HOST, FETCHED))
        yield jar
        context.close()


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Log nothing: thousands of lines are hardened here."""
    caplog.set_level(logging.CRITICAL, "strict_cookies")


@pytest.fixture(scope="module")
def whole_jar(chromium):
    """The jar behind a page of the site itself, for all tests of a worker."""
    with _jar_behind(chromium, HOST) as jar:
        yield jar


@pytest.fixture
def jar(whole_jar):
    """The jar behind a page of the site itself, empty."""
    whole_jar.clear()
    return whole_jar


@pytest.fixture
def foreign_jar(chromium):
    """The jar behind a page of another site that embeds ours, empty."""
    with _jar_behind(chromium, "other.test") as jar:
        yield jar


def _emitting(*lines: str):
    """Build an application that emits lines as they are."""

    def app(environ, start_response):
        headers = [("Content-Type", "text/plain"), ("Content-Length", "2")]
        start_response("200 OK", headers + [("Set-Cookie", line) for line in lines])
        return [b"ok"]

    return app


def _firewall(app):
    """Put a fresh firewall around an application, with lint on both sides."""
    return LintMiddleware(CookieFirewall(LintMiddleware(app), POLICY))


def _bare_firewall(app):
    """Put a fresh firewall around an application without lint, which minds what no rule stopped."""
    return CookieFirewall(app, POLICY)


def _leaving(line: str) -> list[str] | None:
    """Give what a fresh firewall lets out, dates aside; None where it closed the door (500)."""
    _, status, headers = run(_bare_firewall(_emitting(line)), create_environ("/"))
    if status != "200 OK":
        return None
    return [re.sub(r"Expires=[^;]*", "", left) for left in headers.getlist("Set-Cookie")]


@cache
def _leaving_by_all_rules() -> list[list[str] | None]:
    return [_leaving(line) for line in ALL_LINES]


# --- Tests ---


def test_there_are_enough_lines_of_every_kind():
    """At least 400 different lines are asked, of which many must be stored and many must not."""
    wanted = [expected(line, NOW) for line in dict.fromkeys(ALL_LINES)]
    assert len(wanted) >= 400
    assert len([stored for stored in wanted if stored is not None]) >= 200
    assert wanted.count(None) >= 200
    assert {stored.name for stored in wanted if stored} >= set(DECLARED_NAMES)


@pytest.mark.parametrize(
    "lines",
    [pytest.param(lines, id=name) for name, lines in LINES.items()],
)
def test_browser_stores_exactly_what_is_declared(jar, lines):
    """Of whatever is emitted, Chromium stores what is declared, as declared, or nothing."""
    mistakes = jar.mistakes(lines)
    assert not mistakes, f"{len(mistakes)} of {len(lines)}:\n" + "\n".join(mistakes[:10])


@pytest.mark.parametrize(
    ("table", "index"),
    [
        *(
            pytest.param("REFUSALS", index, id=refuse.__name__)
            for index, refuse in enumerate(verdict.REFUSALS)
        ),
        *(
            pytest.param("HARDENINGS", index, id=reason.name)
            for index, (reason, _) in enumerate(verdict.HARDENINGS)
        ),
    ],
)
def test_browser_notices_when_a_rule_is_taken_out(jar, monkeypatch, table, index):
    """Without any one rule of the verdict, Chromium stores of some line what it must not."""
    whole = _leaving_by_all_rules()
    rules = getattr(verdict, table)
    monkeypatch.setattr(verdict, table, rules[:index] + rules[index + 1 :])

    changed = [
        line
        for line, left in zip(ALL_LINES, whole, strict=True)
        if _leaving(line) not in (left, None)
    ]
    noticed = next((line for line in changed if jar.mistakes([line], _bare_firewall)), None)
    assert noticed is not None, f"nothing stored differs for any of {len(changed)} changed lines"
    print(f"noticed by {noticed[:80]!r}, one of {len(changed)} lines that left otherwise")


def test_expiry_dates_are_read_as_chromium_reads_them(jar):
    """What the parser makes of an Expires text is what Chromium stores for it, junk included."""
    texts = [text for text in DATES if text != TOO_EARLY]
    sent = jar.fetch(
        _emitting(*(f"d{index}=v; Expires={text}" for index, text in enumerate(texts)))
    )
    stored = {cookie.name: cookie.expires for cookie in jar.read()}
    for index, text in enumerate(texts):
        moment = parse_cookie_date(text)
        past = moment is not None and moment < NOW
        assert (f"d{index}" not in stored) == past, text
        kept = stored.get(f"d{index}")
        if past or kept is None:
            assert moment is None or past, text
        else:
            assert abs(kept - min(moment, sent + 400 * DAY)) <= TOLERANCE, text


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in ENTRIES])
@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param("", id="no attribute"),
        pytest.param("; Path=/", id="root path"),
        pytest.param("; Path=/sub/deep", id="deep path"),
        pytest.param(f"; Domain={SITE}; Path=/", id="parent domain"),
        pytest.param("; Secure; HttpOnly; SameSite=None; Partitioned; Path=/", id="partitioned"),
    ],
)
def test_deletion_removes_what_the_same_attributes_set(jar, entry, attributes):
    """A cookie that left hardened is gone after a deletion spelt as the cookie had been."""
    name = entry.name.replace("*", "7")
    jar.fetch(_firewall(_emitting(f"{name}=v{attributes}")))
    assert [cookie.name for cookie in jar.read()] == [name]
    jar.fetch(_firewall(_emitting(f"{name}=; Max-Age=0{attributes}")))
    assert jar.read() == []


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param("; Path=/; Secure; SameSite=None; Partitioned", id="all attributes"),
        pytest.param("; Path=/; Partitioned", id="no SameSite"),
        pytest.param("; Path=/", id="root path"),
    ],
)
def test_deletion_reaches_a_cookie_embedded_in_another_site(foreign_jar, attributes):
    """A partitioned cookie that another site's page holds goes with a deletion sent there."""
    foreign_jar.fetch(_firewall(_emitting(f"embed=v{attributes}")))
    assert [cookie.partition for cookie in foreign_jar.read()] == ["https://other.test"]
    foreign_jar.fetch(_firewall(_emitting(f"embed=; Max-Age=0{attributes}")))
    assert foreign_jar.read() == []


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param("", id="host-only"),
        pytest.param("; Path=/", id="root path"),
        pytest.param(f"; Domain={SITE}; Path=/sub", id="parent domain and path"),
        pytest.param("; Secure; SameSite=None; Partitioned; Path=/", id="partitioned"),
    ],
)
@pytest.mark.parametrize("name", ["stray", "_ga", "__Secure-stray"])
def test_deletion_of_a_stray_reaches_the_browser(jar, name, attributes):
    """An application may always expire an undeclared cookie that the browser has from elsewhere."""
    jar.fetch(_emitting(f"{name}=v{attributes}; Secure"))
    assert [cookie.name for cookie in jar.read()] == [name]
    jar.fetch(
        _firewall(_emitting(f"{name}=gone; Expires=Thu, 01 Jan 1970 00:00:00 GMT{attributes}"))
    )
    assert jar.read() == []


@pytest.mark.parametrize("name", ["__Host-stray", "__host-stray", "__Host-Http-stray"])
def test_deletion_of_a_host_stray_reaches_the_browser_without_secure(jar, name):
    """A deletion as Werkzeug's ``delete_cookie`` writes it gets what its prefix demands."""
    jar.fetch(_emitting(f"{name}=v; Secure; HttpOnly; Path=/"))
    assert [cookie.name for cookie in jar.read()] == [name]
    jar.fetch(
        _firewall(_emitting(f"{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/"))
    )
    assert jar.read() == []
