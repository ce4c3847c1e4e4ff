"""
Nonces for the Content-Security-Policy: random, each given out once.

They come from the operating system, several at a time, because asking for each one alone takes
longer than all other work on a response's headers. None is left to a forked process, which would
give out the same ones as its parent.

Source: CSP Level 3 section 7.1: at least 128 bits, from a cryptographically secure generator.
"""

from __future__ import annotations

from os import getpid, urandom

#: Random octets of a nonce.
NONCE_OCTETS = 16
#: How many are fetched at a time; few, because a copied machine would give out the same ones.
BATCH = 32


class NonceSource:
    """Give out nonces; safe to share between threads, and to take along into a fork."""

    def __init__(self) -> None:
        self._ready: list[str] = []
        #: The process that fetched them.
        self._pid = 0

    def draw(self) -> str:
        """
        Give a nonce that nobody was given before.

        Returns:
            32 hexadecimal digits.
        """
        if getpid() == self._pid:
            try:
                return self._ready.pop()
            except IndexError:
                pass
        digits = urandom(NONCE_OCTETS * BATCH).hex()
        width = 2 * NONCE_OCTETS
        ready = [digits[start : start + width] for start in range(0, len(digits), width)]
        nonce = ready.pop()
        # The list goes first: who sees the new process must not see the old one's nonces.
        self._ready = ready
        self._pid = getpid()
        return nonce
