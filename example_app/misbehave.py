"""
A page that tries to store undeclared data in different ways, and shows the results.

This is the only part of the ERP that misbehaves, on purpose: it shows Strict Cookies at work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, after_this_request, current_app, make_response, render_template
from werkzeug.wrappers import Response

from .outcomes import OutcomeLog
from .tracker import PIXEL, Tracker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

bp = Blueprint("misbehave", __name__, url_prefix="/misbehave")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """
    One item that should not be stored.

    Args:
        name: What the page tries to store.
        way: How it tries to store it.
        by: Who writes it: this server, a script of the page, or a third party.
        seen_as: The name that a browser reads from the line; None if it is the same.
        storage: The kind of storage that a script uses, as the guard names it; None if the guard is
            not involved.
    """

    name: str
    way: str
    by: str = "server"
    seen_as: str | None = None
    storage: str | None = None


ATTEMPTS = (
    Attempt(name="_ga", way="The view calls response.set_cookie()"),
    Attempt(
        name="_gid",
        way="The view adds a raw Set-Cookie header whose cookie name injects an attribute:"
        " “_gid; Path=/evil”",
        seen_as="",
    ),
    Attempt(
        name="my_own_tracker",
        way="A hook after the view, as in an extension, adds an undeclared cookie",
    ),
    Attempt(
        name="_fbp",
        way="An image from /legacy, a separate WSGI application outside Flask",
    ),
    Attempt(
        name="_hjid",
        way="The page's own script writes document.cookie",
        by="script",
        storage="cookie",
    ),
    Attempt(
        name="ajs_user_id",
        way="The page's own script calls localStorage.setItem()",
        by="script",
        storage="local",
    ),
    Attempt(
        name="_hjSession_42",
        way="The page's own script assigns a property of sessionStorage",
        by="script",
        storage="session",
    ),
    Attempt(
        name="visitors",
        way="The page's own script opens an IndexedDB database",
        by="script",
        storage="indexeddb",
    ),
    Attempt(
        name="tracker-pixels",
        way="The page's own script opens a cache of the Cache API",
        by="script",
        storage="cache",
    ),
    Attempt(
        name="_clck",
        way="The page's own script bypasses the guard: it writes document.cookie in an empty"
        " frame, which the guard can't see",
        by="script",
    ),
    Attempt(
        name="_gcl_au",
        way="The page's own script adds an inline script, as a tag manager would",
        by="script",
    ),
    Attempt(
        name="IDE",
        way="An image from a third party on another host, whose response sets a cookie",
        by="third party",
    ),
)


def init_app(app: Flask) -> None:
    """Connect to the library's signals for this application."""
    app.extensions["outcomes"] = OutcomeLog(app)


@bp.get("")
def index() -> Response:
    """Show the attempts and the results so far; make the attempts of the server."""
    after_this_request(add_unknown_cookie)
    response = make_response(
        render_template(
            "misbehave.html",
            attempts=ATTEMPTS,
            findings=findings(),
            tracker_url=current_app.config["TRACKER_URL"],
        )
    )
    response.set_cookie("_ga", "GA1.1.1234567890.1700000000", max_age=63_072_000)
    response.headers.add("Set-Cookie", "_gid; Path=/evil=GA1.1.987654321; Path=/")
    return response


@bp.get("/outcome.json")
def outcome() -> dict[str, str]:
    """Return the results that the server knows by now, by the name of the attempt."""
    return findings()


@bp.after_request
def forbid_caching(response: Response) -> Response:
    """Keep the responses of this page out of caches: each visit makes the attempts again."""
    response.headers["Cache-Control"] = "no-store"
    return response


def add_unknown_cookie(response: Response) -> Response:
    """Set a cookie that the view does not know about."""
    response.set_cookie("my_own_tracker", "visitor-42", max_age=63_072_000)
    return response


def legacy_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with a pixel and a cookie; an old application that is mounted next to Flask."""
    start_response(
        "200 OK",
        [
            ("Content-Type", "image/gif"),
            ("Content-Length", str(len(PIXEL))),
            ("Cache-Control", "no-store"),
            ("Set-Cookie", "_fbp=fb.1.1700000000.42; Path=/; Max-Age=7776000"),
        ],
    )
    return [PIXEL]


def findings() -> dict[str, str]:
    """
    Return the result of each attempt in a sentence, by its name, as far as the server knows
    it.
    """
    sentences = {attempt.name: _finding(attempt) for attempt in ATTEMPTS}
    return {name: sentence for name, sentence in sentences.items() if sentence}


def _finding(attempt: Attempt) -> str | None:
    """Return the result of one attempt; None while the server knows nothing."""
    log: OutcomeLog = current_app.extensions["outcomes"]
    if attempt.by == "third party":
        return _count_tracker_requests()
    if attempt.storage is not None:
        outcome = log.refused(attempt.storage)
        result = "Refused by the guard, which reported"
    elif attempt.by == "script":
        outcome = log.undeclared(attempt.name)
        result = "Written by script; removed from the request before the app read it"
    else:
        outcome = log.dropped(attempt.name if attempt.seen_as is None else attempt.seen_as)
        result = "Dropped by the server"
    if outcome is None:
        return None
    preposition = "by" if attempt.storage else "at"
    return f"{result}: {outcome.reason_id} {outcome.reason_title}, {preposition} {outcome.place}"


def _count_tracker_requests() -> str | None:
    """Return how often the third party was reached, if it runs in this process."""
    tracker: Tracker | None = current_app.config["TRACKER"]
    if tracker is None:
        return None
    return f"Requests that reached the third party so far: {tracker.requests}"
