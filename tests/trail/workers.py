"""What other processes do to a trail."""

from __future__ import annotations

import pytest

from strict_cookies.archive import sqlite
from strict_cookies.trail.audit_trail import AuditTrail
from tests.archive.places import Place, opened

from .trails import PSEUDONYM_KEYS


def record_often(place: Place, name: str, times: int, barrier) -> None:
    """
    Record events at the same time as others do.

    Their order is the question here, not a power cut, so the disk is not waited for.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "SYNCHRONOUS", "OFF")
        with opened(place) as archive:
            trail = AuditTrail(archive, pseudonym_keys=PSEUDONYM_KEYS)
            barrier.wait(60)
            for number in range(times):
                assert trail.record("order-approved", worker=name, order=number, user=name)


def record_for_ever(place: Place, pipe) -> None:
    """Record events, and acknowledge each after the trail did."""
    with opened(place) as archive:
        trail = AuditTrail(archive, pseudonym_keys=PSEUDONYM_KEYS)
        while True:
            pipe.send(trail.record("order-approved"))


def count_and_die(place: Place, pipe) -> None:
    """Count, write it, count more, and be killed before that is written."""
    counts = {("SC101", "sid"): 0}
    with opened(place) as archive:
        trail = AuditTrail(archive)
        trail.counts.follow(lambda: counts)
        counts["SC101", "sid"] = 3
        trail.flush()
        counts["SC101", "sid"] = 5
        pipe.send("counted")
        pipe.recv()
