"""
CSRF protection: a random token in the session must be returned with every POST.

The token ends with the session, and sign-in starts a new one. The sign-in form has none, since a
token would start a session for every visitor and so set a cookie again after each sign-out; there
the origin of the request is checked instead.
"""

from __future__ import annotations

import hmac
import secrets

from flask import Flask, abort, g, request, session

from strict_cookies.firewall.cross_origin import is_cross_origin

#: Methods that change nothing. Source: RFC 9110 section 9.2.1.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: The library's page that deletes; it checks the request's origin itself, since a token would
#: need a cookie.
EXEMPT = "strict_cookies.delete_from_browser"
LOGIN, LOGOUT = "auth.login", "auth.logout"


def init_app(app: Flask) -> None:
    """Check every unsafe request of this application, and add the token to its templates."""
    app.before_request(protect)
    app.jinja_env.globals["csrf_token"] = token


def token() -> str:
    """Return the token of this session, created at the first use."""
    if "csrf_token" not in session:
        session["csrf_token"] = secrets.token_urlsafe(32)
    known: str = session["csrf_token"]
    return known


def protect() -> None:
    """Refuse an unsafe request without the token of its session."""
    if request.method in SAFE_METHODS or request.endpoint == EXEMPT:
        return
    if request.endpoint == LOGIN:
        if is_cross_origin(request.environ, require_proof=True):
            abort(403, "This form came from another site. Please sign in on this one.")
        return
    if request.endpoint == LOGOUT and g.user is None:
        # From a second tab, say: no user is signed in whom it could act for.
        return
    sent, known = request.form.get("csrf_token", ""), session.get("csrf_token")
    if known is None or not hmac.compare_digest(sent.encode(), known.encode()):
        abort(400, "This form is too old or came from another site. Please load it again.")
