"""How the text of Set-Cookie and Cookie fields is read and written."""

from __future__ import annotations

import contextlib
import string
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.sansio.http import parse_cookie

from strict_cookies.http.cookies import (
    MAX_ATTRIBUTE_BYTES,
    MAX_LIFETIME,
    MAX_PAIR_BYTES,
    NAME_PREFIXES,
    SetCookie,
    find_cookie,
    format_attributes,
    format_date,
    has_control_character,
    is_safe_value,
    is_token,
    name_prefix,
    parse_cookie_date,
    parse_set_cookie,
    path_matches,
    split_pair,
)

#: RFC 9110 section 5.6.2.
TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~" + string.digits + string.ascii_letters
#: 31 December 9999, the last day that an IMF-fixdate can name.
LAST_SECOND = 253_402_300_799

tokens = st.text(TOKEN_CHARACTERS, min_size=1, max_size=20)
octets = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f")
values = st.text(octets, max_size=30).map(lambda text: text.replace(";", "").strip(" "))
tricky_values = st.text(st.sampled_from('ab0=", \\$\xa0'), max_size=30).map(
    lambda text: text.strip(" ")
)


# --- Set-Cookie, read ---


@pytest.mark.parametrize(
    ("line", "cookie"),
    [
        pytest.param("a=b", SetCookie(name="a", value="b"), id="pair alone"),
        pytest.param("  a  =  b  ", SetCookie(name="a", value="b"), id="trimmed"),
        pytest.param("a=", SetCookie(name="a", value=""), id="empty value"),
        pytest.param("=b", SetCookie(name="", value="b"), id="empty name"),
        pytest.param("b", SetCookie(name="", value="b"), id="no equals sign"),
        pytest.param("=__Host-s=1", SetCookie(name="", value="__Host-s=1"), id="nameless prefix"),
        pytest.param("a=b=c", SetCookie(name="a", value="b=c"), id="second equals sign"),
        pytest.param('a="b"', SetCookie(name="a", value='"b"'), id="quotes are data"),
        pytest.param('a="b;c"', SetCookie(name="a", value='"b'), id="quotes shield no semicolon"),
        pytest.param("a=b,Secure", SetCookie(name="a", value="b,Secure"), id="comma is data"),
        pytest.param("a=\xa0b\xa0", SetCookie(name="a", value="\xa0b\xa0"), id="only SP trimmed"),
        pytest.param("a=b;", SetCookie(name="a", value="b"), id="empty attribute"),
        pytest.param("a=b; ;=;x=y", SetCookie(name="a", value="b"), id="unknown attributes"),
        pytest.param(
            "a=b; SECURE=no; hTTPOnly=0; partitioned=x",
            SetCookie(name="a", value="b", secure=True, httponly=True, partitioned=True),
            id="flags whatever their value",
        ),
        pytest.param("a=b;Secure ", SetCookie(name="a", value="b", secure=True), id="flag trimmed"),
        pytest.param("a=b; Secured", SetCookie(name="a", value="b"), id="flag misspelt"),
        pytest.param(
            "a=b; Path=/x; Path=/y", SetCookie(name="a", value="b", path="/y"), id="last path"
        ),
        pytest.param("a=b; Path=/x; Path=", SetCookie(name="a", value="b"), id="last path empty"),
        pytest.param("a=b; Path=x", SetCookie(name="a", value="b"), id="relative path"),
        pytest.param(
            "a=b; Path = /x ", SetCookie(name="a", value="b", path="/x"), id="spaces round equals"
        ),
        pytest.param(
            "a=b; Domain=.Example.COM",
            SetCookie(name="a", value="b", domain="example.com"),
            id="domain with dot and capitals",
        ),
        pytest.param(
            "a=b; Domain=..example.com",
            SetCookie(name="a", value="b", domain=".example.com"),
            id="only one dot goes",
        ),
        pytest.param("a=b; Domain=", SetCookie(name="a", value="b"), id="domain empty"),
        pytest.param("a=b; Domain=x.y; Domain", SetCookie(name="a", value="b"), id="domain undone"),
        pytest.param(
            "a=b; SameSite=strict", SetCookie(name="a", value="b", samesite="Strict"), id="strict"
        ),
        pytest.param("a=b; SameSite=LAX", SetCookie(name="a", value="b", samesite="Lax"), id="lax"),
        pytest.param(
            "a=b; SameSite=nOnE", SetCookie(name="a", value="b", samesite="None"), id="none"
        ),
        pytest.param(
            "a=b; SameSite=Lax; SameSite=x", SetCookie(name="a", value="b"), id="samesite unknown"
        ),
        pytest.param("a=b; Max-Age=60", SetCookie(name="a", value="b", max_age=60), id="max-age"),
        pytest.param("a=b; Max-Age=0", SetCookie(name="a", value="b", max_age=0), id="zero"),
        pytest.param("a=b; Max-Age=-5", SetCookie(name="a", value="b", max_age=-5), id="negative"),
        pytest.param("a=b; Max-Age=+5", SetCookie(name="a", value="b"), id="max-age with plus"),
        pytest.param("a=b; Max-Age=1.5", SetCookie(name="a", value="b"), id="max-age fraction"),
        pytest.param("a=b; Max-Age=-", SetCookie(name="a", value="b"), id="max-age dash"),
        pytest.param("a=b; Max-Age=", SetCookie(name="a", value="b"), id="max-age empty"),
        pytest.param("a=b; Max-Age=\xb2", SetCookie(name="a", value="b"), id="superscript digit"),
        pytest.param(
            "a=b; Max-Age=60; Max-Age=x",
            SetCookie(name="a", value="b", max_age=60),
            id="unreadable max-age leaves the earlier one",
        ),
        pytest.param(
            "a=b; Expires=Thu, 01 Jan 1970 00:00:10 GMT",
            SetCookie(name="a", value="b", expires=10),
            id="expires",
        ),
        pytest.param(
            "a=b; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Expires=never",
            SetCookie(name="a", value="b", expires=10),
            id="unreadable expires leaves the earlier one",
        ),
        pytest.param("a=b; Expires=soon", SetCookie(name="a", value="b"), id="expires unreadable"),
    ],
)
def test_line_is_read_as_a_user_agent_reads_it(line, cookie):
    """A Set-Cookie line is parsed into the name, value and attributes of section 5.6."""
    assert parse_set_cookie(line) == cookie


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("", id="empty"),
        pytest.param("=", id="equals sign alone"),
        pytest.param(" = ; Path=/", id="nameless and empty"),
        pytest.param("a=b\x00", id="NUL"),
        pytest.param("a=b\r\nSet-Cookie: c=d", id="header injection"),
        pytest.param("a=b\x7f", id="DEL"),
        pytest.param("a\t=b", id="tab"),
        pytest.param("a=b; Path=/\x1f", id="control character in an attribute"),
        pytest.param("a=\u0100", id="no octet"),
        pytest.param("a" * 4000 + "=" + "b" * 97, id="4097 octets"),
    ],
)
def test_ignored_line_gives_nothing(line):
    """A line that a user agent ignores returns None."""
    assert parse_set_cookie(line) is None


