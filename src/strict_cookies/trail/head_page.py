"""The head of the trail at ``/cookies/trail-head``: public, without details, and cheap."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Response, request

from ..errors import ConfigurationError, StoreUnavailableError
from .chain import canonical
from .gaps import report_gap
from .options import HEAD_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint

    from .app_trail import Trail

#: Below the prefix of the library's pages.
HEAD_PATH = "/trail-head"


def add_head(blueprint: Blueprint, trail: Callable[[], Trail]) -> None:
    """Add the page to the blueprint of the library's pages, before that is registered."""

    @blueprint.get(HEAD_PATH)
    def trail_head() -> Response:
        current = trail()
        if not current.kept:
            return _plain(HTTPStatus.NOT_FOUND, "This site keeps no trail.\n")
        try:
            text = canonical(current.head())
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
