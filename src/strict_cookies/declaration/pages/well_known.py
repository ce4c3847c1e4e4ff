"""
``/.well-known/gpc.json``: that a site honours Global Privacy Control, only where it says so.

It is a promise about selling and sharing data that no library can know, so it comes from
``[site] honours_gpc`` alone.

Source: Global Privacy Control, W3C Working Draft, section "GPC Support Resource".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Response, abort, request

from ..published import Published, Stand, no_edition

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from ..publication import PublicationStatus

GPC_PATH = "/.well-known/gpc.json"
MAX_AGE = 300


def add_gpc(
    app: Flask, stand: Stand, edition: Callable[[str], PublicationStatus | None] = no_edition
) -> None:
    """
    Register the address on an application whose policy makes the promise.

    Args:
        app: Gets the route at its root, where browsers look for it.
        stand: Gives the policy; asked at each request, for it may have changed until the first.
        edition: Gives the standing of the content with a hash, and so the last version's date.
    """
    published = Published(stand, edition=edition)

    def gpc() -> Response:
        document = published.document()
        if not document["site"]["honours_gpc"]:
            abort(404)
        history = (document["edition"] or {}).get("history")
        updated = {"lastUpdate": history[0]["effective_from"]} if history else {}
        response = Response(
            json.dumps({"gpc": True, **updated}) + "\n", content_type="application/json"
        )
        response.cache_control.max_age = MAX_AGE
        response.add_etag()
        response.make_conditional(request)
        return response

    app.add_url_rule(GPC_PATH, "strict_cookies_gpc", gpc)