def test_size_limits_are_inclusive():
    """4096 bytes of name and value, and 1024 of an attribute, are kept; one more is not."""
    assert (MAX_PAIR_BYTES, MAX_ATTRIBUTE_BYTES, MAX_LIFETIME) == (4096, 1024, 34_560_000)
    line = "a=" + "b" * 4095
    assert parse_set_cookie(line) == SetCookie(name="a", value="b" * 4095)
    assert parse_set_cookie(line + "b") is None
    path = "/" + "x" * 1023
    assert parse_set_cookie(f"a=b; Path={path}") == SetCookie(name="a", value="b", path=path)
    assert parse_set_cookie(f"a=b; Path={path}x") == SetCookie(name="a", value="b")
    assert parse_set_cookie("a=b; Path=/y; Path=" + "/" * 1025) == SetCookie(
        name="a", value="b", path="/y"
    )


def test_long_max_age_is_no_error():
    """A Max-Age of a thousand digits is read as more than any cap, without a crash."""
    cookie = parse_set_cookie("a=b; Max-Age=" + "9" * 1000)
    assert cookie is not None
    assert cookie.max_age is not None
    assert cookie.max_age > MAX_LIFETIME
    negative = parse_set_cookie("a=b; Max-Age=-" + "9" * 1000)
    assert negative is not None
    assert negative.max_age is not None
    assert negative.max_age < 0


