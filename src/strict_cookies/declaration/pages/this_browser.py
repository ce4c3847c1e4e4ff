"""
``/cookies/this-browser``: the cookies that this browser sent, and a button to delete them.

The page is rendered by the server, without scripts; it sets no cookie and is never cached. It
compares the received cookies with the declaration, by name and never by value. The button sends a
POST that another origin can't send. It needs no form token, which would need a cookie: it is
exempted from Flask-WTF's check, and other checks of tokens must exempt it too. It ends the session,
expires the declared cookies and, as far as the settings allow, the undeclared ones. Then it
redirects to the page, which shows what the browser still sends.

``/cookies/this-browser/session.json`` is a copy of what the session holds, for users with a fresh
login. A site replaces the page with its own template ``strict_cookies/this_browser.html``, or
single blocks with one that extends ``strict_cookies/this_browser_layout.html``.

Source: GDPR Articles 15, 17 and 20; OWASP ASVS 5.0.0 3.5.1, 7.5.1 and 14.3.2.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from flask import Response, abort, make_response, redirect, request, session, url_for
from flask.sessions import NullSession, SecureCookieSession

from ..._util.urls import is_local, request_host
from ...firewall.cross_origin import is_cross_origin
from ...firewall.expire import ASKED_FOR
from ...firewall.request_cookies import RECEIVED, CookieReader
from ...sessions.access import requires_fresh_login
from ...sessions.session import ServerSession
from ..i18n.language import pick_text
from .rendering import render_uncached
from .state import find_session_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Blueprint, Flask
    from markupsafe import Markup

    from ...firewall.request_cookies import ReceivedCookies
    from ...policy.policy import CookiePolicy
    from .renderer import PageRenderer

#: The path of the page, below the prefix of the library's pages.
PATH = "/this-browser"

#: Where the session is kept: in the library's store, in Flask's cookie, nowhere, or by other code.
SessionLocation = Literal["server", "cookie", "nowhere", "elsewhere"]

_ENDPOINT = "strict_cookies.delete_from_browser"


class ThisBrowser:
    """
    The page, its button, and the copy of the session.

    Args:
        renderer: Of the same application.
        erase: Make a response end the session and delete what the browser stores.
    """

    def __init__(self, renderer: PageRenderer, erase: Callable[[Response], Response]) -> None:
        self._renderer = renderer
        self._erase = erase

    def register(self, blueprint: Blueprint) -> None:
        """Add the addresses to a blueprint."""
        blueprint.add_url_rule(PATH, "this_browser", self.page)
        blueprint.add_url_rule(PATH, "delete_from_browser", self.delete, methods=["POST"])
        blueprint.add_url_rule(f"{PATH}/session.json", "session_copy", self.session_copy)

    def page(self) -> Response:
        """Return the page."""

        from .received import compare_received

        declaration, negotiated = self._renderer.declaration, self._renderer.negotiate()
        policy, language = declaration.policy, negotiated.language
        default = policy.site.languages[0]

        def pick(texts: Mapping[str, str]) -> Markup:
            return pick_text(texts, language.tag, default).markup

        # A link on another site must not make the page say that something was deleted.
        deleted = request.args.get("after") == "deleted" and not is_cross_origin(request.environ)
        return render_uncached(
            "strict_cookies/this_browser.html",
            policy.site,
            negotiated,
            received=compare_received(policy, _received_cookies(policy)),
            enforced=declaration.document()["enforced"],
            view=declaration.view(language),
            session_location=locate_session(),
            deleted=deleted,
            storage_emptied=_heeds_clear_site_data(),
            pick=pick,
        )

    def delete(self) -> Response:
        """End the session, delete what the browser stores, and redirect to the page."""
        if is_cross_origin(request.environ):
            abort(403, "A page of another site can't delete anything here.")
        request.environ[ASKED_FOR] = True
        query = self._renderer.negotiate().query
        target = url_for("strict_cookies.this_browser", after="deleted", **query)
        return self._erase(make_response(redirect(target, 303)))

    def session_copy(self) -> Response:
        """Return a copy of what the session holds, if it is kept on the server."""
        if locate_session() == "server":
            response = make_response(_copy_session())
        else:
            response = Response(
                "This site keeps no session on its server, so there is no copy of one.\n",
                404,
                content_type="text/plain; charset=utf-8",
            )
        response.headers["Cache-Control"] = "no-store"
        return response


def exempt_from_csrf(app: Flask) -> None:
    """Exempt the button from Flask-WTF's check: a form token would need a cookie."""
    protect = app.extensions.get("csrf")
    if protect is not None and hasattr(protect, "exempt"):
        protect.exempt(app.view_functions[_ENDPOINT])


def locate_session() -> SessionLocation:
    """Return where the session of this request is kept, without opening it."""
    current = session._get_current_object()  # type: ignore[attr-defined]
    if isinstance(current, ServerSession):
        return "server"
    if isinstance(current, NullSession):
        return "nowhere"
    return "cookie" if isinstance(current, SecureCookieSession) else "elsewhere"


@requires_fresh_login()
def _copy_session() -> Response:

    from ...sessions.own_copy import copy_own_session

    state = find_session_state()
    copy = copy_own_session(state.policy, state.session_options)
    text = json.dumps(copy, ensure_ascii=False, indent=2)
    # Half of a surrogate pair becomes a question mark.
    response = Response(f"{text}\n".encode("utf-8", "replace"), content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="session.json"'
    return response


def _received_cookies(policy: CookiePolicy) -> ReceivedCookies:
    """Return the names that the browser sent; only the firewall knows those that it stripped."""
    received: ReceivedCookies | None = request.environ.get(RECEIVED)
    if received is not None:
        return received
    return CookieReader(policy).name_received(request.environ.get("HTTP_COOKIE", ""))


def _heeds_clear_site_data() -> bool:
    """Return whether browsers heed ``Clear-Site-Data`` on this connection."""
    environ = request.environ
    return environ["wsgi.url_scheme"] == "https" or is_local(request_host(environ))
