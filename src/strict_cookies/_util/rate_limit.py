"""
Token buckets: a rate limit by key, in memory, in a bounded table.

Each key has a bucket that is full at first and refills over time; each call takes one token. When
the table is full, the key that was used longest ago is forgotten, which fills its bucket; a total
limit therefore needs a bucket of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from .forks import make_lock


class TokenBuckets:
    """
    A bucket for each key; thread-safe.

    Args:
        rate: Tokens that are added to each bucket per second.
        burst: The capacity of a bucket, which is full at first.
        max_keys: The maximum number of buckets.
        clock: Returns seconds, monotonic.
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
        #: Tokens and the time of their count, by key; the key used last is last.
        self._buckets: dict[Hashable, tuple[float, float]] = {}
        self._lock = make_lock(self)

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable = None) -> float:
        """
        Take one token from a bucket.

        Returns:
            Zero if there was one; otherwise the seconds until there will be one.
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
