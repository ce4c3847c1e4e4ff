"""
The language of a response: from ``?lang=``, otherwise from ``Accept-Language``.
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
    The language that a request asks for.

    Attributes:
        language: The language of the response.
        explicit: Whether the URL names it, so that every client gets the same response.
    """

    language: Language
    explicit: bool

    @classmethod
    def for_tag(cls, tag: str | None) -> Negotiated | None:
        """Return the language with a tag; None if the library has no such language."""
        if tag is None or tag not in LANGUAGES:
            return None
        return cls(find_language(tag), True)

    @property
    def query(self) -> dict[str, Any]:
        """The query that a link needs so that its target has the same language."""
        return {"lang": self.language.tag} if self.explicit else {}

    def add_headers(self, response: Response) -> None:
        """Add ``Content-Language``, and ``Vary`` if the browser chose the language."""
        response.content_language.add(self.language.tag)
        self.add_vary(response)

    def add_vary(self, response: Response) -> Response:
        """Add ``Vary`` if the browser chose the language."""
        if not self.explicit:
            response.vary.add("Accept-Language")
        return response


def negotiate(site: Site) -> Negotiated:
    """
    Return the language that the current request asks for.

    Args:
        site: Its first language is the default, also outside a request.
    """
    default = site.languages[0].partition("-")[0]
    if not has_request_context():
        return Negotiated(find_language(default), True)
    explicit = Negotiated.for_tag(request.args.get("lang"))
    if explicit is not None:
        return explicit
    accepted = (
        tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality
    )
    tag = next((tag for tag in accepted if tag in LANGUAGES), default)
    return Negotiated(find_language(tag), False)
