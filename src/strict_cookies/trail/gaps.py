"""Log that part of the trail could not be written or read."""

from __future__ import annotations

import logging

from .._util.faults import log_fault
from ..errors import StrictCookiesError
from ..reasons import Reason

logger = logging.getLogger("strict_cookies")


def report_gap(error: BaseException) -> None:
    """Log an exception; the message only of our own, since another's might contain a value."""
    if not isinstance(error, StrictCookiesError):
        log_fault(Reason.TRAIL_GAP, error)
        return
    try:
        logger.error("%s. %s %s", Reason.TRAIL_GAP, error, Reason.TRAIL_GAP.remedy)
    except Exception:  # noqa: BLE001 - there is no log left to report it to
        return
