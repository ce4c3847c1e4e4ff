"""
One recipient of data from the site's server: its purpose, country and safeguard.

A recipient is only published; it is never admitted to a page. If the browser contacts it, an
:class:`~strict_cookies.policy.external_origin.ExternalOrigin` declares that and names the
recipient.

Source: GDPR Article 13(1)(e) and (f) for the information; Articles 44 to 49 for transfers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from .countries import COUNTRIES, HOME, OTHER_SPELLINGS
from .entry import TEXT_WANTED, Entry, Text, Types
from .section import NAME_SCHEMA, NOT_EMPTY, Key, Published, Section, list_of
from .value_types import STRING, STRINGS, TEXT

#: Longest name, in characters.
MAX_NAME_LENGTH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient(Entry):
    """
    A recipient of data from the server.

    Args:
        name: The company or service, as visitors know it.
        role: Its role for the site, for example ``"Hosting provider"``.
        data: The data that it gets, for visitors.
        purpose: What it uses the data for, for visitors.
        country: Where it handles the data: one or several ISO 3166-1 codes of two letters, or
            ``"EU"``.
        safeguard: What protects the data; required for a country outside the European Economic
            Area and the United Kingdom.

    Raises:
        PolicyError: Every mistake in the entry.
    """

    LABEL: ClassVar[str] = "Recipient"
    TEXTS: ClassVar[tuple[str, ...]] = ("role", "data", "purpose", "safeguard")
    TYPES: ClassVar[Types] = (
        (("name",), (str,), "text"),
        (("role", "data", "purpose"), (str, Mapping), TEXT_WANTED),
        (("country",), (str, tuple, list), "a code, or a tuple of codes"),
        (("safeguard",), (str, Mapping, type(None)), f"{TEXT_WANTED}, or None"),
    )

    name: str
    role: Text
    data: Text
    purpose: Text
    country: tuple[str, ...]
    safeguard: Text | None = None

    def _find_mistakes(self) -> list[str]:
        given: str | tuple[str, ...] = self.country
        codes = (given,) if isinstance(given, str) else tuple(given)
        self._set("country", codes)
        mistakes = []
        if not self.name.isprintable() or not self.name.strip() or len(self.name) > MAX_NAME_LENGTH:
            mistakes.append(f"invalid name. Use 1 to {MAX_NAME_LENGTH} printable characters.")
        if not codes:
            mistakes.append("country is empty. Name at least one, for example 'DE'.")
        unknown = [code for code in codes if code not in COUNTRIES]
        for code in unknown:
            meant = OTHER_SPELLINGS.get(code.upper(), code.upper()) if isinstance(code, str) else ""
            hint = f" Did you mean {meant!r}?" if meant in COUNTRIES else ""
            mistakes.append(
                f"country is {code!r}. Use two-letter codes of ISO 3166-1 such as 'DE', or 'EU'."
                f"{hint}"
            )
        abroad = [code for code in codes if code not in HOME]
        if abroad and not unknown and self.safeguard is None:
            mistakes.append(
                f"country is {' and '.join(abroad)}, outside the European Economic Area and the "
                "United Kingdom, but there is no safeguard. Name what protects the data there: "
                'safeguard = "Standard contractual clauses", or the adequacy decision.'
            )
        return mistakes


def _suppress_recipient(values: dict[str, Any], unread: Collection[str]) -> None:
    if "safeguard" in unread:
        values["safeguard"] = "-"


#: The section ``[[recipient]]``.
RECIPIENT = Section(
    kind=Recipient,
    argument="recipients",
    intro="Each recipient of data is named to visitors.",
    keys={
        "name": Key(
            type=STRING,
            summary="The company or service, as visitors know it.",
            details=f"It has at most {MAX_NAME_LENGTH} characters.",
            example='"Maps Ltd"',
            required=True,
            limits={"pattern": r"\S", "maxLength": MAX_NAME_LENGTH},
            published=Published(schema=NAME_SCHEMA),
        ),
        "role": Key(
            type=TEXT,
            summary="Its role for the site.",
            example='"Maps provider"',
            required=True,
        ),
        "data": Key(
            type=TEXT,
            summary="The data that it gets.",
            example='"Your IP address, and the part of the map that you look at."',
            required=True,
        ),
        "purpose": Key(
            type=TEXT,
            summary="What it uses the data for, in a sentence for visitors.",
            details="It is free text, since processing on a server is not limited to the purposes "
            "of cookies.",
            example='"To show where a customer is."',
            required=True,
        ),
        "country": Key(
            type=STRINGS,
            summary='Where it handles the data: codes of ISO 3166-1, or "EU".',
            details="Visitors read the name of the country.",
            example='["IE"]',
            required=True,
            words=COUNTRIES,
            list_limits=NOT_EMPTY,
            placeholder=("EU",),
            published=Published(
                key="countries",
                schema=list_of("country"),
                composed=True,
                from_json=lambda values: tuple(value["code"] for value in values),
            ),
        ),
        "safeguard": Key(
            type=TEXT,
            summary="What protects the data outside the European Economic Area and the United "
            "Kingdom.",
            details="It is required for such a country: an adequacy decision, standard "
            "contractual clauses, binding corporate rules.\n"
            "If no transfer law applies to the site, say so in this key.",
            example='"Standard contractual clauses of the European Commission"\n'
            'country = ["IE", "US"]',
        ),
    },
    hints={"origin": "An origin that the browser itself contacts has an [[external_origin]]."},
    suppress_followups=_suppress_recipient,
)
