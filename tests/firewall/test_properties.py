"""
What holds for any input: whatever an application emits, whatever a client sends.

What leaves is read again by a parser written here, and what arrives by the readers of Werkzeug, the
standard library and Django, so that the library's own reading is not its only witness.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.test import create_environ
from werkzeug.wrappers import Request

from strict_cookies.firewall.middleware import BASELINE_HEADERS, CookieFirewall, FirewallHooks
from strict_cookies.firewall.set_cookie import VerdictCache, decide
from strict_cookies.http.cookies import (
    MAX_FIELD_BYTES,
    MAX_PAIRS,
    SetCookie,
    format_attributes,
    parse_cookie_date,
    parse_set_cookie,
)
from strict_cookies.policy.policy import CookiePolicy
from tests.policies import declare
from tests.wsgi import run

HOURS = timedelta(hours=4)
POLICY = CookiePolicy(
    cookies=(
        declare("sid"),
        declare("pref", purposes=("preferences",), lifetime=HOURS, script_readable=True),
        declare("csrf", purposes=("security",), lifetime=timedelta(days=30), samesite="Strict"),
        declare("embed", samesite="None", partitioned=True),
        declare("shared", domain="example.com"),
        declare("sub", path="/sub"),
        declare("draft_*", purposes=("user_input",), lifetime=HOURS),
        declare("__Secure-note"),
        declare("__Host-auth"),
        declare("__Http-x", path="/sub"),
        declare("__Host-Http-id", samesite="Strict"),
    )
)
#: As declared above, in the terms of the checks below: the weakest SameSite, the widest path.
SAMESITE = {"csrf": {"Strict"}, "__Host-Http-id": {"Strict"}, "embed": {"None", "Lax", "Strict"}}
PATH = {"sub": "/sub", "__Http-x": "/sub"}
LONGEST = {"pref": 4 * 3600, "csrf": 30 * 86400, "draft_": 4 * 3600}
EXACT = {
    *("sid", "pref", "csrf", "embed", "shared", "sub"),
    *("__Secure-note", "__Host-auth", "__Http-x", "__Host-Http-id"),
}
NOW = 1_800_000_000


def is_declared(name):
    """Tell without the policy's help whether it declares a name."""
    return name in EXACT or re.fullmatch(r"draft_[\w!#$%&'*+.^`|~-]*", name, re.ASCII) is not None


# --- What applications emit ---

