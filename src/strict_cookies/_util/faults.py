"""
Log an exception by its type and frames: its message may hold a cookie value or a session id.
"""

from __future__ import annotations

import logging
import traceback

from ..reasons import Reason

logger = logging.getLogger("strict_cookies")


def log_fault(reason: Reason, error: BaseException) -> None:
    """Log a fault by type and frames; its message might hold a value."""
    try:
        logger.error("%s. %s %s", reason, reason.remedy, describe_fault(error))
    except Exception:  # noqa: BLE001 - a log handler's fault has nowhere left to go
        return


def describe_fault(error: BaseException) -> str:
    """Give an exception's type and frames; never its message."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{type(error).__name__} raised at\n{frames}"
