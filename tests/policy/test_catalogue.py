"""What the catalogue knows, and how a name finds its entry."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies._util.durations import read_duration
from strict_cookies.policy.catalogue import (
    Category,
    NameIndex,
    Tracker,
    find_certain_tracker,
    find_framework_cookie,
    find_tracker,
    find_tracker_host,
    framework_cookies,
    is_known_tracker,
    load_catalogue,
    trackers_with_prefix,
)
from strict_cookies.policy.cookie import DeclaredCookie
from strict_cookies.policy.purposes import Purpose

TRACKERS = load_catalogue().trackers.entries
FRAMEWORKS = load_catalogue().frameworks.entries
PREFIXES = [entry.name[:-1] for entry in TRACKERS if entry.name.endswith("*")]
CUT_SHORT = [prefix[:-1] for prefix in PREFIXES]
AMBIGUOUS = [entry.name for entry in TRACKERS if entry.ambiguous]


def _id(entry):
    return entry.name


# --- Trackers ---


@pytest.mark.parametrize(
    ("cookie_name", "vendor", "category", "pattern"),
    [
        pytest.param("_ga", "Google Analytics", "analytics", "_ga", id="exact"),
        pytest.param("_ga_", "Google Analytics", "analytics", "_ga_*", id="prefix, empty rest"),
        pytest.param("_ga_G-1AB", "Google Analytics", "analytics", "_ga_*", id="prefix"),
        pytest.param("_pk_id.1.fff", "Matomo or Piwik PRO", "analytics", "_pk_id.*", id="dot"),
        pytest.param("mp_a1_mixpanel", "Mixpanel", "analytics", "mp_*_mixpanel", id="inner star"),
        pytest.param("mp__mixpanel", "Mixpanel", "analytics", "mp_*_mixpanel", id="inner, empty"),
        pytest.param("ph_a\n_posthog", "PostHog", "analytics", "ph_*_posthog", id="line break"),
        pytest.param("FPID", "Google Analytics", "analytics", "FPID", id="server-side analytics"),
        pytest.param("_fbp", "Meta", "marketing", "_fbp", id="Meta"),
        pytest.param("datr", "Meta", "operations", "datr", id="not simply marketing"),
        pytest.param("li_gc", "LinkedIn", "choice", "li_gc", id="choice"),
        pytest.param("__hs_opt_out", "HubSpot", "choice", "__hs_opt_out", id="opt-out"),
        pytest.param("crisp-client/session/1", "Crisp", "support", "crisp-client/*", id="slash"),
    ],
)
def test_tracker_is_found(cookie_name, vendor, category, pattern):
    """A known name returns its vendor, its category and the pattern that matches."""
    found = find_tracker(cookie_name)
    assert found is not None
    assert (found.vendor, found.category, found.name) == (vendor, category, pattern)


@pytest.mark.parametrize(
    "cookie_name",
    ["", "session", "__Host-csrf", "_GA", "_g", "x_ga", "_hubspot", "mp_mixpanel", "mp_1_other"],
)
def test_unknown_name_is_no_tracker(cookie_name):
    """A name that only resembles a tracker's, in another case for example, is not one."""
    assert find_tracker(cookie_name) is None
    assert not is_known_tracker(cookie_name)


def test_case_tells_names_apart():
    """``UID`` and ``uid`` belong to different vendors."""
    upper, lower = find_tracker("UID"), find_tracker("uid")
    assert upper is not None
    assert lower is not None
    assert (upper.vendor, lower.vendor) == ("comScore", "Criteo")


@pytest.mark.parametrize(
    ("cookie_name", "pattern"),
    [
        ("ab", "ab"),
        ("ab.c.d", "ab.c.d"),
        ("ab.x", "ab.*"),
        ("ab.c.", "ab.c.*"),
        ("ab.c.e", "ab.c.*"),
        ("ab.end", "ab.*"),
        ("abc", "a*c"),
        ("acc", "a*c"),
        ("ac", "a*c"),
        ("add", "a*d"),
        ("abx", None),
        ("a", None),
        ("", None),
    ],
)
def test_exact_beats_prefix_beats_inner_star(cookie_name, pattern):
    """An exact name wins, then the longest prefix, then a pattern with the star inside."""
    names = ["a*c", "a*d", "ab.*", "ab", "ab.c.*", "ab.c.d", "a*end"]
    index = NameIndex(Tracker(name=name, vendor="v", category=Category.ANALYTICS) for name in names)
    found = index.find(cookie_name)
    assert (found and found.name) == pattern


def test_index_of_nothing_finds_nothing():
    """An empty index answers None, for the empty name too."""
    index: NameIndex[Tracker] = NameIndex([])
    assert index.find("") is None
    assert index.find("_ga") is None


