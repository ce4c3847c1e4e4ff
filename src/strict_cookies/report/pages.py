"""
``/cookies/report/``: the auditor's report, for the role ``auditor`` or whoever has a link.

Rendered by the server, without script; no cache keeps it, and its address is told to no other site.
A link leads to a page with a button, and the button's POST exchanges the token for a session that
may read the report and nothing else: so a mail scanner opens nothing, and the token is neither in
the address of the report nor in a referrer. Each opening is recorded in the trail.

A site overrides the page by a template ``strict_cookies/report.html`` of its own.
"""

from __future__ import annotations

import datetime
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

from .._util.durations import say_duration
from ..firewall.cross_origin import is_cross_origin
from ..sessions.access import current_login, requires_role
from ..sessions.session import ServerSession

if TYPE_CHECKING:
    from flask import Response as FlaskResponse
    from werkzeug.wrappers import Response

    from .links import ReportLinks

#: Who may read the report.
ROLE = "auditor"
#: Where a session has the id of the link that opened it.
SESSION_KEY = "strict_cookies_report"
#: Seconds that a page takes at most to verify the trail; the next goes on.
VERIFY_SECONDS = 2.0

report_pages = Blueprint(
    "strict_cookies_report",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/report/static",
)


@report_pages.after_request
def keep_it_here(response: FlaskResponse) -> FlaskResponse:
    """Let no cache keep the report, and no other site learn its address."""
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
    """Give the report for machines."""
    refused = _refuse("json")
    return jsonify(_build(VERIFY_SECONDS)) if refused is None else refused


@report_pages.get("/report/link/<token>")
def ask(token: str) -> str | tuple[str, int]:
    """Show the button that opens the report; nothing is opened by a GET."""
    link = links().read(token)
    if link is None:
        return render_template("strict_cookies/report_link.html", link=None), 404
    until = datetime.datetime.fromtimestamp(link.expires, datetime.UTC)
    return render_template("strict_cookies/report_link.html", link=link, token=token, until=until)


@report_pages.post("/report/open")
def open_report() -> Response | tuple[str, int]:
    """Exchange a token for a session that may read the report."""
    if is_cross_origin(request.environ):
        abort(403, "Another site's page may not open the report.")
    link = links().read(request.form.get("token", ""))
    if link is None:
        return render_template("strict_cookies/report_link.html", link=None), 404
    found = session._get_current_object()  # type: ignore[attr-defined]
    if not isinstance(found, ServerSession) or current_login() is None:
        # Whoever planted the identifier before has nothing of what follows.
        session.clear()
    session[SESSION_KEY] = link.id
    return redirect(url_for(f"{report_pages.name}.index"), 303)


def links() -> ReportLinks:
    """Give the links of the current application."""
    from .._util.keys import SessionKeys
    from .links import USE, ReportLinks

    config = current_app.config
    if not config["SECRET_KEY"]:
        abort(404)
    keys = SessionKeys(config["SECRET_KEY"], config["SECRET_KEY_FALLBACKS"] or ())
    return ReportLinks(current_app.extensions["strict_cookies"].archive, keys.derive(USE))


def _refuse(form: str) -> Response | None:
    """Record an opening by who may read; else say where to go."""
    trail = current_app.extensions["strict_cookies"].trail
    link_id = session.get(SESSION_KEY)
    link = None if link_id is None else links().find(link_id)
    if link is not None:
        trail.record("report-opened", form=form, link=link.id)
        return None
    if not isinstance(session._get_current_object(), ServerSession):  # type: ignore[attr-defined]
        abort(403, "The report is for auditors: ask the site for a link.")
    refused = requires_role(ROLE)(_nothing)()
    if refused is None:
        login = current_login()
        trail.record("report-opened", form=form, user=None if login is None else login.user_id)
    return refused


def render_alone() -> str:
    """Render the report with its style inside, to be kept as a file."""
    style = ""
    for name in ("strict_cookies", report_pages.name):
        blueprint = current_app.blueprints[name]
        (path,) = Path(str(blueprint.static_folder)).glob(
            "declaration.css" if name == "strict_cookies" else "report.css"
        )
        style += path.read_text("utf-8")
    # The library's own style sheets.
    return _render(_build(), style=Markup(style))  # noqa: S704


def _render(report: dict[str, Any], style: Markup | None = None) -> str:
    from .plot import draw_days

    days = [(datetime.date.fromisoformat(day["day"]), day) for day in report["held_back"]["days"]]
    plots = {
        kind: draw_days([(day, row[kind]) for day, row in days], label)
        for kind, label in (("dropped", "Cookies dropped"), ("strays", "Strays cut"))
        if days
    }
    sums = {kind: sum(row[kind] for _, row in days) for kind in plots}
    return render_template(
        "strict_cookies/report.html",
        report=report,
        plots=plots,
        sums=sums,
        say=_say_lifetime,
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
