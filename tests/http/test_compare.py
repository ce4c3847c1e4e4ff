"""Strictness: a header counts as strict only where a browser could do nothing more with it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strict_cookies.http.compare import MAX_REMEMBERED, HeaderSet, find_weaker
from strict_cookies.http.csp import FALLBACKS, LONE_LISTS, find_sources, parse_csp
from strict_cookies.http.presets import CLOSED_CSP, CLOSED_PERMISSIONS

CLOSED = "; ".join(f"{name} {sources}".strip() for name, sources in CLOSED_CSP.items())
ROUND = "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HSTS = "max-age=31536000; includeSubDomains"
PERMISSIONS = ", ".join(f"{name}={allowed}" for name, allowed in CLOSED_PERMISSIONS.items())
SOME = 'camera=(), geolocation=(self "https://a.test"), usb=*'


@pytest.mark.parametrize(
    ("name", "ours", "theirs", "strict"),
    [
        ("X-Content-Type-Options", "nosniff", "nosniff", True),
        ("X-Content-Type-Options", "nosniff", "NoSniff", True),
        ("X-Content-Type-Options", "nosniff", "", False),
        ("X-Frame-Options", "SAMEORIGIN", "DENY", True),
        ("X-Frame-Options", "SAMEORIGIN", "SAMEORIGIN, sameorigin", True),
        ("X-Frame-Options", "DENY", "SAMEORIGIN", False),
        ("X-Frame-Options", "SAMEORIGIN", "DENY, SAMEORIGIN", False),
        ("X-Frame-Options", "SAMEORIGIN", "ALLOW-FROM https://a.test", False),
        ("Cross-Origin-Opener-Policy", "same-origin-allow-popups", "same-origin", True),
        ("Cross-Origin-Opener-Policy", "same-origin", 'same-origin; report-to="x"', True),
        ("Cross-Origin-Opener-Policy", "same-origin", "same-origin-allow-popups", False),
        ("Cross-Origin-Opener-Policy", "same-origin", "unsafe-none", False),
        ("Cross-Origin-Resource-Policy", "same-site", "same-origin", True),
        ("Cross-Origin-Resource-Policy", "same-origin", "cross-origin", False),
        ("Cross-Origin-Embedder-Policy", "credentialless", "credentialless", True),
        ("Cross-Origin-Embedder-Policy", "credentialless", "require-corp", False),
        ("Origin-Agent-Cluster", "?1", "?1", True),
        ("Origin-Agent-Cluster", "?1", "?0", False),
        ("Referrer-Policy", "strict-origin-when-cross-origin", "no-referrer", True),
        ("Referrer-Policy", "strict-origin", "same-origin", True),
        ("Referrer-Policy", "strict-origin-when-cross-origin", "unsafe-url, no-referrer", True),
        ("Referrer-Policy", "strict-origin-when-cross-origin", "no-referrer, unsafe-url", False),
        ("Referrer-Policy", "same-origin", "strict-origin", False),
        ("Referrer-Policy", "strict-origin", "origin", False),
        ("Referrer-Policy", "no-referrer", "nonsense", False),
        ("Strict-Transport-Security", HSTS, "max-age=63072000;includesubdomains;preload", True),
        ("Strict-Transport-Security", HSTS, 'max-age="31536000" ; includeSubDomains', True),
        ("Strict-Transport-Security", HSTS, "max-age=31536000", False),
        ("Strict-Transport-Security", HSTS, "max-age=0; includeSubDomains", False),
        ("Strict-Transport-Security", HSTS, "includeSubDomains", False),
        ("Strict-Transport-Security", HSTS, f"max-age=0, {HSTS}", False),
        ("Strict-Transport-Security", HSTS, f"max-age=1; {HSTS}", False),
        ("Strict-Transport-Security", "max-age=0", "max-age=1", True),
        ("Permissions-Policy", SOME, "camera=(), geolocation=(self), usb=()", True),
        ("Permissions-Policy", SOME, "camera=(), geolocation=()", True),
        ("Permissions-Policy", SOME, "geolocation=()", False),
        ("Permissions-Policy", SOME, "camera=(self), geolocation=()", False),
        ("Permissions-Policy", SOME, "camera=(), geolocation=*", False),
        ("Permissions-Policy", PERMISSIONS, "camera=()", False),
        ("Reporting-Endpoints", 'a="/x"', 'b="https://other.test"', True),
        ("X-Own", "1", "2", True),
    ],
)
def test_header_is_compared(name, ours, theirs, strict):
    """What counts is what a browser makes of the value, not its text."""
    assert find_weaker(name.lower(), theirs, ours) == (() if strict else (name,))


@pytest.mark.parametrize(
    ("ours", "theirs", "weaker"),
    [
        pytest.param(CLOSED, CLOSED, [], id="the same"),
        pytest.param(CLOSED, f"default-src 'none'{ROUND}", [], id="closed altogether"),
        pytest.param(CLOSED, "default-src 'none'", ["base-uri", "form-action", "frame-ancestors"],
                     id="nothing stands in for these"),
        pytest.param(CLOSED, f"default-src 'none', {CLOSED}", [], id="both hold"),
        pytest.param(CLOSED, "", ["script-src", "style-src", "default-src", "object-src",
                     "base-uri", "form-action", "frame-ancestors"], id="none"),
        pytest.param(CLOSED, CLOSED.replace("script-src 'self'", "script-src 'self' a.test"),
                     ["script-src"], id="one host more"),
        pytest.param(CLOSED, f"{CLOSED}; img-src *", ["default-src"], id="no fallback"),
        pytest.param(CLOSED, f"{CLOSED}; img-src 'none'", [], id="more is closed"),
        pytest.param("img-src 'self'", "default-src 'none'; img-src 'self'", [], id="more"),
        pytest.param("img-src *", "img-src https: a.test 'self'", [], id="star covers the network"),
        pytest.param("img-src *", "img-src data:", ["img-src"], id="star covers no data"),
        pytest.param("img-src https:", "img-src https://a.test https://*", [], id="scheme covers"),
        pytest.param("img-src https:", "img-src a.test", ["img-src"], id="scheme is in doubt"),
        pytest.param("img-src http:", "img-src https:", [], id="upgrade is covered"),
        pytest.param("img-src https:", "img-src http:", ["img-src"], id="downgrade is not"),
        pytest.param("img-src https:", "img-src *", ["img-src"], id="star is more"),
        pytest.param("img-src a.test", "img-src https://a.test a.test", [], id="host in https"),
        pytest.param("img-src https://a.test", "img-src a.test", ["img-src"], id="host in any"),
        pytest.param("img-src a.test", "img-src https:", ["img-src"], id="host is less"),
        pytest.param("img-src *.a.test", "img-src b.a.test *.c.a.test", [], id="subdomains"),
        pytest.param("img-src *.a.test", "img-src a.test", ["img-src"], id="no subdomain"),
        pytest.param("img-src *.a.test", "img-src xa.test", ["img-src"], id="no label"),
        pytest.param("img-src a.test:*", "img-src a.test:8443", [], id="any port"),
        pytest.param("img-src a.test", "img-src a.test:8443", ["img-src"], id="another port"),
        pytest.param("img-src a.test/x/", "img-src a.test/x/y", [], id="below a path"),
        pytest.param("img-src a.test/x", "img-src a.test/x/y", ["img-src"], id="beside a path"),
        pytest.param("img-src a.test/x", "img-src a.test", ["img-src"], id="no path"),
        pytest.param("img-src 'none'", "img-src", [], id="empty is none"),
        pytest.param("script-src 'nonce-a'", "script-src 'nonce-a'", [], id="same nonce"),
        pytest.param("script-src 'nonce-a'", "script-src 'nonce-A'", ["script-src"], id="other"),
        pytest.param("script-src 'unsafe-inline'", "script-src 'sha256-abc'", [], id="hash"),
        pytest.param("script-src 'nonce-a'", "script-src 'nonce-a' 'unsafe-inline'", [],
                     id="a nonce voids inline"),
        pytest.param("script-src 'nonce-a' 'unsafe-inline'", "script-src 'unsafe-inline'",
                     ["script-src"], id="ours was void"),
        pytest.param("script-src 'strict-dynamic' 'nonce-a' https:", "script-src 'nonce-a' https:",
                     ["script-src"], id="ours was void by strict-dynamic"),
        pytest.param("script-src 'nonce-a'", "script-src 'nonce-a' 'strict-dynamic'",
                     ["script-src"], id="trust is handed on"),
        pytest.param("script-src 'unsafe-eval'", "script-src 'WASM-unsafe-eval'", [], id="implied"),
        pytest.param("script-src 'self'", "script-src 'self' 'report-sample'", [], id="only tells"),
        pytest.param("img-src 'self'", "default-src 'self' 'unsafe-inline'", [],
                     id="keyword of scripts for images"),
        pytest.param("sandbox allow-forms", "sandbox", [], id="fewer flags"),
        pytest.param("sandbox", "sandbox allow-forms", ["sandbox"], id="more flags"),
        pytest.param("sandbox", "img-src 'none'", ["sandbox"], id="no sandbox"),
        pytest.param("require-trusted-types-for 'script'", "require-trusted-types-for",
                     ["require-trusted-types-for"], id="no sink"),
        pytest.param("trusted-types a b", "trusted-types a", [], id="fewer types"),
        pytest.param(f"{CLOSED}; report-uri /r", CLOSED, [], id="reports are no protection"),
    ],
)  # fmt: skip
def test_policy_is_compared_by_directive(ours, theirs, weaker):
    """Each directive of ours in which theirs allows more is named, once."""
    found = find_weaker("content-security-policy", theirs, ours)
    assert [name.removeprefix("Content-Security-Policy ") for name in found] == weaker


def test_nonce_of_the_request_is_no_difference():
    """A view that writes its own policy with this request's nonce is as strict as ours."""
    nonce = "0123456789abcdef0123456789abcdef"
    ours = HeaderSet.of([("Content-Security-Policy", f"script-src 'nonce-{nonce}'")])
    ours.nonce = nonce
    for value, weaker in ((nonce, False), ("0" * 32, True)):
        found = ours.find_weaker("content-security-policy", [f"script-src 'nonce-{value}'"])
        assert bool(found) is weaker