@given(prefix=st.sampled_from(PREFIXES), rest=st.text())
def test_every_prefix_covers_every_rest(prefix, rest):
    """A name that begins like a pattern finds it, or an entry that fits more of the name."""
    found = find_tracker(prefix + rest)
    assert found is not None
    stem = found.name.removesuffix("*")
    assert len(stem) >= len(prefix)
    assert (prefix + rest).startswith(stem)


@given(cookie_name=st.text() | st.text().map("_{}_session".format) | st.sampled_from(CUT_SHORT))
def test_any_text_can_be_asked_about(cookie_name):
    """No text raises, and a name is never both a known tracker's and a framework's."""
    framework = find_framework_cookie(cookie_name)
    assert not (is_known_tracker(cookie_name) and framework)
    assert find_tracker(cookie_name) or not is_known_tracker(cookie_name)


@pytest.mark.parametrize("tracker", TRACKERS, ids=_id)
def test_every_tracker_finds_itself(tracker):
    """No entry hides another: each name, and each pattern used as a name, matches its own entry."""
    assert find_tracker(tracker.name) is tracker


@pytest.mark.parametrize("cookie_name", AMBIGUOUS)
def test_ambiguous_name_is_found_but_decides_nothing(cookie_name):
    """A name that is too generic is a hint, but not a known tracker's."""
    found = find_tracker(cookie_name)
    assert found is not None
    assert found.ambiguous
    assert not is_known_tracker(cookie_name)


def test_generic_names_are_ambiguous():
    """The names that any application could choose are all marked."""
    generic = "fr sb SM MR UID uid mc sp i A3 audit mbox is_unique is_returning _cb"
    assert {*generic.split(), "lpv*", "AMP_TOKEN", "AMP_*"} == set(AMBIGUOUS)


@pytest.mark.parametrize("cookie_name", ["li_gc", "cjConsent", "__hs_opt_out", "__hs_do_not_track"])
def test_remembered_choice_is_no_known_tracker(cookie_name):
    """A cookie that remembers a choice about tracking is not expired as a known tracker."""
    assert not is_known_tracker(cookie_name)


@pytest.mark.parametrize("cookie_name", ["_ga", "_ga_X", "mp_1_mixpanel", "_fbp", "NREUM", "lidc"])
def test_distinctive_name_is_known_tracker(cookie_name):
    """A distinctive name is enough in every category except choice."""
    assert is_known_tracker(cookie_name)


def test_certain_tracker_is_told_by_the_catalogues_own_name():
    """The pattern is returned instead of the name; an ambiguous name returns None."""
    names = ["sid", "_ga", "UID", "li_gc", "_ga_G-1", "", "_", "_ga", "_gax"]
    found = [find_certain_tracker(name) for name in names]
    assert found == [None, "_ga", None, None, "_ga_*", None, None, "_ga", None]


@pytest.mark.parametrize(
    ("stem", "names"),
    [
        pytest.param("_ga_", ["_ga_*"], id="a pattern's own stem"),
        pytest.param("_ga_G", ["_ga_G"], id="below a pattern"),
        pytest.param("mp_", ["mp_*_mixpanel"], id="before an inner star"),
        pytest.param("lpv", [], id="ambiguous pattern"),
        pytest.param("li_gc", [], id="remembered choice"),
        pytest.param("mine_", [], id="nothing"),
    ],
)
def test_trackers_under_a_stem(stem, names):
    """The certain trackers that a pattern of the site's own would cover are listed."""
    assert trackers_with_prefix(stem) == names


def test_trackers_under_a_short_stem_are_all_listed():
    """Each certain tracker that begins with a text is listed, in the order of the file."""
    found = trackers_with_prefix("_ga")
    assert found[0] == "_ga"
    assert "_ga_*" in found
    assert all(name.startswith("_ga") for name in found)


# --- Hosts ---


@pytest.mark.parametrize(
    ("host", "found"),
    [
        pytest.param("google-analytics.com", "google-analytics.com", id="the host itself"),
        pytest.param("region1.google-analytics.com", "google-analytics.com", id="below it"),
        pytest.param("WWW.GoogleTagManager.com.", "googletagmanager.com", id="case, trailing dot"),
        pytest.param("connect.facebook.net", "facebook.net", id="Meta"),
        pytest.param("a.b.c.hotjar.com", "hotjar.com", id="far below"),
        pytest.param("bat.bing.com", "bat.bing.com", id="one host of many"),
    ],
)
def test_tracker_host_is_found(host, found):
    """A known host covers itself and every host below it."""
    assert find_tracker_host(host).host == found


@pytest.mark.parametrize(
    "host",
    ["", ".", "com", "nothotjar.com", "hotjar.com.example", "www.bing.com", "google.com", "\x00"],
)
def test_other_host_is_no_tracker(host):
    """A host that only looks alike, and one that serves something else too, is none."""
    assert find_tracker_host(host) is None


