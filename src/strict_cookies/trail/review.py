"""
Verify a trail repeatedly, a long one only from where the last verification ended.

A trail that is verified within a second is verified from its beginning each time. In a longer one a
process resumes where it ended, since each entry contains the hash of the preceding one. An entry
that is changed after it was verified is found by the next verification from the beginning: a day
later, at each start of a process, and by ``flask cookies trail verify``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from .verification import ChainVerifier, Verification

if TYPE_CHECKING:
    from .audit_trail import AuditTrail

#: Seconds of a verification that is repeated from the beginning.
CHEAP_SECONDS = 1.0
#: The age at which a verification is no longer resumed.
MAX_AGE = timedelta(days=1)


class Review(NamedTuple):
    """
    What is known about a trail.

    ``started_at`` is when the first entry was read, ``read_now`` how many entries this call read,
    and ``is_complete`` whether the end was reached within the time limit.
    """

    verification: Verification
    started_at: datetime
    read_now: int
    is_complete: bool


def review_trail(trail: AuditTrail, seconds: float | None = None) -> Review:
    """
    Resume the verification of this process, or start one; stop after ``seconds``.

    Raises:
        ConfigurationError: The key can't be used.
        StoreUnavailableError: The store can't be read.
    """
    # A concurrent caller finds none here and starts one of its own.
    verifier, trail.verifier = trail.verifier, None
    if verifier is None or not _is_worth_resuming(verifier):
        verifier = ChainVerifier(trail)
    verifier.run(seconds)
    verification = verifier.conclude()
    trail.verifier = verifier
    return Review(verification, verifier.started_at, verifier.checked_last, verifier.is_done)


def _is_worth_resuming(verifier: ChainVerifier) -> bool:
    if verifier.is_done and verifier.seconds < CHEAP_SECONDS:
        return False
    age = verifier.trail.now() - verifier.started_at
    return timedelta(0) <= age < MAX_AGE and verifier.can_resume()