def test_same_values_cost_a_look_up():
    """Values with a nonce are remembered once, and the memory is bounded."""
    find_weaker.cache_clear()
    for number in range(50):
        nonce = f"{number:032}"
        ours = HeaderSet((("Content-Security-Policy", f"script-src 'nonce-{nonce}'"),),
                         frozenset(["content-security-policy"]), nonce)  # fmt: skip
        assert not ours.find_weaker("content-security-policy", [f"script-src 'nonce-{nonce}'"])
    assert find_weaker.cache_info().currsize == 1
    for number in range(MAX_REMEMBERED + 50):
        find_weaker("referrer-policy", f"x{number}", "no-referrer")
    assert find_weaker.cache_info().currsize == MAX_REMEMBERED


# --- Against a small browser ---

PAGE = ("https", "site.test", "443", "/")
#: What a page might load: scheme, host, port, path.
TARGETS = [
    (scheme, host, port, path)
    for scheme, default in (("https", "443"), ("http", "80"), ("wss", "443"))
    for host in ("site.test", "a.test", "b.a.test", "c.b.a.test")
    for port in (default, "8443")
    for path in ("/", "/x/y")
] + [("data", "", "", ""), ("blob", "", "", "")]
DEFAULT_PORTS = {"https": "443", "http": "80", "wss": "443", "ws": "80", "": "443"}


