"""
Log an exception by its type and frames: its message may contain a cookie value or a session id.
"""

from __future__ import annotations

import logging
import traceback

from ..reasons import Reason

logger = logging.getLogger("strict_cookies")


def log_fault(reason: Reason, error: BaseException) -> None:
    """Log an exception by type and frames, without its message."""
    try:
        logger.error("%s. %s %s", reason, reason.remedy, describe_fault(error))
    except Exception:  # noqa: BLE001 - there is no log left to report it to
        return


def describe_fault(error: BaseException) -> str:
    """Return an exception's type and frames, without its message."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__} raised at\n{frames}"
