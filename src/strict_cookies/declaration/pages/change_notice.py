"""
``{{ cookie_change_notice() }}``: show a session that the declaration changed since it began.

The notice is plain text with a button that dismisses it for that session. A visitor without a
session sees no notice: none is opened, so the notice causes no cookie and no ``Vary``; the footer
link shows the date of the change. A session that began after the publication, or after the day
from which the version is in force, sees no notice either, and the first version never causes one.

It requires sessions on the server. Flask's own session has no time of its beginning, so every new
one would see the notice.
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
from ...firewall.cross_origin import is_cross_origin
from ...sessions.session import ServerSession
from .negotiated import Negotiated
from .state import find_session_state

if TYPE_CHECKING:
    from flask import Blueprint
    from werkzeug.wrappers import Response

    from ..publication import PublishedVersion
    from ..versions import Versions
    from .renderer import PageRenderer

#: The key of the session for the number of the version whose notice was dismissed.
SESSION_KEY = "_strict_cookies_notice"
#: A path of this site: not another host's URL, nor one that a browser takes for it.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


class ChangeNotice:
    """
    The template function, and the address of its button.

    Args:
        renderer: Of the same application.
        versions: Return the published versions; called at each request.
    """

    def __init__(self, renderer: PageRenderer, versions: Callable[[], Versions]) -> None:
        self._renderer = renderer
        self._versions = versions

    def register(self, blueprint: Blueprint) -> None:
        """Add the template function and the address to a blueprint."""
        names = {"cookie_change_notice": self.render}
        blueprint.record_once(lambda state: register_template_names(state.app.jinja_env, names))
        blueprint.add_url_rule("/notice", "dismiss_notice", self.dismiss, methods=["POST"])

    def render(self, lang: str | None = None) -> Markup:
        """Render the notice; empty if the session of this request needs none."""
        change = _find_change(self._versions())
        if change is None:
            return Markup("")
        negotiated = Negotiated.for_tag(lang) or self._renderer.negotiate()
        after_this_request(negotiated.add_vary)
        language = negotiated.language
        text = render_template(
            "strict_cookies/change_notice.html",
            lang=language.tag,
            _=language.gettext,
            changed_on=language.date(change.effective_from),
            version=change.version,
            page=url_for("strict_cookies.declaration"),
            action=url_for("strict_cookies.dismiss_notice"),
            back=_current_path(),
        )
        # The template escapes its values.
        return Markup(text)  # noqa: S704

    def dismiss(self) -> Response:
        """Record in the session that the notice was dismissed, and redirect back."""
        if is_cross_origin(request.environ):
            abort(HTTPStatus.FORBIDDEN, "A page of another site can't dismiss a notice here.")
        version = request.form.get("version", 0, type=int)
        current, versions = _existing_session(), self._versions()
        # A number that was never published would hide future notices.
        if current is not None and versions.history_of(version)[:1]:
            cached = versions.cached()
            newest = cached.history[0].version if cached is not None else 0
            current[SESSION_KEY] = min(version, newest)
        back = request.form.get("back", "")
        if not _OWN_PATH.fullmatch(back):
            back = url_for("strict_cookies.declaration")
        return redirect(back, HTTPStatus.SEE_OTHER)


def _find_change(versions: Versions) -> PublishedVersion | None:
    """Return the newest version if the session of this request has to be shown its notice."""
    if not has_request_context():
        return None
    cached = versions.cached()
    if cached is None or len(cached.history) < 2:
        return None
    longest = find_session_state().session_options.limits.absolute
    if cached.published_at + longest.total_seconds() < time.time():
        # No session is older than the publication, so none is opened.
        return None
    current, newest = _existing_session(), cached.history[0]
    if current is None or current.record is None:
        return None
    begun_at = current.record.begun_at
    begun_on = datetime.datetime.fromtimestamp(begun_at, datetime.UTC).date()
    if begun_at >= cached.published_at or begun_on > newest.effective_from:
        return None
    dismissed = current.get(SESSION_KEY)
    return None if isinstance(dismissed, int) and dismissed >= newest.version else newest


def _existing_session() -> ServerSession | None:
    """Return the session that the request's cookie belongs to; without a cookie, open none."""
    name = current_app.session_interface.get_cookie_name(current_app)
    if name not in request.cookies:
        return None
    current = session._get_current_object()  # type: ignore[attr-defined]
    if isinstance(current, ServerSession) and current.record is not None:
        return current
    return None


def _current_path() -> str:
    if request.method not in ("GET", "HEAD"):
        return ""
    return request.script_root + (request.full_path if request.query_string else request.path)