def matches(source, target):
    """Match a source expression as CSP Level 3 section 6.7.2 does, for a page on https."""
    scheme, host, port, path = target
    lowered = source.lower()
    if lowered == "'self'":
        return host == PAGE[1] and scheme in ("https", "wss") and port == "443"
    if lowered[:1] == "'":
        return False
    if lowered == "*":
        return scheme in ("https", "http", "wss", "ws")
    if lowered.endswith(":"):
        return scheme in {"http": ("http", "https"), "ws": ("ws", "wss")}.get(
            lowered[:-1], (lowered[:-1],)
        )
    wanted, separator, rest = source.partition("://")
    rest = rest if separator else source
    wanted = wanted if separator else ""
    authority, slash, tail = rest.partition("/")
    name, _, number = authority.partition(":")
    if scheme not in {"http": ("http", "https"), "": ("https", "wss")}.get(wanted, (wanted,)):
        return False
    if not (name == host or (name[:2] == "*." and host.endswith(name[1:])) or name == "*"):
        return False
    if number != "*" and port != (number or DEFAULT_PORTS[scheme]):
        return False
    own = f"/{tail}" if slash else ""
    return own in ("", path) or (own.endswith("/") and path.startswith(own))


def allows(header, directive, target):
    """Whether every policy of a header lets a page load something."""
    for policy in parse_csp(header):
        sources = find_sources(policy, directive)
        if sources is not None and not any(matches(source, target) for source in sources):
            return False
    return True


SOURCES = st.sampled_from(
    ["'self'", "'none'", "*", "https:", "http:", "data:", "a.test", "https://a.test", "*.a.test",
     "http://b.a.test", "a.test:*", "a.test:8443", "https://a.test/x/", "wss://a.test",
     "*.b.a.test", "https://*", "'unsafe-inline'"]
)  # fmt: skip
DIRECTIVES = st.sampled_from(
    ["default-src", "img-src", "script-src", "worker-src", "frame-src", "child-src", *LONE_LISTS]
)
HEADERS = st.dictionaries(DIRECTIVES, st.lists(SOURCES, max_size=3), max_size=4).map(
    lambda policy: "; ".join(" ".join((name, *sources)) for name, sources in policy.items())
)


@settings(deadline=None, max_examples=150)
@given(HEADERS, HEADERS, HEADERS)
def test_what_counts_as_strict_lets_nothing_more_through(ours, theirs, second):
    """No page can load, under a policy that was not called weaker, what ours would stop."""
    said = f"{theirs}, {second}"
    if find_weaker("content-security-policy", said, ours):
        return
    for directive in (*FALLBACKS, *LONE_LISTS):
        if directive != "default-src":
            for target in TARGETS:
                assert allows(ours, directive, target) or not allows(said, directive, target)


@settings(deadline=None)
@given(HEADERS)
def test_policy_is_as_strict_as_itself(header):
    """No policy is weaker than its own text, nor with another one added."""
    assert find_weaker("content-security-policy", header, header) == ()
    assert find_weaker("content-security-policy", f"img-src *, {header}", header) == ()


KEYS = st.sampled_from(
    ["strict-transport-security", "permissions-policy", "referrer-policy", "x-frame-options",
     "content-security-policy", "cross-origin-opener-policy", "cross-origin-embedder-policy"]
)  # fmt: skip


@settings(deadline=None)
@given(KEYS, st.text(max_size=60), st.text(max_size=60))
def test_comparing_never_fails(key, theirs, ours):
    """Any header value can be compared."""
    assert isinstance(find_weaker(key, theirs, ours), tuple)
