"""Content-Security-Policy: what a browser would ignore is refused, and nothing is injected."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strict_cookies import ConfigurationError
from strict_cookies.http.csp import (
    FALLBACKS,
    add_sources,
    check_combination,
    find_sources,
    hash_source,
    parse_csp,
    replace_directives,
    split_host_source,
    validate_directives,
)
from strict_cookies.http.presets import CLOSED_CSP, OPT_OUT, PROFILES

HASH = hash_source("go()")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        pytest.param({"img-src": "'self'"}, {"img-src": ("'self'",)}, id="text"),
        pytest.param({"img-src": "  'self'   data: "}, {"img-src": ("'self'", "data:")}, id="gaps"),
        pytest.param(
            {"img-src": ["'self'", "https://a.test:8443/x/"]},
            {"img-src": ("'self'", "https://a.test:8443/x/")},
            id="list",
        ),
        pytest.param({"IMG-SRC": "*"}, {"img-src": ("*",)}, id="name in capitals"),
        pytest.param(
            {"script-src": f"'strict-dynamic' {HASH} 'wasm-unsafe-eval'"},
            {"script-src": ("'strict-dynamic'", HASH, "'wasm-unsafe-eval'")},
            id="keywords and hash",
        ),
        pytest.param({"frame-src": "*.a.test https://b.test:*"},
                     {"frame-src": ("*.a.test", "https://b.test:*")}, id="wildcards"),
        pytest.param({"form-action": "myapp:"}, {"form-action": ("myapp:",)}, id="own scheme"),
        pytest.param({"upgrade-insecure-requests": ""}, {"upgrade-insecure-requests": ()},
                     id="no value"),
        pytest.param({"sandbox": "allow-forms"}, {"sandbox": ("allow-forms",)}, id="sandbox"),
        pytest.param({"trusted-types": "mine 'allow-duplicates'"},
                     {"trusted-types": ("mine", "'allow-duplicates'")}, id="trusted types"),
        pytest.param({"base-uri": OPT_OUT}, {"base-uri": (OPT_OUT,)}, id="taken away"),
    ],
)  # fmt: skip
def test_directives_are_read(given, read):
    """A directive's sources are a text or a list, and come out one by one."""
    assert validate_directives(given, "x") == read


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param("default-src 'self'", "x is not a mapping of directives", id="text for all"),
        pytest.param({"img_src": "'self'"}, "Did you mean 'img-src'?", id="underscore"),
        pytest.param({"zzz": "'self'"}, "'zzz' is not a directive that browsers know. Known: ",
                     id="unknown directive"),
        pytest.param({1: "'self'"}, "1 is not a directive", id="number for a directive"),
        pytest.param({"img-src": "*", "IMG-SRC": "*"}, "img-src more than once", id="twice"),
        pytest.param({"block-all-mixed-content": ""}, "Use upgrade-insecure-requests.", id="dead"),
        pytest.param({"report-uri": "/r"}, "Use the option content_security_policy_report_uri.",
                     id="report-uri"),
        pytest.param({"img-src": None}, "img-src is a NoneType", id="None"),
        pytest.param({"img-src": {"'self'"}}, "img-src is a set", id="set has no order"),
        pytest.param({"img-src": ["'self'", 1]}, "img-src is a list", id="list of no texts"),
        pytest.param({"img-src": ""}, "img-src is empty", id="empty"),
        pytest.param({"img-src": []}, "img-src is empty", id="empty list"),
        pytest.param({"img-src": "'none' 'self'"}, "'none' and other sources", id="none beside"),
        pytest.param({"img-src": "'self'; script-src *"}, "begin another", id="semicolon"),
        pytest.param({"img-src": ["a.test", "b.test;"]}, "begin another directive", id="in a list"),
        pytest.param({"img-src": "a.test, b.test"}, "begin another directive", id="comma"),
        pytest.param({"img-src": "'self'\r\nX: 1"}, "Remove ';', ',', line breaks", id="CR LF"),
        pytest.param({"img-src": "'self'\tb.test"}, "Remove ';', ',', line breaks", id="tab"),
        pytest.param({"img-src": "‘self’"}, "not visible ASCII", id="typographic quotes"),
        pytest.param({"img-src": "self"}, "Write \"'self'\".", id="unquoted keyword"),
        pytest.param({"script-src": "Unsafe-Inline"}, "Write \"'unsafe-inline'\".", id="capitals"),
        pytest.param({"img-src": "data"}, "Write 'data:'.", id="scheme without colon"),
        pytest.param({"img-src": "htps:"}, "Did you mean 'https:'?", id="misspelt scheme"),
        pytest.param({"img-src": "ftp://a.test"}, "has the scheme 'ftp'", id="no network scheme"),
        pytest.param({"script-src": "javascript:"}, "lets injected code run", id="javascript"),
        pytest.param({"img-src": "https//a.test"}, "not a valid source expression", id="no colon"),
        pytest.param({"img-src": "https://a.test?x"}, "not a valid source expression", id="query"),
        pytest.param({"img-src": "https://a_b.test"}, "not a valid source", id="host char"),
        pytest.param({"img-src": "a.*.test"}, "not a valid source expression", id="star inside"),
        pytest.param({"img-src": "https://[::1]"}, "not a valid source expression", id="address"),
        pytest.param({"img-src": "'unsafe-inline'"},
                     "has no effect here. Remove it; it is for default-src",
                     id="keyword where it is dead"),
        pytest.param({"style-src": "'unsafe-eval'"}, "has no effect here", id="eval of styles"),
        pytest.param({"script-src-elem": "'unsafe-eval'"}, "has no effect here", id="eval of tags"),
        pytest.param({"script-src": "'unsafe-inlin'"}, "Did you mean 'unsafe-inline'?", id="slip"),
        pytest.param({"script-src": "'zzz'"}, "is not a keyword. Remove it.", id="no keyword"),
        pytest.param({"script-src": "'nonce-abc'"}, "the same in every response", id="fixed nonce"),
        pytest.param({"script-src": "'nonce-'"}, "is not a keyword", id="empty nonce"),
        pytest.param({"script-src": "'sha256-abc='"}, "is not a valid sha256", id="short hash"),
        pytest.param({"script-src": "'sha1-abc='"}, "is not a keyword", id="unknown hash"),
        pytest.param({"img-src": HASH}, "hashes are for scripts and styles", id="hash of an image"),
        pytest.param({"upgrade-insecure-requests": "1"}, 'Write "".', id="value for none"),
        pytest.param({"require-trusted-types-for": "script"}, "Write \"'script'\".", id="sink"),
        pytest.param({"trusted-types": ""}, "Write names of policies", id="no trusted type"),
        pytest.param({"sandbox": "allow-everything"}, "some of allow-downloads", id="flag"),
    ],
)  # fmt: skip
def test_what_would_not_do_what_it_seems_is_refused(given, message):
    """Each mistake says where, what and how to fix it, before a browser receives it."""
    with pytest.raises(ConfigurationError, match=re.escape(message)) as caught:
        validate_directives(given, "x")
    assert str(caught.value).startswith("x")