OCTETS = st.characters(max_codepoint=255)
LATIN_1 = st.text(OCTETS, max_size=60)
BLANK = st.sampled_from(["", "", "", " ", "\t", "  "])
NAMES = st.one_of(
    st.sampled_from(sorted(EXACT)),
    st.sampled_from(["sid", "pref", "shared"]),
    st.sampled_from(
        ["draft_", "draft_1", "draft_a b", "draft_\xe4", "SID", "stray", "_ga", "", "$x"]
    ),
    st.sampled_from(["__host-auth", "__HOST-x", "__secure-NOTE", "__http-x", "__Host-HTTP-id"]),
    LATIN_1,
)
VALUES = st.one_of(
    st.sampled_from(
        ["", "v", '"q"', '"open', "a=b", "a,b", "\\073", "\xc3\xa4", "\xff", "__Host-a=1"]
    ),
    st.builds(lambda size: "x" * size, st.integers(4080, 4100)),
    LATIN_1,
)
DATES = st.one_of(
    st.datetimes(datetime(1970, 1, 1), datetime(2070, 1, 1)).map(lambda moment: moment.ctime()),
    st.sampled_from(["Thu, 01 Jan 1970 00:00:00 GMT", "junk", "Fri, 01 Jan 2100 00:00:00 GMT"]),
)
ATTRIBUTES = st.one_of(
    st.sampled_from(
        ["Max-Age=0", "Max-Age=-1", "Max-Age=60", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
    ),
    st.sampled_from(["Secure", "secure=no", "HttpOnly", "Partitioned", "", "=", "Priority=High"]),
    st.builds(
        "Max-Age={}".format, st.one_of(st.integers(), st.sampled_from(["", "-", "1h", "9" * 40]))
    ),
    st.builds("Expires={}".format, DATES),
    st.builds(
        "{}={}".format,
        st.sampled_from(["Domain", "domain"]),
        st.sampled_from(
            [
                *("example.com", ".example.com", "..example.com", "EXAMPLE.com", "a..example.com"),
                *("app.example.com", "evil.com", "", ".", "127.0.0.1", "x" * 1024, "x" * 1025),
            ]
        ),
    ),
    st.builds(
        "{}={}".format,
        st.sampled_from(["Path", "PATH"]),
        st.sampled_from(["/", "/sub", "/sub/x", "/subway", "sub", "", "/" * 1024, "/" * 1025]),
    ),
    st.builds(
        "{}={}".format,
        st.sampled_from(["SameSite", "samesite"]),
        st.sampled_from(["Strict", "strict", "Lax", "NONE", "None", "junk", ""]),
    ),
    st.builds("{}={}".format, st.sampled_from(["Path", "Domain", "SameSite", "Expires"]), LATIN_1),
    LATIN_1,
)


@st.composite
def structured_lines(draw):
    """Build lines that look like Set-Cookie, with blanks anywhere and sometimes a wild octet."""
    line = "=".join(draw(BLANK) + draw(side) + draw(BLANK) for side in (NAMES, VALUES))
    for attribute in draw(st.lists(ATTRIBUTES, max_size=5)):
        line += ";" + draw(BLANK) + attribute + draw(BLANK)
    if draw(st.integers(0, 9)) == 0:
        where = draw(st.integers(0, len(line)))
        line = line[:where] + draw(OCTETS) + line[where:]
    return line


LINES = st.one_of(structured_lines(), structured_lines(), st.text(OCTETS, max_size=200))


def emit(lines, **options):
    """Let an application emit lines; give those that leave. Lint refuses CR and LF by itself."""

    def app(environ, start_response):
        headers = [("Content-Type", "text/plain"), *(("Set-Cookie", line) for line in lines)]
        start_response("200 OK", headers)
        return [b"body"]

    inner = app if any(set("\r\n") & set(line) for line in lines) else LintMiddleware(app)
    firewall = LintMiddleware(CookieFirewall(inner, POLICY, **options))
    _, status, headers = run(firewall, create_environ("/", "https://app.example.com"))
    assert status == "200 OK"
    return headers


def read_line(line):
    """Read a line in canonical form, and fail where it is in any other."""
    pair, *attributes = line.split("; ")
    name, equals, value = pair.partition("=")
    assert equals
    assert ";" not in value
    found = {}
    for attribute in attributes:
        key, _, text = attribute.partition("=")
        assert key in {
            *("Expires", "Max-Age", "Domain", "Path"),
            *("Secure", "HttpOnly", "SameSite", "Partitioned"),
        }
        assert key not in found, "an attribute twice"
        assert ";" not in text
        assert len(text) <= 1024
        found[key] = text
    return name, value, found


def without_date(line):
    """Take the moment out of a line, which moves on between two runs."""
    return re.sub(r"; Expires=[^;]*", "", line)


@given(lines=st.lists(LINES, max_size=4))
@settings(max_examples=150, deadline=None)
def test_what_leaves_is_declared_or_a_deletion_in_canonical_form(lines):
    """Any line that leaves names a declared cookie, as strict as declared at least, or deletes."""
    for line in emit(lines).getlist("Set-Cookie"):
        assert re.fullmatch(r"[\x20-\x7e\x80-\xff]+", line), "a control character"
        name, value, attributes = read_line(line)
        parsed = parse_set_cookie(line)
        assert (parsed.name, parsed.value) == (name, value)
        assert len(name) + len(value) <= 4096
        assert "Secure" in attributes
        if attributes.get("Max-Age") == "0":
            assert value == ""
            assert attributes["Expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"
            assert re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name, re.ASCII)
        else:
            assert is_declared(name)
            check_lifetime("draft_" if name.startswith("draft_") else name, attributes)
        if is_declared(name):
            check_scope(name, attributes)
        check_prefix(name.lower(), attributes)


def check_scope(name, attributes):
    """Hold a declared cookie to its entry, deletions included: they must reach what was stored."""
    assert attributes["SameSite"] in SAMESITE.get(name, {"Lax", "Strict"})
    assert f"{attributes['Path']}/".startswith(f"{PATH.get(name, '').rstrip('/')}/")
    assert "HttpOnly" in attributes or name == "pref"
    assert ("Partitioned" in attributes) == (name == "embed")
    domain = attributes.get("Domain")
    assert domain is None or (name == "shared" and f".{domain}".endswith(".example.com"))


def check_lifetime(stem, attributes):
    """Hold a cookie that is stored to its entry's lifetime, and Expires to Max-Age."""
    assert ("Expires" in attributes) == ("Max-Age" in attributes)
    if "Max-Age" in attributes:
        assert 0 < int(attributes["Max-Age"]) <= LONGEST[stem]
        moment = parsedate_to_datetime(attributes["Expires"]).timestamp()
        assert abs(moment - time.time() - int(attributes["Max-Age"])) < 60


def check_prefix(lowered, attributes):
    """Hold a line, deletions included, to what browsers demand of its prefix in any case."""
    if lowered.startswith("__host-"):
        assert attributes.get("Path") == "/"
        assert "Domain" not in attributes
    if lowered.startswith(("__http-", "__host-http-")):
        assert "HttpOnly" in attributes


@given(lines=st.lists(LINES, max_size=4))
@example(lines=["shared=v; Domain=..example.com"])
@settings(max_examples=150, deadline=None)
def test_judging_what_left_changes_nothing_more(lines):
    """A line that left passes a second firewall as it is, and without a reason."""
    once = emit(lines).getlist("Set-Cookie")
    seen = []
    twice = emit(
        once, hooks=FirewallHooks(on_verdict=lambda *verdict: seen.append(verdict))
    ).getlist("Set-Cookie")
    assert [without_date(line) for line in twice] == [without_date(line) for line in once]
    assert seen == []


@st.composite
def repeating_lines(draw):
    """Build lines that share a name and attributes, which is what a cache is about."""
    name = draw(
        st.sampled_from(["sid", "pref", "embed", "__Host-auth", "stray", "draft_1", " sid"])
    )
    moments = (datetime.fromtimestamp(NOW + ahead, UTC).ctime() for ahead in (-1, 1, 9999))
    tail = draw(
        st.sampled_from(
            [
                *("", "; Path=/", ";Secure", "; Max-Age=60", "; Max-Age=0", ";Domain=\x01"),
                *(f"; Expires={moment}" for moment in (*moments, "junk")),
            ]
        )
    )
    value = st.sampled_from(
        ["", "v", "w", "a=b", "x\x01", "x\ty", "x" * 4093, "x" * 4096, "\xff", "\u0100"]
    )
    pairs = st.builds("{}{}{}{}".format, st.sampled_from(["=", "=", " =", ""]), BLANK, value, BLANK)
    return [f"{name}{pair}{tail}" for pair in draw(st.lists(pairs, min_size=2, max_size=6))]


@given(lines=st.one_of(repeating_lines(), st.lists(LINES, max_size=8).map(lambda few: few * 2)))
@example(lines=["sid=v", "sid=v\t"])
@settings(max_examples=200, deadline=None)
def test_remembered_verdicts_are_those_worked_out_anew(lines):
    """
    For any sequence of lines and a clock that stands, ``VerdictCache`` says what ``judge``
    says.
    """
    remembering = VerdictCache(POLICY, clock=lambda: NOW)
    for line in lines:
        assert remembering(line) == decide(POLICY, line, now=NOW)


@given(
    lines=st.one_of(repeating_lines(), st.lists(LINES, max_size=4)),
    steps=st.lists(st.integers(0, 10_000), min_size=2, max_size=4),
)
@example(lines=["sid=v; Expires=Fri, 15 Jan 2027 08:00:09 GMT"], steps=[1, 10])
@settings(max_examples=200, deadline=None)
def test_remembered_verdicts_grow_no_older_than_the_clock(lines, steps):
    """As the clock moves on, ``VerdictCache`` says what ``judge`` says at that moment."""
    moment = [NOW]
    remembering = VerdictCache(POLICY, clock=lambda: moment[0])
    for step in steps:
        moment[0] += step
        for line in lines:
            assert remembering(line) == decide(POLICY, line, now=moment[0])


# --- What clients send ---

COOKIE_NAMES = st.one_of(
    st.sampled_from(sorted(EXACT)),
    st.sampled_from(
        ["sid", "sid", "pref", "draft_1", "draft_a b", "SID", "stray", "_ga", "", "$Path"]
    ),
    st.sampled_from(
        ["__HOST-auth", "__host-http-id", "\x0bsid", "\xa0sid", "\xc2\x85sid", "sid\x00"]
    ),
    LATIN_1,
)
COOKIE_VALUES = st.one_of(
    st.sampled_from(
        ["", "v", '"q"', '"open', '"a\\"', '"a\\\\"', 'x"', '"a" "b"', "\\163\\151\\144"]
    ),
    st.sampled_from(
        ["a, sid=evil", "a sid=evil", "a\xa0sid=evil", "\xc2\x85", "sid=evil", "a,sid=evil"]
    ),
    LATIN_1,
)
PAIRS = st.one_of(
    st.builds(
        "{}{}{}{}{}{}{}".format,
        *(BLANK, COOKIE_NAMES, BLANK, st.sampled_from(["=", "=", "=", ""])),
        *(BLANK, COOKIE_VALUES, BLANK),
    ),
    LATIN_1,
)
FIELDS = st.one_of(
    st.lists(PAIRS, max_size=8).map(";".join),
    st.lists(PAIRS, max_size=8).map("; ".join),
    st.text(OCTETS, max_size=2000),
)


def arrive(field, **options):
    """Send a Cookie field; give the environ that the application gets."""
    got = []

    def app(environ, start_response):
        got.append(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"body"]

    firewall = LintMiddleware(CookieFirewall(LintMiddleware(app), POLICY, **options))
    run(firewall, {**create_environ("/", "https://app.example.com"), "HTTP_COOKIE": field})
    return got[0]


def occurrences(field):
    """Count how often each name heads a pair that a strict reader accepts."""
    counts = {}
    for part in field.split(";"):
        name, equals, value = (text.strip(" \t") for text in part.partition("="))
        ends = re.fullmatch(r'"([^"\\]|\\.)*"|(?!")([^ ]|[ ](?!.*=))*', value)
        if equals and ends and not re.search(r"[\x00-\x1f\x7f]", value):
            counts[name] = counts.get(name, 0) + 1
    return counts


def django_reads(field):
    """Read a field as ``django.http.cookie.parse_cookie`` does, names only."""
    names = []
    for chunk in field.split(";"):
        name, equals, value = chunk.partition("=")
        if not equals:
            name, value = "", name
        if name.strip() or value.strip():
            names.append(name.strip())
    return names


def standard_library_reads(field):
    """Read a field as ``SimpleCookie`` does, names only; none where it refuses the field."""
    try:
        return list(SimpleCookie(field))
    except CookieError:
        return []


@given(field=FIELDS)
@example(field='sid="x; __Host-auth=SECRET; pref=y"')
@example(field="\xa0sid=v")
@example(field="$Version=1; sid=v; $Path=/")
@settings(max_examples=200, deadline=None)
def test_application_reads_declared_names_only_once_each(field):
    """Werkzeug's, Django's and a strict reader find declared names, none of which arrived twice."""
    environ = arrive(field)
    counts = occurrences(field)
    cookies = Request(environ).cookies
    assert all(is_declared(name) for name in cookies)
    assert all(len(cookies.getlist(name)) == 1 for name in cookies)
    left = environ.get("HTTP_COOKIE", "")
    for name in django_reads(left):
        assert is_declared(name)
        assert counts[name] == 1
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", left)


@given(field=FIELDS)
@example(field="pref=v evil=x")
@example(field="pref=v, evil=x")
@example(field='pref="a" evil=x')
@settings(max_examples=200, deadline=None)
def test_standard_library_reads_declared_names_only(field):
    """``SimpleCookie`` finds declared names, also where it would end a value at white space."""
    left = arrive(field).get("HTTP_COOKIE", "")
    assert all(is_declared(name) for name in standard_library_reads(left))


SAFE_VALUE = st.one_of(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters=';="\x7f')),
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters=';"\x7f')),
    st.sampled_from(['"q"', '"a, b"', '"\\073"', 'in"side', "a=b"]),
).map(lambda text: text.strip(" "))


