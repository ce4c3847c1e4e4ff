"""
Token buckets: how often somebody may do something, in memory, in a bounded table.

Each key has a bucket that is full at first and fills up again as time goes by; each time takes one
token out. When the table is full, the key that asked longest ago is forgotten, which fills its
bucket: so give what all keys share a bucket of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from .forks import make_lock


class TokenBuckets:
    """
    A bucket for each key; safe under threads.

    Args:
        rate: Tokens that each bucket gets in a second.
        burst: Tokens that it holds at most, and at first.
        max_keys: Most buckets that are kept.
        clock: Gives seconds that never go back.
    """

    def __init__(
        self,
        *,
        rate: float,
        burst: int,
        max_keys: int = 4096,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._max_keys = max_keys
        self._clock = clock
        #: Tokens and when they were counted, by key; who asked last is last.
        self._buckets: dict[Hashable, tuple[float, float]] = {}
        self._lock = make_lock(self)

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable = None) -> float:
        """
        Take one token out of a bucket.

        Returns:
            Zero where there was one; otherwise the seconds until there will be.
        """
        with self._lock:
            now = self._clock()
            tokens, counted = self._buckets.pop(key, (self._burst, now))
            tokens = min(self._burst, tokens + (now - counted) * self._rate)
            granted = tokens >= 1
            self._buckets[key] = (tokens - granted, now)
            if len(self._buckets) > self._max_keys:
                del self._buckets[next(iter(self._buckets))]
        return 0.0 if granted else (1 - tokens) / self._rate
