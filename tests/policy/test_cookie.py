"""What an entry for a cookie accepts, and what it refuses in which words."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import timedelta

import pytest

from strict_cookies.errors import PolicyError
from strict_cookies.policy.cookie import DeclaredCookie
from strict_cookies.policy.purposes import Purpose

NO_TOKEN = (
    "the name is not a token. Use letters, digits and !#$%&'+-.^_`|~ only, and more than a prefix "
    "(RFC 6265bis section 4.1.1)."
)
GOOGLE = (
    "this is a name commonly associated with Google Analytics (analytics), which is not strictly "
    "necessary. Remove the entry and what sets it; if it is something else, say so: "
    'not_the_tracker = "why".'
)
TOO_SHORT = (
    "the pattern has 2 characters in front of the star, but at least 3 are required. "
    "Make it longer."
)
WHOLE_PREFIX = (
    "the pattern would cover names with a prefix such as __Host-, which has rules of its own. "
    "Spell the prefix out, and fix at least 3 characters after it."
)
ONE_STAR = "only one star is allowed, at the end. Name the others in full."


def covers(name):
    """Return the message about a pattern that covers a tracker's name."""
    return (
        f"the pattern would cover {name!r}, a name commonly associated with a tracker. Name the "
        "cookies in full, or choose a longer pattern."
    )


def declare(name="sid", **changes):
    """Declare a cookie, complete but for what a test changes."""
    return DeclaredCookie(
        **{
            "name": name,
            "title": "Session",
            "purposes": ("security",),
            "description": "Keeps the visit together.",
            "without_it": "You could not sign in.",
            **changes,
        }
    )


def mistakes_of(name="sid", **changes):
    """List what is wrong with an entry; empty where it is accepted."""
    try:
        declare(name, **changes)
    except PolicyError as error:
        return [mistake.removeprefix(f"Cookie {name!r}: ") for mistake in error.mistakes]
    return []


# --- What is normalised ---


def test_defaults_are_the_safe_ones():
    """An entry with the required keys only is a host-only, HttpOnly, Lax session cookie."""
    cookie = declare()
    assert cookie == DeclaredCookie(
        name="sid",
        title="Session",
        purposes=(Purpose.SECURITY,),
        description="Keeps the visit together.",
        without_it="You could not sign in.",
        lifetime=None,
        path="/",
        domain=None,
        samesite="Lax",
        script_readable=False,
        partitioned=False,
        not_the_tracker=None,
    )


@pytest.mark.parametrize(
    ("given_purposes", "purposes"),
    [
        pytest.param("session", (Purpose.SESSION,), id="one word"),
        pytest.param(Purpose.SESSION, (Purpose.SESSION,), id="one purpose"),
        pytest.param(["session"], (Purpose.SESSION,), id="list"),
        pytest.param({"session"}, (Purpose.SESSION,), id="set"),
        pytest.param(
            ["security", Purpose.SESSION, "security"],
            (Purpose.SECURITY, Purpose.SESSION),
            id="repeated",
        ),
    ],
)
def test_purposes_become_a_tuple(given_purposes, purposes):
    """Purposes are kept as a tuple without repetition, in the order stated."""
    assert declare(purposes=given_purposes).purposes == purposes


@pytest.mark.parametrize(
    ("given_domain", "domain"),
    [
        pytest.param("example.com", "example.com", id="plain"),
        pytest.param(".example.com", "example.com", id="leading dot"),
        pytest.param("Shop.EXAMPLE.com", "shop.example.com", id="capitals"),
        pytest.param("xn--exmple-cua.com", "xn--exmple-cua.com", id="punycode"),
        pytest.param("a.b.c.d.example", "a.b.c.d.example", id="many labels"),
    ],
)
def test_domain_is_normalised(given_domain, domain):
    """A domain is kept in lower case and without a leading dot."""
    assert declare(domain=given_domain).domain == domain


