"""
``/cookies/report/``: the auditor's report, for the role ``auditor`` and for report links.

The pages are not cached and send no referrer. A link has its token in the fragment, which no
browser sends: it leads to a page with a button, whose POST exchanges the token for a session that
may read the report and nothing else. A mail scanner that follows the link therefore opens nothing,
and the token is in no log of a server or proxy. The trail records each reader once an hour.

A site can override the page with its own template ``strict_cookies/report.html``.
"""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from markupsafe import Markup

from .._util.app_state import find_state
from .._util.durations import say_duration
from .._util.keys import SessionKeys, code
from ..firewall.cross_origin import is_cross_origin
from ..sessions.access import current_login, requires_role
from ..sessions.session import ServerSession

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from .links import ReportLinks
    from .state import ReportedState

#: The role that may read the report.
ROLE = "auditor"
#: Session key for the id of the link that opened the report.
SESSION_KEY = "strict_cookies_report"
#: The shelf of the archive with the last opening by each reader, under a keyed hash.
OPENED = "report-readers"
#: Seconds in which a reader's openings are recorded once.
OPENED_SECONDS = 3600
READER_BYTES = 12
#: Time limit in seconds for verifying the trail; the next request continues.
VERIFY_SECONDS = 2.0

report_pages = Blueprint(
    "strict_cookies_report",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/report/static",
)


@report_pages.after_request
def keep_private(response: FlaskResponse) -> FlaskResponse:
    """Disable caching, referrers and indexing of the report."""
    if request.endpoint != f"{report_pages.name}.static":
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
    return response


@report_pages.get("/report/")
def index() -> str | Response:
    """Show the report."""
    refused = _refuse("page")
    if refused is not None:
        return refused
    return _render(_build(VERIFY_SECONDS))


@report_pages.get("/report/report.json")
def report_json() -> Response:
    """Return the report as JSON."""
    refused = _refuse("json")
    return jsonify(_build(VERIFY_SECONDS)) if refused is None else refused


@report_pages.get("/report/link")
def confirm() -> str:
    """Show the button that opens the report; a GET opens nothing, and does not know the token."""
    return render_template("strict_cookies/report_link.html", valid=True)


@report_pages.post("/report/open")
def open_report() -> Response | tuple[str, int]:
    """Exchange a token for a session that may read the report."""
    if is_cross_origin(request.environ):
        abort(403, "The report can't be opened from another site.")
    link = report_links().read(request.form.get("token", ""))
    if link is None:
        return render_template("strict_cookies/report_link.html", valid=False), 404
    if not _has_server_session() or current_login() is None:
        # Ends a session that an attacker fixed before (RFC 6265bis section 8.4).
        session.clear()
    session[SESSION_KEY] = link.id
    return redirect(url_for(f"{report_pages.name}.index"), 303)


def report_links() -> ReportLinks:
    """Return the report links of the current application."""

    from .links import USE, ReportLinks

    config = current_app.config
    if not config["SECRET_KEY"]:
        abort(404)
    keys = SessionKeys.of(current_app)
    state: ReportedState = find_state()
    return ReportLinks(state.archive, keys.derive(USE))


def _has_server_session() -> bool:
    return isinstance(session._get_current_object(), ServerSession)  # type: ignore[attr-defined]


def _refuse(form: str) -> Response | None:
    """Record the opening and return None, or return the refusal."""
    state: ReportedState = find_state()
    trail = state.trail
    link_id = session.get(SESSION_KEY)
    link = None if link_id is None else report_links().find(link_id)
    if link is not None:
        if _is_first_this_hour(f"link {link.id}"):
            trail.record("report-opened", form=form, link=link.id)
        return None
    if not _has_server_session():
        abort(403, "Only auditors can read the report. Ask the site for a link.")
    refused = requires_role(ROLE)(_nothing)()
    if refused is None:
        login = current_login()
        user = None if login is None else login.user_id
        if _is_first_this_hour(f"user {user}"):
            trail.record("report-opened", form=form, user=user)
    return refused


def _is_first_this_hour(reader: str) -> bool:
    """Return whether a reader opens the report for the first time in an hour, and note that."""
    state: ReportedState = find_state()
    now, key = time.time(), SessionKeys.of(current_app).derive("report readers")[0]
    name = code(key, reader.encode("utf-8", "replace"), READER_BYTES).hex()
    noted = state.archive.get(OPENED, name)
    if noted is not None and 0 <= now - float(noted) < OPENED_SECONDS:
        return False
    for other, opened in state.archive.items(OPENED).items():
        if now - float(opened) >= OPENED_SECONDS:
            state.archive.delete(OPENED, other)
    state.archive.put(OPENED, name, repr(now).encode("ascii"))
    return True


def render_standalone() -> str:
    """Render the report as one file, with its style sheets inline."""
    style = ""
    for name in ("strict_cookies", report_pages.name):
        blueprint = current_app.blueprints[name]
        (path,) = Path(str(blueprint.static_folder)).glob(
            "declaration.css" if name == "strict_cookies" else "report.css"
        )
        style += path.read_text("utf-8")
    # Markup: these are the library's own style sheets.
    return _render(_build(), style=Markup(style))  # noqa: S704


def _render(report: dict[str, Any], style: Markup | None = None) -> str:

    from .plot import draw_days

    days = [(datetime.date.fromisoformat(day["day"]), day) for day in report["blocked"]["days"]]
    plots = {
        kind: draw_days([(day, row[kind]) for day, row in days], label)
        for kind, label in (
            ("dropped", "Cookies dropped"),
            ("undeclared_received", "Undeclared cookies received"),
        )
        if days
    }
    sums = {kind: sum(row[kind] for _, row in days) for kind in plots}
    return render_template(
        "strict_cookies/report.html",
        report=report,
        plots=plots,
        sums=sums,
        say_lifetime=_say_lifetime,
        style=style,
    )


def _say_lifetime(seconds: int) -> str:
    return say_duration(datetime.timedelta(seconds=seconds))


def _nothing() -> Response | None:
    return None


def _build(seconds: float | None = None) -> dict[str, Any]:

    from .contents import build_report

    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return build_report(app, datetime.datetime.now(datetime.UTC), seconds=seconds)
