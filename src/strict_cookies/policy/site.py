"""The operator of the site, as ``[site]`` names it and the declaration prints it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import PolicyError
from .section import Key, Published, Section
from .value_types import FLAG, LANGUAGES, STRING, STRINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """
    Who operates the site, as the declaration prints it.

    Args:
        name: The name of the site or product.
        controller: The data controller: name and address.
        contact: Mail address or URL for questions about data.
        dpo: The contact of the data protection officer, if there is one.
        authority: The supervisory authority for complaints.
        privacy_url: The privacy notice: a path on the site or an https URL.
        languages: Language tags of the declared texts, the default one first.
        jurisdictions: Whose law may be printed, for example ``("EU", "UK")``.
        honours_gpc: Whether the site promises to honour Global Privacy Control.

    Raises:
        PolicyError: ``privacy_url`` is neither such a path nor such a URL.
    """

    name: str = ""
    controller: str = ""
    contact: str = ""
    dpo: str = ""
    authority: str = ""
    privacy_url: str = ""
    languages: tuple[str, ...] = ("en",)
    jurisdictions: tuple[str, ...] = ("EU",)
    honours_gpc: bool = False

    def __post_init__(self) -> None:
        url = self.privacy_url
        # Browsers treat a backslash as a slash.
        on_this_site = url.startswith("/") and url[1:2] not in ("/", "\\")
        if url and not (on_this_site or url.startswith("https://")):
            raise PolicyError(
                [
                    f"[site]: privacy_url is {url!r}. Write a path on this site such as "
                    "'/privacy', or an https URL."
                ]
            )


#: Other frameworks' declarations may lack it.
_OPTIONAL = Published(optional=True)

#: The section ``[site]``.
SITE = Section(
    kind=Site,
    argument="site",
    intro="",
    keys={
        "name": Key(
            type=STRING,
            summary="The name of the site or product, for the heading of the declaration.",
            example='"Shop"',
            published=_OPTIONAL,
        ),
        "controller": Key(
            type=STRING,
            summary="The data controller: name and address.",
            example='"Shop Ltd, 1 Sample Street, Exampleton"',
            published=_OPTIONAL,
        ),
        "contact": Key(
            type=STRING,
            summary="Where to ask questions about data: a mail address or a URL.",
            details="It is printed as text.",
            example='"privacy@shop.example.com"',
            published=_OPTIONAL,
        ),
        "dpo": Key(
            type=STRING,
            summary="The contact of the data protection officer, if there is one.",
            example='"dpo@shop.example.com"',
            published=_OPTIONAL,
        ),
        "authority": Key(
            type=STRING,
            summary="The supervisory authority for complaints.",
            example='"The data protection authority of Exampleland"',
            published=_OPTIONAL,
        ),
        "privacy_url": Key(
            type=STRING,
            summary="The privacy notice: a path on this site, or an https URL.",
            details="The declaration links it.",
            example='"/privacy"',
            limits={"pattern": r"^($|/($|[^/\\])|https://)"},
            published=_OPTIONAL,
        ),
        "languages": Key(
            type=LANGUAGES,
            summary="The languages of the texts for visitors, the default one first.",
            example='["en", "de"]',
        ),
        "jurisdictions": Key(
            type=STRINGS,
            summary="Whose law may be printed.",
            details='The declaration knows that of [`"EU"`, `"UK"` and `"FR"`]'
            "(policy.md#whose-law-is-printed).\n"
            "Any other word prints nothing; it is passed on in `declaration.json`.",
            example='["EU", "UK"]',
        ),
        "honours_gpc": Key(
            type=FLAG,
            summary="Whether the site promises to honour Global Privacy Control (Sec-GPC).",
            details="It is a promise about selling and sharing data that no library can know, so "
            "it is never guessed.\n"
            "If it is `true` when the application starts, the declaration says so and "
            '`/.well-known/gpc.json` answers `{"gpc": true}`; otherwise there is no such address.',
            example="true",
            published=_OPTIONAL,
        ),
    },
)