@given(
    names=st.lists(
        st.sampled_from([*sorted(EXACT), "draft_1", "draft_2"]), unique=True, min_size=1
    ),
    data=st.data(),
)
@settings(max_examples=100, deadline=None)
def test_clean_field_passes_byte_for_byte(names, data):
    """A field of declared names, once each, with safe values, arrives as sent, blanks included."""
    field = ";".join(
        data.draw(BLANK) + name + data.draw(BLANK) + "=" + data.draw(BLANK) + data.draw(SAFE_VALUE)
        for name in names
    )
    assert arrive(field)["HTTP_COOKIE"] == field


@given(names=st.lists(st.sampled_from(sorted(EXACT)), unique=True, min_size=1), data=st.data())
@settings(max_examples=100, deadline=None)
def test_declared_cookies_survive_any_strays(names, data):
    """Declared cookies, once each, arrive with their values, whatever strays lie between."""
    pairs = {name: data.draw(SAFE_VALUE) for name in names}
    lowered = {name.lower() for name in names}
    parts = []
    for name, value in pairs.items():
        stray = data.draw(PAIRS)
        for part in stray.split(";"):
            key = part.partition("=")[0].strip(" \t")
            assume(not is_declared(key) and key.lower() not in lowered)
        parts += [stray, f"{name}={value}"]
    field = ";".join(parts)
    assume(len(field) <= MAX_FIELD_BYTES and len(field.split(";")) <= MAX_PAIRS)
    left = arrive(field)["HTTP_COOKIE"]
    read = [part.strip(" \t").partition("=") for part in left.split(";") if part.strip(" \t")]
    assert [(name, value) for name, _, value in read] == list(pairs.items())


