"""Token buckets: a burst, then a rate; each key for itself; a bounded table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strict_cookies._util.rate_limit import TokenBuckets


class Clock:
    """Gives the seconds that a test set."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def make_buckets(**options):
    clock = Clock()
    return TokenBuckets(**{"rate": 2.0, "burst": 3, "clock": clock, **options}), clock


def test_burst_is_granted_at_once_and_then_the_rate():
    """A full bucket gives its burst; then a token comes back as fast as the rate says."""
    buckets, clock = make_buckets()
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    clock.now += 0.4
    assert buckets.take("a") == pytest.approx(0.1)
    clock.now += 0.1
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]


def test_asking_in_vain_costs_nothing():
    """Whoever is refused again and again waits no longer for it."""
    buckets, clock = make_buckets(burst=1)
    assert [buckets.take(), *(buckets.take() for _ in range(50))] == [0, *[0.5] * 50]
    clock.now += 0.5
    assert buckets.take() == 0


def test_bucket_never_holds_more_than_its_burst():
    """A long rest saves up nothing beyond the burst."""
    buckets, clock = make_buckets()
    clock.now += 1_000_000
    assert [buckets.take() for _ in range(4)] == [0, 0, 0, 0.5]


def test_keys_have_buckets_of_their_own():
    """One key's haste costs no other anything."""
    buckets, _ = make_buckets(burst=1)
    assert [buckets.take("a"), buckets.take("a"), buckets.take("b")] == [0, 0.5, 0]


def test_table_is_bounded_and_forgets_who_asked_longest_ago():
    """A flood of keys costs no memory, and a key that goes on asking stays known."""
    buckets, _ = make_buckets(burst=1, max_keys=10)
    buckets.take("busy")
    for number in range(100):
        buckets.take(number)
        assert buckets.take("busy") > 0
        assert len(buckets) <= 10
    assert buckets.take(1) == 0


@given(st.lists(st.floats(0, 5), max_size=200))
def test_rate_holds_over_any_time(pauses):
    """However the requests come, no more pass than the burst and what flowed in since."""
    buckets, clock = make_buckets()
    granted = 0
    for pause in pauses:
        clock.now += pause
        granted += buckets.take() == 0
        assert granted <= 3 + (clock.now - 100.0) * 2.0 + 1e-6
