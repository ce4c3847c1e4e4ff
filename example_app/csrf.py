"""
Form protection: a random token in the session has to come back with every POST.

The token ends with the session, and sign-in starts a new one.
"""

from __future__ import annotations

import hmac
import secrets

from flask import Flask, abort, request, session

#: Methods that change nothing. Source: RFC 9110 section 9.2.1.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: The library's button that deletes; it judges the request's origin itself, since a token would
#: need a cookie.
EXEMPT = "strict_cookies.delete_from_browser"


def init_app(app: Flask) -> None:
    """Check every unsafe request of this application, and offer the token to its templates."""
    app.before_request(protect)
    app.jinja_env.globals["csrf_token"] = token


def token() -> str:
    """Return the token of this session, made at the first use."""
    if "csrf_token" not in session:
        session["csrf_token"] = secrets.token_urlsafe(32)
    known: str = session["csrf_token"]
    return known


def protect() -> None:
    """Refuse an unsafe request that doesn't bring the token of its session."""
    if request.method in SAFE_METHODS or request.endpoint == EXEMPT:
        return
    sent, known = request.form.get("csrf_token", ""), session.get("csrf_token")
    if known is None or not hmac.compare_digest(sent.encode(), known.encode()):
        abort(400, "This form is too old or came from another site. Please load it again.")