@given(name=st.sampled_from(sorted(EXACT)), value=VALUES)
@example(name="pref", value='"open')
@settings(max_examples=100, deadline=None)
def test_what_leaves_comes_back(name, value):
    """A cookie that the firewall lets out reaches the application when the browser returns it."""
    left = emit([f"{name}={value}"]).getlist("Set-Cookie")
    assume(left)
    pair = left[0].partition(";")[0]
    assert arrive(pair).get("HTTP_COOKIE") == pair


# --- Report only ---


@given(
    lines=st.lists(LINES.map(lambda line: re.sub(r"[\r\n]", "\x01", line)), max_size=4),
    field=FIELDS,
)
@settings(max_examples=100, deadline=None)
def test_report_only_changes_no_cookie(lines, field):
    """In report-only mode each line leaves and each field arrives exactly as it was."""
    headers = emit(lines, mode="report-only")
    assert headers.getlist("Set-Cookie") == lines
    assert [key for key, _ in headers if key != "Set-Cookie"] == [
        "Content-Type",
        *(key for key, _ in BASELINE_HEADERS),
    ]
    assert arrive(field, mode="report-only")["HTTP_COOKIE"] == field


# --- Grammar ---


@given(text=st.one_of(st.text(), LATIN_1, DATES))
@settings(max_examples=200, deadline=None)
def test_date_parser_gives_a_moment_or_none_for_any_text(text):
    """No text makes the date parser raise, and what it gives lies in the years it can write."""
    moment = parse_cookie_date(text)
    assert moment is None or 1601 <= (datetime(1970, 1, 1) + timedelta(seconds=moment)).year <= 9999


