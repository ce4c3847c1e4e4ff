"""
What can go wrong around the application's response: faults, and bodies that raise.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..errors import StrictCookiesError
from ..reasons import Reason

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .recorder import Recorder

    AnswerFault = Callable[[Exception], Iterable[bytes]]
    HeaderSource = Callable[[WSGIEnvironment, str], Iterable[tuple[str, str]]]

#: Headers that any response can bear, for applications that bring no others.
BASELINE_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
)
_STATUS = "500 Internal Server Error"
_BODY = b"Internal Server Error\n"


class VerdictFault(StrictCookiesError):
    """The firewall itself failed; the cause says where."""


class UnsafeHeader(StrictCookiesError):
    """A status, field name or value that a server might write as more than one field line."""


class GuardedBody:
    """
    A response body whose exceptions are answered until the first byte was sent.

    Args:
        body: The application's iterable.
        answer_fault: Return the body to send instead; None to let exceptions out.
    """

    __slots__ = ("_answer_fault", "_body")

    def __init__(self, body: Iterable[bytes], answer_fault: AnswerFault | None) -> None:
        self._body = body
        self._answer_fault = answer_fault

    def __iter__(self) -> Iterator[bytes]:
        sent = False
        try:
            for chunk in self._body:
                sent = sent or bool(chunk)
                yield chunk
        except Exception as error:
            if sent or self._answer_fault is None:
                raise
            yield from self._answer_fault(error)

    def close(self) -> None:
        """Close the application's iterable, once, as the server closes this one."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def answer_fault(
    recorder: Recorder,
    source: HeaderSource,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    error: Exception,
) -> Iterable[bytes]:
    """Record a fault; answer 500 with the security headers and without cookies."""
    if isinstance(error, UnsafeHeader):
        recorder.fault(Reason.UNSAFE_HEADER, error)
    elif isinstance(error, VerdictFault):
        recorder.fault(Reason.VERDICT_FAULT, error.__cause__ or error)
    else:
        recorder.fault(Reason.APP_FAULT, error)
    try:
        given = list(source(environ, _STATUS))
    except Exception as second:  # noqa: BLE001 - the fault may lie in the headers themselves
        recorder.fault(Reason.VERDICT_FAULT, second)
        given = list(BASELINE_HEADERS)
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Cache-Control", "no-store"),
        *given,
    ]
    start_response(_STATUS, headers, sys.exc_info())
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else _BODY]


def breaks_line(text: str) -> bool:
    """Return whether a text contains a line break or a null byte."""
    return "\n" in text or "\r" in text or "\0" in text


def ends_websocket(environ: WSGIEnvironment, error: Exception) -> bool:
    """
    Return whether an exception is how a WebSocket ends that took the server's socket.

    Werkzeug's server (``ConnectionError``) and Gunicorn (``StopIteration``) can only be
    informed this way that nothing is left to send.
    """
    upgrade = environ.get("HTTP_UPGRADE", "").lower()
    return upgrade == "websocket" and isinstance(error, (ConnectionError, StopIteration))
