"""
The declaration's pages: server-rendered, without script, and they set no cookie.

``/cookies/`` for people, ``/cookies/declaration.json`` for machines, and ``cookie_table()`` and
``recipient_table()`` for a site's own privacy page. A site overrides the page by a template
``strict_cookies/declaration.html`` of its own, whole, or block by block where it extends
``strict_cookies/layout.html``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, make_response, render_template, request, url_for
from markupsafe import Markup

from .document import build_document

if TYPE_CHECKING:
    from ..policy import CookiePolicy

#: For how long a browser may show the declaration without asking again, in seconds.
MAX_AGE = 300
#: The language of the page's own words.
PAGE_LANGUAGE = "en"


def create_blueprint(stand: Callable[[], tuple[CookiePolicy, bool]]) -> Blueprint:
    """
    Make the pages for one application.

    Args:
        stand: Gives the policy and whether it is enforced; asked at each request.
    """
    blueprint = Blueprint(
        "strict_cookies", __name__, template_folder="templates", static_folder="static"
    )
    built: list[tuple[CookiePolicy, dict[str, Any]]] = []

    def document() -> dict[str, Any]:
        policy, enforced = stand()
        if not built or built[0][0] is not policy:
            built[:] = [(policy, build_document(policy, enforced=enforced))]
        return built[0][1]

    def context() -> dict[str, Any]:
        languages: list[str] = document()["site"]["languages"]
        wanted = request.accept_languages.best_match(languages) or languages[0]

        def say(texts: dict[str, str]) -> Markup:
            """Give a declared text in the reader's language, marked where the page's is another."""
            tag = next((tag for tag in (wanted, languages[0], *texts) if tag in texts), "")
            if tag.partition("-")[0] == PAGE_LANGUAGE:
                return Markup("{}").format(texts[tag])
            return Markup('<span lang="{}">{}</span>').format(tag, texts.get(tag, ""))

        return {"document": document(), "say": say}

    @blueprint.get("/")
    def declaration() -> Response:
        response = make_response(render_template("strict_cookies/declaration.html", **context()))
        json_url = url_for("strict_cookies.declaration_json")
        response.headers["Link"] = (
            f'<{json_url}>; rel="cookie-declaration"; type="application/json"'
        )
        response.headers["Vary"] = "Accept-Language"
        response.add_etag()
        response.make_conditional(request)
        return response

    @blueprint.get("/declaration.json")
    def declaration_json() -> Response:
        response = Response(
            json.dumps(document(), ensure_ascii=False, indent=2) + "\n",
            content_type="application/json; charset=utf-8",
        )
        response.set_etag(document()["hash"].removeprefix("sha256:"))
        response.cache_control.max_age = MAX_AGE
        response.make_conditional(request)
        return response

    @blueprint.app_template_global("cookie_table")
    def cookie_table() -> Markup:
        """Render the table of declared cookies for a page of the site's own."""
        # The template escapes every text of the policy.
        return Markup(render_template("strict_cookies/cookie_table.html", **context()))  # noqa: S704

    @blueprint.app_template_global("recipient_table")
    def recipient_table() -> Markup:
        """Render the table of recipients for a page of the site's own; empty without any."""
        return Markup(render_template("strict_cookies/recipient_table.html", **context()))  # noqa: S704

    return blueprint
