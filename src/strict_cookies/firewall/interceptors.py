"""
Answer a request in the application's stead, before the application sees it.

The firewall asks each :data:`Interceptor` it was given, after it has cleaned the ``Cookie`` field.
It records the reason, fills in the security headers, and in report-only mode lets the request pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ..reasons import Reason

#: Set in the environ of a request to which an interceptor objected.
INTERCEPTED = "strict_cookies.intercepted"


class Interception(NamedTuple):
    """
    What becomes of a request that must not reach the application.

    Attributes:
        answer: Answers instead.
        reason: What is recorded; None where there is nothing to tell.
        cookie_name: The declared cookie that the request carried; empty without a reason.
    """

    answer: WSGIApplication
    reason: Reason | None = None
    cookie_name: str = ""


#: Looks at a request; None lets it through.
Interceptor = Callable[["WSGIEnvironment"], Interception | None]


def plain_text(status: str, text: str, *headers: tuple[str, str]) -> WSGIApplication:
    """
    Return an answer that no cache stores.

    Args:
        status: For example ``"403 Forbidden"``.
        text: The body, for people.
        headers: Further ones.
    """
    body = text.encode("utf-8")

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(
            status,
            [
                ("Content-Type", "text/plain; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                *headers,
            ],
        )
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    return answer
