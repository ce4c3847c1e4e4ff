"""
Flask's session interface over the :class:`~strict_cookies.sessions.manager.SessionManager`.

The store is read when a request first accesses its session. Then the response has ``Vary: Cookie``
and is kept out of shared caches; one that carries the cookie is kept out of all caches. The cookie
is sent only when the identifier changes.

If the store can't answer, the response is a 503 that can be retried, regardless of the
application's error handlers; the cookie stays as it is, so that no user is signed out.

Source: RFC 9111 sections 3.5 and 4.1; CVE-2023-30861; CVE-2026-27205.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask.sessions import SessionInterface
from werkzeug.exceptions import ServiceUnavailable

from ..errors import OtherStoreError, StoreUnavailableError
from ..http.cache_control import keep_out_of_caches
from ..reasons import Reason
from .device import MAX_USER_AGENT
from .options import leaves_sessions
from .session import ServerSession

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask import Flask, Request, Response
    from flask.sessions import SessionMixin
    from flask.typing import ResponseReturnValue

    from .app_sessions import AppSessions
    from .loaded_session import Found
    from .manager import SessionManager

#: Set in the environ of a request whose session was read from Flask's own cookie.
_MOVED = "strict_cookies.session_moved"
#: Seconds after which a visitor may try again where the store did not answer.
RETRY_AFTER = 5
_PLAIN: dict[str, Any] = {
    "status": HTTPStatus.SERVICE_UNAVAILABLE,
    "content_type": "text/plain; charset=utf-8",
}
_BODY = (
    "Service Unavailable\n\n"
    "The site can't read your session at the moment. Nothing in it was changed, and it is not "
    "lost. Please try again shortly.\n"
)


class ServerSessionInterface(SessionInterface):
    """
    Keep ``flask.session`` on the server.

    ``flask`` serves sessions that are opened before the first request, by a test or a shell, while
    the configuration leaves sessions to Flask.
    """

    def __init__(
        self,
        prepare: Callable[[], AppSessions],
        *,
        clock: Callable[[], float] = time.time,
        flask: SessionInterface | None = None,
    ) -> None:
        self._prepare = prepare
        self._flask = flask
        self._prepared: AppSessions | None = None
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        """Return a public attribute of the interface that was there before."""
        if name.startswith("_") or self._flask is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self._flask, name)

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """Begin a request; return None without a ``SECRET_KEY``, so that Flask complains."""
        if self._prepared is None and self._flask is not None and leaves_sessions(app.config):
            return self._flask.open_session(app, request)
        if not app.config["SECRET_KEY"]:
            return None
        return ServerSession(self._find, request.environ, self._clock())

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store the request's changes and mark the response; another call does nothing more."""
        if not isinstance(session, ServerSession):
            if self._flask is not None:
                self._flask.save_session(app, session, response)
            return
        # Nearly all bodies are lists, of which the property knows as much after some work.
        session.streaming = type(response.response) is not list and response.is_streamed
        if not session.accessed:
            if session.streaming and not response.direct_passthrough:
                self._mark_stream(session, response)
            return
        try:
            touched = session.save()
        except StoreUnavailableError:
            # The session knows of it as well.
            touched = False
        if session.failure is not None:
            if not isinstance(session.failure, OtherStoreError):
                events = self._prepare().manager.events
                events.alarm(Reason.STORE_UNAVAILABLE, f"{session.failure}")
            make_unavailable(response)
            return
        sent = session.cookie != "keep" or _MOVED in session.environ
        if sent:
            self._send_cookies(app, session, response)
        mark_personal(response, shared_only=not (sent or self._is_confidential(session)))
        if touched:
            manager = self._prepare().manager
            if manager.is_purge_due():
                response.call_on_close(lambda: _purge(manager))
        if session.streaming:
            response.call_on_close(session.warn_of_late_changes)

    def _mark_stream(self, session: ServerSession, response: Response) -> None:
        """Mark a body that may still read the session once its headers are sent."""
        # The pages of HTTP errors are iterators too, of a known length.
        if "HTTP_COOKIE" in session.environ and "Content-Length" not in response.headers:
            mark_personal(response)
            session.marked = True

    def _is_confidential(self, session: ServerSession) -> bool:
        """Return whether not even the browser may store the response."""
        if session.confidential:
            return True
        record = session.record if self._prepare().no_store else None
        return record is not None and record.user_id is not None

    def _send_cookies(self, app: Flask, session: ServerSession, response: Response) -> None:
        """Send the cookies that the browser does not know yet."""
        options: dict[str, Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "httponly": self.get_cookie_httponly(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }
        name, visit = self.get_cookie_name(app), session.visit
        moved = session.environ.get(_MOVED)
        if moved not in (None, name):
            response.delete_cookie(moved, **options)
        if session.cookie == "expire":
            response.delete_cookie(name, **options)
        elif visit is not None and visit.signed is not None:
            # A lifetime is asked for as Flask does; the policy then says that there is none.
            expires = self.get_expiration_time(app, session)
            response.set_cookie(name, visit.signed, expires=expires, **options)

    def _find(self, environ: WSGIEnvironment) -> tuple[SessionManager, Found]:
        """Find what a request's cookie leads to."""
        if self._prepared is None:
            self._prepared = self._prepare()
        user_agent: str = environ.get("HTTP_USER_AGENT", "")[:MAX_USER_AGENT]
        name, found = self._prepared.find(environ.get("HTTP_COOKIE", ""), user_agent)
        if name is not None:
            environ[_MOVED] = name
        return self._prepared.manager, found


def mark_personal(response: Response, *, shared_only: bool = True) -> None:
    """
    Keep a response that depends on the session out of shared caches, or out of all.

    The view's own ``Cache-Control`` stays if it is strict enough.
    """
    if "Vary" in response.headers:
        response.vary.add("Cookie")
    else:
        response.headers.add("Vary", "Cookie")
    keep_out_of_caches(response.headers, shared_only=shared_only)


def make_unavailable(response: Response) -> None:
    """
    Turn a response into a retryable 503 without cookies; an application's own 503 keeps its body.
    """
    if response.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        close = getattr(response.response, "close", None)
        if close is not None:
            response.call_on_close(close)
        response.headers.clear()
        response.status = _PLAIN["status"]
        response.content_type = _PLAIN["content_type"]
        response.direct_passthrough = False
        response.set_data(_BODY)
    response.headers.remove("Set-Cookie")
    response.headers["Retry-After"] = str(RETRY_AFTER)
    response.headers["Cache-Control"] = "no-store"


def answer_unavailable(error: StoreUnavailableError) -> ResponseReturnValue:
    """Return the application's page for a 503, or a plain one."""
    unavailable = ServiceUnavailable(retry_after=RETRY_AFTER)
    answer = current_app.handle_user_exception(unavailable)
    return answer if answer is not unavailable else current_app.response_class(_BODY, **_PLAIN)


def _purge(manager: SessionManager) -> None:
    """Purge after a response was sent; errors do not reach the visitor."""
    try:
        manager.purge()
    except StoreUnavailableError as error:
        manager.events.alarm(Reason.STORE_UNAVAILABLE, f"{error}")
