"""Which host a request names, and which hosts are the user's own machine."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strict_cookies._util.urls import is_address, is_host_name, is_local, request_host


@pytest.mark.parametrize(
    ("field", "host"),
    [
        pytest.param("example.com", "example.com", id="name"),
        pytest.param("Shop.EXAMPLE.com", "shop.example.com", id="capitals"),
        pytest.param("example.com:8443", "example.com", id="port"),
        pytest.param("example.com:", "example.com", id="empty port"),
        pytest.param("localhost:5000", "localhost", id="one label"),
        pytest.param("a", "a", id="one letter"),
        pytest.param("xn--exmple-cua.com", "xn--exmple-cua.com", id="punycode"),
        pytest.param("127.0.0.1:80", "127.0.0.1", id="IPv4 address"),
        pytest.param("[::1]", "[::1]", id="IPv6 address"),
        pytest.param("[2001:DB8::1]:443", "[2001:db8::1]", id="IPv6 address with port"),
        pytest.param("::1", "", id="IPv6 address without brackets"),
        pytest.param("[example.com]", "", id="name in brackets"),
        pytest.param("[127.0.0.1]", "", id="IPv4 address in brackets"),
        pytest.param("[]", "", id="empty brackets"),
        pytest.param("[v1.fe80]", "", id="future address"),
        pytest.param("example.com.", "", id="trailing dot"),
        pytest.param("-example.com", "", id="leading hyphen"),
        pytest.param("my_host.example", "", id="underscore"),
        pytest.param("ex\xe4mple.com", "", id="not punycode"),
        pytest.param("example.com\n", "", id="line break"),
        pytest.param("example.com; Secure", "", id="attribute smuggled in"),
        pytest.param("a.example, b.example", "", id="two hosts"),
        pytest.param("user@example.com", "", id="user"),
        pytest.param("example.com/path", "", id="path"),
        pytest.param(" example.com", "", id="space"),
    ],
)
def test_host_is_read_from_the_field(field, host):
    """The Host field gives a host in lower case without port, or nothing where it is none."""
    assert request_host({"HTTP_HOST": field, "SERVER_NAME": "fallback"}) == host


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        pytest.param({"SERVER_NAME": "Server.example"}, "server.example", id="no field"),
        pytest.param({"HTTP_HOST": "", "SERVER_NAME": "b.example"}, "b.example", id="empty"),
        pytest.param({"SERVER_NAME": "0.0.0.0"}, "0.0.0.0", id="address"),
        pytest.param({}, "", id="nothing"),
    ],
)
def test_server_name_stands_in(environ, host):
    """Without a Host field the server's own name counts; without that, nothing."""
    assert request_host(environ) == host


@pytest.mark.parametrize(
    "field",
    [
        pytest.param("[::1", id="bracket not closed"),
        pytest.param("[::1]evil.example", id="text behind the bracket"),
        pytest.param("[[::1]]", id="two brackets"),
        pytest.param("[::1%; Secure]", id="zone with an attribute"),
        pytest.param("[::1%\n]", id="zone with a line break"),
    ],
)
def test_malformed_bracket_is_no_host(field):
    """A bracketed host that is more or less than an IPv6 address gives nothing."""
    assert request_host({"HTTP_HOST": field}) == ""


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=0xFF, exclude_characters="[")))
def test_any_field_gives_a_clean_host(field):
    """Whatever a client sends as a name, nothing but letters, digits, dots and hyphens remains."""
    host = request_host({"HTTP_HOST": field, "SERVER_NAME": "fallback"})
    assert re.fullmatch(r"[a-z0-9.-]*", host)


@pytest.mark.parametrize(
    ("host", "address", "local"),
    [
        pytest.param("localhost", False, True, id="localhost"),
        pytest.param("shop.localhost", False, True, id="below localhost"),
        pytest.param("notlocalhost", False, False, id="only ends alike"),
        pytest.param("localhost.example", False, False, id="only begins alike"),
        pytest.param("127.0.0.1", True, True, id="loopback"),
        pytest.param("127.255.255.254", True, True, id="whole loopback network"),
        pytest.param("128.0.0.1", True, False, id="beside loopback"),
        pytest.param("10.0.0.1", True, False, id="private network"),
        pytest.param("0.0.0.0", True, False, id="any address"),
        pytest.param("[::1]", True, True, id="IPv6 loopback"),
        pytest.param("::1", True, True, id="IPv6 loopback without brackets"),
        pytest.param("[2001:db8::1]", True, False, id="IPv6"),
        pytest.param("[::]", True, False, id="IPv6 any"),
        pytest.param("127.0.0.1.example", False, False, id="name that begins with an address"),
        pytest.param("127.0.0.01", False, False, id="leading zero"),
        pytest.param("127.1", False, False, id="short form"),
        pytest.param("2130706433", False, False, id="number"),
        pytest.param("example.com", False, False, id="name"),
        pytest.param("host1", False, False, id="name that ends with a digit"),
        pytest.param("", False, False, id="empty"),
    ],
)
def test_address_and_local(host, address, local):
    """Addresses are told from names, and the user's own machine from all others."""
    assert is_address(host) is address
    assert is_local(host) is local


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        pytest.param("example.com", True, id="two labels"),
        pytest.param("a.b", True, id="shortest"),
        pytest.param("1.2.example", True, id="labels of digits"),
        pytest.param("shop.xn--p1ai", True, id="punycode at the top"),
        pytest.param("a" * 63 + ".example", True, id="63 octets in a label"),
        pytest.param("a" * 64 + ".example", False, id="64 octets in a label"),
        pytest.param("a." * 126 + "b", True, id="253 octets"),
        pytest.param("a." * 126 + "bc", False, id="254 octets"),
        pytest.param("example", False, id="one label"),
        pytest.param("192.0.2.1", False, id="address"),
        pytest.param("a.1", False, id="number at the top"),
        pytest.param("a.b-", False, id="trailing hyphen"),
        pytest.param("a.-b", False, id="leading hyphen"),
        pytest.param("a..b", False, id="empty label"),
        pytest.param(".a.b", False, id="leading dot"),
        pytest.param("a.b.", False, id="trailing dot"),
        pytest.param("A.b", False, id="capital"),
        pytest.param("a.b\n", False, id="line break"),
        pytest.param("a" * 100_000, False, id="very long"),
        pytest.param("a-" * 50_000 + ".b", False, id="very long with hyphens"),
        pytest.param("", False, id="empty"),
    ],
)
def test_host_name(domain, name):
    """A name that hosts can share has two labels or more of DNS's lengths, and is no address."""
    assert is_host_name(domain) is name


@settings(deadline=None)
@given(st.text())
def test_any_text_is_judged(host):
    """Any text is an address, local and a name or not, without an exception."""
    assert is_address(host) in (True, False)
    assert is_local(host) in (True, False)
    assert not (is_host_name(host) and is_address(host))