@pytest.mark.parametrize(
    ("policy", "nonce_in", "message"),
    [
        pytest.param({"style-src": ("'unsafe-inline'",)}, ["style-src"], "has no effect together",
                     id="inline beside a nonce"),
        pytest.param({"script-src": (HASH, "'unsafe-inline'")}, [], "has no effect together",
                     id="inline beside a hash"),
        pytest.param({"script-src": ("'unsafe-hashes'",)}, [], "without a hash", id="hashes"),
        pytest.param({"script-src": ("'strict-dynamic'",)}, [], "lets nothing run", id="no root"),
        pytest.param({"script-src": ("'strict-dynamic'", "'self'", "https:", "a.test")},
                     ["script-src"], "cancels 'self', https:, a.test.", id="hosts are void"),
    ],
)  # fmt: skip
def test_sources_that_void_each_other_are_refused(policy, nonce_in, message):
    """A source that a browser ignores because of another source is reported."""
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        check_combination(policy, nonce_in, "x")


@pytest.mark.parametrize(
    ("policy", "nonce_in"),
    [
        ({"script-src": ("'strict-dynamic'",)}, ["script-src"]),
        ({"script-src": ("'strict-dynamic'", HASH)}, []),
        ({"script-src": ("'self'", HASH, "'unsafe-hashes'")}, ["script-src"]),
        ({"style-src": ("'self'", "'unsafe-inline'")}, ["script-src"]),
    ],
)
def test_sources_that_go_together_pass(policy, nonce_in):
    """A strict policy as recommended is accepted unchanged."""
    assert check_combination(policy, nonce_in, "x") is None


@pytest.mark.parametrize("name", PROFILES)
def test_profiles_pass_their_own_grammar(name):
    """The library's own policies pass its validation."""
    policy = PROFILES[name].options["content_security_policy"]
    check_combination(validate_directives(policy, "x"), ["script-src", "style-src"], "x")


def test_directives_are_replaced_one_by_one():
    """A given directive replaces only that directive; OPT_OUT removes one."""
    base = {"img-src": ("'self'",), "base-uri": ("'none'",)}
    given = {"img-src": ("data:",), "base-uri": (OPT_OUT,), "font-src": ("'self'",)}
    assert replace_directives(base, given) == {"img-src": ("data:",), "font-src": ("'self'",)}