@pytest.mark.parametrize(
    ("given_samesite", "samesite"),
    [
        pytest.param("strict", "Strict", id="strict"),
        pytest.param("LAX", "Lax", id="lax"),
        pytest.param("none", "None", id="none"),
    ],
)
def test_samesite_is_spelt_as_on_the_wire(given_samesite, samesite):
    """SameSite is understood in any case and kept as it is written on the wire."""
    assert declare(samesite=given_samesite).samesite == samesite


# --- Names ---


@pytest.mark.parametrize(
    ("name", "mistakes"),
    [
        pytest.param("sid", [], id="plain"),
        pytest.param("!#$%&'+-.^_`|~", [], id="every mark"),
        pytest.param("", [NO_TOKEN], id="empty"),
        pytest.param("*", [NO_TOKEN], id="star alone"),
        pytest.param("a b", [NO_TOKEN], id="space"),
        pytest.param("sid; Path=/evil", [NO_TOKEN], id="attribute smuggled in"),
        pytest.param("a=b", [NO_TOKEN], id="equals sign"),
        pytest.param("sid\n", [NO_TOKEN], id="line break"),
        pytest.param("s\u0456d", [NO_TOKEN], id="Cyrillic i"),
        pytest.param("abc*", [], id="pattern"),
        pytest.param("ab*", [TOO_SHORT], id="pattern too short"),
        pytest.param("__Host-abc*", [], id="pattern behind a prefix"),
        pytest.param("__Host-ab*", [TOO_SHORT], id="a prefix does not count"),
        pytest.param("__Host-Http-*", [NO_TOKEN], id="pattern of a whole prefix"),
        pytest.param("__Host-", [NO_TOKEN], id="prefix alone"),
        pytest.param("__Secure-", [NO_TOKEN], id="another prefix alone"),
        pytest.param("__Host-a", [], id="one character behind a prefix"),
        pytest.param("abc*d*", [ONE_STAR], id="two stars"),
        pytest.param("abc**", [ONE_STAR], id="two stars together"),
        pytest.param("_ga", [GOOGLE], id="tracker"),
        pytest.param("_ga_G-123", [GOOGLE], id="name under a tracker's pattern"),
        pytest.param("_ga*", [covers("_ga")], id="pattern whose stem is a tracker"),
        pytest.param("_ga_*", [covers("_ga_*")], id="a tracker's own pattern"),
        pytest.param("_ga_G*", [covers("_ga_G")], id="pattern under a tracker's pattern"),
        pytest.param("_hj*", [covers("_hjid")], id="pattern over a tracker's names"),
        pytest.param("UID", [], id="ambiguous name"),
        pytest.param("li_gc", [], id="remembered choice"),
        pytest.param("_GA", [], id="case counts, as in browsers"),
    ],
)
def test_name(name, mistakes):
    """A name is a token that belongs to no known tracker, or a pattern that fixes enough."""
    assert mistakes_of(name) == mistakes


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        pytest.param("__*", {}, id="beginning of every prefix"),
        pytest.param("__Host-Ht*", {}, id="beginning of a longer prefix"),
        pytest.param("__H*", {"domain": "example.com"}, id="beginning of every host prefix"),
        pytest.param("__Host*", {"domain": "example.com"}, id="host prefix without its dash"),
        pytest.param("__Secure*", {}, id="secure prefix without its dash"),
        pytest.param("__Host-Http*", {"script_readable": True}, id="longer one without its dash"),
        pytest.param("__hos*", {"path": "/erp"}, id="other case"),
    ],
)
def test_pattern_never_covers_a_whole_prefix(name, changes):
    """A pattern that would declare all names of a prefix is refused."""
    assert mistakes_of(name, **changes) == [WHOLE_PREFIX]


def test_whole_prefix_in_another_case_is_refused():
    """A pattern that is only a prefix is refused in another case, too, and the case is reported."""
    assert mistakes_of("__host-*") == [
        WHOLE_PREFIX,
        "the prefix is spelt '__host-'; browsers treat it as __Host-. Spell it __Host-.",
    ]


def test_star_inside_is_refused():
    """A star in the middle, which declares something else than it seems to, is refused."""
    assert mistakes_of("user*id") == [ONE_STAR]


