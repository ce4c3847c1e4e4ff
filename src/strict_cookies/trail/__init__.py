"""
The audit trail: significant events in one hash chain, daily counters, and signed heads.

An application finds its trail at ``app.extensions["strict_cookies"].trail``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .app_trail import erase_user as erase_user
    from .audit_trail import AuditTrail as AuditTrail
    from .audit_trail import NoTrail as NoTrail
    from .chain import Point as Point
    from .chain import TrailEntry as TrailEntry
    from .chain import read_point as read_point
    from .counts import Count as Count
    from .counts import DailyCounts as DailyCounts
    from .events import EVENTS as EVENTS
    from .pseudonyms import Pseudonyms as Pseudonyms
    from .timestamp_authority import read_authorities as read_authorities
    from .timestamps import Timestamp as Timestamp
    from .timestamps import read_timestamps as read_timestamps
    from .verification import Verification as Verification
    from .verification import verify_trail as verify_trail

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "app_trail": ("erase_user",),
        "audit_trail": ("AuditTrail", "NoTrail"),
        "chain": ("Point", "TrailEntry", "read_point"),
        "counts": ("Count", "DailyCounts"),
        "events": ("EVENTS",),
        "pseudonyms": ("Pseudonyms",),
        "timestamp_authority": ("read_authorities",),
        "timestamps": ("Timestamp", "read_timestamps"),
        "verification": ("Verification", "verify_trail"),
    },
)
