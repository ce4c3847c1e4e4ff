"""Recipients of data from the server: required texts, and when a safeguard is required."""

from __future__ import annotations

import pytest

from strict_cookies.errors import PolicyError
from strict_cookies.policy.countries import COUNTRIES, HOME, OTHER_SPELLINGS
from strict_cookies.policy.recipient import Recipient

CLAUSES = "Standard contractual clauses"
NO_CODE = "Use two-letter codes of ISO 3166-1 such as 'DE', or 'EU'."


def mistakes_of(**options):
    """List what is wrong with an entry, without the words that name it."""
    entry = {
        "name": "Phone Ltd",
        "role": "Telephony",
        "data": "Phone numbers.",
        "purpose": "Calls with our support.",
        "country": "DE",
        **options,
    }
    try:
        Recipient(**entry)
    except PolicyError as error:
        return [mistake.partition(": ")[2] for mistake in error.mistakes]
    return []


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="one country"),
        pytest.param({"country": ["IE", "GB", "NO"]}, id="several at home"),
        pytest.param({"country": "EU"}, id="anywhere in the Union"),
        pytest.param({"country": "US", "safeguard": CLAUSES}, id="abroad with a safeguard"),
        pytest.param({"country": "CH", "safeguard": {"en": "Adequacy"}}, id="in each language"),
        pytest.param({"safeguard": "A contract"}, id="more than is needed"),
    ],
)
def test_recipient_is_accepted(options):
    """Within the EEA and the UK no safeguard is needed; elsewhere one is named."""
    assert mistakes_of(**options) == []


@pytest.mark.parametrize("code", sorted(COUNTRIES - HOME))
def test_country_abroad_needs_a_safeguard(code):
    """Any other country without a safeguard is refused, with what could be one."""
    (mistake,) = mistakes_of(country=["DE", code])
    assert mistake.startswith(f"country is {code}, outside the European Economic Area and ")
    assert "safeguard = " in mistake


@pytest.mark.parametrize(
    ("options", "mistakes"),
    [
        pytest.param({"country": "Germany"}, [f"country is 'Germany'. {NO_CODE}"], id="in words"),
        pytest.param(
            {"country": "de"}, [f"country is 'de'. {NO_CODE} Did you mean 'DE'?"], id="small"
        ),
        pytest.param(
            {"country": "UK"}, [f"country is 'UK'. {NO_CODE} Did you mean 'GB'?"], id="UK"
        ),
        pytest.param(
            {"country": ["USA", "XX"]},
            [f"country is 'USA'. {NO_CODE} Did you mean 'US'?", f"country is 'XX'. {NO_CODE}"],
            id="each, and nothing about a safeguard",
        ),
        pytest.param({"country": [5]}, [f"country is 5. {NO_CODE}"], id="number"),
        pytest.param(
            {"country": ()}, ["country is empty. Name at least one, for example 'DE'."], id="none"
        ),
        pytest.param({"country": None}, ["country is None. Use a code, or a tuple of codes."]),
        pytest.param(
            {"country": "US", "safeguard": " "},
            ["safeguard is empty. Write it for visitors, in a sentence."],
            id="blank safeguard",
        ),
        pytest.param(
            {"name": "a\u202eb", "role": {}, "data": "", "purpose": {"en": " "}},
            [
                "invalid name. Use 1 to 128 printable characters.",
                "role is empty. Write it for visitors, in a sentence.",
                "data is empty. Write it for visitors, in a sentence.",
                "purpose is empty. Write it for visitors, in a sentence.",
            ],
            id="all at once",
        ),
        pytest.param(
            {"name": None, "role": 1, "safeguard": True},
            [
                "name is None. Use text.",
                "role is 1. Use text, or a mapping of language tags to texts.",
                "safeguard is True. Use text, or a mapping of language tags to texts, or None.",
            ],
            id="types",
        ),
    ],
)
def test_what_an_entry_may_not_say(options, mistakes):
    """Codes are valid, texts are not empty, and every mistake is reported at once."""
    assert mistakes_of(**options) == mistakes


def test_codes_are_complete():
    """There are 249 countries and the Union, of which 30 and the UK need no safeguard."""
    assert len(COUNTRIES) == 249 + 1
    assert len(HOME) == 30 + 1 + 1
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)
    assert COUNTRIES.issuperset(OTHER_SPELLINGS.values())
    assert COUNTRIES.isdisjoint(OTHER_SPELLINGS)
