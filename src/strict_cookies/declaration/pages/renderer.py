"""
Render the templates of the declaration in the reader's language.

A rendering is cached only if every template is the library's own: a template of the site may show
who is signed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import current_app, has_request_context, render_template, request, url_for
from markupsafe import Markup

from ..current import CurrentDeclaration, Rendered
from ..i18n.language import LANGUAGES, pick_text
from .negotiated import Negotiated, negotiate

if TYPE_CHECKING:
    from ..i18n.language import Language
    from ..sources import Sources

#: The template of the page.
PAGE = "strict_cookies/declaration.html"
#: The formats with an address of their own.
FORMATS = ("json", "csv", "md")

_DIRECTORY = Path(__file__).parent / "templates"
#: The templates of pages that are never cached, by the beginning of their names.
_UNCACHED = ("sessions", "this_browser")


@cache
def _templates() -> tuple[str, ...]:
    """List every template that a cached rendering may come from."""
    return tuple(
        path.relative_to(_DIRECTORY).as_posix()
        for path in sorted(_DIRECTORY.glob("*/*.html"))
        if not path.name.startswith(_UNCACHED)
    )


class PageRenderer:
    """
    Render the templates of one application, once for each language if they are the library's own.

    Args:
        sources: What the pages show.
    """

    def __init__(self, sources: Sources) -> None:
        self.declaration = CurrentDeclaration(sources)
        self._sources = sources

    def negotiate(self) -> Negotiated:
        """Return the language that the request asks for."""
        return negotiate(self.declaration.policy.site)

    def links(self) -> dict[str, str]:
        """Return the addresses that a page links to."""
        links = {
            "site": _site_url(),
            "page": url_for("strict_cookies.declaration"),
            "style": url_for("strict_cookies.static", filename="declaration.css"),
            "icon": url_for("strict_cookies.static", filename="icon.svg"),
            **{name: url_for(f"strict_cookies.declaration_{name}") for name in FORMATS},
        }
        if self._sources.erase is not None:
            links["this_browser"] = url_for("strict_cookies.this_browser")
        if self._sources.versions is not None:
            links["versions"] = url_for("strict_cookies.version", number=1).removesuffix("/1")
            cached = self._sources.versions().cached()
            if cached is not None and cached.pdf_languages:
                links["pdf"] = url_for("strict_cookies.declaration_pdf")
        return links

    @property
    def has_own_templates(self) -> bool:
        """Whether every template is the library's own, so that a rendering suits every client."""
        return all(map(_is_own, _templates()))

    def render(self, template: str, language: Language, **options: object) -> Rendered:
        """Render a template for the current document."""
        links = self.links()

        def render() -> Rendered:
            return _render(template, self.declaration.document(), language, links, options)

        if not self.has_own_templates:
            return render()
        key = (template, language.tag, *links.values(), *options)
        return self.declaration.render(key, render)

    def render_document(
        self, document: Mapping[str, Any], language: Language, links: Mapping[str, str]
    ) -> Rendered:
        """
        Render the page of another document than the current one.

        Args:
            document: The document, with its edition.
            language: The reader's language.
            links: The addresses that the page links to; ``current`` if it is that of an old
                version.
        """
        return _render(PAGE, document, language, links, {})


def _render(
    template: str,
    document: Mapping[str, Any],
    language: Language,
    links: Mapping[str, str],
    options: Mapping[str, object],
) -> Rendered:

    from ..view import build_view

    default = document["site"]["languages"][0]

    def pick(texts: Mapping[str, str]) -> Markup:
        """Return a declared text in the reader's language, marked if its language differs."""
        return pick_text(texts, language.tag, default).markup

    context: dict[str, Any] = {
        "fragment": False,
        **options,
        "document": document,
        "view": build_view(document, language),
        "lang": language.tag,
        "languages": LANGUAGES,
        "links": links,
        "pick": pick,
        "_": language.gettext,
    }
    return Rendered.from_text(render_template(template, **context))


def _site_url() -> str:
    """Return the URL to audit; empty if only the client names the host."""
    host = current_app.config.get("STRICT_COOKIES_CANONICAL_HOST")
    if host:
        return f"https://{host}"
    if has_request_context() and current_app.config.get("TRUSTED_HOSTS"):
        return request.host_url.rstrip("/")
    return ""


def _is_own(template: str) -> bool:
    filename = current_app.jinja_env.get_template(template).filename
    return filename is not None and Path(filename) == _DIRECTORY / template
