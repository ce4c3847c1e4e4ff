"""How entries become a policy, who operates the site, and how a name finds its entry."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strict_cookies.errors import PolicyError
from strict_cookies.policy.entry import text_in
from strict_cookies.policy.external_origin import ExternalOrigin
from strict_cookies.policy.policy import CookiePolicy
from strict_cookies.policy.recipient import Recipient
from strict_cookies.policy.site import Site
from tests.policies import declare, keep, prefer

# --- Texts ---


@pytest.mark.parametrize(
    ("text", "language", "default", "picked"),
    [
        pytest.param("one", "de", "en", "one", id="one text"),
        pytest.param({"en": "one", "de": "eins"}, "de", "en", "eins", id="wanted"),
        pytest.param({"en": "one", "de": "eins"}, "fr", "de", "eins", id="default"),
        pytest.param({"fi": "yksi", "sv": "ett"}, "fr", "en", "yksi", id="first there is"),
        pytest.param({}, "en", "en", "", id="none"),
    ],
)
def test_text_in_language(text, language, default, picked):
    """A text is picked in the wanted language, the default one, or the first there is."""
    assert text_in(text, language, default) == picked


# --- Site ---


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="none"),
        pytest.param("/", id="root"),
        pytest.param("/privacy#cookies", id="path"),
        pytest.param("https://example.com/privacy", id="https"),
    ],
)
def test_privacy_url_is_kept(url):
    """A privacy notice is on the site itself or on https."""
    assert Site(privacy_url=url).privacy_url == url


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("javascript:alert(1)", id="script"),
        pytest.param("//evil.example", id="without scheme"),
        pytest.param("http://example.com", id="plain http"),
        pytest.param("privacy", id="relative"),
        pytest.param("HTTPS://example.com", id="capitals"),
        pytest.param(" /privacy", id="space"),
        pytest.param(
            "/\\evil.example",
            id="backslash, which browsers take for a slash",
        ),
    ],
)
def test_odd_privacy_url_is_refused(url):
    """An address that could run a script or lead to plain http is refused."""
    with pytest.raises(PolicyError) as caught:
        Site(privacy_url=url)
    assert caught.value.mistakes == (
        f"[site]: privacy_url is {url!r}. Write a path on this site such as '/privacy', or an "
        "https URL.",
    )


# --- Frozen ---


@pytest.mark.parametrize(
    ("value", "key"),
    [
        pytest.param(Site(), "name", id="site"),
        pytest.param(CookiePolicy(), "transport", id="policy"),
    ],
)
def test_policy_is_frozen(value, key):
    """No attribute can be changed, added or removed afterwards."""
    with pytest.raises(FrozenInstanceError):
        setattr(value, key, True)
    with pytest.raises(FrozenInstanceError):
        delattr(value, key)
    assert not hasattr(value, "__dict__")


def test_index_can_not_be_written_to():
    """The look-up by name refuses an entry that was never checked."""
    policy = CookiePolicy(cookies=[declare("sid")])
    with pytest.raises(TypeError):
        policy.exact["evil"] = declare("evil")
    assert policy.find("evil") is None


# --- Policies ---


def test_policy_keeps_order_and_compares_by_content():
    """A policy keeps its entries in order, and equals another with the same, wherever from."""
    cookies = [declare("b"), declare("a")]
    policy = CookiePolicy(cookies=cookies, source="cookies.toml")
    cookies.clear()
    assert [cookie.name for cookie in policy.cookies] == ["b", "a"]
    assert policy == CookiePolicy(cookies=(declare("b"), declare("a")))
    assert policy != CookiePolicy(cookies=(declare("a"), declare("b")))


def test_repeated_names_are_all_told():
    """Two entries of one name are refused, each name once; case and star make another name."""
    names = ["b", "a", "a", "b", "a", "abc", "abc*", "ABC"]
    with pytest.raises(PolicyError) as caught:
        CookiePolicy(cookies=[declare(name) for name in names], source="here.toml")
    assert str(caught.value) == (
        "here.toml has 2 mistakes:\n"
        "  - Cookie 'a' is declared more than once. Keep one entry.\n"
        "  - Cookie 'b' is declared more than once. Keep one entry."
    )
    assert caught.value.source == "here.toml"


@pytest.mark.parametrize(
    "transport",
    [
        pytest.param("HTTPS", id="capitals"),
        pytest.param("http", id="http"),
        pytest.param(None, id="None"),
        pytest.param(["https"], id="list"),
    ],
)
def test_unknown_transport_is_refused(transport):
    """A transport that is none of the two is refused, so that Secure is never lost by mistake."""
    with pytest.raises(PolicyError) as caught:
        CookiePolicy(cookies=[declare("sid")], transport=transport, source="here.toml")
    assert caught.value.mistakes == (f"transport is {transport!r}. Use 'https' or 'plain-http'.",)
    assert caught.value.source == "here.toml"


def test_load_reads_a_file(tmp_path):
    """CookiePolicy.load returns the policy of a file and its path."""
    path = tmp_path / "cookies.toml"
    path.write_text("[site]\nname = 'Shop'\n")
    policy = CookiePolicy.load(path)
    assert policy == CookiePolicy(site=Site(name="Shop"))
    assert policy.source == str(path)


# --- Looking up ---

PRECEDENCE = CookiePolicy(
    cookies=[
        declare("app*", title="short"),
        declare("app_user*", title="long"),
        declare("app_user_id", title="exact"),
        declare("__Host-app*", title="prefixed"),
    ]
)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        pytest.param("app_user_id", "exact", id="exact beats patterns"),
        pytest.param("app_user_ids", "long", id="longer pattern beats shorter"),
        pytest.param("app_user", "long", id="pattern without more"),
        pytest.param("app_use", "short", id="shorter pattern"),
        pytest.param("app", "short", id="stem alone"),
        pytest.param("__Host-app-1", "prefixed", id="prefixed pattern"),
        pytest.param("ap", None, id="shorter than any stem"),
        pytest.param("App_user", None, id="case counts"),
        pytest.param("__host-app-1", None, id="case of a prefix counts"),
        pytest.param("xapp", None, id="not at the start"),
        pytest.param("", None, id="empty"),
        pytest.param("app user", None, id="pattern covers tokens only"),
        pytest.param("app;Path=/", None, id="no attribute smuggled in"),
        pytest.param("app\n", None, id="no line break"),
        pytest.param("app*", "short", id="star is a token character"),
    ],
)
def test_find_precedence(name, title):
    """An exact name beats a pattern, a longer pattern a shorter one, and case counts."""
    found = PRECEDENCE.find(name)
    assert (found and found.title) == title
    assert PRECEDENCE.declares(name) is (title is not None)


def test_pattern_never_covers_a_tracker():
    """A pattern admits no known tracker; an entry of the full name with a reason does."""
    policy = CookiePolicy(cookies=[declare("mp_shop_*")])
    assert policy.find("mp_shop_1") is policy.cookies[0]
    for name in ("mp_shop_1_mixpanel", "mp_shop_2_mixpanel"):
        assert policy.find(name) is None
        assert not policy.declares(name)
    named = declare("mp_shop_1_mixpanel", not_the_tracker="Our own mixing desk.")
    policy = policy.with_cookie(named)
    assert policy.find("mp_shop_1_mixpanel") is named
    assert policy.find("mp_shop_2_mixpanel") is None


def test_exact_entries_alone_are_found_without_patterns():
    """A policy without patterns finds its names, and nothing that only begins alike."""
    policy = CookiePolicy(cookies=[declare("a"), declare("b")])
    assert [policy.find(name) for name in ("a", "b", "c", "aa", "")] == [
        *policy.cookies,
        *(None,) * 3,
    ]
    assert [policy.declares(name) for name in ("a", "b", "c", "aa", "")] == [
        *(True,) * 2,
        *(False,) * 3,
    ]


@settings(deadline=None)
@given(st.text(st.sampled_from("ab_-*; ="), max_size=8))
def test_find_agrees_with_a_plain_search(name):
    """Look-up returns the same as a search of all entries in the documented order."""
    policy = CookiePolicy(
        cookies=[declare(entry) for entry in ("aaa*", "aaab*", "a", "aaab", "bbb*", "b_a")]
    )
    fitting = [
        cookie
        for cookie in policy.cookies
        if cookie.name == name
        or (cookie.is_pattern and name.startswith(cookie.stem) and not set(name) & set("; ="))
    ]
    fitting.sort(key=lambda cookie: (cookie.is_pattern, -len(cookie.stem)))
    assert policy.find(name) == (fitting[0] if fitting else None)
    assert policy.declares(name) is bool(fitting)


def test_thousand_entries():
    """A thousand entries and as many patterns are each returned for their own name."""
    cookies = [declare(f"cookie_{number:04}") for number in range(1000)]
    patterns = [declare(f"pattern_{number:04}_*") for number in range(1000)]
    policy = CookiePolicy(cookies=cookies + patterns)
    assert [policy.find(cookie.name) for cookie in cookies] == cookies
    assert [policy.find(f"{pattern.stem}x") for pattern in patterns] == patterns
    assert policy.find("cookie_1000") is None
    assert len(policy.exact) == 1000


def test_with_cookie_comes_first_and_changes_nothing_else():
    """A further cookie comes first in a new policy; an entry of its very name stays alone."""
    policy = CookiePolicy(
        cookies=[declare("b"), declare("abc*")],
        site=Site(name="Shop"),
        transport="plain-http",
        source="cookies.toml",
    )
    added = policy.with_cookie(declare("a"))
    assert added == CookiePolicy(
        cookies=[declare("a"), declare("b"), declare("abc*")],
        site=Site(name="Shop"),
        transport="plain-http",
    )
    assert added.source == "cookies.toml"
    assert added.find("a") is added.cookies[0]
    assert policy.with_cookie(declare("b", title="Other")) is policy
    covered = policy.with_cookie(declare("abcd"))
    assert [cookie.name for cookie in covered.cookies] == ["abcd", "b", "abc*"]
    assert covered.find("abcd") is covered.cookies[0]


def test_policy_survives_pickling_and_copying():
    """Worker processes get an equal policy, texts in several languages included."""
    policy = CookiePolicy(cookies=(declare("a", title={"en": "A", "de": "B"}), declare("b-long-*")))
    for copied in (pickle.loads(pickle.dumps(policy)), copy.deepcopy(policy)):
        assert copied == policy
        assert copied.find("b-long-1").name == "b-long-*"


# --- Third parties, storage and preferences ---


def recipient(name="Maps Ltd"):
    """Make a recipient with texts that no test looks at."""
    return Recipient(name=name, role="Maps", data="Addresses.", purpose="Maps.", country="DE")


def admit(origin, recipient="Maps Ltd"):
    """Make an external origin with texts that no test looks at."""
    return ExternalOrigin(origin=origin, kinds=("image",), reason="Maps.", recipient=recipient)


def test_policy_gives_sources_for_the_headers():
    """What the external origins open is there, by directive, and can't be written to."""
    policy = CookiePolicy(
        recipients=[recipient()], external_origins=[admit("https://maps.example.com")]
    )
    assert policy.csp_sources == {"img-src": ("https://maps.example.com",)}
    with pytest.raises(TypeError):
        policy.csp_sources["script-src"] = ("https://evil.example",)


