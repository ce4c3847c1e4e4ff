"""
A page that tries to store what it should not, each item by another way, and shows what became of
it.

This is the one part of the ERP that does wrong, on purpose: developers watch Strict Cookies here.
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
        way: How it tries.
        by: Who writes it: this server, a script of the page, or a third party.
        seen_as: The name that a browser reads from the line; None where it is the same.
        storage: Where a script tries it, as the guard calls the kind of storage; None where the
            guard has no part in it.
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
        way="The view adds a raw Set-Cookie header whose cookie name smuggles in an attribute:"
        " “_gid; Path=/evil”",
        seen_as="",
    ),
    Attempt(
        name="my_own_tracker",
        way="A hook that runs after the view, as an extension would, adds an unknown cookie",
    ),
    Attempt(
        name="_fbp",
        way="An image from /legacy, a WSGI application of its own that Flask never sees",
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
        way="The page's own script goes around the guard: it writes document.cookie in an empty"
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
        way="An image of a third party on another host, which answers with a cookie",
        by="third party",
    ),
)


def init_app(app: Flask) -> None:
    """Listen to what the library says about this application."""
    app.extensions["outcomes"] = OutcomeLog(app)


@bp.get("")
def index() -> Response:
    """Show the attempts and what the server knows of them so far; make the server's own ones."""
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
    """Tell the page's script what the server knows by now, by the name of the attempt."""
    return findings()


@bp.after_request
def forbid_caching(response: Response) -> Response:
    """Keep the answers of this page out of caches: each visit tries anew."""
    response.headers["Cache-Control"] = "no-store"
    return response


def add_unknown_cookie(response: Response) -> Response:
    """Set a cookie behind the view's back."""
    response.set_cookie("my_own_tracker", "visitor-42", max_age=63_072_000)
    return response


def legacy_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with a pixel and a cookie; an old application that is mounted beside Flask."""
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
    """Say in a sentence what became of each attempt, by its name, as far as is known here."""
    told = {attempt.name: _finding(attempt) for attempt in ATTEMPTS}
    return {name: sentence for name, sentence in told.items() if sentence}


def _finding(attempt: Attempt) -> str | None:
    """Say what became of one attempt; None while the server knows nothing."""
    log: OutcomeLog = current_app.extensions["outcomes"]
    if attempt.by == "third party":
        return _count_tracker_requests()
    if attempt.storage is not None:
        outcome = log.refused(attempt.storage)
        fate = "Refused by the guard, which reported"
    elif attempt.by == "script":
        outcome = log.stray(attempt.name)
        fate = "Written by script; cut from the request before the app saw it"
    else:
        outcome = log.dropped(attempt.name if attempt.seen_as is None else attempt.seen_as)
        fate = "Dropped by the server"
    if outcome is None:
        return None
    preposition = "by" if attempt.storage else "at"
    return f"{fate}: {outcome.reason_id} {outcome.reason_title}, {preposition} {outcome.place}"


def _count_tracker_requests() -> str | None:
    """Say how often the third party was reached, where it runs in this process."""
    tracker: Tracker | None = current_app.config["TRACKER"]
    if tracker is None:
        return None
    return f"Requests that reached the third party so far: {tracker.requests}"
