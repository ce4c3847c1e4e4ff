"""
Interleaved measuring: A B A B ..., medians over many short rounds, ratios within a round.

Absolute times drift by a third from run to run on a shared machine, so only what was measured in
one run may be compared. CPU time is taken, which a busy neighbour disturbs least, except where the
waiting is what is measured.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: Rounds for each case, after those that warm up.
ROUNDS = 60
WARM_UP = 3
#: How long one slice of one case takes, roughly, in seconds.
SLICE = 0.02


@dataclass(frozen=True, slots=True)
class Timing:
    """Time of one call in microseconds: one number for each round."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.rounds)

    @property
    def spread(self) -> float:
        """Half the distance between the quartiles."""
        quarter, _, three_quarters = statistics.quantiles(self.rounds, n=4)
        return (three_quarters - quarter) / 2

    def minus(self, other: Timing) -> Timing:
        """What this case adds to another, round by round."""
        return Timing(tuple(a - b for a, b in zip(self.rounds, other.rounds, strict=True)))

    def over(self, other: Timing) -> float:
        """The median of the ratios, round by round."""
        pairs = zip(self.rounds, other.rounds, strict=True)
        return statistics.median(a / b for a, b in pairs)


def measure(
    cases: Mapping[str, Callable[[], object]],
    rounds: int = ROUNDS,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, Timing]:
    """
    Time several callables, taking turns.

    Args:
        cases: By name; each call does the work once.
        rounds: How often each gets its turn.
        clock: Seconds; of this process by default.
    """
    counts = {name: _calls_in_a_slice(call, clock) for name, call in cases.items()}
    found: dict[str, list[float]] = {name: [] for name in cases}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds + WARM_UP):
            for name, call in cases.items():
                spent = _time(call, counts[name], clock)
                if number >= WARM_UP:
                    found[name].append(spent * 1e6)
    finally:
        gc.enable()
    return {name: Timing(tuple(times)) for name, times in found.items()}


def _time(call: Callable[[], object], count: int, clock: Callable[[], float]) -> float:
    begin = clock()
    for _ in range(count):
        call()
    return (clock() - begin) / count


def _calls_in_a_slice(call: Callable[[], object], clock: Callable[[], float]) -> int:
    call()
    count = 1
    while True:
        spent = _time(call, count, clock) * count
        if spent > SLICE / 4:
            return max(1, int(count * SLICE / spent))
        count *= 4
