"""
``/cookies/this-browser``: what this browser sent just now, and one button to delete it.

Rendered by the server, without script; it sets no cookie, and no cache keeps it. What came is held
against the declaration, by names and never by values. The button sends a POST that another origin
can't send; it needs no form token, which would need a cookie, so a check of tokens must leave it
out: Flask-WTF's does. It ends the session, expires what is declared, sweeps strays as far as
sweeping may, and leads back to the page, which tells what the browser sent then.

``/cookies/this-browser/session.json`` is a copy of what the session holds, for whoever has signed
in a short time ago. A site overrides the page by a template ``strict_cookies/this_browser.html`` of
its own, whole, or block by block where it extends ``strict_cookies/this_browser_layout.html``.

Source: GDPR Articles 15, 17 and 20; OWASP ASVS 5.0.0 3.5.1, 7.5.1 and 14.3.2.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from flask import Response, abort, current_app, make_response, redirect, request, session, url_for
from flask.sessions import NullSession, SecureCookieSession

from ..._util.urls import is_local, request_host
from ...firewall.cross_origin import is_cross_origin
from ...sessions.access import requires_fresh_login
from ...sessions.session import ServerSession
from ..i18n.language import pick_text
from .negotiated import negotiate
from .rendering import render_visit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Blueprint, Flask
    from markupsafe import Markup

    from ...firewall.request_cookies import ReceivedCookies
    from ...policy.policy import CookiePolicy
    from ..published import Published

#: Below the prefix of the library's pages.
PATH = "/this-browser"

#: Who keeps what a visitor does here: this server's store, his own cookie, nobody, another.
Keeper = Literal["server", "cookie", "nowhere", "elsewhere"]

_ENDPOINT = "strict_cookies.delete_from_browser"


def add_this_browser(
    blueprint: Blueprint, published: Published, erase: Callable[[Response], Response]
) -> None:
    """
    Add the page, its button, and the copy of the session.

    Args:
        blueprint: That of the declaration.
        published: What is declared.
        erase: Makes a response end the session and delete what is stored.
    """

    @blueprint.get(PATH)
    def this_browser() -> Response:
        from .sent_items import compare_sent

        policy, asked = published.policy, negotiate(published.policy.site)
        default = policy.site.languages[0]

        def say(texts: Mapping[str, str]) -> Markup:
            return pick_text(texts, asked.language.tag, default).markup

        return render_visit(
            "strict_cookies/this_browser.html",
            policy.site,
            asked,
            sent=compare_sent(policy, _find_arrived(policy)),
            enforced=published.document()["enforced"],
            words=published.wording(asked.language),
            session_kept=find_keeper(),
            # A link from elsewhere must not make the page say that something was deleted.
            after=request.args.get("after") == "deleted" and not is_cross_origin(request.environ),
            storage_emptied=_is_secure(),
            say=say,
        )

    @blueprint.post(PATH)
    def delete_from_browser() -> Response:
        from ...firewall.expire import ASKED_FOR

        if is_cross_origin(request.environ):
            abort(403, "Another site's page may not delete anything here.")
        request.environ[ASKED_FOR] = True
        keep = negotiate(published.policy.site).keep
        target = url_for("strict_cookies.this_browser", after="deleted", **keep)
        return erase(make_response(redirect(target, 303)))

    @blueprint.get(f"{PATH}/session.json")
    def session_copy() -> Response:
        found = (
            make_response(_send_copy())
            if find_keeper() == "server"
            else Response(
                "This site's server keeps no session, so there is no copy of one.\n",
                404,
                content_type="text/plain; charset=utf-8",
            )
        )
        found.headers["Cache-Control"] = "no-store"
        return found


def exempt_from_csrf(app: Flask) -> None:
    """Tell Flask-WTF, where it is in use, that the button brings no token: it would need one."""
    protect = app.extensions.get("csrf")
    if protect is not None and hasattr(protect, "exempt"):
        protect.exempt(app.view_functions[_ENDPOINT])


def find_keeper() -> Keeper:
    """Tell who keeps the session of this request, without opening it."""
    found = session._get_current_object()  # type: ignore[attr-defined]
    if isinstance(found, ServerSession):
        return "server"
    if isinstance(found, NullSession):
        return "nowhere"
    return "cookie" if isinstance(found, SecureCookieSession) else "elsewhere"


@requires_fresh_login()
def _send_copy() -> Response:
    from ...sessions.own_copy import copy_own_session

    protection = current_app.extensions["strict_cookies"]
    copy = copy_own_session(protection.policy, protection.session_options)
    text = json.dumps(copy, ensure_ascii=False, indent=2)
    # Half of a surrogate pair becomes a question mark.
    response = Response(f"{text}\n".encode("utf-8", "replace"), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="session.json"'
    return response


def _find_arrived(policy: CookiePolicy) -> ReceivedCookies:
    """Name what came: what was cut is known to the firewall alone."""
    from ...firewall.request_cookies import ARRIVED, CookieReader

    found: ReceivedCookies | None = request.environ.get(ARRIVED)
    if found is not None:
        return found
    return CookieReader(policy).name_arrived(request.environ.get("HTTP_COOKIE", ""))


def _is_secure() -> bool:
    """Tell whether browsers heed ``Clear-Site-Data`` here."""
    environ = request.environ
    return environ["wsgi.url_scheme"] == "https" or is_local(request_host(environ))
