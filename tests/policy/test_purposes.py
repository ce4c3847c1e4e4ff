"""Which purposes there are, how long each may last, and what other words become."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies.policy.purposes import (
    A_FEW_HOURS,
    ALSO_KNOWN_AS,
    LIMITED,
    NEEDS_CONSENT,
    Purpose,
    parse_purpose,
    strictest_limit,
)

KNOWN = (
    "Known: session, authentication, preferences, security, load_balancing, user_input, "
    "media_player."
)


@pytest.mark.parametrize(
    ("word", "limit", "scenario", "criterion", "label"),
    [
        pytest.param("session", None, "1", "B", "Session management", id="session"),
        pytest.param(
            "authentication", None, "2", "B", "Login and authentication", id="authentication"
        ),
        pytest.param(
            "preferences",
            timedelta(hours=4),
            "6",
            "B",
            "Preferences within the session",
            id="preferences",
        ),
        pytest.param("security", timedelta(days=30), "3", "B", "Security", id="security"),
        pytest.param("load_balancing", None, "5", "A", "Load balancing", id="load balancing"),
        pytest.param(
            "user_input", timedelta(hours=4), "1", "B", "What you typed in", id="user input"
        ),
        pytest.param("media_player", None, "4", "B", "Playing media", id="media player"),
    ],
)
def test_purpose_carries_its_law(word, limit, scenario, criterion, label):
    """Each purpose has the limit, the WP194 scenario, the exemption and the label it relies on."""
    purpose = parse_purpose(word)
    assert (purpose.limit, purpose.scenario, purpose.criterion, purpose.label) == (
        limit,
        scenario,
        criterion,
        label,
    )


def test_every_purpose_is_in_the_table():
    """No purpose is without limit, scenario and label, and a purpose is its own word."""
    for purpose in Purpose:
        assert parse_purpose(purpose.value) is purpose
        assert parse_purpose(purpose) is purpose
        assert purpose.label
        assert purpose.scenario
        assert purpose.limit is None or timedelta(0) < purpose.limit <= LIMITED
    assert len(Purpose) == 7
    assert timedelta(hours=4) == A_FEW_HOURS


@pytest.mark.parametrize(
    ("word", "message"),
    [
        pytest.param(
            "analytics",
            "purpose 'analytics' is not strictly necessary and would need consent, which this "
            "library does not support. Remove the entry and what sets it.",
            id="needs consent",
        ),
        pytest.param(
            " Marketing ",
            "purpose ' Marketing ' is not strictly necessary and would need consent, which this "
            "library does not support. Remove the entry and what sets it.",
            id="needs consent, other spelling",
        ),
        pytest.param(
            "csrf",
            f"purpose 'csrf' is not known. Did you mean 'security'? {KNOWN}",
            id="another word for one of ours",
        ),
        pytest.param(
            "Session",
            f"purpose 'Session' is not known. Did you mean 'session'? {KNOWN}",
            id="capital",
        ),
        pytest.param(
            "load-balancing",
            f"purpose 'load-balancing' is not known. Did you mean 'load_balancing'? {KNOWN}",
            id="dash",
        ),
        pytest.param("necessary", f"purpose 'necessary' is not known. {KNOWN}", id="unknown"),
        pytest.param(
            "functional",
            f"purpose 'functional' is not known. {KNOWN}",
            id="a word for anything hints at nothing",
        ),
        pytest.param("", f"purpose '' is not known. {KNOWN}", id="empty"),
    ],
)
def test_other_word_is_refused_with_a_hint(word, message):
    """A word that is not a purpose is refused, and the message says what to write or remove."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_purpose(word)


@pytest.mark.parametrize("word", sorted(NEEDS_CONSENT))
def test_word_for_consent_is_never_a_purpose(word):
    """No word that needs consent is accepted, or led to one of our purposes."""
    assert word not in ALSO_KNOWN_AS
    with pytest.raises(ValueError, match="would need consent"):
        parse_purpose(word)


@pytest.mark.parametrize(("word", "purpose"), sorted(ALSO_KNOWN_AS.items()))
def test_known_other_word_is_hinted(word, purpose):
    """Each word in the list of other words is refused with the purpose it means."""
    with pytest.raises(ValueError, match=rf"Did you mean '{purpose.value}'\?"):
        parse_purpose(word)


@given(st.text())
def test_any_word_is_read_or_refused(word):
    """Any text is a purpose exactly as spelt, or a ValueError."""
    try:
        purpose = parse_purpose(word)
    except ValueError:
        return
    assert purpose.value == word


@pytest.mark.parametrize(
    ("purposes", "limit"),
    [
        pytest.param([Purpose.SECURITY], timedelta(days=30), id="one"),
        pytest.param([Purpose.SESSION], None, id="session"),
        pytest.param([Purpose.SECURITY, Purpose.PREFERENCES], timedelta(hours=4), id="the shorter"),
        pytest.param(
            [Purpose.PREFERENCES, Purpose.SECURITY], timedelta(hours=4), id="whatever the order"
        ),
        pytest.param([Purpose.SECURITY, Purpose.AUTHENTICATION], None, id="session beats all"),
        pytest.param(list(Purpose), None, id="all"),
    ],
)
def test_strictest_limit_holds(purposes, limit):
    """A cookie with several purposes may live as long as the strictest of them allows."""
    assert strictest_limit(tuple(purposes)) == limit


@given(st.lists(st.sampled_from(Purpose), min_size=1), st.sampled_from(Purpose))
def test_further_purpose_never_lengthens(purposes, further):
    """Stating one purpose more never allows a longer life."""
    before = strictest_limit(tuple(purposes))
    after = strictest_limit((*purposes, further))
    assert after is None or (before is not None and after <= before)
