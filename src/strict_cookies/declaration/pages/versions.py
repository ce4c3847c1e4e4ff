"""
Versions that were published, to be read: ``/cookies/versions/3``, its ``.json``, and the PDF.

A version never changes, so a browser may keep it; the page where a template is the site's own is
asked for each time. The PDF at ``/cookies/declaration.pdf`` is that of the newest version, as it
was printed when that was published; nothing is printed in a request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, abort, request, url_for

from ..i18n.language import LANGUAGES, Language, find_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Blueprint

    from ..publication import PublishedVersion
    from ..published import Rendered
    from ..versions import Version, Versions
    from .blueprint import Pages
    from .negotiated import Negotiated

#: For how long a browser may show what never changes, in seconds: a year.
FOR_GOOD = 31_536_000
#: For how long it may show the PDF without asking again, in seconds.
PDF_SECONDS = 300
#: A larger number is no version.
MAX_NUMBER = 999_999

NO_PDF = "There is no PDF of this declaration. The page can be printed, or saved as one.\n"


def add_versions(
    blueprint: Blueprint,
    pages: Pages,
    versions: Callable[[], Versions],
    choose: Callable[[], Negotiated],
) -> None:
    """
    Add the addresses to the library's pages.

    Args:
        blueprint: Not yet registered.
        pages: Renders them.
        versions: Gives what was published; asked at each request.
        choose: Gives the reader's language.
    """

    def find(number: int) -> tuple[Version, tuple[PublishedVersion, ...]]:
        history = versions().history_of(number)
        found = versions().find(number) if history else None
        if found is None:
            abort(HTTPStatus.NOT_FOUND, "No such version of the cookie declaration was published.")
        return found, history

    number_rule = f"/versions/<int(min=1, max={MAX_NUMBER}):number>"

    @blueprint.get(number_rule)
    def version(number: int) -> Response:
        asked = choose()
        page = render_version(pages, *find(number), asked.language)
        response = Response(page.octets)
        asked.mark(response)
        response.set_etag(page.etag)
        if pages.all_ours:
            _keep_for_good(response)
        else:
            response.cache_control.no_cache = True
        response.make_conditional(request)
        return response

    @blueprint.get(f"{number_rule}.json")
    def version_json(number: int) -> Response:
        found, history = find(number)
        text = json.dumps(standing_document(found, history), ensure_ascii=False, indent=2)
        response = Response(
            f"{text}\n".encode("utf-8", "replace"), content_type="application/json; charset=utf-8"
        )
        response.add_etag()
        _keep_for_good(response)
        response.make_conditional(request)
        return response

    @blueprint.get("/declaration.pdf")
    def declaration_pdf() -> Response:
        known = versions().known()
        if known is None or not known.pdf_languages:
            return Response(NO_PDF, HTTPStatus.NOT_FOUND, content_type="text/plain; charset=utf-8")
        asked, made = choose(), known.pdf_languages
        tag = asked.language.tag if asked.language.tag in made else made[0]
        number = known.history[0].version
        octets = versions().find_pdf(number, tag)
        if octets is None:
            return Response(NO_PDF, HTTPStatus.NOT_FOUND, content_type="text/plain; charset=utf-8")
        response = Response(octets, content_type="application/pdf")
        response.headers["Content-Disposition"] = (
            f'inline; filename="cookie-declaration-{number}-{tag}.pdf"'
        )
        response.content_language.add(tag)
        asked.vary(response)
        response.cache_control.max_age = PDF_SECONDS
        response.add_etag()
        response.make_conditional(request)
        return response


def standing_document(version: Version, history: tuple[PublishedVersion, ...]) -> dict[str, Any]:
    """
    Give the document of a version with its edition.

    Args:
        version: As it was recorded.
        history: It and what came before it, the newest first.
    """
    from ..publication import PublicationStatus

    return {
        **version.document,
        "edition": PublicationStatus(history=history, draft=False).as_data(),
    }


def render_version(
    pages: Pages, version: Version, history: tuple[PublishedVersion, ...], language: Language
) -> Rendered:
    """
    Render the page of a version.

    Args:
        pages: Of the application whose request is at hand.
        version: As it was recorded.
        history: As for :func:`standing_document`.
        language: The reader's.
    """
    links = pages.links()
    address: Callable[[str], str] = lambda ending: url_for(  # noqa: E731
        f"strict_cookies.version{ending}", number=version.number
    )
    links |= {"current": links["page"], "page": address(""), "json": address("_json")}
    for name in ("csv", "md", "pdf"):
        links.pop(name, None)
    return pages.render_past(standing_document(version, history), language, links)


def print_languages(document: Mapping[str, Any]) -> tuple[Language, ...]:
    """Give the languages in which a site prints: those that it declares, among ours."""
    tags = dict.fromkeys(tag.partition("-")[0] for tag in document["site"]["languages"])
    return tuple(find_language(tag) for tag in tags if tag in LANGUAGES) or (find_language("en"),)


def _keep_for_good(response: Response) -> None:
    response.cache_control.public = True
    response.cache_control.max_age = FOR_GOOD
    response.cache_control.immutable = True