MOMENTS = st.datetimes(datetime(1601, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))


@given(moment=MOMENTS)
@settings(max_examples=100, deadline=None)
def test_date_parser_agrees_with_the_standard_library(moment):
    """Dates as ``email.utils`` and ``time`` format them are read as the second they name."""
    seconds = int(moment.replace(microsecond=0).timestamp())
    parts = moment.timetuple()
    assert parse_cookie_date(format_datetime(moment.astimezone(UTC), usegmt=True)) == seconds
    assert parse_cookie_date(time.asctime(parts)) == seconds
    assert (
        parse_cookie_date(f"{moment:%A, %d-%b-}{moment.year:04}{moment: %H:%M:%S GMT}") == seconds
    )
    assert parse_cookie_date(f"{moment:%H:%M:%S %d %B }{moment.year:04}") == seconds


@given(moment=st.datetimes(datetime(1970, 1, 1), datetime(2069, 12, 31), timezones=st.just(UTC)))
@settings(max_examples=200, deadline=None)
def test_two_digit_years_lie_between_1970_and_2069(moment):
    """Years of two digits lie in the century from 1970 (RFC 6265bis section 5.1.1)."""
    seconds = int(moment.replace(microsecond=0).timestamp())
    assert parse_cookie_date(moment.strftime("%A, %d-%b-%y %H:%M:%S GMT")) == seconds


