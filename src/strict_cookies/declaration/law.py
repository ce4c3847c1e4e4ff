"""
The exemptions that the site relies on, in the law of the jurisdictions that it declares.

This is not a legal verdict: it names what the operator relies on, so that a reader can compare.

Source: ePrivacy Directive 2002/58/EC Article 5(3) with WP194 (European Union); PECR regulation 6
and Schedule A1 as of the Data (Use and Access) Act 2025 (United Kingdom); CNIL, recommendation of
17 September 2020 (France).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

from ..policy.purposes import Purpose

#: The values of ``[site] jurisdictions`` whose law is known here.
KNOWN_JURISDICTIONS = ("EU", "UK", "FR")

UkException = Literal["communication", "strictly_necessary", "appearance"]
CnilItem = Literal["authentication", "basket", "interface", "load_balancing"]

#: The exception of Schedule A1 that each purpose compares with.
UK_EXCEPTIONS: Mapping[Purpose, UkException] = {
    Purpose.SESSION: "strictly_necessary",
    Purpose.AUTHENTICATION: "strictly_necessary",
    Purpose.PREFERENCES: "appearance",
    Purpose.SECURITY: "strictly_necessary",
    Purpose.LOAD_BALANCING: "communication",
    Purpose.USER_INPUT: "strictly_necessary",
    Purpose.MEDIA_PLAYER: "strictly_necessary",
}
#: The item of the CNIL's list that each purpose compares with; some compare with none.
CNIL_ITEMS: Mapping[Purpose, CnilItem] = {
    Purpose.AUTHENTICATION: "authentication",
    Purpose.PREFERENCES: "interface",
    Purpose.SECURITY: "authentication",
    Purpose.LOAD_BALANCING: "load_balancing",
    Purpose.USER_INPUT: "basket",
}


def legal_of(purpose: Purpose, jurisdictions: Collection[str]) -> dict[str, dict[str, str]]:
    """
    Return what a purpose compares with, by jurisdiction.

    Args:
        purpose: As the site states it.
        jurisdictions: As the site states them; unknown ones are ignored.

    Returns:
        For example ``{"EU": {"criterion": "B", "wp194_scenario": "2"}}``.
    """
    legal: dict[str, dict[str, str]] = {}
    if "EU" in jurisdictions:
        legal["EU"] = {"criterion": purpose.criterion, "wp194_scenario": purpose.scenario}
    if "UK" in jurisdictions:
        legal["UK"] = {"schedule_a1": UK_EXCEPTIONS[purpose]}
    if "FR" in jurisdictions and purpose in CNIL_ITEMS:
        legal["FR"] = {"cnil_item": CNIL_ITEMS[purpose]}
    return legal


def has_data_rights(jurisdictions: Collection[str]) -> bool:
    """Return whether one of the jurisdictions grants data protection rights as the GDPR does."""
    return any(place in jurisdictions for place in KNOWN_JURISDICTIONS)
