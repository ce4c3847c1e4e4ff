"""
Turns for a key among the threads of one process: the first half of every store's ``lock``.

Threads wait here without troubling the store, which then decides among processes.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import StoreUnavailableError


@dataclass(slots=True)
class _Turn:
    """Who has the key, until when, and how many threads have it or want it."""

    changed: threading.Condition
    holder: object = None
    until: float = 0.0
    wanted: int = 0


class KeyedLock:
    """Leases by key, forgotten as soon as nobody has or wants one."""

    def __init__(self) -> None:
        self._turns: dict[bytes, _Turn] = {}
        self._guard = threading.Lock()
        _everywhere.add(self)

    def __len__(self) -> int:
        """How many keys are had or wanted."""
        return len(self._turns)

    @contextmanager
    def take(self, key: bytes, timeout: float) -> Iterator[None]:
        """
        Hold a key while the block lasts; others may take it over after ``timeout`` seconds.

        Raises:
            StoreUnavailableError: It was not had within ``timeout`` seconds.
        """
        turn, holder = self._wait(key, timeout)
        try:
            yield
        finally:
            with self._guard:
                if turn.holder is holder:
                    turn.holder, turn.until = None, 0.0
                self._leave(key, turn)

    def _wait(self, key: bytes, timeout: float) -> tuple[_Turn, object]:
        deadline = time.monotonic() + timeout
        with self._guard:
            turn = self._turns.get(key)
            if turn is None:
                turn = self._turns[key] = _Turn(threading.Condition(self._guard))
            turn.wanted += 1
            try:
                while (now := time.monotonic()) < turn.until:
                    if now >= deadline:
                        raise not_had(timeout)
                    turn.changed.wait(min(turn.until, deadline) - now)
            except BaseException:
                self._leave(key, turn)
                raise
            turn.holder, turn.until = object(), now + timeout
            return turn, turn.holder

    def _leave(self, key: bytes, turn: _Turn) -> None:
        if self._turns.get(key) is not turn:
            return  # it was forgotten after a fork
        turn.wanted -= 1
        if turn.wanted:
            turn.changed.notify()
        else:
            del self._turns[key]

    def _forget(self) -> None:
        """Start anew in a forked process, where no other thread is left that could let go."""
        self._turns = {}
        self._guard = threading.Lock()


def not_had(timeout: float) -> StoreUnavailableError:
    """Make the error of a lock that was not had in time."""
    return StoreUnavailableError(
        f"A session's lock was not had within {timeout:g} s: others hold it for too long. Keep "
        "what happens under session.locked() short, or wait longer for it."
    )


_everywhere: weakref.WeakSet[KeyedLock] = weakref.WeakSet()


def _after_fork() -> None:
    for turns in list(_everywhere):
        turns._forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