@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_tracker_needs_a_reason(reason):
    """A tracker's name is accepted only if the entry says why it is something else."""
    assert mistakes_of("_ga", not_the_tracker=reason) == [GOOGLE]
    assert mistakes_of("_ga", not_the_tracker="Our guest area, older than the tracker.") == []


def test_reason_does_not_open_a_pattern():
    """A pattern that covers a tracker's names is refused, with any reason."""
    reason = "The initials of our product."
    assert mistakes_of("_hj*", not_the_tracker=reason) == [covers("_hjid")]


# --- Prefixes ---


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        pytest.param("__Host-a", "__Host-", id="host"),
        pytest.param("__Host-Http-a", "__Host-Http-", id="host and http"),
        pytest.param("__Http-a", "__Http-", id="http"),
        pytest.param("__Secure-a", "__Secure-", id="secure"),
    ],
)
def test_prefix_rules(name, prefix):
    """Each prefix is held to its own rules: host-only, path, HttpOnly."""
    host = prefix.startswith("__Host-")
    http = prefix.endswith("Http-")
    assert mistakes_of(name) == []
    assert mistakes_of(name, domain="example.com") == (
        [
            f"domain is 'example.com', but {prefix} allows none (RFC 6265bis section 4.1.3). "
            "Remove domain or rename the cookie."
        ]
        if host
        else []
    )
    assert mistakes_of(name, path="/erp") == (
        [
            f"path is '/erp', but {prefix} allows / (RFC 6265bis section 4.1.3). "
            "Remove path or rename the cookie."
        ]
        if host
        else []
    )
    assert mistakes_of(name, script_readable=True) == (
        [
            f"script_readable is true, but {prefix} requires HttpOnly "
            "(draft-ietf-httpbis-layered-cookies section 4.1.3). "
            "Remove script_readable or rename the cookie."
        ]
        if http
        else []
    )


@pytest.mark.parametrize(
    ("name", "spelling", "prefix"),
    [
        pytest.param("__host-a", "__host-", "__Host-", id="lower case"),
        pytest.param("__HOST-a", "__HOST-", "__Host-", id="upper case"),
        pytest.param("__SeCuRe-a", "__SeCuRe-", "__Secure-", id="mixed case"),
        pytest.param("__http-a", "__http-", "__Http-", id="http"),
        pytest.param("__Host-http-a", "__Host-http-", "__Host-Http-", id="second half only"),
        pytest.param("__host-abc*", "__host-", "__Host-", id="pattern"),
    ],
)
def test_misspelt_prefix_is_refused(name, spelling, prefix):
    """A prefix in other case, which browsers enforce and servers miss, is refused."""
    assert mistakes_of(name) == [
        f"the prefix is spelt {spelling!r}; browsers treat it as {prefix}. Spell it {prefix}."
    ]


# --- Lifetimes ---


@pytest.mark.parametrize("purpose", Purpose)
def test_lifetime_up_to_the_limit_is_accepted(purpose):
    """A purpose's own limit is accepted, and a second more is not."""
    assert mistakes_of(purposes=purpose, lifetime=None) == []
    second = timedelta(seconds=1)
    if purpose.limit is None:
        assert mistakes_of(purposes=purpose, lifetime=second) == [
            f"lifetime is 1 second, but a cookie for {purpose} may live only until the browser "
            'closes (WP194 section 3). Use lifetime = "session".'
        ]
    else:
        assert mistakes_of(purposes=purpose, lifetime=purpose.limit) == []
        longer = mistakes_of(purposes=purpose, lifetime=purpose.limit + second)
        assert len(longer) == 1


