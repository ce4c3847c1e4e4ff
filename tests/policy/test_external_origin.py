"""External origins: what an entry may contain, and what it opens in the policy."""

from __future__ import annotations

import pytest

from strict_cookies.errors import PolicyError
from strict_cookies.policy.external_origin import (
    KINDS,
    ExternalOrigin,
    csp_sources,
    normalise_origin,
)


def admit(origin="https://cdn.example.com", **options):
    """Make an entry with texts that no test looks at."""
    return ExternalOrigin(
        **{
            "origin": origin,
            "kinds": ("image",),
            "reason": "Maps of the customers.",
            "recipient": "Maps Ltd",
            **options,
        }
    )


def mistakes_of(origin="https://cdn.example.com", **options):
    """List what is wrong with an entry, without the words that name it."""
    try:
        admit(origin, **options)
    except PolicyError as error:
        return [mistake.partition("': ")[2] for mistake in error.mistakes]
    return []


NO_ORIGIN = (
    "it is not an origin. Write scheme and host alone, for example 'https://cdn.example.com'."
)
MORE = (
    "it has more than an origin. Write scheme and host alone, for example "
    "'https://cdn.example.com'."
)
ADDRESS = "a Content-Security-Policy can't name an address. Use the host's name."
STAR = "a star would admit unknown hosts. Name each host in an entry of its own."


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        pytest.param("https://CDN.Example.com", "https://cdn.example.com", id="case"),
        pytest.param("HTTPS://cdn.example.com", "https://cdn.example.com", id="scheme"),
        pytest.param("https://cdn.example.com:443", "https://cdn.example.com", id="own port"),
        pytest.param("wss://live.example.com:443", "wss://live.example.com", id="wss port"),
        pytest.param("https://a.example:8443", "https://a.example:8443", id="port"),
        pytest.param("https://a.example:65535", "https://a.example:65535", id="last port"),
        pytest.param("https://intranet", "https://intranet", id="one label"),
        pytest.param("https://xn--bcher-kva.example", "https://xn--bcher-kva.example", id="IDN"),
        pytest.param("http://localhost:5173", "http://localhost:5173", id="development server"),
        pytest.param("ws://app.localhost:80", "ws://app.localhost", id="development socket"),
        pytest.param("http://127.0.0.1:5173", "http://127.0.0.1:5173", id="loopback address"),
    ],
)
def test_origin_is_written_as_a_policy_compares_it(text, origin):
    """Case and a scheme's own port make no difference, so they go."""
    assert normalise_origin(text) == origin


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", NO_ORIGIN, id="empty"),
        pytest.param("cdn.example.com", NO_ORIGIN, id="no scheme"),
        pytest.param("//cdn.example.com", NO_ORIGIN, id="scheme-relative"),
        pytest.param("ftp://cdn.example.com", NO_ORIGIN, id="other scheme"),
        pytest.param("https:", NO_ORIGIN, id="scheme alone"),
        pytest.param("https://", NO_ORIGIN, id="no host"),
        pytest.param("'self'", NO_ORIGIN, id="keyword"),
        pytest.param("https://a.example ", NO_ORIGIN, id="trailing space"),
        pytest.param("https://a.example\n", NO_ORIGIN, id="line break"),
        pytest.param("https://a.example; script-src x", NO_ORIGIN, id="directive smuggled in"),
        pytest.param("https://a.example,https://b.example", NO_ORIGIN, id="two"),
        pytest.param("https://user@a.example", NO_ORIGIN, id="user"),
        pytest.param("https://a.example:", NO_ORIGIN, id="empty port"),
        pytest.param("https://a.example:0", NO_ORIGIN, id="port 0"),
        pytest.param("https://a.example:65536", NO_ORIGIN, id="port too large"),
        pytest.param("https://a..example", NO_ORIGIN, id="empty label"),
        pytest.param("https://a.example.", NO_ORIGIN, id="trailing dot"),
        pytest.param("https://-a.example", NO_ORIGIN, id="hyphen"),
        pytest.param("https://a_b.example", NO_ORIGIN, id="underscore"),
        pytest.param("https://" + "a" * 64 + ".example", NO_ORIGIN, id="long label"),
        pytest.param("https://" + "a." * 127 + "a", NO_ORIGIN, id="long host"),
        pytest.param("https://a.example/", MORE, id="slash"),
        pytest.param("https://a.example:8443/lib.js", MORE, id="path"),
        pytest.param("https://a.example?x=1", MORE, id="query"),
        pytest.param("https://a.example#x", MORE, id="fragment"),
        pytest.param("https://*.example.com", STAR, id="wildcard"),
        pytest.param("https://a.example:*", STAR, id="any port"),
        pytest.param("https://192.0.2.1", ADDRESS, id="IPv4"),
        pytest.param("https://[2001:db8::1]", ADDRESS, id="IPv6"),
        pytest.param("https://0x7f.1", ADDRESS, id="number that browsers read as an address"),
        pytest.param(
            "https://b\u00fccher.example",
            "it is not ASCII. Write the host in punycode (xn--...).",
            id="not punycode",
        ),
        pytest.param(
            "http://cdn.example.com",
            "a network attacker could change what is loaded over http. Use https://cdn.example.com.",
            id="http",
        ),
        pytest.param(
            "ws://live.example.com",
            "a network attacker could change what is loaded over ws. Use wss://live.example.com.",
            id="ws",
        ),
    ],
)
def test_what_is_no_safe_origin_is_refused(text, problem):
    """Paths, wildcards, addresses, plain http and anything smuggled in are refused with a way."""
    with pytest.raises(PolicyError) as caught:
        admit(text)
    assert caught.value.mistakes == (f"External origin {text!r}: origin is {text!r}: {problem}",)


