"""
Cookie Firewall: no undeclared cookie leaves the server or reaches the application.

Wrap any WSGI application; put it outside everything that sets or reads cookies, and inside
``ProxyFix`` if there is one::

    application = CookieFirewall(application, CookiePolicy.load("cookies.toml"))

Emitted ``Set-Cookie`` lines are judged when the application calls ``start_response``, whoever wrote
them. Of an arriving ``Cookie`` field only declared cookies are kept; a declared name that occurs
twice counts as absent, since nobody can tell which one is forged. A clean field passes byte for
byte.

**Faults close the door.** An exception in judging, or one that the application lets out, is
answered with a 500 that carries the baseline headers and no cookie. **Observers never do**: see
:mod:`~strict_cookies.firewall.recorder`.

**Strays** are cut, and expired in the browser where that can hurt nobody: see
:mod:`~strict_cookies.firewall.expire`.

Source: RFC 6265bis sections 4.2, 5.6 and 5.8; PEP 3333.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Literal, get_args

from .._util.text import OTHER
from .._util.urls import is_local, request_host
from ..errors import ConfigurationError, CookieDroppedError, StrictCookiesError, WeakenedHeaderError
from ..http.compare import HeaderSet
from ..http.cookies import is_token, split_pair
from ..policy.catalogue import find_certain_tracker
from ..policy.policy import CookiePolicy
from ..reasons import Reason
from .expire import CookieExpirer, Sweep
from .interceptors import INTERCEPTED
from .recorder import Recorder, explain
from .request_cookies import ARRIVED, CookieReader
from .set_cookie import Judge

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .interceptors import Interception, Interceptor
    from .recorder import OnVerdict

    Headers = list[tuple[str, str]]
    ExcInfo = (
        tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
    )
    #: Gives the security headers for a request's environ and a response's status.
    HeaderSource = Callable[[WSGIEnvironment, str], Iterable[tuple[str, str]]]

Mode = Literal["enforce", "report-only", "raise"]

#: Headers that any response can bear, for applications that bring no others.
BASELINE_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
)
_BASELINE = HeaderSet.of(BASELINE_HEADERS)
#: Most names of this application's own dropped cookies that are remembered for sweeping.
MAX_TRIED = 256
#: Most spellings of response field names that are remembered.
MAX_HEADER_NAMES = 256

#: Bodies that servers treat in a way of their own, and that can't fail half-way.
_WHOLE_BODIES = (list, tuple)
_FAULT_STATUS = "500 Internal Server Error"
_FAULT_BODY = b"Internal Server Error\n"


class CookieFirewall:
    """
    Judge cookies in both directions around a WSGI application.

    Args:
        app: The application to protect.
        policy: What is declared.
        mode: ``"enforce"``; ``"report-only"`` changes no cookie and records; ``"raise"`` raises
            :class:`~strict_cookies.errors.CookieDroppedError` where a cookie would be dropped, and
            :class:`~strict_cookies.errors.WeakenedHeaderError` for a weakened header.
        sweep: ``"known"`` (trackers and own strays); ``"host"`` (every stray, this host);
            ``"site"`` (every stray, each parent domain too); ``"off"``.
        headers: Gives security headers for an environ and a status. One that a response already
            has stands; where it is weaker, that is recorded, and raised in ``"raise"`` mode. By
            default :data:`BASELINE_HEADERS`.
        on_verdict: Called with reason, cookie name and place for each verdict but a pass.
        interceptors: Asked in turn whether the application gets a request at all; see
            :mod:`~strict_cookies.firewall.interceptors`. In report-only mode none of them answers.
        place: Tells from the environ where something happened; by default the path.
        sender: Sender of the signals; by default this object.
        shows: Paths (``PATH_INFO``) of pages that show a browser the names of what it sent; they
            find them under :data:`~strict_cookies.firewall.request_cookies.ARRIVED` where something was cut.
        propagate_exceptions: Let exceptions out instead of answering 500, for debuggers and tests.

    Raises:
        ConfigurationError: ``mode`` or ``sweep`` is none of the above.
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: CookiePolicy,
        *,
        mode: Mode = "enforce",
        sweep: Sweep = "known",
        headers: HeaderSource | None = None,
        on_verdict: OnVerdict | None = None,
        interceptors: Iterable[Interceptor] = (),
        place: Callable[[WSGIEnvironment], str] | None = None,
        sender: object = None,
        shows: Collection[str] = (),
        propagate_exceptions: bool = False,
    ) -> None:
        check_choice("mode", mode, Mode)
        check_choice("sweep", sweep, Sweep)
        self.app = app
        self.policy = policy
        self.mode = mode
        self.sweep = sweep
        self.ledger = Recorder(
            self if sender is None else sender,
            place=place,
            on_verdict=on_verdict,
            enforced=mode != "report-only",
        )
        # Bound here: calling a method costs less than calling an object that has __call__.
        self._judge = Judge(policy).__call__
        self._headers = headers or _baseline
        self._interceptors = tuple(interceptors)
        self._shows = frozenset(shows)
        #: Field names of responses as spelt, with their lower case.
        self._header_names: dict[str, str] = {}
        self._enforcing = mode != "report-only"
        self._sweeper = CookieExpirer(policy, sweep) if self._enforcing and sweep != "off" else None
        self._propagate = propagate_exceptions or mode == "raise"
        #: Names that this application tried to set in vain; they are swept if they come back.
        self._tried: set[str] = set()
        self._reader = CookieReader(policy, self._tried, sweeps_all=sweep in ("host", "site"))
        self._read = self._reader.__call__

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        strays: list[str] = []

        def judged_start_response(
            status: str, headers: Headers, exc_info: ExcInfo = None, /
        ) -> Callable[[bytes], object]:
            try:
                headers = self._judge_response(environ, status, headers, strays)
            except (CookieDroppedError, WeakenedHeaderError, _UnsafeHeader):
                raise
            except Exception as error:
                raise _JudgeFault from error
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        try:
            if self._enforcing:
                # Where servers hand over the field once more: eventlet; a2wsgi.
                environ.pop("headers_raw", None)
                environ.pop("asgi.scope", None)
            field = environ.get("HTTP_COOKIE")
            if field:
                try:
                    strays = self._clean_request(environ, field)
                except Exception as error:
                    raise _JudgeFault from error
            app = self.app
            for intercept in self._interceptors:
                try:
                    found = intercept(environ)
                except Exception as error:
                    raise _JudgeFault from error
                if found is not None:
                    self._record_interception(found, environ)
                    if self._enforcing:
                        app = found.answer
                        break
            body = app(environ, judged_start_response)
        except Exception as error:
            if self._propagate or _ends_websocket(environ, error):
                raise
            return self._answer_fault(environ, start_response, error)
        if isinstance(body, _WHOLE_BODIES):
            return body
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and type(body) is wrapper:
            return body
        return _GuardedBody(self, body, environ, start_response)

    def _record_interception(self, found: Interception, environ: WSGIEnvironment) -> None:
        if found.reason is not None:
            environ[INTERCEPTED] = True
            self.ledger.record(((found.reason, found.cookie_name),), environ)

    # What arrives

    def _clean_request(self, environ: WSGIEnvironment, field: str) -> list[str]:
        """Cut from the environ what the application must not see; return the names to sweep."""
        reading = self._read(field)
        if reading is None:
            return []
        if environ.get("PATH_INFO") in self._shows:
            environ[ARRIVED] = self._reader.name_arrived(field)
        field, findings, sweepable = reading
        self.ledger.record(findings, environ)
        if self._enforcing:
            if field:
                environ["HTTP_COOKIE"] = field
            else:
                del environ["HTTP_COOKIE"]
        return sweepable

    # What leaves

    def _judge_response(
        self, environ: WSGIEnvironment, status: str, headers: Headers, strays: list[str]
    ) -> Headers:
        """Judge each Set-Cookie line, fill in security headers, sweep."""
        known, enforcing = self._header_names, self._enforcing
        if enforcing and not status.isprintable() and _breaks_line(status):
            raise _UnsafeHeader("the status has a line break")
        given = self._headers(environ, status)
        if type(given) is not HeaderSet:
            given = HeaderSet.of(given)
        names = given.names
        sets_cookie = has_own = False
        leaving: Headers = []
        for header in headers:
            name, value = header
            try:
                key = known[name]
            except KeyError:
                key = self._read_header_name(name)
            if key in names:
                has_own = True
            if key == "set-cookie":
                sets_cookie = True
                cookie_name, line, found = self._judge(value)
                if found:
                    self.ledger.record(found, environ)
                    if line is None:
                        self._report_drop(cookie_name, found[0][0], environ)
                if enforcing:
                    if line is None:
                        continue
                    header = (name, line)
            # Line breaks can't be printed; few values hold anything that can't.
            elif enforcing and not value.isprintable() and _breaks_line(value):
                raise _UnsafeHeader(f"the value of {key} has a line break")
            leaving.append(header)
        if has_own:
            self._fill_in(given, leaving, environ)
        else:
            leaving += given.pairs
        if sets_cookie and environ["wsgi.url_scheme"] != "https":
            self._warn_unkeepable(environ, leaving)
        if strays and self._sweeper is not None:
            swept = self._sweeper.expire(strays, environ, leaving)
            if swept:
                self.ledger.record(
                    tuple(
                        (Reason.UNDECLARED_EXPIRED, self._known_or_other(name)) for name in swept
                    ),
                    environ,
                )
        return leaving

    def _fill_in(self, given: HeaderSet, leaving: Headers, environ: WSGIEnvironment) -> None:
        """Add the security headers that are missing; tell which of those there are weaker."""
        theirs: dict[str, list[str]] = {}
        for name, value in leaving:
            theirs.setdefault(name.lower(), []).append(value)
        weaker = [
            found
            for name in sorted(given.names.intersection(theirs))
            for found in given.find_weaker(name, theirs[name])
        ]
        leaving += [header for header in given.pairs if header[0].lower() not in theirs]
        if not weaker:
            return
        self.ledger.record(tuple((Reason.WEAKER_HEADER, name) for name in weaker), environ)
        if self.mode == "raise":
            what, place = ", ".join(weaker), self.ledger.place_of(environ)
            raise WeakenedHeaderError(
                f"{Reason.WEAKER_HEADER}: {what} at {place!r}. {Reason.WEAKER_HEADER.remedy}",
                header_name=what.partition(" ")[0],
                reason_id=Reason.WEAKER_HEADER.id,
            )

    def _read_header_name(self, name: str) -> str:
        """
        Give a field name in lower case, and remember it.

        A space or line break in it would make a server write another field than the one judged.

        Raises:
            _UnsafeHeader: It is no token. Source: RFC 9110 section 5.1.
        """
        # A subclass of str could answer as it likes; bytes are a TypeError.
        plain = str.__str__(name)
        if self._enforcing and not is_token(plain):
            raise _UnsafeHeader("a header's name is no token")
        key = plain.lower()
        if len(self._header_names) < MAX_HEADER_NAMES:
            self._header_names[plain] = key
        return key

    def _known_or_other(self, name: str) -> str:
        tracker = find_certain_tracker(name)
        if tracker is not None:
            return tracker
        declared = self.policy.find(name)
        if declared is not None:
            return declared.name
        return name if name in self._tried else OTHER

    def _report_drop(self, name: str, reason: Reason, environ: WSGIEnvironment) -> None:
        """Remember for sweeping what this application tries to set; raise where that is wanted."""
        if is_token(name) and len(self._tried) < MAX_TRIED:
            self._tried.add(name)
        if self.mode == "raise":
            raise CookieDroppedError(
                explain(reason, name, self.ledger.place_of(environ)),
                cookie_name=name,
                reason_id=reason.id,
            )

    def _warn_unkeepable(self, environ: WSGIEnvironment, leaving: Headers) -> None:
        """Say before a user meets a login loop that the browser will refuse a Secure cookie."""
        host = request_host(environ)
        if self.policy.transport == "https" and not is_local(host):
            for key, line in leaving:
                if key.lower() == "set-cookie" and "; Secure" in line and "Max-Age=0" not in line:
                    name = split_pair(line.partition(";")[0])[0]
                    self.ledger.record(((Reason.SECURE_OVER_HTTP, name),), environ)

    # Faults

    def _answer_fault(
        self, environ: WSGIEnvironment, start_response: StartResponse, error: Exception
    ) -> Iterable[bytes]:
        """Answer 500 with the baseline headers and without cookies."""
        if isinstance(error, _UnsafeHeader):
            self.ledger.fault(Reason.UNSAFE_HEADER, error)
        elif isinstance(error, _JudgeFault):
            self.ledger.fault(Reason.VERDICT_FAULT, error.__cause__ or error)
        else:
            self.ledger.fault(Reason.APP_FAULT, error)
        try:
            baseline = list(self._headers(environ, _FAULT_STATUS))
        except Exception as second:  # noqa: BLE001 - the fault may lie in the headers themselves
            self.ledger.fault(Reason.VERDICT_FAULT, second)
            baseline = list(BASELINE_HEADERS)
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Cache-Control", "no-store"),
            *baseline,
        ]
        start_response(_FAULT_STATUS, headers, sys.exc_info())
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else _FAULT_BODY]


