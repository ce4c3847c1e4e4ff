"""
``/cookies/sessions``: users see where they are signed in, and end what they don't know.

Rendered by the server, without script; it sets no cookie of its own, and no cache keeps it. Each
ending is a POST that wants a fresh login and comes from the site itself, whatever the settings for
other origins say. A row is addressed by its handle, which is good for nothing else and counts among
the user's own sessions only.

Where sessions are not kept on the server, there is no such page. A site overrides it by a template
``strict_cookies/sessions.html`` of its own.

Source: OWASP ASVS 5.0.0 7.4.3, 7.5.2 and 14.3.2.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)

from ..origin import is_cross_origin
from .access import (
    FRESH,
    current_login,
    has_fresh_login,
    requires_fresh_login,
    server_session,
    sign_in_url,
)
from .session import ServerSession

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from .manager import SessionManager
    from .visit import Visit

#: Seconds below which something happened just now; times are written down to the minute.
JUST_NOW = 120

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))

pages = Blueprint(
    "strict_cookies_sessions",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/sessions/static",
)


@pages.before_request
def check_request() -> None:
    """Answer only where sessions are on the server, and change nothing for another origin."""
    if request.endpoint == f"{pages.name}.static":
        return
    if not isinstance(session._get_current_object(), ServerSession):  # type: ignore[attr-defined]
        abort(404)
    if request.method == "POST" and is_cross_origin(request.environ):
        abort(403, "Another site's page may not end a session here.")


@pages.after_request
def keep_out_of_caches(response: FlaskResponse) -> FlaskResponse:
    """Let no cache keep who is signed in where."""
    if request.endpoint != f"{pages.name}.static":
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/sessions")
def index() -> str | Response:
    """List the user's sessions; there is nothing to show to a visitor."""
    from .retention import describe_kept

    found, sign_in = current_login(), sign_in_url(request.script_root + request.path)
    if found is None and sign_in is not None:
        return redirect(sign_in)
    protection = current_app.extensions["strict_cookies"]
    context: dict[str, Any] = {
        "site": protection.policy.site,
        "login": found,
        "kept": describe_kept(protection.session_options),
    }
    if found is not None:
        manager, visit = _at_hand()
        now = int(manager.clock())
        context |= {
            "sessions": manager.list_user(found.user_id, current=visit),
            "fresh": has_fresh_login(),
            "fresh_minutes": int(FRESH.total_seconds()) // 60,
            "sign_in": sign_in,
            "ago": lambda moment: say_ago(now - moment),
            "moment": lambda moment: datetime.fromtimestamp(moment, UTC),
        }
    return render_template("strict_cookies/sessions.html", **context)


@pages.post("/sessions/end")
@requires_fresh_login()
def end_one() -> Response:
    """End one session of the user by its handle; one that is not there has ended already."""
    manager, visit = _at_hand()
    user_id = visit.record.user_id
    if user_id is not None:
        manager.end_one(user_id, request.form.get("session", ""))
    return _go_back()


@pages.post("/sessions/end-others")
@requires_fresh_login()
def end_others() -> Response:
    """End all sessions of the user but this one."""
    manager, visit = _at_hand()
    manager.end_others(visit)
    return _go_back()


@pages.post("/sessions/end-all")
@requires_fresh_login()
def end_all() -> Response:
    """Sign the user out everywhere, here too."""
    manager, visit = _at_hand()
    manager.end_others(visit)
    session.clear()
    return _go_back()


def say_ago(seconds: int) -> str:
    """Say how long ago something was, in the largest unit, for example ``"3 hours ago"``."""
    if seconds < JUST_NOW:
        return "just now"
    unit, size = next(one for one in _UNITS if seconds >= one[1])
    count = seconds // size
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def _at_hand() -> tuple[SessionManager, Visit]:
    """Give the manager and the session of a request that somebody who is signed in makes."""
    found = server_session()
    assert found.manager is not None
    assert found.visit is not None
    return found.manager, found.visit


def _go_back() -> Response:
    return redirect(url_for(f"{pages.name}.index"), 303)
