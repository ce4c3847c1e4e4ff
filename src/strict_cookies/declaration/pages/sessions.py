"""
``/cookies/sessions``: users see where they are signed in, and end sessions that they don't know.

The pages are rendered by the server, without scripts; they set no cookie of their own and are never
cached. Ending a session is a POST that requires a fresh login and the site's own origin, also if
the settings allow other origins; without a fresh login it redirects to the login view. A session is
addressed by its handle, which is valid for this purpose and for the user's own sessions only.

If sessions are not kept on the server, the page does not exist. A site replaces it with its own
template ``strict_cookies/sessions.html``, or single blocks with one that extends
``strict_cookies/sessions_layout.html``.

Source: OWASP ASVS 5.0.0 7.4.3, 7.5.2 and 14.3.2.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, redirect, request, session, url_for
from markupsafe import Markup

from ...firewall.cross_origin import is_cross_origin
from ...sessions.access import FRESH, current_login, has_fresh_login, server_session, sign_in_url
from ...sessions.device import UNKNOWN, read_label
from ...sessions.session import ServerSession
from ..i18n.language import DeclaredText
from .negotiated import negotiate
from .rendering import render_uncached
from .state import find_session_state

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from ...sessions.loaded_session import LoadedSession
    from ...sessions.manager import SessionManager
    from ...sessions.retention import Kept
    from ..i18n.language import Language

pages = Blueprint("strict_cookies_sessions", __name__)


@pages.before_request
def check_request() -> Response | None:
    """Return 404 without sessions on the server; refuse changes by other origins or old logins."""
    if not isinstance(session._get_current_object(), ServerSession):  # type: ignore[attr-defined]
        abort(404)
    if request.method != "POST":
        return None
    if is_cross_origin(request.environ):
        abort(403, "A page of another site can't end a session here.")
    if has_fresh_login():
        return None
    sign_in = sign_in_url(_list_path())
    return abort(401) if sign_in is None else redirect(sign_in, 303)


@pages.after_request
def forbid_caching(response: FlaskResponse) -> FlaskResponse:
    """Keep the user's sessions out of every cache."""
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/sessions")
def index() -> Response:
    """List the user's sessions; send other visitors to the login view, if there is one."""

    from ...sessions.retention import describe_kept

    login, sign_in = current_login(), sign_in_url(_list_path())
    if login is None and sign_in is not None:
        return redirect(sign_in)
    state = find_session_state()
    negotiated = negotiate(state.policy.site)
    language = negotiated.language
    kept = [_format_kept(one, language) for one in describe_kept(state.session_options)]
    context: dict[str, Any] = {"login": login, "kept": kept}
    if login is not None:
        manager, current = _current_session()
        now = int(manager.clock())
        context |= {
            "sessions": manager.list_user(login.user_id, current=current),
            "fresh": has_fresh_login(),
            "fresh_minutes": int(FRESH.total_seconds()) // 60,
            "sign_in": sign_in,
            "ago": lambda timestamp: language.ago(now - timestamp),
            "utc": lambda timestamp: datetime.fromtimestamp(timestamp, UTC),
            "device": lambda label: format_device(label, language),
        }
    return render_uncached("strict_cookies/sessions.html", state.policy.site, negotiated, **context)


@pages.post("/sessions/end")
def end_one() -> Response:
    """End one session of the user by its handle; if there is none, it has ended already."""
    manager, current = _current_session()
    user_id = current.record.user_id
    if user_id is not None:
        manager.end_one(user_id, request.form.get("session", ""))
    return _redirect_to_list()


@pages.post("/sessions/end-others")
def end_others() -> Response:
    """End all sessions of the user except this one."""
    manager, current = _current_session()
    manager.end_others(current)
    return _redirect_to_list()


@pages.post("/sessions/end-all")
def end_all() -> Response:
    """End all sessions of the user, this one included."""
    manager, current = _current_session()
    manager.end_others(current)
    session.clear()
    return _redirect_to_list()


def format_device(label: str, language: Language) -> str | Markup:
    """Format a device in a language; a name that the user gave it stays as it is."""
    device = read_label(label)
    if device is None:
        return DeclaredText(label).markup
    family = language.gettext("Browser") if device.family == UNKNOWN else device.family
    if not device.known:
        return language.gettext("Unknown browser")
    if device.platform == UNKNOWN:
        return family
    return language.gettext("%(family)s on %(platform)s", family=family, platform=device.platform)


def _format_kept(kept: Kept, language: Language) -> dict[str, str]:
    times = {
        name: language.duration(int(time.total_seconds()))
        if isinstance(time, timedelta)
        else language.date(time)
        for name, time in kept.times.items()
    }
    translate = language.gettext
    return {
        "what": translate(kept.what),
        "why": translate(kept.why),
        "how_long": translate(kept.rule, **times),
    }


def _current_session() -> tuple[SessionManager, LoadedSession]:
    """Return the manager and the session of a signed-in user's request."""
    current = server_session()
    assert current.manager is not None
    assert current.visit is not None
    return current.manager, current.visit


def _list_path() -> str:
    negotiated = negotiate(find_session_state().policy.site)
    return url_for(f"{pages.name}.index", **negotiated.query)


def _redirect_to_list() -> Response:
    return redirect(_list_path(), 303)
