"""
``/.well-known/gpc.json``: the site honours Global Privacy Control, if its policy says so.

It is a promise about selling and sharing data, which no library can check, so it depends on
``[site] honours_gpc`` alone.

Source: Global Privacy Control, W3C Working Draft, section "GPC Support Resource".
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Response, abort, request

from ..current import CurrentDeclaration

if TYPE_CHECKING:
    from flask import Flask

    from ..sources import Sources

GPC_PATH = "/.well-known/gpc.json"
MAX_AGE = 300


def add_gpc(app: Flask, sources: Sources) -> None:
    """
    Register the address on an application whose policy makes the promise.

    Args:
        app: Gets the route at its root, where browsers look for it.
        sources: The policy is read at each request, since it may change until the first; the
            date of the newest version is published too.
    """
    declaration = CurrentDeclaration(sources)

    def gpc() -> Response:
        document = declaration.document()
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
