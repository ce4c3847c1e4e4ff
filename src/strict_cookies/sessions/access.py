"""
Sign users in and out, and restrict views to them.

:func:`login` exchanges the session for one with a new identifier; the old one ends at once. A
visitor, or a user whose login is not fresh enough, is sent to ``STRICT_COOKIES_LOGIN_VIEW`` (with
Flask-Login, to its ``login_view``), or gets a 401 without one; a user without the role gets a 403.

Roles are those of the login: after changing them, end the user's sessions.

Source: OWASP ASVS 5.0.0 7.2.4, 7.5.1 and 7.5.3; NIST SP 800-63B-4 section 5.2.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

from flask import abort, current_app, redirect, request, session, url_for
from flask.sessions import NullSession

from .._util.app_state import find_state
from ..errors import ConfigurationError
from ..reasons import Reason
from ..signals import role_denied
from .record import NewLogin, SessionEndedError
from .session import BACKGROUND, ServerSession

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from .record import UserId
    from .state import SessionState

P = ParamSpec("P")
R = TypeVar("R")

#: How old a login may be that counts as fresh, unless a view says otherwise.
FRESH = timedelta(minutes=15)


class Login(NamedTuple):
    """
    Who is signed in.

    Attributes:
        user_id: As it was passed to :func:`login`.
        roles: As they were passed to :func:`login`.
        aal: As it was passed to :func:`login`.
        authenticated_at: Aware, UTC; None where it is not known, or where another browser than the
            login's shows the session and ``STRICT_COOKIES_SESSION_BINDING`` is ``"challenge"``.
    """

    user_id: UserId
    roles: tuple[str, ...]
    aal: int
    authenticated_at: datetime | None

    def is_fresh(self, max_age: timedelta = FRESH, *, now: datetime | None = None) -> bool:
        """
        Return whether the login is recent.

        Args:
            max_age: How old it may be.
            now: Aware; by default the current time.
        """
        from .limits import MAX_SKEW

        if self.authenticated_at is None:
            return False
        age = (datetime.now(UTC) if now is None else now) - self.authenticated_at
        return timedelta(seconds=-MAX_SKEW) <= age <= max_age


def login(
    user_id: UserId,
    *,
    roles: Iterable[str] = (),
    aal: int = 1,
    device: str | None = None,
    method: str | None = None,
) -> None:
    """
    Sign a user in; call it after the password or another factor was verified.

    What a visitor has in the session stays; what another user left is not taken over.

    Args:
        user_id: Text or a number, not empty; sessions are listed under its text.
        roles: What the user may do; see :func:`requires_role`.
        aal: Authenticator assurance level of NIST SP 800-63B-4 that was reached: 1 with a password,
            2 with a second factor, 3 with a hardware key. The session is held to its limits.
        device: What the user calls the device; by default browser and platform.
        method: How the user authenticated, for the audit trail: a word such as ``"pwd"``, ``"otp"``
            or ``"hwk"``. Source: RFC 8176.

    Raises:
        werkzeug.exceptions.Forbidden: Another site's page caused the request.
        SessionLimitError: The user has as many sessions as are allowed.
        StoreUnavailableError: No user was signed in.
        ConfigurationError: Sessions are not kept on the server.
    """
    found = server_session()
    _refuse_other_origins()
    found.sign_in(NewLogin(user_id=user_id, roles=roles, aal=aal, device=device, method=method))


def reauthenticate(user_id: UserId, *, aal: int | None = None, method: str | None = None) -> None:
    """
    Record that the signed-in user has authenticated again.

    The session gets a new identifier, and its limits start over. A session that has ended
    meanwhile stays ended: only :func:`login` begins one.

    Args:
        user_id: Who has authenticated, as the check of the password or other factor found.
        aal: Level that was reached; by default that of the login.
        method: As for :func:`login`.

    Raises:
        werkzeug.exceptions.Unauthorized: No user is signed in, or the session has ended.
        werkzeug.exceptions.Forbidden: Another user has authenticated than the one who is signed in
            (SC707), or another site's page caused the request.
    """
    found = server_session()
    _refuse_other_origins()
    record = found.record
    if record is None or record.user_id is None:
        abort(401)
    renewal = NewLogin(
        user_id=user_id,
        roles=record.roles,
        aal=record.aal if aal is None else aal,
        device=record.device,
        method=method,
        renews=True,
    )
    if str(user_id) != record.user:
        if found.manager is not None:
            found.manager.events.alarm(Reason.OTHER_USER, "The session was left as it was.")
        abort(403, "Another user has authenticated than the one who is signed in.")
    try:
        found.sign_in(renewal)
    except SessionEndedError:
        abort(401)


def logout() -> None:
    """End the session, at once and with all that is in it."""
    server_session().clear()


def current_login() -> Login | None:
    """Return the signed-in user; None for a visitor."""
    found = server_session()
    record, visit = found.record, found.visit
    if record is None or visit is None or record.user_id is None:
        return None
    known = visit.familiar and record.authenticated_at > 0
    moment = datetime.fromtimestamp(record.authenticated_at, UTC) if known else None
    return Login(record.user_id, record.roles, record.aal, moment)


def has_fresh_login(max_age: timedelta = FRESH) -> bool:
    """Return whether the user has signed in recently, by the clock of the sessions."""
    found, manager = current_login(), server_session().manager
    now = None if manager is None else datetime.fromtimestamp(manager.clock(), UTC)
    return found is not None and found.is_fresh(max_age, now=now)


def requires_login(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Allow only signed-in users to enter a view; no cache stores the page."""
    return _guard(view, lambda: _ask_to_sign_in() if current_login() is None else None)


