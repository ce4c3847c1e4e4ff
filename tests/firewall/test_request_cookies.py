"""The reader: what the app may see of a field, told without a value or a stranger's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies import CookiePolicy
from strict_cookies.firewall import request_cookies as reader
from strict_cookies.firewall.request_cookies import CookieReader
from tests.policies import declare

POLICY = CookiePolicy(cookies=(declare("__Host-sid"), declare("csrf"), declare("pref_*")))


def read(field, **options):
    return CookieReader(POLICY, **options)(field)


@pytest.mark.parametrize(
    "field",
    [
        "csrf=1",
        "csrf=1; __Host-sid=2; pref_a=3",
        "csrf=1;__Host-sid=2",
        " csrf = 1 ;\t__Host-sid=2; ",
        "csrf=",
        'csrf="quoted"',
        "csrf=a b",
    ],
)
def test_clean_field_is_left_as_it_is(field):
    """Whatever white space a client writes, nothing is copied or changed."""
    assert read(field) is None


@pytest.mark.parametrize(
    ("field", "seen", "found", "sweepable"),
    [
        pytest.param("csrf=1; mine=2", "csrf=1", ["SC201 other"], [], id="stray"),
        pytest.param("_ga=1; _ga=2; csrf=1", "csrf=1", ["SC202 _ga"], ["_ga", "_ga"],
                     id="tracker twice"),
        pytest.param("_ga_X=1; _ga_Y=2", "", ["SC202 _ga_*"], ["_ga_X", "_ga_Y"], id="pattern"),
        pytest.param("csrf=1; csrf=1; pref_a=3", "pref_a=3", ["SC203 csrf"], ["csrf"], id="twice"),
        pytest.param("csrf=1; csrf=1; csrf=2", "", ["SC203 csrf"], ["csrf", "csrf"],
                     id="three times"),
        pytest.param("__host-sid=0; __Host-sid=1", "", ["SC201 other", "SC203 __Host-sid"],
                     ["__host-sid", "__Host-sid"], id="second spelling"),
        pytest.param("csrf; pref_a=1", "pref_a=1", ["SC204 csrf"], [], id="no equals sign"),
        pytest.param('csrf="a; pref_a=1', "pref_a=1", ["SC204 csrf"], [], id="open quote"),
        pytest.param('="a; csrf=1', "csrf=1", ["SC201 other"], [], id="nameless open quote"),
        pytest.param("=; csrf=1", "csrf=1", ["SC201 other"], [], id="nameless and empty"),
        pytest.param("csrf=1; a b=2", "csrf=1", ["SC201 other"], [], id="space in a name"),
        pytest.param("pref_a=1;pref_b=2; x", "pref_a=1; pref_b=2", ["SC201 other"], [],
                     id="no space behind a semicolon"),
    ],
)  # fmt: skip
def test_odd_field_is_cut(field, seen, found, sweepable):
    """What the application sees, what was found by known names only, and what may be swept."""
    left, findings, names = read(field)
    assert left == seen
    assert [f"{reason.id} {name}" for reason, name in findings] == found
    assert names == sweepable


@given(st.text(alphabet='ab_=;; "\\\t\xe9', max_size=32).map(lambda text: f"csrf=1; {text}; _ga=2"))
def test_form_of_the_white_space_changes_nothing(field):
    """What browsers write is read at a glance, and just as if each pair were looked at."""
    assert read(field) == read(field.replace("; ", " ;"))


def test_own_strays_and_all_strays_are_swept_where_wished():
    """Names that this application tried to set are told; others are swept only by choice."""
    for expires_all, expected in ((False, ["mine"]), (True, ["mine", "x"])):
        _, _, sweepable = read("mine=1; x=2", dropped={"mine"}, expires_all=expires_all)
        assert sweepable == expected


def test_field_above_its_bounds_counts_as_empty():
    """Nothing of it reaches the application, and undeclared names at its beginning can go."""
    left, findings, names = read("csrf=1; " + "; ".join(f"n{number}=1" for number in range(500)))
    assert (left, [reason.id for reason, _ in findings]) == ("", ["SC205"])
    assert names[:2] == ["n0", "n1"]


def test_names_that_are_kept_are_bounded(monkeypatch):
    """However many names under a tracker's pattern arrive, no more than the bound are kept."""
    monkeypatch.setattr(reader, "MAX_KNOWN", 3)
    read = CookieReader(POLICY)
    for number in range(10):
        _, findings, _ = read(f"_ga_{number}=1; mine_{number}=1; __x{number}=1")
        assert [name for _, name in findings] == ["_ga_*", "other"]
    assert [name for name, finding in read._names.items() if finding] == ["_ga_0", "_ga_1", "_ga_2"]
