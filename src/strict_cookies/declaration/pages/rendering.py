"""
Pages that are made anew for each visit: without script, and no cache keeps them.

They are laid out as the declaration is, in the same languages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, render_template, url_for

from ..i18n.language import LANGUAGES

if TYPE_CHECKING:
    from ...policy.site import Site
    from .negotiated import Negotiated


def render_visit(template: str, site: Site, asked: Negotiated, **context: Any) -> Response:
    """
    Render a page for one visit.

    Args:
        template: One that extends ``strict_cookies/page.html``.
        site: Whose page it is.
        asked: The language to answer in; forms and links keep it where the address names it.
        context: What the template is given besides.
    """
    language = asked.language
    static = "strict_cookies.static"
    text = render_template(
        template,
        fragment=False,
        site=site,
        lang=language.tag,
        languages=LANGUAGES,
        keep=asked.keep,
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
    asked.mark(response)
    response.headers["Cache-Control"] = "no-store"
    return response