@pytest.mark.parametrize(
    ("purposes", "lifetime", "mistakes"),
    [
        pytest.param(
            ["security"],
            timedelta(days=31),
            [
                "lifetime is 31 days, but a cookie for security may live at most 30 days "
                "(WP194 section 3). Shorten it."
            ],
            id="too long",
        ),
        pytest.param(
            ["security", "user_input"],
            timedelta(hours=5),
            [
                "lifetime is 5 hours, but a cookie for security and user_input may live at most "
                "4 hours (WP194 section 3). Shorten it."
            ],
            id="strictest of two",
        ),
        pytest.param(
            ["security", "session"],
            timedelta(hours=1),
            [
                "lifetime is 1 hour, but a cookie for security and session may live only until the "
                'browser closes (WP194 section 3). Use lifetime = "session".'
            ],
            id="session is strictest",
        ),
        pytest.param(
            ["security"],
            timedelta(0),
            [
                "lifetime is 0 seconds. Use whole seconds above zero, or 'session'.",
            ],
            id="zero",
        ),
        pytest.param(
            ["session"],
            timedelta(seconds=-5),
            [
                "lifetime is -5 seconds. Use whole seconds above zero, or 'session'.",
            ],
            id="negative",
        ),
        pytest.param(
            ["analytics"],
            timedelta(days=400),
            [
                "purpose 'analytics' is not strictly necessary and would need consent, which this "
                "library does not support. Remove the entry and what sets it.",
            ],
            id="no purpose, no limit",
        ),
        pytest.param(
            [],
            None,
            [
                "purposes is empty. Name at least one of session, authentication, preferences, "
                "security, load_balancing, user_input, media_player."
            ],
            id="no purpose",
        ),
    ],
)
def test_lifetime_and_purposes(purposes, lifetime, mistakes):
    """A lifetime is held to the strictest of the purposes' limits, and each needs a purpose."""
    assert mistakes_of(purposes=purposes, lifetime=lifetime) == mistakes


@pytest.mark.parametrize(
    ("lifetime", "seconds"),
    [
        pytest.param(timedelta(milliseconds=1), "0.001", id="less than a second"),
        pytest.param(timedelta(seconds=1.5), "1.5", id="fraction of a second"),
    ],
)
def test_lifetime_is_whole_seconds(lifetime, seconds):
    """A lifetime that Max-Age can't express is refused."""
    assert mistakes_of(lifetime=lifetime) == [
        f"lifetime is {seconds} seconds. Use whole seconds above zero, or 'session'."
    ]


# --- Scope ---


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("", id="empty"),
        pytest.param("erp", id="relative"),
        pytest.param("/a;Domain=evil.example", id="semicolon"),
        pytest.param("/a\nb", id="line break"),
        pytest.param("/\u0416", id="no octet"),
        pytest.param("/\xe4", id="octet that browsers encode"),
        pytest.param("/a b", id="space"),
        pytest.param("/a?b=c", id="query"),
        pytest.param("/a#b", id="fragment"),
        pytest.param("/a\x7f", id="DEL"),
        pytest.param("/" + "a" * 1024, id="1025 octets"),
    ],
)
def test_unusable_path_is_refused(path):
    """A path that a browser would not take as written is refused."""
    assert mistakes_of(path=path) == [
        f"path is {path!r}. Begin with '/', and write it as browsers send it: percent-encoded, "
        "without ';', '?', '#' and spaces."
    ]


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/", id="root"),
        pytest.param("/" + "a" * 1023, id="1024 octets"),
        pytest.param("/%C3%A4%20b", id="percent-encoded"),
        pytest.param("/~user/a:b@c,d=e&f!$'()*+.<>[]^_`{|}\"\\", id="every mark"),
    ],
)
def test_usable_path_is_kept(path):
    """A path of up to 1024 bytes, as a browser sends it, is kept unchanged."""
    assert declare(path=path).path == path


@pytest.mark.parametrize(
    "domain",
    [
        pytest.param("", id="empty"),
        pytest.param("localhost", id="one label"),
        pytest.param("com", id="top-level domain"),
        pytest.param("192.0.2.1", id="IPv4 address"),
        pytest.param("::1", id="IPv6 address"),
        pytest.param("[::1]", id="IPv6 address in brackets"),
        pytest.param("0x7f.1", id="number for a top-level domain"),
        pytest.param("example.com:443", id="port"),
        pytest.param("https://example.com", id="URL"),
        pytest.param("*.example.com", id="wildcard"),
        pytest.param("example.com.", id="trailing dot"),
        pytest.param(".example..com", id="empty label"),
        pytest.param("-a.example", id="leading hyphen"),
        pytest.param("example.com; secure", id="attribute smuggled in"),
        pytest.param("example.com\n", id="line break"),
        pytest.param("ex\xe4mple.com", id="not punycode"),
        pytest.param("my_host.example", id="underscore"),
        pytest.param("a" * 64 + ".example", id="label above 63 octets"),
        pytest.param("a." * 600 + "example", id="attribute above 1024 octets"),
    ],
)
def test_unusable_domain_is_refused(domain):
    """A domain that no browser lets hosts share is refused."""
    assert mistakes_of(domain=domain) == [
        f"domain is {domain.removeprefix('.')!r}, which no browser accepts as one that hosts can "
        "share. Use a name with a dot such as 'example.com', or remove domain for a host-only "
        "cookie."
    ]


