"""
``flask.session`` on the server: a mapping that is read when it is first accessed.

It behaves as Flask's own does. A change inside a list or a mapping is noticed too, because the data
are compared as they are stored when the request ends. Nothing is written, and no cookie set, unless
there is something to store.

- ``clear()`` ends the session at once; what is stored afterwards starts a new one.
- ``locked()`` excludes other requests, for values that must not be merged, such as a counter.
- If the store can't answer, the first access raises :class:`~strict_cookies.StoreUnavailableError`
  and the response is a 503; what is read or stored after the first failure is ignored.
- Nothing can be stored while a body is streamed; an attempt raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from flask.sessions import SessionMixin

from ..errors import StoreUnavailableError
from ..reasons import Reason
from .device import MAX_USER_AGENT
from .record import NewLogin, SessionEndedError
from .tagged import IMMUTABLE, dump, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

    from .loaded_session import Found, LoadedSession
    from .manager import SessionManager
    from .record import Record

#: Set in the environ of a request that is not an activity of the user.
BACKGROUND = "strict_cookies.background"
#: Seconds to wait for a session's lock, and the longest that it is held.
LOCK_SECONDS = 10.0

#: What becomes of the cookie: a new identifier, none any more, or as it was.
Cookie = Literal["set", "expire", "keep"]


class ServerSession(SessionMixin):
    """
    The session of one request, found by ``find`` when it is first accessed.

    Attributes:
        failure: The store's error in this request, if any.
        cookie: What happens to the browser's cookie.
        streaming: Whether the body is being streamed, so that nothing can be stored any more.
    """

    modified = False
    accessed = False
    failure: StoreUnavailableError | None = None
    cookie: Cookie = "keep"
    streaming = False
    #: Whether a stream was marked as personal before it has read the session.
    marked = False
    #: Whether a guard let a user in, so that no cache may store the page.
    confidential = False

    _opened: dict[str, Any] | None = None
    _manager: SessionManager | None = None
    _visit: LoadedSession | None = None
    #: The key of an ended identifier that the request came with, or has ended itself.
    _former: bytes | None = None
    #: Whether the request itself ended what it came with.
    _cleared = False
    #: Whether the session has ended while the request ran, so that nothing may be stored.
    _lost = False
    #: Whether something mutable was handed out.
    _changeable = False

    def __init__(
        self,
        find: Callable[[WSGIEnvironment], tuple[SessionManager, Found]],
        environ: WSGIEnvironment,
        received_at: float,
    ) -> None:
        self.environ = environ
        self._find = find
        self._received_at = received_at

    def __repr__(self) -> str:
        """Return the number of keys; no key and no value."""
        if self._opened is None:
            return "<ServerSession, not opened>"
        return f"<ServerSession, {len(self._opened)} keys>"

    # The mapping

    def __getitem__(self, key: str) -> Any:
        data = self._opened
        value = (self._open() if data is None else data)[key]
        if type(value) not in IMMUTABLE:
            self._changeable = True
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __setitem__(self, key: str, value: Any) -> None:
        self._writable()[key] = value

    def __delitem__(self, key: str) -> None:
        del self._writable()[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, or the default if there is none."""
        data = self._opened
        value = (self._open() if data is None else data).get(key, default)
        if type(value) not in IMMUTABLE:
            self._changeable = True
        return value

    def copy(self) -> dict[str, Any]:
        """Return the data as a dict."""
        self._changeable = True
        return dict(self._data)

    def clear(self) -> None:
        """End the session at once; what is stored afterwards begins a new one."""
        data = self._writable()
        visit, manager = self._visit, self._manager
        was_live = False
        if visit is not None and manager is not None:
            with self._noting_failure():
                was_live = manager.end(visit.key)
            self._former, self._visit, self.cookie = visit.key, None, "expire"
        data.clear()
        self._cleared, self._lost = True, False
        # At last, since a receiver may use the session.
        if was_live and visit is not None and manager is not None:
            manager.notify_signed_out(visit)

    @property
    def new(self) -> bool:  # type: ignore[override]
        """Whether nothing is stored yet."""
        self._open()
        return self._visit is None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """
        Lock this session against others, read it again, and save at the end.

        For counters and other values that depend on what they were. An exception inside
        leaves the session as it was at the beginning of the block.

        Raises:
            StoreUnavailableError: The lock was not acquired in time.
        """
        data = self._writable()
        visit, manager = self._visit, self._manager
        if visit is None or manager is None:
            # No other request has this session yet.
            yield
            return
        with self._noting_failure(), manager.store.lock(visit.key, timeout=LOCK_SECONDS):
            found = manager.refresh(visit, data)
            if found is None:
                self._lose()
            else:
                self._opened = found
            before = dump(self._data)
            try:
                yield
            except BaseException:
                self._opened = load(before)
                raise
            self.save()

    # Signing in and out, for the functions of the library

    @property
    def record(self) -> Record | None:
        """Who is signed in, and until when; None where nothing is stored yet."""
        self._open()
        return None if self._visit is None else self._visit.record

    @property
    def visit(self) -> LoadedSession | None:
        """The loaded session; None if the store failed."""
        self._open()
        return self._visit

    @property
    def manager(self) -> SessionManager | None:
        """The manager of the session; None if the store failed."""
        self._open()
        return self._manager

    def sign_in(self, login: NewLogin) -> None:
        """
        Exchange the session for one in which a user is signed in; see ``SessionManager.sign_in``.
        """
        data = self._writable()
        manager = self._manager
        if manager is None:
            raise StoreUnavailableError("The session store did not answer. No user was signed in.")
        try:
            with self._noting_failure():
                manager.sign_in(
                    login,
                    data,
                    self._user_agent,
                    visit=self._visit,
                    former=self._former,
                    on_entered=self._enter,
                )
        except SessionEndedError:
            self._lose()
            raise

    def _enter(self, visit: LoadedSession) -> None:
        """Continue with the session of a login."""
        self._visit = visit
        if dump(self._data) != visit.data_text:
            self._opened = visit.read_data()
        self._lost, self._cleared, self.cookie = False, False, "set"

    # The request's end

    def save(self) -> bool:
        """
        Store the request's changes once, and return whether its activity was recorded.

        Raises:
            StoreUnavailableError: As far as is known, nothing was stored.
            TypeError: A value can't be stored.
        """
        data, manager, visit = self._opened, self._manager, self._visit
        if data is None or manager is None or self.failure is not None:
            return False
        if visit is None:
            if data and not self._lost:
                self._begin(manager, data)
                return True
            return False
        unchanged = not (self.modified or self._changeable)
        try:
            saved = manager.save(
                visit, None if unchanged else data, background=BACKGROUND in self.environ
            )
        except StoreUnavailableError as error:
            self.failure = error
            raise
        if not saved.live:
            self._lose()
        elif saved.merged is not None:
            self._opened = saved.merged
        return saved.touched

    def warn_of_late_changes(self) -> None:
        """Log that a streamed body changed the session when it could no longer be stored."""
        if (
            self._visit is None
            or self._manager is None
            or not self._changeable
            or self.failure is not None
        ):
            return
        if dump(self._data) != self._visit.data_text:
            self._manager.events.alarm(
                Reason.LATE_CHANGE, "What was changed in a streamed body is lost."
            )

    def _begin(self, manager: SessionManager, data: dict[str, Any]) -> None:
        with self._noting_failure():
            visit = manager.begin(
                data,
                self._user_agent,
                former=self._former,
                received_at=self._received_at,
                explicit=self._cleared,
            )
        if visit is None:
            self._lost = True
            return
        self._visit, self.cookie = visit, "set"

    # Opening

    @property
    def _data(self) -> dict[str, Any]:
        return self._open() if self._opened is None else self._opened

    def _open(self) -> dict[str, Any]:
        if self._opened is not None:
            return self._opened
        self.accessed = True
        try:
            self._manager, found = self._find(self.environ)
        except StoreUnavailableError as error:
            self.failure, self._opened = error, {}
            raise
        self._former = found.former
        if self.streaming and not self.marked:
            self._manager.events.alarm(
                Reason.LATE_CHANGE,
                "It was read first in a streamed body, so that the answer has no Vary: Cookie.",
            )
        visit = found.visit
        if visit is None:
            self._opened = data = {}
        else:
            self._visit = visit
            self._opened = data = visit.read_data()
            if visit.signed is not None:
                self.cookie = "set"
        return data

    def _writable(self) -> dict[str, Any]:
        data = self._open()
        if self.streaming:
            raise RuntimeError(
                "The session can't be changed any more: the response's headers have gone. Change "
                "it before the body is streamed."
            )
        self.modified = True
        return data

    @contextmanager
    def _noting_failure(self) -> Iterator[None]:
        try:
            yield
        except StoreUnavailableError as error:
            self.failure = error
            raise

    def _lose(self) -> None:
        """Drop the session, which has ended while the request ran."""
        self._visit, self._lost, self._opened = None, True, {}

    @property
    def _user_agent(self) -> str:
        return str(self.environ.get("HTTP_USER_AGENT", ""))[:MAX_USER_AGENT]