def test_leading_zeros_do_not_delete():
    """A Max-Age with leading zeros is that number, not a deletion."""
    assert parse_set_cookie("a=b; Max-Age=" + "0" * 20 + "60") == SetCookie(
        name="a", value="b", max_age=60
    )


@settings(deadline=None)
@given(st.text())
@example("a=b; Expires=" + "1 " * 300)
def test_any_text_is_read_or_ignored(line):
    """Any text returns a cookie or None, never an exception, and a cookie is clean."""
    cookie = parse_set_cookie(line)
    if cookie is not None:
        assert not has_control_character(cookie.name + cookie.value)
        assert ";" not in cookie.name + cookie.value + (cookie.domain or "") + (cookie.path or "")
        assert "=" not in cookie.name


@pytest.mark.parametrize(
    ("cookie", "now", "seconds"),
    [
        pytest.param(SetCookie(name="a", value=""), 100.5, None, id="session"),
        pytest.param(SetCookie(name="a", value="", max_age=60), 100.5, 60, id="max-age"),
        pytest.param(SetCookie(name="a", value="", expires=160), 100.5, 59, id="expires"),
        pytest.param(SetCookie(name="a", value="", expires=0), 100.5, -100, id="past"),
        pytest.param(
            SetCookie(name="a", value="", max_age=0, expires=999), 100.5, 0, id="max-age beats"
        ),
    ],
)
def test_lifetime(cookie, now, seconds):
    """The lifetime is Max-Age, else what is left until Expires, else None."""
    assert cookie.lifetime(now) == seconds


def test_repr_hides_the_value():
    """A cookie shows its name and attributes, never its value."""
    cookie = SetCookie(name="sid", value="s3cret", path="/", secure=True)
    assert repr(cookie) == "<SetCookie 'sid'; Path=/; Secure>"


@pytest.mark.parametrize(
    ("pair", "name", "value"),
    [
        pytest.param("a=b", "a", "b", id="pair"),
        pytest.param("\t a = b=c \t", "a", "b=c", id="first equals sign"),
        pytest.param(" b ", "", "b", id="nameless"),
        pytest.param("", "", "", id="empty"),
    ],
)
def test_split_pair(pair, name, value):
    """A pair is split at the first equals sign and trimmed; without one it is all value."""
    assert split_pair(pair) == (name, value)


# --- Set-Cookie, written ---


@pytest.mark.parametrize(
    ("cookie", "tail"),
    [
        pytest.param(SetCookie(name="a", value="b"), "", id="nothing"),
        pytest.param(
            SetCookie(
                name="a",
                value="b",
                max_age=60,
                expires=60,
                domain="example.com",
                path="/x",
                secure=True,
                httponly=True,
                samesite="None",
                partitioned=True,
            ),
            "; Expires=Thu, 01 Jan 1970 00:01:00 GMT; Max-Age=60; Domain=example.com; Path=/x; "
            "Secure; HttpOnly; SameSite=None; Partitioned",
            id="everything",
        ),
        pytest.param(
            SetCookie(name="a", value="b", max_age=0, expires=0),
            "; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0",
            id="zero is not absent",
        ),
    ],
)
def test_attributes_are_written_once_in_one_order(cookie, tail):
    """Each attribute that a cookie has is written, in canonical form, and no other."""
    assert format_attributes(cookie) == tail


