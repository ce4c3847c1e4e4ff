"""
``/cookies/sessions``: users see where they are signed in, and end what they don't know.

Rendered by the server, without script; it sets no cookie of its own, and no cache keeps it. Each
ending is a POST that wants a fresh login and comes from the site itself, whatever the settings for
other origins say; an old form leads to signing in and back to the list. A row is addressed by its
handle, which is good for nothing else and counts among the user's own sessions only.

Where sessions are not kept on the server, there is no such page. A site overrides it by a template
``strict_cookies/sessions.html`` of its own, whole, or block by block where it extends
``strict_cookies/sessions_layout.html``.

Source: OWASP ASVS 5.0.0 7.4.3, 7.5.2 and 14.3.2.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, current_app, redirect, request, session, url_for
from markupsafe import Markup

from ...firewall.cross_origin import is_cross_origin
from ...sessions.access import FRESH, current_login, has_fresh_login, server_session, sign_in_url
from ...sessions.device import UNKNOWN, read_label
from ...sessions.session import ServerSession
from ..i18n.language import Said
from .negotiated import negotiate
from .rendering import render_visit

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from ...policy.site import Site
    from ...sessions.loaded_session import LoadedSession
    from ...sessions.manager import SessionManager
    from ...sessions.retention import Kept
    from ..i18n.language import Language

pages = Blueprint("strict_cookies_sessions", __name__)


@pages.before_request
def check_request() -> Response | None:
    """Answer only where sessions are on the server, and change nothing for another origin."""
    if not isinstance(session._get_current_object(), ServerSession):  # type: ignore[attr-defined]
        abort(404)
    if request.method != "POST":
        return None
    if is_cross_origin(request.environ):
        abort(403, "Another site's page may not end a session here.")
    if has_fresh_login():
        return None
    sign_in = sign_in_url(_path_of_list())
    return abort(401) if sign_in is None else redirect(sign_in, 303)


@pages.after_request
def keep_out_of_caches(response: FlaskResponse) -> FlaskResponse:
    """Let no cache keep who is signed in where."""
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/sessions")
def index() -> Response:
    """List the user's sessions; there is nothing to show to a visitor."""
    from ...sessions.retention import describe_kept

    found, sign_in = current_login(), sign_in_url(_path_of_list())
    if found is None and sign_in is not None:
        return redirect(sign_in)
    protection = current_app.extensions["strict_cookies"]
    asked = negotiate(protection.policy.site)
    language = asked.language
    kept = describe_kept(protection.session_options)
    context: dict[str, Any] = {"login": found, "kept": [_say_kept(one, language) for one in kept]}
    if found is not None:
        manager, visit = _at_hand()
        now = int(manager.clock())
        context |= {
            "sessions": manager.list_user(found.user_id, current=visit),
            "fresh": has_fresh_login(),
            "fresh_minutes": int(FRESH.total_seconds()) // 60,
            "sign_in": sign_in,
            "ago": lambda moment: language.ago(now - moment),
            "moment": lambda moment: datetime.fromtimestamp(moment, UTC),
            "device": lambda label: say_device(label, language),
        }
    return render_visit("strict_cookies/sessions.html", protection.policy.site, asked, **context)


@pages.post("/sessions/end")
def end_one() -> Response:
    """End one session of the user by its handle; one that is not there has ended already."""
    manager, visit = _at_hand()
    user_id = visit.record.user_id
    if user_id is not None:
        manager.end_one(user_id, request.form.get("session", ""))
    return _go_back()


@pages.post("/sessions/end-others")
def end_others() -> Response:
    """End all sessions of the user but this one."""
    manager, visit = _at_hand()
    manager.end_others(visit)
    return _go_back()


@pages.post("/sessions/end-all")
def end_all() -> Response:
    """Sign the user out everywhere, here too."""
    manager, visit = _at_hand()
    manager.end_others(visit)
    session.clear()
    return _go_back()


def say_device(label: str, language: Language) -> str | Markup:
    """Say a device in a language; what the user called it stays as it is."""
    device = read_label(label)
    if device is None:
        return Said(label).markup
    family = language.gettext("Browser") if device.family == UNKNOWN else device.family
    if not device.known:
        return language.gettext("Unknown browser")
    if device.platform == UNKNOWN:
        return family
    return language.gettext("%(family)s on %(platform)s", family=family, platform=device.platform)


def _say_kept(kept: Kept, language: Language) -> dict[str, str]:
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


def _at_hand() -> tuple[SessionManager, LoadedSession]:
    """Give the manager and the session of a request that somebody who is signed in makes."""
    found = server_session()
    assert found.manager is not None
    assert found.visit is not None
    return found.manager, found.visit


def _path_of_list() -> str:
    return url_for(f"{pages.name}.index", **negotiate(_site()).keep)


def _go_back() -> Response:
    return redirect(_path_of_list(), 303)


def _site() -> Site:
    found: Site = current_app.extensions["strict_cookies"].policy.site
    return found
