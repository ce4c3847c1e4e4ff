"""
Nonces for the Content-Security-Policy: random, each given out once.

They come from the operating system, several at a time, because asking for each one alone takes
longer than all other work on a response's headers. None is left to a forked process, which would
give out the same ones as its parent.

Source: CSP Level 3 section 7.1: at least 128 bits, from a cryptographically secure generator.
"""

from __future__ import annotations

from collections.abc import Callable
from os import getpid, urandom
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

#: Where a request's environ has its nonce; empty where the headers have gone without one.
NONCE = "strict_cookies.nonce"
#: Random bytes of a nonce.
NONCE_BYTES = 16
#: How many are fetched at a time; few, because a copied machine would give out the same ones.
BATCH = 32


class NonceSource:
    """Issue nonces; safe for threads and forks."""

    def __init__(self) -> None:
        self._ready: list[str] = []
        #: The process that fetched them.
        self._pid = 0

    def draw(self) -> str:
        """
        Return a new nonce.

        Returns:
            32 hexadecimal digits.
        """
        if getpid() == self._pid:
            try:
                return self._ready.pop()
            except IndexError:
                pass
        digits = urandom(NONCE_BYTES * BATCH).hex()
        width = 2 * NONCE_BYTES
        ready = [digits[start : start + width] for start in range(0, len(digits), width)]
        nonce = ready.pop()
        # The list goes first: who sees the new process must not see the old one's nonces.
        self._ready = ready
        self._pid = getpid()
        return nonce


def make_nonce(
    find_request: Callable[[], Request], check: Callable[[], None] | None
) -> Callable[[], str]:
    """
    Return the function that templates call as ``csp_nonce()``.

    Args:
        find_request: Gives the request that is being answered.
        check: Called each time; raises where a nonce must not be.

    Returns:
        A plain function, which Jinja calls in less time than a method. It raises RuntimeError
        where the headers have gone, so that a browser would never learn of the nonce.
    """
    draw = NonceSource().draw

    def nonce() -> str:
        environ = find_request().environ
        value: str | None = environ.get(NONCE)
        if not value:
            if value is not None:
                raise RuntimeError(
                    "csp_nonce() was called for the first time after the headers had gone, as a "
                    "streamed template does. Call strict_cookies.csp_nonce() in the view."
                )
            value = environ[NONCE] = draw()
        if check is not None:
            check()
        return value

    return nonce