@pytest.mark.parametrize(
    ("changes", "mistakes"),
    [
        pytest.param({"samesite": "None", "partitioned": True}, [], id="partitioned"),
        pytest.param(
            {"partitioned": True},
            [
                "partitioned is true, but samesite is 'Lax', so no embedding site could use it. "
                'Set samesite = "None" or remove partitioned.'
            ],
            id="partitioned but Lax",
        ),
        pytest.param(
            {"samesite": "Stirct"},
            ["samesite is 'Stirct'. Use 'Strict', 'Lax' or 'None'."],
            id="misspelt",
        ),
        pytest.param(
            {"samesite": ""}, ["samesite is ''. Use 'Strict', 'Lax' or 'None'."], id="empty"
        ),
    ],
)
def test_samesite_and_partitioned(changes, mistakes):
    """SameSite is one of three words, and a partitioned cookie needs None."""
    assert mistakes_of(**changes) == mistakes


# --- Types ---


@pytest.mark.parametrize(
    ("key", "value", "mistake"),
    [
        pytest.param("name", 5, "name is 5. Use text.", id="name"),
        pytest.param("name", b"sid", "name is b'sid'. Use text.", id="name as octets"),
        pytest.param("path", None, "path is None. Use text.", id="path"),
        # None is absent everywhere else; here it must not become SameSite=None, the weakest.
        pytest.param("samesite", None, "samesite is None. Use text.", id="samesite"),
        pytest.param("domain", 1, "domain is 1. Use text or None.", id="domain"),
        pytest.param(
            "not_the_tracker", True, "not_the_tracker is True. Use text or None.", id="reason"
        ),
        pytest.param(
            "title",
            None,
            "title is None. Use text, or a mapping of language tags to texts.",
            id="title",
        ),
        pytest.param(
            "description",
            ["A"],
            "description is ['A']. Use text, or a mapping of language tags to texts.",
            id="description",
        ),
        pytest.param(
            "without_it",
            1,
            "without_it is 1. Use text, or a mapping of language tags to texts.",
            id="without it",
        ),
        pytest.param("purposes", None, "purposes is None. Use a tuple of purposes.", id="purposes"),
        pytest.param(
            "lifetime",
            3600,
            "lifetime is 3600. Use a timedelta, or None for the browser's session.",
            id="lifetime",
        ),
        # Any text is true and would switch HttpOnly off.
        pytest.param(
            "script_readable", "no", "script_readable is 'no'. Use True or False.", id="flag"
        ),
        pytest.param("partitioned", 1, "partitioned is 1. Use True or False.", id="number"),
    ],
)
def test_wrong_type_is_refused(key, value, mistake):
    """An argument of another type is refused with what it was and what to use."""
    with pytest.raises(PolicyError) as caught:
        declare(**{key: value})
    name = value if key == "name" else "sid"
    assert caught.value.mistakes == (f"Cookie {name!r}: {mistake}",)


def test_every_wrong_type_is_told_before_anything_else():
    """All arguments of a wrong type are reported at once, and no other mistake."""
    assert mistakes_of(path=None, partitioned="yes", title="", lifetime=1) == [
        "path is None. Use text.",
        "lifetime is 1. Use a timedelta, or None for the browser's session.",
        "partitioned is 'yes'. Use True or False.",
    ]


