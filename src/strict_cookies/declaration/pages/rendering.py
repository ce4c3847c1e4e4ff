"""
Render pages that differ for each visitor: without scripts, and never cached.

They have the layout and the languages of the declaration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, render_template, url_for

from ..i18n.language import LANGUAGES

if TYPE_CHECKING:
    from ...policy.site import Site
    from .negotiated import Negotiated


def render_uncached(template: str, site: Site, negotiated: Negotiated, **context: Any) -> Response:
    """
    Render a page for one request.

    Args:
        template: One that extends ``strict_cookies/page.html``.
        site: The site of the page.
        negotiated: The language; forms and links keep it if the URL names it.
        context: More variables for the template.
    """
    language = negotiated.language
    static = "strict_cookies.static"
    text = render_template(
        template,
        fragment=False,
        site=site,
        lang=language.tag,
        languages=LANGUAGES,
        query=negotiated.query,
        links={
            "page": url_for("strict_cookies.declaration", lang=language.tag),
            "style": url_for(static, filename="declaration.css"),
            "visitor_style": url_for(static, filename="visitor.css"),
            "icon": url_for(static, filename="icon.svg"),
        },
        _=language.gettext,
        ngettext=language.ngettext,
        **context,
    )
    response = Response(text.encode("utf-8", "replace"))
    negotiated.add_headers(response)
    response.headers["Cache-Control"] = "no-store"
    return response
