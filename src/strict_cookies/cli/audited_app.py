"""What ``flask cookies audit`` knows about an application: its routes and their headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from ..audit.analysis.headers import Expected
    from ..audit.observation import ObservedPage
    from ..http.compare import Pairs


def find_routes(app: Flask) -> tuple[str, ...]:
    """Return the URL rules that answer GET, without static files and sign-out, sorted."""
    from ..audit.browser.links import is_harmless

    return tuple(
        sorted(
            {
                rule.rule
                for rule in app.url_map.iter_rules()
                if "GET" in (rule.methods or ())
                and not rule.endpoint.endswith("static")
                and is_harmless({"url": rule.rule})
            }
        )
    )


def expect_own_headers(app: Flask) -> Expected:
    """
    Return a function that returns the headers compiled for the view of a page.

    A URL that matches no rule, such as one of a mounted application, gets the default headers.
    """
    from urllib.parse import urlsplit

    from werkzeug.exceptions import HTTPException
    from werkzeug.routing import RequestRedirect
    from werkzeug.test import create_environ

    from .._util.app_state import find_state

    talisman = find_state(app).talisman

    def expected(page: ObservedPage) -> Pairs:
        parts = urlsplit(page.final_url)
        environ = create_environ(
            parts.path or "/", f"{parts.scheme}://{parts.netloc}", query_string=parts.query
        )
        request = app.request_class(environ)
        try:
            request.url_rule, _ = app.url_map.bind_to_environ(environ).match(return_rule=True)
        except (HTTPException, RequestRedirect):
            request.url_rule = None
        pairs: Pairs = talisman.headers_for(environ, str(page.status)).pairs
        return pairs

    return expected