@pytest.mark.parametrize(
    ("base", "result"),
    [
        pytest.param({"img-src": ("data:",)}, {"img-src": ("data:", "a.test")}, id="added"),
        pytest.param({"img-src": ("a.test",)}, {"img-src": ("a.test",)}, id="there already"),
        pytest.param({"img-src": ("'none'",)}, {"img-src": ("a.test",)}, id="none goes"),
        pytest.param(
            {"default-src": ("'self'",)},
            {"default-src": ("'self'",), "img-src": ("'self'", "a.test")},
            id="begins with the fallback",
        ),
        pytest.param({"base-uri": ("'none'",)}, {"base-uri": ("'none'",)}, id="any is allowed"),
    ],
)
def test_sources_are_added(base, result):
    """Adding opens a directive by just that, and takes nothing away from a page."""
    assert add_sources(base, {"img-src": ("a.test",)}) == result


def test_hash_is_what_a_browser_computes():
    """The digest is of the text with the line breaks of HTML. Source: CSP 3 section 6.7.3.3."""
    digest = b64encode(hashlib.sha256("a\nb\nü".encode()).digest()).decode()
    assert hash_source("a\r\nb\rü") == f"'sha256-{digest}'"
    assert validate_directives({"script-src": hash_source("x")}, "x")


@pytest.mark.parametrize(
    ("value", "policies"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param(";;", [], id="empty directives"),
        pytest.param("default-src  'self' ;IMG-SRC *;", [{"default-src": ("'self'",),
                     "img-src": ("*",)}], id="gaps and capitals"),
        pytest.param("img-src a.test; img-src *", [{"img-src": ("a.test",)}], id="first one wins"),
        pytest.param("img-src a.test, font-src b.test", [{"img-src": ("a.test",)},
                     {"font-src": ("b.test",)}], id="list of policies"),
        pytest.param("ümg-src *; sandbox", [{"sandbox": ()}], id="no directive name"),
    ],
)  # fmt: skip
def test_header_is_parsed_as_a_browser_does(value, policies):
    """Duplicates lose, commas divide policies, and nothing is an error."""
    assert parse_csp(value) == policies


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("HTTPS://A.Test.:443/Path", ("https", "a.test", "443", "/Path")),
        ("*.a.test", ("", "*.a.test", "", "")),
        ("*", ("", "*", "", "")),
        ("data:", None),
        ("'self'", None),
    ],
)
def test_host_source_is_split(source, parts):
    """Scheme, host, port and path are separated; scheme and host are in lower case."""
    assert split_host_source(source) == parts


def write(directives):
    """Write a policy as Talisman does."""
    return "; ".join(" ".join((name, *sources)).strip() for name, sources in directives.items())


TEXT = st.text(alphabet=st.sampled_from("'selfnoc-*:/.;,\r\n\t \0abé"), max_size=20)
SOURCES = st.sampled_from(
    ["'self'", "'none'", "*", "data:", "https:", "a.test", "*.b.test", "https://c.test:8443/x/"]
)
NAMES = st.sampled_from([*FALLBACKS, "base-uri", "form-action", "sandbox", "report-uri"])


@settings(deadline=None)
@given(
    st.dictionaries(
        st.one_of(NAMES, TEXT), st.one_of(TEXT, SOURCES, st.lists(st.one_of(TEXT, SOURCES)))
    )
)
def test_no_input_injects(directives):
    """Any input is refused, or written as exactly those directives on one line."""
    try:
        read = validate_directives(directives, "x")
    except ConfigurationError:
        return
    kept = replace_directives({}, read)
    value = write(kept)
    assert not re.search(r"[\r\n\0,]", value)
    assert parse_csp(value) == ([dict(kept)] if kept else [])


LISTS = st.lists(SOURCES.filter(lambda source: source != "'none'"), min_size=1, max_size=4)
POLICIES = st.dictionaries(st.sampled_from([*FALLBACKS]), LISTS.map(tuple), max_size=5)


@settings(deadline=None)
@given(POLICIES, POLICIES)
def test_adding_never_closes(base, added):
    """What a page could load before, it can load after sources were added."""
    merged = add_sources(base, added)
    for directive in FALLBACKS:
        before, after = find_sources(base, directive), find_sources(merged, directive)
        if directive in added or directive in base:
            assert before is None or set(before) <= set(after)


def test_closed_policy_restricts_every_fetch():
    """The default policy covers each type of resource that a page can load."""
    closed = validate_directives(CLOSED_CSP, "x")
    assert all(find_sources(closed, directive) for directive in FALLBACKS)
