"""
The language that a request asks for: by ``?lang=``, or by the browser's ``Accept-Language``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flask import has_request_context, request

from ..i18n.language import LANGUAGES, Language, find_language

if TYPE_CHECKING:
    from flask import Response

    from ...policy.site import Site


class Negotiated(NamedTuple):
    """
    What a request asks for.

    Attributes:
        language: The one to answer in.
        explicit: Whether the address names it, so that the answer is the same for everybody.
    """

    language: Language
    explicit: bool

    @property
    def keep(self) -> dict[str, Any]:
        """What an address needs to be answered in the same language."""
        return {"lang": self.language.tag} if self.explicit else {}

    def mark(self, response: Response) -> None:
        """Say in a response which language it is in, and that another may ask for another."""
        response.content_language.add(self.language.tag)
        self.vary(response)

    def vary(self, response: Response) -> Response:
        """Say only the latter."""
        if not self.explicit:
            response.vary.add("Accept-Language")
        return response


def negotiate(site: Site) -> Negotiated:
    """
    Find the language of a request.

    Args:
        site: Its first language is that of whoever asks for none of ours, and outside a request.
    """
    default = site.languages[0].partition("-")[0]
    if not has_request_context():
        return Negotiated(find_language(default), True)
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return Negotiated(find_language(asked), True)
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality)
    tag = next((tag for tag in wanted if tag in LANGUAGES), default)
    return Negotiated(find_language(tag), False)