@pytest.mark.parametrize(
    ("origin", "vendor"),
    [
        pytest.param("https://www.google-analytics.com", "Google Analytics", id="below a host"),
        pytest.param("https://connect.facebook.net", "Meta", id="Meta"),
        pytest.param("https://clarity.ms", "Microsoft Clarity", id="the host itself"),
        pytest.param("https://STATS.g.doubleclick.net:8443", "Google DoubleClick", id="port, case"),
    ],
)
def test_tracker_is_refused_unless_it_is_none(origin, vendor):
    """A host commonly associated with a tracker needs a reason in words, as a cookie does."""
    (mistake,) = mistakes_of(origin)
    assert mistake.startswith(f"this is a host commonly associated with {vendor} (")
    assert mistake.endswith('not_the_tracker = "why".')
    assert len(mistakes_of(origin, not_the_tracker=" ")) == 1
    assert mistakes_of(origin, not_the_tracker="Our own test host of that name") == []


def test_host_that_only_ends_alike_is_no_tracker():
    """A suffix counts at a dot alone."""
    assert mistakes_of("https://notclarity.ms") == []


@pytest.mark.parametrize(
    ("options", "mistakes"),
    [
        pytest.param({"kinds": tuple(KINDS)}, [], id="every kind"),
        pytest.param({"kinds": "image"}, [], id="one word"),
        pytest.param({"kinds": ["image", "image"]}, [], id="twice"),
        pytest.param(
            {"kinds": ()},
            ["kinds is empty. Name at least one of script, style, image, font, frame, connect, "
             "form."],
            id="none",
        ),
        pytest.param(
            {"kinds": ("image", "img")},
            ["kind 'img' is not known. Known: script, style, image, font, frame, connect, form."],
            id="unknown",
        ),
        pytest.param(
            {"origin": "wss://live.example.com", "kinds": ("connect", "image")},
            [
                "kinds has 'image', but a WebSocket is for connect alone. "
                'Use kinds = ["connect"].'
            ],
            id="image over a WebSocket",
        ),
        pytest.param(
            {"origin": "wss://live.example.com", "kinds": ("connect",)}, [], id="WebSocket"
        ),
        pytest.param(
            {"reason": ""}, ["reason is empty. Write it for visitors, in a sentence."], id="reason"
        ),
        pytest.param(
            {"origin": "x", "kinds": ("img",), "reason": {}},
            [f"origin is 'x': {NO_ORIGIN}",
             "kind 'img' is not known. Known: script, style, image, font, frame, connect, form.",
             "reason is empty. Write it for visitors, in a sentence."],
            id="all at once",
        ),
        pytest.param({"recipient": None}, ["recipient is None. Use text."], id="no recipient"),
        pytest.param(
            {"kinds": 1},
            ["kinds is 1. Use a tuple of script, style, image, font, frame, connect, form."],
            id="no kinds",
        ),
        pytest.param(
            {"not_the_tracker": True}, ["not_the_tracker is True. Use text or None."], id="flag"
        ),
    ],
)  # fmt: skip
def test_what_an_entry_may_say(options, mistakes):
    """Kinds are known words, texts are not empty, and every mistake is reported at once."""
    assert mistakes_of(**options) == mistakes


def test_sources_are_given_by_directive():
    """Each kind opens its own directive and no other, in the order of the entries."""
    maps = admit("https://maps.example.com", kinds=("image", "connect"))
    cdn = admit("https://cdn.example.com", kinds=("script", "style", "image", "font"))
    pay = admit("https://pay.example.com", kinds=("frame", "form"))
    assert csp_sources([maps, cdn, pay]) == {
        "script-src": ("https://cdn.example.com",),
        "style-src": ("https://cdn.example.com",),
        "img-src": ("https://maps.example.com", "https://cdn.example.com"),
        "font-src": ("https://cdn.example.com",),
        "frame-src": ("https://pay.example.com",),
        "connect-src": ("https://maps.example.com",),
        "form-action": ("https://pay.example.com",),
    }


def test_nothing_declared_opens_nothing():
    """Without an entry no directive is named."""
    assert csp_sources([]) == {}


def test_sources_can_not_be_written_to():
    """What was checked stays what it was."""
    with pytest.raises(TypeError):
        csp_sources([admit()])["img-src"] = ("https://evil.example",)
