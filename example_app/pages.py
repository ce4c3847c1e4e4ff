"""The privacy page, and the pages for what went wrong."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.sansio.response import Response

from . import data_requests, journal

bp = Blueprint("pages", __name__)


@bp.get("/privacy")
def privacy() -> str:
    """Tell what is stored about people, why, for how long and who gets it."""
    return render_template(
        "privacy.html",
        retention=journal.RETENTION,
        answered_within=data_requests.ANSWERED_WITHIN,
        requests_retention=data_requests.RETENTION,
    )


@bp.app_errorhandler(HTTPException)
def error_page(error: HTTPException) -> Response:
    """Say in a page of ours what went wrong; headers such as ``Allow`` stay."""
    response = error.get_response()
    if not isinstance(error, SecurityError):  # for an untrusted host no link can be built
        response.set_data(render_template("error.html", error=error))
    return response
