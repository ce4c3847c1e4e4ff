"""An archive that ends with its process, for tests."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping

from .base import Entry


class MemoryArchive:
    """Keep everything in this process, without surviving it; see :class:`Archive`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._logs: defaultdict[str, list[Entry]] = defaultdict(list)
        self._shelves: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._tallies: defaultdict[str, dict[str, int]] = defaultdict(dict)

    def append(self, log: str, make: Callable[[Entry | None], bytes]) -> Entry:
        with self._lock:
            last = self.last(log)
            entry = Entry(last.number + 1 if last else 1, make(last))
            self._logs[log].append(entry)
            return entry

    def last(self, log: str) -> Entry | None:
        with self._lock:
            entries = self._logs[log]
            return entries[-1] if entries else None

    def read(self, log: str, *, after: int = 0, limit: int = 500) -> list[Entry]:
        with self._lock:
            return [entry for entry in self._logs[log] if entry.number > after][:limit]

    def cut(self, log: str, before: int) -> int:
        with self._lock:
            entries = self._logs[log]
            kept = [entry for entry in entries[:-1] if entry.number >= before] + entries[-1:]
            self._logs[log] = kept
            return len(entries) - len(kept)

    def put(self, shelf: str, key: str, value: bytes) -> None:
        with self._lock:
            self._shelves[shelf][key] = value

    def put_new(self, shelf: str, key: str, value: bytes) -> bytes:
        with self._lock:
            return self._shelves[shelf].setdefault(key, value)

    def get(self, shelf: str, key: str) -> bytes | None:
        with self._lock:
            return self._shelves[shelf].get(key)

    def delete(self, shelf: str, key: str) -> bool:
        with self._lock:
            return self._shelves[shelf].pop(key, None) is not None

    def items(self, shelf: str) -> dict[str, bytes]:
        with self._lock:
            return dict(self._shelves[shelf])

    def add(self, tally: str, amounts: Mapping[str, int]) -> None:
        with self._lock:
            counters = self._tallies[tally]
            for key, amount in amounts.items():
                counters[key] = counters.get(key, 0) + amount

    def amounts(self, tally: str) -> dict[str, int]:
        with self._lock:
            return dict(self._tallies[tally])

    def clear_tally(self, tally: str, keys: frozenset[str]) -> None:
        with self._lock:
            for key in keys:
                self._tallies[tally].pop(key, None)

    def close(self) -> None:
        """Do nothing; there is nothing to close."""
