"""
``{{ cookie_change_notice() }}``: tells a session that the declaration changed since it began.

Plain text with a button that puts it away, which that session remembers. Nobody is told who has no
session: none is opened, so there is no cookie and no ``Vary`` by it; for him the footer link bears
the date. A session that began after the publication, or after the day from which it counts, has
nothing to be told, and neither has anybody of the first version.

It takes sessions on the server. Flask's own does not tell when it began, so that one that began
just now would be told of a change a year ago.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import (
    abort,
    after_this_request,
    current_app,
    has_request_context,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from markupsafe import Markup

from ..._util.templates import register_template_names
from ..i18n.language import LANGUAGES, find_language
from .negotiated import Negotiated

if TYPE_CHECKING:
    from flask import Blueprint
    from werkzeug.wrappers import Response

    from ...sessions.session import ServerSession
    from ..publication import PublishedVersion
    from ..versions import Versions

#: The key of the session that holds the number of the version whose notice was put away.
SESSION_KEY = "_strict_cookies_notice"
#: A path of this site: neither another host's address nor one that a browser takes for it.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def add_change_notice(
    blueprint: Blueprint,
    versions: Callable[[], Versions],
    choose: Callable[[], Negotiated],
) -> None:
    """
    Add the function for templates, and the address of its button.

    Args:
        blueprint: Not yet registered.
        versions: Gives what was published; asked at each request.
        choose: Gives the reader's language.
    """

    def cookie_change_notice(lang: str | None = None) -> Markup:
        change = _find_change(versions())
        if change is None:
            return Markup("")
        asked = Negotiated(find_language(str(lang)), True) if lang in LANGUAGES else choose()
        after_this_request(asked.vary)
        language = asked.language
        text = render_template(
            "strict_cookies/change_notice.html",
            lang=language.tag,
            _=language.gettext,
            changed_on=language.date(change.effective_from),
            version=change.version,
            page=url_for("strict_cookies.declaration"),
            action=url_for("strict_cookies.put_notice_away"),
            back=_own_address(),
        )
        # The template escapes what is put into it.
        return Markup(text)  # noqa: S704

    blueprint.record_once(
        lambda state: register_template_names(
            state.app.jinja_env, {"cookie_change_notice": cookie_change_notice}
        )
    )

    @blueprint.post("/notice")
    def put_notice_away() -> Response:
        from ...firewall.cross_origin import is_cross_origin

        if is_cross_origin(request.environ):
            abort(HTTPStatus.FORBIDDEN, "Another site's page may not put a notice away here.")
        version = request.form.get("version", 0, type=int)
        found = _existing_session()
        # A number that was never published would silence what is still to come.
        if found is not None and versions().history_of(version)[:1]:
            known = versions().known()
            newest = known.history[0].version if known is not None else 0
            found[SESSION_KEY] = min(version, newest)
        back = request.form.get("back", "")
        if not _OWN_PATH.fullmatch(back):
            back = url_for("strict_cookies.declaration")
        return redirect(back, HTTPStatus.SEE_OTHER)


def _find_change(versions: Versions) -> PublishedVersion | None:
    """Give the newest version where the session of this request has to be told of it."""
    if not has_request_context():
        return None
    known = versions.known()
    if known is None or len(known.history) < 2:
        return None
    limits = current_app.extensions["strict_cookies"].session_options.limits
    if known.published_at + limits.absolute.total_seconds() < time.time():
        # No session is that old, so none is opened to find out.
        return None
    found, newest = _existing_session(), known.history[0]
    if found is None or found.record is None:
        return None
    begun_at = found.record.begun_at
    begun_on = datetime.datetime.fromtimestamp(begun_at, datetime.UTC).date()
    if begun_at >= known.published_at or begun_on > newest.effective_from:
        return None
    put_away = found.get(SESSION_KEY)
    return None if isinstance(put_away, int) and put_away >= newest.version else newest


def _existing_session() -> ServerSession | None:
    """Give the session that the browser's cookie leads to; without a cookie nothing is opened."""
    from ...sessions.session import ServerSession

    name = current_app.session_interface.get_cookie_name(current_app)
    if name not in request.cookies:
        return None
    found = session._get_current_object()  # type: ignore[attr-defined]
    return found if isinstance(found, ServerSession) and found.record is not None else None


def _own_address() -> str:
    if request.method not in ("GET", "HEAD"):
        return ""
    return request.script_root + (request.full_path if request.query_string else request.path)
