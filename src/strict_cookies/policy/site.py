"""The operator of the site, as ``[site]`` names it and the declaration prints it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import PolicyError


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
