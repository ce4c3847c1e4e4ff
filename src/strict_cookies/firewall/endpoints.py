"""
The addresses that browsers ask by themselves: the guard's scripts, and where reports go.

They are answered before the application, whose hooks might redirect a request for a script to the
sign-in page, require a form token of a report, or open a session. Nothing here reads or sets a
cookie. It is plain WSGI inside the firewall, which adds the security headers.

Anyone can send a report, so each costs little: a payload is read up to 64 KiB, no matter what
length is declared, each client and all of them together are held to a rate, and an invalid report
gets a 400 and is not recorded. A client is its address, kept in memory as a keyed hash.

Source: RFC 9110 sections 15.5.14 and 8.8.3, RFC 6585 section 4, RFC 8246 for ``immutable``.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from .._util.rate_limit import TokenBuckets
from ..errors import MalformedReportError
from .browser_reports import ReportTable, read_reports

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .guard.script import GuardScript

#: Where browsers report to, below the prefix.
REPORTS_PATH = "/reports"
#: Longest payload that is read, in bytes.
MAX_PAYLOAD = 64 * 1024
#: Payloads of one client: at once, and then in a second. A page may have one for each violation.
CLIENT_BURST, CLIENT_RATE = 60, 1.0
#: Payloads of all clients together: at once, and then in a second; per process.
TOTAL_BURST, TOTAL_RATE = 600, 20.0
#: Browsers send the first two by themselves, and the third for the guard; people the fourth.
REPORT_TYPES = frozenset(
    {"application/csp-report", "application/reports+json", "text/plain", "application/json"}
)

#: A script whose address has the hash of its text never changes.
_FOREVER = "public, max-age=31536000, immutable"


class BrowserEndpoints:
    """
    Answer the scripts and ``reports`` below a prefix, and hand on every other request.

    Args:
        app: What else is asked for.
        prefix: The path above them, for example ``"/cookies"``.
        scripts: By file name, for example ``"guard.js"``.
        reports: Where reports are counted.
        clock: Gives seconds that never go back.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        prefix: str,
        scripts: Mapping[str, GuardScript],
        reports: ReportTable,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._reports = reports
        self._views: dict[str, Callable[[Request], Response]] = {
            f"{prefix}{REPORTS_PATH}": self._receive
        }
        for name, script in scripts.items():
            self._views[f"{prefix}/{name}"] = partial(_send_script, script)
        self._clients = TokenBuckets(rate=CLIENT_RATE, burst=CLIENT_BURST, clock=clock)
        self._total = TokenBuckets(rate=TOTAL_RATE, burst=TOTAL_BURST, clock=clock)
        self._secret = secrets.token_bytes(16)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        view = self._views.get(environ.get("PATH_INFO", ""))
        if view is None:
            return self._app(environ, start_response)
        return view(Request(environ))(environ, start_response)

    def _receive(self, request: Request) -> Response:
        if request.method != "POST":
            return _answer(HTTPStatus.METHOD_NOT_ALLOWED, Allow="POST")
        seconds = self._clients.take(self._client(request)) or self._total.take()
        if seconds:
            wait = str(math.ceil(seconds))
            return _answer(HTTPStatus.TOO_MANY_REQUESTS, **{"Retry-After": wait})
        if request.mimetype not in REPORT_TYPES:
            return _answer(HTTPStatus.BAD_REQUEST)
        # One more byte distinguishes an endless body from a full one.
        request.max_content_length = MAX_PAYLOAD + 1
        try:
            payload = request.get_data()
            if len(payload) > MAX_PAYLOAD:
                raise RequestEntityTooLarge
            reports = read_reports(payload, request.environ.get("HTTP_HOST", ""))
        except HTTPException as error:
            return _answer(HTTPStatus(error.code or HTTPStatus.BAD_REQUEST))
        except (MalformedReportError, OSError):
            return _answer(HTTPStatus.BAD_REQUEST)
        self._reports.record(reports, self._client(request))
        return _answer(HTTPStatus.NO_CONTENT)

    def _client(self, request: Request) -> bytes:
        """Hash the sender's address; of IPv6 the network, of which a client has a whole one."""
        address = request.remote_addr or ""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            known = address.encode()
        else:
            parsed = getattr(parsed, "ipv4_mapped", None) or parsed
            known = parsed.packed[:8]
        return hashlib.blake2b(known, key=self._secret, digest_size=8).digest()


def _send_script(script: GuardScript, request: Request) -> Response:
    if request.method not in ("GET", "HEAD"):
        return _answer(HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET, HEAD")
    response = Response(script.text, content_type="text/javascript; charset=utf-8")
    response.set_etag(script.hash)
    # An address with another hash was written for another policy: by a worker that is replaced
    # just now, or into a page that was kept.
    current = request.query_string == script.hash.encode()
    response.headers["Cache-Control"] = _FOREVER if current else "no-cache"
    return response.make_conditional(request)


def _answer(status: HTTPStatus, **headers: str) -> Response:
    """Answer without a body, for no cache."""
    return Response(status=status, headers={"Cache-Control": "no-store", **headers})