def test_policy_keeps_what_it_declares_beside_cookies():
    """A policy keeps its entries in order; copied, pickled or with one cookie more they stay."""
    policy = CookiePolicy(
        recipients=[recipient("B"), recipient("A")],
        external_origins=[admit("https://maps.example.com", "A")],
        storage=[keep("draft"), keep("draft", kind="session", lifetime=None)],
        preferences=[prefer("theme"), prefer("rows")],
    )
    assert [one.name for one in policy.recipients] == ["B", "A"]
    assert [one.name for one in policy.preferences] == ["theme", "rows"]
    assert [one.kind for one in policy.storage] == ["local", "session"]
    assert copy.deepcopy(policy) == pickle.loads(pickle.dumps(policy)) == policy
    more = policy.with_cookie(declare("sid"))
    assert more.storage == policy.storage
    assert more.csp_sources == policy.csp_sources


def test_repeated_entries_are_all_told():
    """Two entries of any kind with the same name are refused, and reported once."""
    with pytest.raises(PolicyError) as caught:
        CookiePolicy(
            recipients=[recipient(), recipient()],
            external_origins=[admit("https://A.example"), admit("https://a.example:443")],
            storage=[keep("draft"), keep("draft")],
            preferences=[prefer("theme"), prefer("theme")],
        )
    assert caught.value.mistakes == (
        "Recipient 'Maps Ltd' is declared more than once. Keep one entry.",
        "External origin 'https://a.example' is declared more than once. Keep one entry.",
        "Storage 'draft' is declared more than once. Keep one entry.",
        "Preference 'theme' is declared more than once. Keep one entry.",
    )


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("Maps Ldt", "Did you mean 'Maps Ltd'?", id="near miss"),
        pytest.param("Nobody", "Add the entry that says who gets data there.", id="unknown"),
    ],
)
def test_unknown_recipient_is_refused(name, hint):
    """No origin is admitted to a page without an entry for its recipient."""
    with pytest.raises(PolicyError) as caught:
        CookiePolicy(
            recipients=[recipient()], external_origins=[admit("https://maps.example.com", name)]
        )
    assert caught.value.mistakes == (
        f"External origin 'https://maps.example.com': recipient is {name!r}, but no [[recipient]] "
        f"has that name. {hint}",
    )
