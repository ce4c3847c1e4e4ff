"""The privacy page, and the error pages."""

from __future__ import annotations

from flask import Blueprint, render_template
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.sansio.response import Response

from . import data_requests, journal

bp = Blueprint("pages", __name__)


@bp.get("/privacy")
def privacy() -> str:
    """Show which personal data are stored, why, for how long, and who receives them."""
    return render_template(
        "privacy.html",
        retention=journal.RETENTION,
        answered_within=data_requests.ANSWERED_WITHIN,
        requests_retention=data_requests.RETENTION,
    )


@bp.app_errorhandler(HTTPException)
def error_page(error: HTTPException) -> Response:
    """Render an error page; headers such as ``Allow`` are kept."""
    response = error.get_response()
    if not isinstance(error, SecurityError):  # for an untrusted host no link can be built
        response.set_data(render_template("error.html", error=error))
    return response
