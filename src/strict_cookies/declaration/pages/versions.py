"""
The published versions: ``/cookies/versions/3``, its ``.json``, and the PDF of the newest.

A version never changes, so browsers may cache it; if a template is the site's own, they revalidate
its page. ``/cookies/declaration.pdf`` was created when the newest version was published; no request
creates a PDF.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, abort, request, url_for

from ..i18n.language import LANGUAGES, Language, find_language
from ..publication import PublicationStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Blueprint

    from ..current import Rendered
    from ..publication import PublishedVersion
    from ..versions import Version, Versions
    from .renderer import PageRenderer

#: How long a browser may cache what never changes, in seconds: a year.
IMMUTABLE_SECONDS = 31_536_000
#: How long a browser may use the PDF without revalidating it, in seconds.
PDF_SECONDS = 300
#: The highest version number in an address.
MAX_NUMBER = 999_999

NO_PDF = "There is no PDF of this declaration. Print the page, or save it as a PDF.\n"


class VersionPages:
    """
    The addresses of the published versions.

    Args:
        renderer: Of the same application.
        versions: Return the published versions; called at each request.
    """

    def __init__(self, renderer: PageRenderer, versions: Callable[[], Versions]) -> None:
        self._renderer = renderer
        self._versions = versions

    def register(self, blueprint: Blueprint) -> None:
        """Add the addresses to a blueprint."""
        rule = f"/versions/<int(min=1, max={MAX_NUMBER}):number>"
        blueprint.add_url_rule(rule, "version", self.page)
        blueprint.add_url_rule(f"{rule}.json", "version_json", self.document)
        blueprint.add_url_rule("/declaration.pdf", "declaration_pdf", self.pdf)

    def page(self, number: int) -> Response:
        """Return the page of a version."""
        negotiated = self._renderer.negotiate()
        version, history = self._find(number)
        page = render_version(self._renderer, version, history, negotiated.language)
        response = Response(page.body)
        negotiated.add_headers(response)
        response.set_etag(page.etag)
        if self._renderer.has_own_templates:
            _cache_forever(response)
        else:
            response.cache_control.no_cache = True
        response.make_conditional(request)
        return response

    def document(self, number: int) -> Response:
        """Return the document of a version as JSON."""
        document = add_edition(*self._find(number))
        text = json.dumps(document, ensure_ascii=False, indent=2)
        response = Response(
            f"{text}\n".encode("utf-8", "replace"), content_type="application/json; charset=utf-8"
        )
        response.add_etag()
        _cache_forever(response)
        response.make_conditional(request)
        return response

    def pdf(self) -> Response:
        """Return the PDF of the newest version, if there is one."""
        negotiated = self._renderer.negotiate()
        found = self._find_pdf(negotiated.language.tag)
        if found is None:
            return Response(NO_PDF, HTTPStatus.NOT_FOUND, content_type="text/plain; charset=utf-8")
        number, tag, pdf = found
        response = Response(pdf, content_type="application/pdf")
        response.headers["Content-Disposition"] = (
            f'inline; filename="cookie-declaration-{number}-{tag}.pdf"'
        )
        response.content_language.add(tag)
        negotiated.add_vary(response)
        response.cache_control.max_age = PDF_SECONDS
        response.add_etag()
        response.make_conditional(request)
        return response

    def _find(self, number: int) -> tuple[Version, tuple[PublishedVersion, ...]]:
        """Return a version and its history, or abort with 404."""
        versions = self._versions()
        history = versions.history_of(number)
        version = versions.find(number) if history else None
        if version is None:
            abort(HTTPStatus.NOT_FOUND, "No such version of the cookie declaration was published.")
        return version, history

    def _find_pdf(self, wanted: str) -> tuple[int, str, bytes] | None:
        """Return number, language and bytes of the newest version's PDF, in a language if any."""
        versions = self._versions()
        cached = versions.cached()
        if cached is None or not cached.pdf_languages:
            return None
        number, tags = cached.history[0].version, cached.pdf_languages
        tag = wanted if wanted in tags else tags[0]
        pdf = versions.read_pdf(number, tag)
        return None if pdf is None else (number, tag, pdf)


def add_edition(version: Version, history: tuple[PublishedVersion, ...]) -> dict[str, Any]:
    """
    Return the document of a version with its edition.

    Args:
        version: As it was recorded.
        history: This version and all before it, the newest first.
    """
    status = PublicationStatus(history=history, draft=False)
    return {**version.document, "edition": status.to_json()}


def render_version(
    renderer: PageRenderer,
    version: Version,
    history: tuple[PublishedVersion, ...],
    language: Language,
) -> Rendered:
    """
    Render the page of a version.

    Args:
        renderer: Of the current application.
        version: As it was recorded.
        history: As for :func:`add_edition`.
        language: The reader's language.
    """
    links = renderer.links()
    links |= {
        "current": links["page"],
        "page": url_for("strict_cookies.version", number=version.number),
        "json": url_for("strict_cookies.version_json", number=version.number),
    }
    for name in ("csv", "md", "pdf"):
        links.pop(name, None)
    return renderer.render_document(add_edition(version, history), language, links)


def print_languages(document: Mapping[str, Any]) -> tuple[Language, ...]:
    """Return the languages to print: those that the site declares and the library has."""
    tags = dict.fromkeys(tag.partition("-")[0] for tag in document["site"]["languages"])
    return tuple(find_language(tag) for tag in tags if tag in LANGUAGES) or (find_language("en"),)


def _cache_forever(response: Response) -> None:
    response.cache_control.public = True
    response.cache_control.max_age = IMMUTABLE_SECONDS
    response.cache_control.immutable = True