TOKENS = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=30)
COOKIES = st.builds(
    SetCookie,
    name=st.one_of(TOKENS, NAMES.filter(lambda name: re.fullmatch(r"[\w-]+", name, re.ASCII))),
    value=SAFE_VALUE,
    max_age=st.none() | st.integers(-(10**15), 10**15),
    expires=st.none() | MOMENTS.map(lambda moment: int(moment.timestamp())),
    domain=st.none() | st.from_regex(r"[a-z0-9-]+(\.[a-z0-9-]+)*", fullmatch=True),
    path=st.none() | st.text("abc/%. \xe4", max_size=1000).map(lambda text: f"/{text}".rstrip(" ")),
    secure=st.booleans(),
    httponly=st.booleans(),
    samesite=st.none() | st.sampled_from(["Strict", "Lax", "None"]),
    partitioned=st.booleans(),
)


@given(cookie=COOKIES)
@settings(max_examples=150, deadline=None)
def test_written_attributes_read_as_the_same_cookie(cookie):
    """What is written of any cookie reads as that cookie again."""
    assume(len(cookie.domain or "") <= 1024)
    assert parse_set_cookie(f"{cookie.name}={cookie.value}{format_attributes(cookie)}") == cookie


@given(text=st.text())
@settings(max_examples=100, deadline=None)
def test_no_text_makes_the_reader_raise(text):
    """Any text is read as a cookie or as none, and a cookie holds only what a server can send."""
    cookie = parse_set_cookie(text)
    if cookie is not None:
        assert re.fullmatch(r"[\x20-\x7e\x80-\xff]+", text)
        assert f"{cookie.name}{cookie.value}"