@settings(deadline=None)
@given(
    st.builds(
        SetCookie,
        name=tokens,
        value=values,
        max_age=st.none() | st.integers(-(10**9), 10**9),
        expires=st.none() | st.integers(0, LAST_SECOND),
        domain=st.none() | st.from_regex(r"[a-z0-9][a-z0-9.-]{0,30}", fullmatch=True),
        path=st.none() | tokens.map(lambda text: f"/{text}"),
        secure=st.booleans(),
        httponly=st.booleans(),
        samesite=st.sampled_from([None, "Strict", "Lax", "None"]),
        partitioned=st.booleans(),
    )
)
def test_what_is_written_is_read_back(cookie):
    """A cookie that is written and read again is the same cookie."""
    assert parse_set_cookie(f"{cookie.name}={cookie.value}{format_attributes(cookie)}") == cookie


# --- Cookie ---


class TestSafeValue:
    @pytest.mark.parametrize(
        ("value", "safe"),
        [
            pytest.param("", True, id="empty"),
            pytest.param("abc", True, id="plain"),
            pytest.param("\x80\xa0\xff", True, id="octets beyond ASCII"),
            pytest.param("a=b==", True, id="equals signs"),
            pytest.param("a,b", True, id="comma"),
            pytest.param('a"b', True, id="quote inside"),
            pytest.param('""', True, id="empty quotation"),
            pytest.param('"\\147"', True, id="octal escape, which nobody here decodes"),
            pytest.param('"a\\"b"', True, id="escaped quote"),
            pytest.param('"a b=c"', True, id="space and equals sign in a quotation"),
            pytest.param('"', False, id="quote alone"),
            pytest.param('"a', False, id="unclosed"),
            pytest.param('"a\\"', False, id="escaped end"),
            pytest.param('"a" ', False, id="space behind a quotation"),
            pytest.param('"b"c', False, id="text behind a quotation"),
            pytest.param('"b" c=d', False, id="pair behind a quotation"),
            pytest.param("a\tb", False, id="tab"),
            pytest.param("a\x00b", False, id="NUL"),
            pytest.param("a\x7f", False, id="DEL"),
            pytest.param("a\u0100", False, id="no octet"),
            pytest.param("dark blue", True, id="space alone"),
            pytest.param("a=b c", True, id="equals sign before the space"),
            pytest.param("dark __Host-s=evil", False, id="space and a pair"),
            pytest.param("dark, __Host-s=evil", False, id="comma, space and a pair"),
            pytest.param("a b c=d", False, id="pair behind the second space"),
            pytest.param("a =b", False, id="space right before an equals sign"),
            pytest.param(" =", False, id="space and equals sign alone"),
            pytest.param('"' + "\\" * 100_000, False, id="many backslashes"),
            pytest.param('"' + "\\a" * 50_000 + '"', True, id="many escapes"),
        ],
    )
    def test_value_ends_where_the_pair_ends(self, value, safe):
        """A value is safe if no reader could look for its end beyond the pair, or within it."""
        assert is_safe_value(value) is safe

    @settings(deadline=None)
    @given(values.filter(is_safe_value) | tricky_values.filter(is_safe_value))
    @example("a b")
    @example('"a b=c"')
    def test_every_reader_finds_the_two_pairs_only(self, value):
        """A safe value hides no pair after it, and no parser reads another name in it."""
        field = f"first={value}; last=1"
        # Werkzeug leaves out a pair whose value has a space.
        werkzeug = parse_cookie(field).to_dict()
        assert werkzeug.pop("last") == "1"
        assert set(werkzeug) <= {"first"}
        jar = SimpleCookie()
        with contextlib.suppress(CookieError):
            jar.load(field)
        assert set(jar) <= {"first", "last"}


# --- Words ---


