"""
The declaration's pages: server-rendered, without script, and they set no cookie.

``/cookies/`` for people and ``/cookies/declaration.json``, ``.csv`` and ``.md`` for machines; for a
site's own pages ``cookie_declaration()``, ``cookie_table()``, ``recipient_table()``,
``cookie_notice()`` and ``cookie_footer_link()``. A site overrides the page by a template
``strict_cookies/declaration.html`` of its own, whole, or block by block where it extends
``strict_cookies/layout.html``.

A rendering is kept only where every template is the library's own: one of the site's may show who
is signed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    Response,
    after_this_request,
    current_app,
    has_request_context,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup

from ..._util.templates import register_template_names
from ..i18n.language import LANGUAGES, Language, find_language, pick_text
from ..published import Published, Rendered, Stand, counters_only, no_edition
from .change_notice import add_change_notice
from .negotiated import Negotiated, negotiate
from .this_browser import add_this_browser
from .versions import add_versions

if TYPE_CHECKING:
    from ..processing import Processing
    from ..publication import PublicationStatus
    from ..versions import Versions

#: Which of the exports are published; those with a media type.
FORMATS = ("json", "csv", "md")
#: For how long a browser may show an export without asking again, in seconds.
MAX_AGE = 300

_FOLDER = Path(__file__).parent / "templates"
_PAGE = "strict_cookies/declaration.html"
#: Templates of pages that are made anew for each visit, by the beginning of their names.
_OF_VISITS = ("sessions", "this_browser")


@cache
def _templates() -> tuple[str, ...]:
    """List every template that a kept rendering may come from."""
    return tuple(
        path.relative_to(_FOLDER).as_posix()
        for path in sorted(_FOLDER.glob("*/*.html"))
        if not path.name.startswith(_OF_VISITS)
    )


def create_blueprint(
    stand: Stand,
    *,
    edition: Callable[[str], PublicationStatus | None] = no_edition,
    processing: Callable[[], tuple[Processing, ...]] = counters_only,
    erase: Callable[[Response], Response] | None = None,
    versions: Callable[[], Versions] | None = None,
) -> Blueprint:
    """
    Make the pages for one application.

    Args:
        stand: Gives what is published; asked at each request.
        edition: Gives version and history of the content with a hash; None where nobody keeps
            versions.
        processing: Gives what the protection itself keeps.
        erase: Makes a response end the session and delete what is stored; without it there is no
            page that shows a browser what it sent.
        versions: Gives what was published; without it old versions have no pages.
    """
    blueprint = Blueprint(
        "strict_cookies", __name__, template_folder="templates", static_folder="static"
    )
    published = Published(stand, edition=edition, processing=processing)
    pages = Pages(published, versions, has_visits=erase is not None)

    def choose() -> Negotiated:
        return negotiate(published.policy.site)

    @blueprint.get("/")
    def declaration() -> Response:
        asked = choose()
        page = pages.render(_PAGE, asked.language)
        response = Response(page.octets)
        response.headers["Link"] = (
            f"<{url_for('strict_cookies.declaration_json')}>; "
            'rel="cookie-declaration"; type="application/json"'
        )
        response.cache_control.no_cache = True
        return _finish(response, page.etag, asked)

    for name in FORMATS:
        blueprint.add_url_rule(
            f"/declaration.{name}", f"declaration_{name}", _export_view(published, name, choose)
        )

    @blueprint.get("/declaration.schema.json")
    def declaration_schema() -> Response:
        from ..exports import read_schema

        schema = Rendered.of(read_schema())
        response = Response(schema.octets, content_type="application/schema+json")
        response.cache_control.max_age = MAX_AGE
        response.set_etag(schema.etag)
        response.make_conditional(request)
        return response

    if erase is not None:
        add_this_browser(blueprint, published, erase)
    if versions is not None:
        add_versions(blueprint, pages, versions, choose)
        add_change_notice(blueprint, versions, choose)

    def add_part(name: str, template: str, **options: object) -> None:
        def render_part(lang: str | None = None) -> Markup:
            asked = Negotiated(find_language(str(lang)), True) if lang in LANGUAGES else choose()
            if not asked.explicit:
                after_this_request(asked.vary)
            # The template escapes every text of the policy.
            part = pages.render(template, asked.language, **options).octets.decode()
            return Markup(part)  # noqa: S704

        blueprint.record_once(
            lambda state: register_template_names(state.app.jinja_env, {name: render_part})
        )

    add_part("cookie_declaration", _PAGE, fragment=True)
    add_part("cookie_table", "strict_cookies/cookie_table.html")
    add_part("recipient_table", "strict_cookies/recipient_table.html")
    add_part("cookie_notice", "strict_cookies/notice.html")
    add_part("cookie_footer_link", "strict_cookies/footer_link.html")
    return blueprint


class Pages:
    """
    Renders templates in the reader's language, once where they are the library's own.

    Args:
        published: What is shown.
        versions: Gives what was published; None where nobody keeps versions.
        has_visits: Whether there is a page that shows a browser what it sent.
    """

    def __init__(
        self,
        published: Published,
        versions: Callable[[], Versions] | None = None,
        *,
        has_visits: bool = False,
    ) -> None:
        self.published = published
        self._versions = versions
        self._has_visits = has_visits

    def links(self) -> dict[str, str]:
        """Give the addresses that a page names."""
        links = {
            "site": _site_address(),
            "page": url_for("strict_cookies.declaration"),
            "style": url_for("strict_cookies.static", filename="declaration.css"),
            "icon": url_for("strict_cookies.static", filename="icon.svg"),
            **{name: url_for(f"strict_cookies.declaration_{name}") for name in FORMATS},
        }
        if self._has_visits:
            links["this_browser"] = url_for("strict_cookies.this_browser")
        if self._versions is not None:
            links["versions"] = url_for("strict_cookies.version", number=1).removesuffix("/1")
            known = self._versions().known()
            if known is not None and known.pdf_languages:
                links["pdf"] = url_for("strict_cookies.declaration_pdf")
        return links

    @property
    def all_ours(self) -> bool:
        """Whether every template is the library's own, so that a rendering suits everybody."""
        return all(map(_is_ours, _templates()))

    def render(self, template: str, language: Language, **options: object) -> Rendered:
        """Give a template's text for the current document."""
        links = self.links()
        if not self.all_ours:
            return self._make(template, language, links, options)
        key = (template, language.tag, *links.values(), *options)
        return self.published.render(key, lambda: self._make(template, language, links, options))

    def render_past(
        self,
        document: Mapping[str, Any],
        language: Language,
        links: Mapping[str, str],
        *,
        past: bool = True,
    ) -> Rendered:
        """
        Give the page of another document than the current one.

        Args:
            document: With its edition.
            language: The reader's.
            links: The addresses that the page names.
            past: Whether it names the current page as another.
        """
        return self._make(_PAGE, language, links, {"past": past}, document)

    def _make(
        self,
        template: str,
        language: Language,
        links: Mapping[str, str],
        options: Mapping[str, object],
        document: Mapping[str, Any] | None = None,
    ) -> Rendered:
        from ..view import build_view

        document = self.published.document() if document is None else document
        default = document["site"]["languages"][0]

        def say(texts: Mapping[str, str]) -> Markup:
            """Give a declared text in the reader's language, marked where the page's is another."""
            return pick_text(texts, language.tag, default).markup

        context: dict[str, Any] = {
            "fragment": False,
            **options,
            "document": document,
            "words": build_view(document, language),
            "lang": language.tag,
            "languages": LANGUAGES,
            "links": links,
            "say": say,
            "_": language.gettext,
        }
        text = render_template(template, **context)
        return Rendered.of(text)


