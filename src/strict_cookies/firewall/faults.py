"""
What can go wrong around the application's response: faults, and bodies that raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..errors import StrictCookiesError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    AnswerFault = Callable[[Exception], Iterable[bytes]]


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