def test_control_characters_are_all_but_field_text():
    """Exactly C0 controls, DEL and characters that are not bytes are control characters."""
    found = {code for code in range(0x200) if has_control_character(chr(code))}
    assert found == {*range(0x20), 0x7F, *range(0x100, 0x200)}
    assert has_control_character("a" * 1000 + "\n")


def test_token_characters():
    """A token is one or more of the characters that RFC 9110 lists, and nothing else."""
    assert {chr(code) for code in range(0x200) if is_token(chr(code))} == set(TOKEN_CHARACTERS)
    assert is_token("__Host-sid")
    assert not is_token("")
    assert not is_token("sid\n")
    assert not is_token("sid; Path=/evil")


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        pytest.param("__Host-a", "__Host-", id="host"),
        pytest.param("__Secure-a", "__Secure-", id="secure"),
        pytest.param("__Http-a", "__Http-", id="http"),
        pytest.param("__Host-Http-a", "__Host-Http-", id="longest first"),
        pytest.param("__host-HTTP-a", "__Host-Http-", id="any case"),
        pytest.param("__HOST-a", "__Host-", id="capitals"),
        pytest.param("__Host-", "__Host-", id="nothing behind"),
        pytest.param("__Host-Http", "__Host-", id="cut short"),
        pytest.param("__HostHttp-a", None, id="former spelling"),
        pytest.param("__Host", None, id="no dash"),
        pytest.param("_Host-a", None, id="one underscore"),
        pytest.param("a__Host-", None, id="not at the start"),
        pytest.param("", None, id="empty"),
    ],
)
def test_name_prefix(name, prefix):
    """A prefix is recognised in any case, and returned in its canonical case."""
    assert name_prefix(name) == prefix


def test_longer_prefixes_come_first():
    """The longest prefix is returned."""
    for index, prefix in enumerate(NAME_PREFIXES):
        assert not any(later.startswith(prefix) for later in NAME_PREFIXES[index + 1 :])


@pytest.mark.parametrize(
    ("request_path", "cookie_path", "matches"),
    [
        pytest.param("/", "/", True, id="root"),
        pytest.param("/a", "/", True, id="below root"),
        pytest.param("/a", "/a", True, id="same"),
        pytest.param("/a/", "/a", True, id="with slash"),
        pytest.param("/a/b", "/a", True, id="below"),
        pytest.param("/a/b", "/a/", True, id="below with slash"),
        pytest.param("/ab", "/a", False, id="only begins alike"),
        pytest.param("/a", "/a/", False, id="slash asked for"),
        pytest.param("/a", "/A", False, id="case counts"),
        pytest.param("/", "/a", False, id="above"),
    ],
)
def test_path_matches(request_path, cookie_path, matches):
    """Paths match as in section 5.1.4."""
    assert path_matches(request_path, cookie_path) is matches


# --- Dates ---


