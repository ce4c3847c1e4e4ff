"""
The pages of the declaration: rendered by the server, without scripts or cookies.

``/cookies/`` is for people; ``/cookies/declaration.json``, ``.csv`` and ``.md`` are for programs.
The templates of a site can use ``cookie_declaration()``, ``cookie_table()``,
``recipient_table()``, ``cookie_notice()`` and ``cookie_footer_link()``. A site replaces the page
with its own template ``strict_cookies/declaration.html``, or single blocks with one that extends
``strict_cookies/layout.html``.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flask import Blueprint, Response, after_this_request, request, url_for
from markupsafe import Markup

from ..._util.templates import register_template_names
from ..current import Rendered
from ..i18n.language import find_language
from .change_notice import ChangeNotice
from .negotiated import Negotiated
from .renderer import FORMATS, PAGE, PageRenderer
from .this_browser import ThisBrowser
from .versions import VersionPages

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sources import Sources

#: How long a browser may use an export without revalidating it, in seconds.
MAX_AGE = 300

#: The functions for a site's own templates, with the template that each renders.
_TEMPLATE_FUNCTIONS = {
    "cookie_table": "strict_cookies/cookie_table.html",
    "recipient_table": "strict_cookies/recipient_table.html",
    "cookie_notice": "strict_cookies/notice.html",
    "cookie_footer_link": "strict_cookies/footer_link.html",
}


def create_blueprint(sources: Sources) -> Blueprint:
    """
    Create the pages of one application, to be registered under a prefix such as ``/cookies``.

    Args:
        sources: What the pages show. Without ``erase`` there is no page ``/this-browser``, and
            without ``versions`` there are no pages of old versions.
    """
    blueprint = Blueprint(
        "strict_cookies", __name__, template_folder="templates", static_folder="static"
    )
    renderer = PageRenderer(sources)
    DeclarationPages(renderer).register(blueprint)
    if sources.erase is not None:
        ThisBrowser(renderer, sources.erase).register(blueprint)
    if sources.versions is not None:
        VersionPages(renderer, sources.versions).register(blueprint)
        ChangeNotice(renderer, sources.versions).register(blueprint)
    return blueprint


class DeclarationPages:
    """
    The page of the current declaration, its exports, and its parts for a site's own templates.

    Args:
        renderer: Of the same application.
    """

    def __init__(self, renderer: PageRenderer) -> None:
        self._renderer = renderer

    def register(self, blueprint: Blueprint) -> None:
        """Add the addresses and the template functions to a blueprint."""
        blueprint.add_url_rule("/", "declaration", self.page)
        for name in FORMATS:
            blueprint.add_url_rule(
                f"/declaration.{name}", f"declaration_{name}", partial(self.export, name)
            )
        blueprint.add_url_rule("/declaration.schema.json", "declaration_schema", self.schema)
        functions = {"cookie_declaration": self._template_function(PAGE, fragment=True)}
        for name, template in _TEMPLATE_FUNCTIONS.items():
            functions[name] = self._template_function(template)
        blueprint.record_once(lambda state: register_template_names(state.app.jinja_env, functions))

    def page(self) -> Response:
        """Return the page."""
        negotiated = self._renderer.negotiate()
        page = self._renderer.render(PAGE, negotiated.language)
        response = Response(page.body)
        response.headers["Link"] = (
            f"<{url_for('strict_cookies.declaration_json')}>; "
            'rel="cookie-declaration"; type="application/json"'
        )
        response.cache_control.no_cache = True
        return _finish(response, page.etag, negotiated)

    def export(self, name: str) -> Response:
        """Return the declaration in one of :data:`~.renderer.FORMATS`."""

        from ..exports import EXPORTS

        export, declaration = EXPORTS[name], self._renderer.declaration
        negotiated = self._renderer.negotiate() if export.translated else None
        language = find_language("en") if negotiated is None else negotiated.language
        rendered = declaration.render(
            (name, language.tag),
            lambda: Rendered.from_text(export.write(declaration.document(), language)),
        )
        response = Response(rendered.body, content_type=f"{export.mimetype}; charset=utf-8")
        response.cache_control.max_age = MAX_AGE
        if name == "csv":
            response.headers["Content-Disposition"] = 'attachment; filename="declaration.csv"'
        return _finish(response, rendered.etag, negotiated)

    def schema(self) -> Response:
        """Return the JSON Schema of ``declaration.json``."""

        from ..exports import read_schema

        schema = Rendered.from_text(read_schema())
        response = Response(schema.body, content_type="application/schema+json")
        response.cache_control.max_age = MAX_AGE
        return _finish(response, schema.etag)

    def _template_function(self, template: str, **options: object) -> Callable[..., Markup]:
        def render(lang: str | None = None) -> Markup:
            negotiated = Negotiated.for_tag(lang) or self._renderer.negotiate()
            if not negotiated.explicit:
                after_this_request(negotiated.add_vary)
            # The template escapes every text of the policy.
            part = self._renderer.render(template, negotiated.language, **options).body.decode()
            return Markup(part)  # noqa: S704

        return render


def _finish(response: Response, etag: str, negotiated: Negotiated | None = None) -> Response:
    if negotiated is not None:
        negotiated.add_headers(response)
    response.set_etag(etag)
    response.make_conditional(request)
    return response