class _JudgeFault(StrictCookiesError):
    """Judging itself failed; the cause says where."""


class _UnsafeHeader(StrictCookiesError):
    """A status, field name or value that a server might write as more than one field line."""


class _GuardedBody:
    """A response body whose exceptions are answered while no octet has left."""

    __slots__ = ("_body", "_environ", "_firewall", "_start_response")

    def __init__(
        self,
        firewall: CookieFirewall,
        body: Iterable[bytes],
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> None:
        self._firewall = firewall
        self._body = body
        self._environ = environ
        self._start_response = start_response

    def __iter__(self) -> Iterator[bytes]:
        sent = False
        try:
            for chunk in self._body:
                sent = sent or bool(chunk)
                yield chunk
        except Exception as error:
            if sent or self._firewall._propagate:
                raise
            yield from self._firewall._answer_fault(self._environ, self._start_response, error)

    def close(self) -> None:
        """Close the application's iterable, once, as the server closes this one."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def _breaks_line(text: str) -> bool:
    return "\n" in text or "\r" in text or "\0" in text


def _ends_websocket(environ: WSGIEnvironment, error: Exception) -> bool:
    """
    Tell whether this is how a WebSocket ends, which took the server's socket from it.

    There is no other way to tell Werkzeug's server (``ConnectionError``) and Gunicorn
    (``StopIteration``) that nothing is left to send.
    """
    upgrade = environ.get("HTTP_UPGRADE", "").lower()
    return upgrade == "websocket" and isinstance(error, (ConnectionError, StopIteration))


def _baseline(environ: WSGIEnvironment, status: str) -> HeaderSet:
    return _BASELINE


def check_choice(name: str, value: object, choices: object) -> None:
    """
    Refuse a value that is none of a ``Literal``'s.

    Raises:
        ConfigurationError: Names the setting, the value and the choices.
    """
    known = get_args(choices)
    if value not in known:
        raise ConfigurationError(f"{name} is {value!r}. Use one of {', '.join(map(repr, known))}.")