def test_purpose_of_another_type_is_refused():
    """What is no word in the list of purposes is refused like an unknown word."""
    (mistake,) = mistakes_of(purposes=[5])
    assert mistake.startswith("purpose '5' is not known. Known: session, ")


# --- Texts ---


@pytest.mark.parametrize("key", ["title", "description", "without_it"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(" \n", id="blank"),
        pytest.param({}, id="no language"),
        pytest.param({"en": "Words.", "de": ""}, id="one language empty"),
        pytest.param({"en": "Words.", "de": " "}, id="one language blank"),
        pytest.param({"en": 5}, id="no text"),
    ],
)
def test_empty_text_is_refused(key, text):
    """A text that visitors could not read is refused."""
    assert mistakes_of(**{key: text}) == [f"{key} is empty. Write it for visitors, in a sentence."]


# --- All at once ---


def test_all_mistakes_are_told_at_once():
    """An entry with a mistake of each kind raises one error that lists them in order."""
    with pytest.raises(PolicyError) as caught:
        declare(
            "__host-Sid",
            title="",
            purposes=["tracking", "security"],
            lifetime=timedelta(days=90),
            path="erp",
            domain="192.0.2.1",
            samesite="Any",
            partitioned=True,
        )
    assert caught.value.source is None
    assert str(caught.value) == "\n  - ".join(
        (
            "The policy has 9 mistakes:",
            "Cookie '__host-Sid': purpose 'tracking' is not strictly necessary and would need "
            "consent, which this library does not support. Remove the entry and what sets "
            "it.",
            "Cookie '__host-Sid': samesite is 'Any'. Use 'Strict', 'Lax' or 'None'.",
            "Cookie '__host-Sid': lifetime is 90 days, but a cookie for security may live at most "
            "30 days (WP194 section 3). Shorten it.",
            "Cookie '__host-Sid': path is 'erp'. Begin with '/', and write it as browsers send it: "
            "percent-encoded, without ';', '?', '#' and spaces.",
            "Cookie '__host-Sid': domain is '192.0.2.1', which no browser accepts as one that "
            "hosts can share. Use a name with a dot such as 'example.com', or remove domain for a "
            "host-only cookie.",
            "Cookie '__host-Sid': the prefix is spelt '__host-'; browsers treat it as __Host-. "
            "Spell it __Host-.",
            "Cookie '__host-Sid': domain is '192.0.2.1', but __Host- allows none (RFC 6265bis "
            "section 4.1.3). Remove domain or rename the cookie.",
            "Cookie '__host-Sid': path is 'erp', but __Host- allows / (RFC 6265bis section 4.1.3). "
            "Remove path or rename the cookie.",
            "Cookie '__host-Sid': title is empty. Write it for visitors, in a sentence.",
        )
    )


# --- Frozen ---


def test_cookie_is_frozen():
    """No attribute can be changed, added or removed afterwards."""
    cookie = declare()
    with pytest.raises(FrozenInstanceError):
        cookie.script_readable = True
    with pytest.raises(FrozenInstanceError):
        del cookie.path
    assert not hasattr(cookie, "__dict__")


@pytest.mark.parametrize("key", ["title", "description", "without_it"])
def test_texts_can_not_be_changed_afterwards(key):
    """A text that was checked stays what it was: neither its source nor the cookie changes it."""
    texts = {"en": "Session"}
    cookie = declare(**{key: texts})
    texts["en"] = ""
    kept = getattr(cookie, key)
    assert kept == {"en": "Session"}
    with pytest.raises(TypeError):
        kept["en"] = ""


def test_changed_copy_is_checked_again():
    """A copy made with dataclasses.replace is held to the same rules."""
    with pytest.raises(PolicyError):
        replace(declare(), path="erp")


@pytest.mark.parametrize(
    ("name", "is_pattern", "stem"),
    [
        pytest.param("sid", False, "sid", id="name"),
        pytest.param("draft_*", True, "draft_", id="pattern"),
    ],
)
def test_stem(name, is_pattern, stem):
    """A pattern's stem is the part in front of its star; a name's is the name."""
    cookie = declare(name)
    assert (cookie.is_pattern, cookie.stem) == (is_pattern, stem)
