"""
A lock by key among the threads of one process: the first half of every store's ``lock``.

Threads wait here without a request to the store, which then decides among processes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import StoreUnavailableError
from .forks import ForkAware, ForkOrder, register_forks


@dataclass(slots=True)
class _Lease:
    """The holder of a key, the end of its lease, and how many threads hold or want the key."""

    changed: threading.Condition
    holder: object = None
    until: float = 0.0
    wanted: int = 0


class KeyedLock(ForkAware):
    """Leases by key; a key is forgotten as soon as no thread holds or wants it."""

    def __init__(self) -> None:
        self._leases: dict[bytes, _Lease] = {}
        self._guard = threading.Lock()
        register_forks(self, ForkOrder.LOCK)

    def __len__(self) -> int:
        """Return how many keys are held or wanted."""
        return len(self._leases)

    @contextmanager
    def acquire(self, key: bytes, timeout: float) -> Iterator[None]:
        """
        Hold a key during the block; after ``timeout`` seconds another thread may take it over.

        Raises:
            StoreUnavailableError: The key was not available within ``timeout`` seconds.
        """
        lease, holder = self._wait(key, timeout)
        try:
            yield
        finally:
            with self._guard:
                if lease.holder is holder:
                    lease.holder, lease.until = None, 0.0
                self._leave(key, lease)

    def _wait(self, key: bytes, timeout: float) -> tuple[_Lease, object]:
        deadline = time.monotonic() + timeout
        with self._guard:
            lease = self._leases.get(key)
            if lease is None:
                lease = self._leases[key] = _Lease(threading.Condition(self._guard))
            lease.wanted += 1
            try:
                while (now := time.monotonic()) < lease.until:
                    if now >= deadline:
                        raise lock_timeout(timeout)
                    lease.changed.wait(min(lease.until, deadline) - now)
            except BaseException:
                self._leave(key, lease)
                raise
            lease.holder, lease.until = object(), now + timeout
            return lease, lease.holder

    def _leave(self, key: bytes, lease: _Lease) -> None:
        if self._leases.get(key) is not lease:
            return  # it was forgotten after a fork
        lease.wanted -= 1
        if lease.wanted:
            lease.changed.notify()
        else:
            del self._leases[key]

    def _after_fork_in_child(self) -> None:
        """Forget all leases, since the threads that could end them don't exist in the child."""
        self._leases = {}
        self._guard = threading.Lock()


def lock_timeout(timeout: float) -> StoreUnavailableError:
    """Create the error for a lock that was not acquired in time."""
    return StoreUnavailableError(
        f"A session's lock was not acquired within {timeout:g} s, because others hold it for too "
        "long. Keep the code under session.locked() short, or raise its timeout."
    )