def _export_view(
    published: Published, name: str, choose: Callable[[], Negotiated]
) -> Callable[[], Response]:
    def view() -> Response:
        from ..exports import EXPORTS

        export = EXPORTS[name]
        asked = choose() if export.translated else Negotiated(find_language("en"), True)

        def make() -> Rendered:
            return Rendered.of(export.write(published.document(), asked.language))

        found = published.render((name, asked.language.tag), make)
        response = Response(found.octets, content_type=f"{export.mimetype}; charset=utf-8")
        response.cache_control.max_age = MAX_AGE
        if name == "csv":
            response.headers["Content-Disposition"] = 'attachment; filename="declaration.csv"'
        if export.translated:
            return _finish(response, found.etag, asked)
        response.set_etag(found.etag)
        response.make_conditional(request)
        return response

    return view


def _finish(response: Response, etag: str, asked: Negotiated) -> Response:
    asked.mark(response)
    response.set_etag(etag)
    response.make_conditional(request)
    return response


def _site_address() -> str:
    """Give the address for an audit; empty where only the client says what it is."""
    host = current_app.config.get("STRICT_COOKIES_CANONICAL_HOST")
    if host:
        return f"https://{host}"
    if has_request_context() and current_app.config.get("TRUSTED_HOSTS"):
        return request.host_url.rstrip("/")
    return ""


def _is_ours(template: str) -> bool:
    filename = current_app.jinja_env.get_template(template).filename
    return filename is not None and Path(filename) == _FOLDER / template