def requires_role(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """
    Allow only users with one of these roles to enter a view; no cache stores the page.

    Args:
        roles: One or more.
    """
    if not roles or callable(roles[0]):
        raise TypeError('requires_role needs a role, as in @requires_role("auditor").')

    def refuse() -> Response | None:
        found = current_login()
        if found is None:
            return _ask_to_sign_in()
        if set(roles) & set(found.roles):
            return None
        manager = server_session().manager
        if manager is not None:
            manager.events.notify(role_denied, user_id=found.user_id, place=request.endpoint or "")
        abort(403)

    return lambda view: _guard(view, refuse)


def requires_fresh_login(
    max_age: timedelta = FRESH,
) -> Callable[[Callable[P, R]], Callable[P, R | Response]]:
    """
    Allow only users who have recently signed in or authenticated again to enter a view.

    No cache stores the page.

    Args:
        max_age: How long ago.
    """
    if callable(max_age):
        raise TypeError("requires_fresh_login needs parentheses: @requires_fresh_login().")

    def refuse() -> Response | None:
        return None if has_fresh_login(max_age) else _ask_to_sign_in()

    return lambda view: _guard(view, refuse)


def background_request(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view that pages request by themselves, so that it does not extend the session."""

    @functools.wraps(view)
    def marked(*args: P.args, **kwargs: P.kwargs) -> R:
        request.environ[BACKGROUND] = True
        return _call(view, *args, **kwargs)

    return marked


def _guard(
    view: Callable[P, R], refuse: Callable[[], Response | None]
) -> Callable[P, R | Response]:
    """
    Call a view unless ``refuse`` returns a response or aborts.

    The response is kept out of all caches, so that the Back button shows it to no one later.
    """

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        server_session().confidential = True
        refusal = refuse()
        return _call(view, *args, **kwargs) if refusal is None else refusal

    return guarded


def _call(view: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call a view, which may be asynchronous."""
    result: R = current_app.ensure_sync(view)(*args, **kwargs)
    return result


def server_session() -> ServerSession:
    """
    Return the session of this request.

    Raises:
        ConfigurationError: It is not kept on the server.
        RuntimeError: There is no request, or no ``SECRET_KEY``.
    """
    found = session._get_current_object()  # type: ignore[attr-defined]
    if isinstance(found, ServerSession):
        return found
    if isinstance(found, NullSession):
        # Flask's own words on a missing SECRET_KEY.
        found.clear()
    raise ConfigurationError(
        f"The session is a {type(found).__name__}. Signing in needs sessions on the server: add "
        "StrictCookies(app), and remove STRICT_COOKIES_SESSIONS = 'flask' and other session "
        "interfaces."
    )


def _refuse_other_origins() -> None:
    state: SessionState = find_state()
    guard = state.origin_guard
    if guard is not None and guard.objection(request.environ) is not None:
        abort(403, "Another site's page may not sign anybody in here.")


def sign_in_url(path: str | None = None) -> str | None:
    """
    Return the URL of the sign-in page; None if no login view is configured.

    ``path`` is where the user continues, including the application's mount path.
    """
    state: SessionState = find_state()
    flask_login = getattr(current_app, "login_manager", None)
    view = state.session_options.login_view or getattr(flask_login, "login_view", None)
    if not view:
        return None
    if view.startswith(("/", "https://", "http://")):
        return str(view)
    return url_for(view) if path is None else url_for(view, next=path)


def _ask_to_sign_in() -> Response:
    path = None
    if request.method in ("GET", "HEAD"):
        path = request.script_root + (request.full_path if request.query_string else request.path)
    url = sign_in_url(path)
    if url is None:
        abort(401)
    return redirect(url, 302 if path else 303)
