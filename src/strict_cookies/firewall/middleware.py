"""
The cookie firewall: undeclared cookies are neither sent nor passed to the application.

Wrap any WSGI application; put the firewall outside everything that sets or reads cookies, and
inside ``ProxyFix`` if there is one::

    application = CookieFirewall(application, CookiePolicy.load("cookies.toml"))

Each ``Set-Cookie`` line is checked when the application calls ``start_response``. Of a received
``Cookie`` field only declared cookies are kept; a declared name that occurs twice counts as absent,
because one of the two may be forged. A clean field passes byte for byte.

**Faults fail closed.** An exception in the firewall, or one that the application lets out, is
answered with a 500 that has the baseline headers and no cookie. **Observers never do**: see
:mod:`~strict_cookies.firewall.recorder`.

**Undeclared cookies** are removed from the request, and expired in the browser if that is safe for
other applications: see :mod:`~strict_cookies.firewall.expire`.

Source: RFC 6265bis sections 4.2, 5.6 and 5.8; PEP 3333.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from .._util.choices import check_choice
from .._util.text import OTHER
from .._util.urls import is_local, normalize_scheme, request_host
from ..errors import CookieDroppedError, WeakenedHeaderError
from ..http.compare import HeaderSet
from ..http.cookies import is_token, split_pair
from ..policy.catalogue import find_certain_tracker
from ..policy.policy import CookiePolicy
from ..reasons import Reason
from .expire import CookieExpirer, ExpireUndeclared
from .faults import (
    BASELINE_HEADERS,
    GuardedBody,
    UnsafeHeader,
    VerdictFault,
    answer_fault,
    breaks_line,
    ends_websocket,
)
from .interceptors import INTERCEPTED
from .recorder import Recorder, explain
from .request_cookies import RECEIVED, CookieReader
from .senders import wrap_senders
from .set_cookie import VerdictCache

if TYPE_CHECKING:
    from types import TracebackType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .interceptors import Interceptor
    from .recorder import OnVerdict

    Headers = list[tuple[str, str]]
    ExcInfo = (
        tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None
    )
    #: Gives the security headers for a request's environ and a response's status.
    HeaderSource = Callable[[WSGIEnvironment, str], Iterable[tuple[str, str]]]

Mode = Literal["enforce", "report-only", "raise"]

_BASELINE = HeaderSet.of(BASELINE_HEADERS)
#: Most names of this application's own dropped cookies that are remembered for expiry.
MAX_DROPPED = 256
#: Most spellings of response field names that are remembered.
MAX_HEADER_NAMES = 256

#: Bodies that servers treat in a way of their own, and that can't fail half-way.
_WHOLE_BODIES = (list, tuple)


class FirewallHooks(NamedTuple):
    """
    What a framework hands to the firewall; the defaults are for any WSGI application.

    Args:
        on_verdict: Called with reason, cookie name and place for each verdict but a pass.
        interceptors: Asked in turn whether the application gets a request; see
            :mod:`~strict_cookies.firewall.interceptors`. In report-only mode none of them answers.
        place: Return from the environ where something happened; the path by default.
        sender: The sender of the signals; the firewall by default.
        inspector_paths: Paths (``PATH_INFO``) of pages that show a browser the names of the cookies
            it sent, from ``environ`` under
            :data:`~strict_cookies.firewall.request_cookies.RECEIVED` if some were removed.
        propagate_exceptions: Let exceptions out instead of answering 500, for debuggers and tests.
    """

    on_verdict: OnVerdict | None = None
    interceptors: Iterable[Interceptor] = ()
    place: Callable[[WSGIEnvironment], str] | None = None
    sender: object = None
    inspector_paths: Iterable[str] = ()
    propagate_exceptions: bool = False


class CookieFirewall:
    """
    Enforce a policy around a WSGI application, in both directions.

    Args:
        app: The application.
        policy: What is declared.
        mode: ``"enforce"``; ``"report-only"`` changes no cookie and records; ``"raise"`` raises
            :class:`~strict_cookies.CookieDroppedError` if a cookie would be dropped, and
            :class:`~strict_cookies.WeakenedHeaderError` for a weakened header.
        expire_undeclared: Which undeclared cookies are expired in the browser: ``"known"``
            (trackers, and those that this application tried to set); ``"host"`` (all, on this
            host); ``"site"`` (all, on each parent domain too); ``"off"``.
        headers: Return the security headers for an environ and a status. A header that the response
            already has stays; if it is weaker, that is recorded, and raised in ``"raise"`` mode.
            :data:`BASELINE_HEADERS` by default.
        hooks: What a framework hands in.

    Raises:
        ConfigurationError: ``mode`` or ``expire_undeclared`` is not one of the above.
    """

    def __init__(
        self,
        app: WSGIApplication,
        policy: CookiePolicy,
        *,
        mode: Mode = "enforce",
        expire_undeclared: ExpireUndeclared = "known",
        headers: HeaderSource | None = None,
        hooks: FirewallHooks | None = None,
    ) -> None:
        check_choice("mode", mode, Mode)
        check_choice("expire_undeclared", expire_undeclared, ExpireUndeclared)
        hooks = hooks or FirewallHooks()
        self.app = app
        self.policy = policy
        self.mode = mode
        self.expire_undeclared = expire_undeclared
        self._enforcing = mode != "report-only"
        self.recorder = Recorder(
            self if hooks.sender is None else hooks.sender,
            place=hooks.place,
            on_verdict=hooks.on_verdict,
            enforced=self._enforcing,
        )
        # Bound here: calling a method costs less than calling an object that has __call__.
        self._decide = VerdictCache(policy).__call__
        self._headers = headers or _baseline
        self._interceptors = tuple(hooks.interceptors)
        self._inspector_paths = frozenset(hooks.inspector_paths)
        #: Field names of responses as they are spelt, with their lower case.
        self._header_names: dict[str, str] = {}
        self._expirer = (
            CookieExpirer(policy, expire_undeclared)
            if self._enforcing and expire_undeclared != "off"
            else None
        )
        self._propagate = hooks.propagate_exceptions or mode == "raise"
        #: Names of dropped cookies of this application; they are expired if they come back.
        self._dropped: set[str] = set()
        self._reader = CookieReader(
            policy, self._dropped, expires_all=expire_undeclared in ("host", "site")
        )
        self._read = self._reader.__call__

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        undeclared: list[str] = []

        def checked_start_response(
            status: str, headers: Headers, exc_info: ExcInfo = None, /
        ) -> Callable[[bytes], object]:
            try:
                headers = self._process_response(environ, status, headers, undeclared)
            except (CookieDroppedError, WeakenedHeaderError, UnsafeHeader):
                raise
            except Exception as error:
                raise VerdictFault from error
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        if environ["wsgi.url_scheme"] not in ("https", "http"):
            environ["wsgi.url_scheme"] = normalize_scheme(environ["wsgi.url_scheme"])
        try:
            if self._enforcing:
                # Where servers hand over the field once more: eventlet; a2wsgi.
                environ.pop("headers_raw", None)
                environ.pop("asgi.scope", None)
            wrap_senders(environ, self._check_sent)
            field = environ.get("HTTP_COOKIE")
            if field:
                try:
                    undeclared = self._clean_request(environ, field)
                except Exception as error:
                    raise VerdictFault from error
            app = self._intercept(environ) if self._interceptors else self.app
            body = app(environ, checked_start_response)
        except Exception as error:
            if self._propagate or ends_websocket(environ, error):
                raise
            return self._answer_fault(environ, start_response, error)
        if isinstance(body, _WHOLE_BODIES):
            return body
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and type(body) is wrapper:
            return body
        if self._propagate:
            return GuardedBody(body, None)
        return GuardedBody(body, partial(self._answer_fault, environ, start_response))

    def _intercept(self, environ: WSGIEnvironment) -> WSGIApplication:
        """Return what answers the request: an interceptor's answer, or the application."""
        for intercept in self._interceptors:
            try:
                found = intercept(environ)
            except Exception as error:
                raise VerdictFault from error
            if found is not None:
                if found.reason is not None:
                    environ[INTERCEPTED] = True
                    self.recorder.record(((found.reason, found.cookie_name),), environ)
                if self._enforcing:
                    return found.answer
        return self.app

    def _clean_request(self, environ: WSGIEnvironment, field: str) -> list[str]:
        """Remove undeclared cookies from the environ; return the names to expire."""
        reading = self._read(field)
        if reading is None:
            return []
        if environ.get("PATH_INFO") in self._inspector_paths:
            environ[RECEIVED] = self._reader.name_received(field)
        field, findings, to_expire = reading
        self.recorder.record(findings, environ)
        if self._enforcing:
            if field:
                environ["HTTP_COOKIE"] = field
            else:
                del environ["HTTP_COOKIE"]
        return to_expire

    def _process_response(
        self, environ: WSGIEnvironment, status: str, headers: Headers, undeclared: list[str]
    ) -> Headers:
        """Check each Set-Cookie line, add security headers, expire undeclared cookies."""
        known, enforcing = self._header_names, self._enforcing
        if enforcing and not status.isprintable() and breaks_line(status):
            raise UnsafeHeader("the status has a line break")
        given = self._headers(environ, status)
        if type(given) is not HeaderSet:
            given = HeaderSet.of(given)
        names = given.names
        sets_cookie = has_own = False
        sent: Headers = []
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
                cookie_name, line, found = self._decide(value)
                if found:
                    self.recorder.record(found, environ)
                    if line is None:
                        self._report_drop(cookie_name, found[0][0], environ)
                if enforcing:
                    if line is None:
                        continue
                    header = (name, line)
            # Line breaks can't be printed; few values hold anything that can't.
            elif enforcing and not value.isprintable() and breaks_line(value):
                raise UnsafeHeader(f"the value of {key} has a line break")
            sent.append(header)
        if has_own:
            self._fill_in(given, sent, environ)
        else:
            sent += given.pairs
        if sets_cookie and environ["wsgi.url_scheme"] != "https":
            self._warn_unkeepable(environ, sent)
        if undeclared and self._expirer is not None:
            self._expire(self._expirer, undeclared, environ, sent)
        return sent

    def _check_sent(self, environ: WSGIEnvironment, headers: Headers) -> Headers:
        """Check what the application sends next to its response: early hints, trailers."""
        sent: Headers = []
        for name, value in headers:
            if self._read_header_name(name) == "set-cookie":
                cookie_name, line, found = self._decide(value)
                self.recorder.record(found, environ)
                if line is None:
                    self._report_drop(cookie_name, found[0][0], environ)
                if self._enforcing:
                    if line is None:
                        continue
                    value = line
            elif self._enforcing and breaks_line(value):
                raise UnsafeHeader(f"the value of {name.lower()} has a line break")
            sent.append((name, value))
        return sent

    def _expire(
        self, expirer: CookieExpirer, names: list[str], environ: WSGIEnvironment, sent: Headers
    ) -> None:
        """Expire undeclared cookies in the browser, and record which."""
        expired = expirer.expire(names, environ, sent)
        if expired:
            reason = Reason.UNDECLARED_EXPIRED
            found = tuple((reason, self._known_or_other(name)) for name in expired)
            self.recorder.record(found, environ)

    def _fill_in(self, given: HeaderSet, sent: Headers, environ: WSGIEnvironment) -> None:
        """Add the missing security headers; record those that are weaker."""
        theirs: dict[str, list[str]] = {}
        for name, value in sent:
            theirs.setdefault(name.lower(), []).append(value)
        weaker = [
            found
            for name in sorted(given.names.intersection(theirs))
            for found in given.find_weaker(name, theirs[name])
        ]
        sent += [header for header in given.pairs if header[0].lower() not in theirs]
        if not weaker:
            return
        self.recorder.record(tuple((Reason.WEAKER_HEADER, name) for name in weaker), environ)
        if self.mode == "raise":
            what, place = ", ".join(weaker), self.recorder.place_of(environ)
            raise WeakenedHeaderError(
                f"{Reason.WEAKER_HEADER}: {what} at {place!r}. {Reason.WEAKER_HEADER.remedy}",
                header_name=what.partition(" ")[0],
                reason_id=Reason.WEAKER_HEADER.id,
            )

    def _read_header_name(self, name: str) -> str:
        """
        Return a field name in lower case, and cache it.

        A space or line break in it would make a server write another field than the one checked.

        Raises:
            UnsafeHeader: It is not a token. Source: RFC 9110 section 5.1.
        """
        # A subclass of str could answer as it likes; bytes are a TypeError.
        plain = str.__str__(name)
        if self._enforcing and not is_token(plain):
            raise UnsafeHeader("a header's name is not a token")
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
        return name if name in self._dropped else OTHER

    def _report_drop(self, name: str, reason: Reason, environ: WSGIEnvironment) -> None:
        """Remember a dropped name for expiry; raise in ``"raise"`` mode."""
        if is_token(name) and len(self._dropped) < MAX_DROPPED:
            self._dropped.add(name)
        if self.mode == "raise":
            raise CookieDroppedError(
                explain(reason, name, self.recorder.place_of(environ)),
                cookie_name=name,
                reason_id=reason.id,
            )

    def _warn_unkeepable(self, environ: WSGIEnvironment, sent: Headers) -> None:
        """Record that the browser will refuse a Secure cookie, before a user is in a login loop."""
        host = request_host(environ)
        if self.policy.transport == "https" and not is_local(host):
            for key, line in sent:
                if key.lower() == "set-cookie" and "; Secure" in line and "Max-Age=0" not in line:
                    name = split_pair(line.partition(";")[0])[0]
                    self.recorder.record(((Reason.SECURE_OVER_HTTP, name),), environ)

    def _answer_fault(
        self, environ: WSGIEnvironment, start_response: StartResponse, error: Exception
    ) -> Iterable[bytes]:
        return answer_fault(self.recorder, self._headers, environ, start_response, error)


def _baseline(environ: WSGIEnvironment, status: str) -> HeaderSet:
    return _BASELINE