@given(st.text())
def test_any_text_can_be_asked_about_as_a_host(host):
    """Any text returns an entry that it ends with, or None."""
    found = find_tracker_host(host)
    assert found is None or host.lower().rstrip(".").endswith(found.host)


# --- Frameworks ---


@pytest.mark.parametrize(
    ("cookie_name", "set_by"),
    [
        ("session", "Flask"),
        ("remember_token", "Flask-Login"),
        (".AspNetCore.Antiforgery.x1", "ASP.NET Core"),
        ("_shop_session", "Ruby on Rails"),
        ("BIGipServerpool", "F5 BIG-IP"),
    ],
)
def test_framework_cookie_is_found(cookie_name, set_by):
    """A framework's name or pattern returns its entry."""
    found = find_framework_cookie(cookie_name)
    assert found is not None
    assert found.set_by == set_by


@pytest.mark.parametrize("cookie_name", ["", "Session", "_session", "_parsely_session", "_ga"])
def test_other_name_is_no_framework_cookie(cookie_name):
    """Another case, a part of a pattern or a tracker that fits one is no framework's cookie."""
    assert find_framework_cookie(cookie_name) is None


@pytest.mark.parametrize("cookie", FRAMEWORKS, ids=_id)
def test_no_framework_cookie_is_a_known_tracker(cookie):
    """No name is in both lists, and the name of every framework entry matches it."""
    assert not is_known_tracker(cookie.name)
    assert find_framework_cookie(cookie.name) is cookie


@pytest.mark.parametrize("cookie", FRAMEWORKS, ids=_id)
def test_framework_cookie_can_be_declared_as_it_is(cookie):
    """Purposes are known, the lifetime is within their limit, and the texts are there."""
    assert set(cookie.purposes) <= set(Purpose)
    DeclaredCookie(
        name=re.sub(r"\*(?=.)", "app", cookie.name),
        title=cookie.title,
        purposes=cookie.purposes,
        description=cookie.description,
        without_it=cookie.without_it,
        lifetime=None if cookie.lifetime == "session" else read_duration(cookie.lifetime),
        script_readable=cookie.script_readable,
    )


@pytest.mark.parametrize("cookie", FRAMEWORKS, ids=_id)
def test_visitors_get_whole_sentences(cookie):
    """What visitors read is one sentence each, under a title without a full stop."""
    for sentence in (cookie.description, cookie.without_it):
        assert re.fullmatch(r"[A-Z].*[^.]\.", sentence)
        assert ". " not in sentence
    assert not cookie.title.endswith(".")


def test_script_readable_cookies_are_the_double_submit_ones():
    """Only form protection that scripts copy, and what scripts set, goes without HttpOnly."""
    assert {cookie.name for cookie in FRAMEWORKS if cookie.script_readable} == {
        "csrf_access_token",
        "csrf_refresh_token",
        "csrf_token",
        "csrftoken",
        "XSRF-TOKEN",
        "__stripe_mid",
        "__stripe_sid",
    }


def test_cookies_of_load_balancers_have_no_distribution():
    """What is added in front of the application comes from no Python package."""
    added = [cookie for cookie in FRAMEWORKS if "load_balancing" in cookie.purposes]
    assert {"AWSALB", "BIGipServer*"} <= {cookie.name for cookie in added}
    assert not any(cookie.distributions for cookie in added)


@pytest.mark.parametrize(
    ("distributions", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param(["flask-wtf", "requests"], [], id="set no cookie"),
        pytest.param(["flask-login", "flask"], ["session", "remember_token"], id="file order"),
        pytest.param({"Flask_Login"}, ["remember_token"], id="spelling"),
        pytest.param(["Flask-Security"], ["tf_validity"], id="one of two names"),
        pytest.param(["flask-security", "flask-security-too"], ["tf_validity"], id="both names"),
    ],
)
def test_distributions_give_their_cookies(distributions, expected):
    """Installed distributions, in any spelling, return their cookies in the order of the file."""
    assert [cookie.name for cookie in framework_cookies(distributions)] == expected


def test_persistent_login_is_offered_for_the_session_only():
    """A remembered login is not exempt, so the entry's lifetime is the session."""
    found = find_framework_cookie("remember_token")
    assert found is not None
    assert found.lifetime == "session"


def test_importing_reads_no_data():
    """Import neither reads the file nor loads a TOML reader; the first question does, once."""
    script = """
import sys
before = set(sys.modules)
from strict_cookies.policy import catalogue
loaded = set(sys.modules) - before
assert not loaded & {"tomllib", "importlib.resources", "flask"}, loaded
assert catalogue.load_catalogue.cache_info().currsize == 0
assert catalogue.is_known_tracker("_ga") and not catalogue.is_known_tracker("session")
assert catalogue.load_catalogue.cache_info().misses == 1
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
