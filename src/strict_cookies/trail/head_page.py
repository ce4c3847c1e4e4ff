"""
The head of the trail at ``/cookies/trail-head``: for everybody, without details, cheap.

Who notes it from time to time can show later that nothing before was rewritten or cut off.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, request

from ..errors import ConfigurationError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint

    from .prepared import Trail

#: Below the prefix of the library's pages.
HEAD_PATH = "/trail-head"


def add_head(blueprint: Blueprint, trail: Callable[[], Trail]) -> None:
    """
    Add the address to the library's pages.

    Args:
        blueprint: Not yet registered.
        trail: Gives the application's; asked at each request.
    """

    @blueprint.get(HEAD_PATH)
    def trail_head() -> Response:
        # Imported when first asked for, so that it is no part of every application's start.
        from .chain import canonical
        from .gaps import report_gap

        found = trail()
        if not found.kept:
            return _plain(HTTPStatus.NOT_FOUND, "This site keeps no trail.\n")
        from .options import HEAD_SECONDS

        try:
            text = canonical(found.head())
        except (StoreUnavailableError, ConfigurationError) as error:
            report_gap(error)
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE, "The trail can't be read now.\n")
        response = Response(text + b"\n", content_type="application/json")
        response.cache_control.max_age = HEAD_SECONDS
        response.set_etag(hashlib.sha256(text).hexdigest()[:32])
        response.make_conditional(request)
        return response


def _plain(status: HTTPStatus, text: str) -> Response:
    response = Response(text, status=status, content_type="text/plain; charset=utf-8")
    response.cache_control.no_store = True
    return response
