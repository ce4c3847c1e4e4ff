"""
Locks that a fork may find held: each process that is forked has locks of its own.

A fork copies a lock as it is, and nobody in the child would ever open one that another thread of
the parent held. What such a lock guards here are counts and the like, one operation at a time, so
at worst a child misses a count of its parent's.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Any

_owners: weakref.WeakSet[Any] = weakref.WeakSet()


def make_lock(owner: object) -> threading.Lock:
    """
    Make the lock of an object, to be kept as its ``_lock``, which a forked process replaces.

    Args:
        owner: Not in need of anything else after a fork.
    """
    _owners.add(owner)
    return threading.Lock()


def _after_fork() -> None:
    for owner in list(_owners):
        owner._lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