@settings(deadline=None)
@given(st.integers(0, LAST_SECOND))
@example(0)
@example(951_782_400)
@example(LAST_SECOND)
def test_date_is_written_as_imf_fixdate(seconds):
    """A timestamp is formatted as by the standard library, and parsed back unchanged."""
    assert format_date(seconds) == formatdate(seconds, usegmt=True)
    assert parse_cookie_date(format_date(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("Thu, 01 Jan 1970 00:01:00 GMT", 60, id="RFC 9110"),
        pytest.param("Thursday, 01-Jan-70 00:01:00 GMT", 60, id="RFC 850"),
        pytest.param("Thu Jan  1 00:01:00 1970", 60, id="asctime"),
        pytest.param("0:1:0 1 january 1970", 60, id="any order, one digit"),
        pytest.param("1970 00:01:00 1 Jan", 60, id="year first"),
        pytest.param("1 Jan 1970 00:01:00 +0900", 60, id="zone ignored"),
        pytest.param("1 Jan 1970 00:01:00x", 60, id="text behind the time"),
        pytest.param("1 Jan 69 00:00:00", 3_124_224_000, id="year 69 is 2069"),
        pytest.param("1 Jan 0 00:00:00", None, id="one digit is no year"),
        pytest.param("29 Feb 2000 00:00:00", 951_782_400, id="leap day"),
        pytest.param("29 Feb 2001 00:00:00", None, id="no leap day"),
        pytest.param("31 Apr 2020 00:00:00", None, id="no such day"),
        pytest.param("0 Jan 2020 00:00:00", None, id="day zero"),
        pytest.param("1 Jan 1600 00:00:00", None, id="before 1601"),
        pytest.param("1 Jan 123 00:00:00", None, id="three digits"),
        pytest.param("1 Jan 12345 00:00:00", None, id="five digits"),
        pytest.param("1 Jan 2020 24:00:00", None, id="hour 24"),
        pytest.param("1 Jan 2020 00:60:00", None, id="minute 60"),
        pytest.param("1 Jan 2020 00:00:60", None, id="leap second"),
        pytest.param("1 Jan 2020 00:00", None, id="no seconds"),
        pytest.param("1 Jan 2020", None, id="no time"),
        pytest.param("Jan 2020 00:00:00", None, id="day missing"),
        pytest.param("1 2020 00:00:00", None, id="month missing"),
        pytest.param("1 Jan 00:00:00", None, id="year missing"),
        pytest.param("", None, id="empty"),
    ],
)
def test_date_is_read_leniently(text, seconds):
    """A date is parsed as in section 5.1.1, with its parts in any order."""
    assert parse_cookie_date(text) == seconds


@settings(deadline=None)
@given(st.text(st.sampled_from("0123456789:- ,janfebGMT\xb2"), max_size=40))
def test_any_date_is_read_or_refused(text):
    """Any text returns a timestamp that can be formatted again, or None."""
    seconds = parse_cookie_date(text)
    assert seconds is None or parse_cookie_date(format_date(seconds)) == seconds


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("sid=1", "1", id="alone"),
        pytest.param("sid=1; a=2", "1", id="first"),
        pytest.param("a=2; sid=1", "1", id="last"),
        pytest.param("a=2;sid =\t1 ;b=3", "1", id="white space"),
        pytest.param("sid=", "", id="empty value"),
        pytest.param("sid=a=b", "a=b", id="equals in the value"),
        pytest.param('sid="1; a=2"', '"1', id="quotes are data"),
        pytest.param("xsid=0; sid=1", "1", id="end of another name"),
        pytest.param("sidx=0; sid=1", "1", id="beginning of another name"),
        pytest.param("a=sid; sid=1", "1", id="in another value"),
        pytest.param("sid=sid", "sid", id="its own value"),
        pytest.param("", None, id="no field"),
        pytest.param("a=1", None, id="missing"),
        pytest.param("sid", None, id="no equals"),
        pytest.param("sid=1; sid=1", None, id="twice"),
        pytest.param("sid=1; a=2; sid=3", None, id="twice, apart"),
        pytest.param("sid=1; sid", None, id="twice, once without a value"),
        pytest.param("SID=1", None, id="another case"),
        pytest.param("=sid=1", None, id="nameless"),
        pytest.param("xsid=1", None, id="another name"),
        pytest.param("sid\xa0=1", None, id="no-break space"),
    ],
)
def test_one_cookie_is_found(field, value):
    """A cookie is returned by its exact name, stripped of SP and HTAB; a duplicate one is not."""
    assert find_cookie(field, "sid") == value


@settings(deadline=None)
@given(st.text(st.sampled_from("sid=; \tx,\xa0"), max_size=20))
def test_one_cookie_is_found_as_by_a_plain_reader(field):
    """However the field is written, the quick way agrees with splitting at each semicolon."""
    pairs = [pair.partition("=") for pair in field.split(";")]
    named = [(equals, value) for name, equals, value in pairs if name.strip(" \t") == "sid"]
    alone = len(named) == 1 and named[0][0] == "="
    assert find_cookie(field, "sid") == (named[0][1].strip(" \t") if alone else None)
