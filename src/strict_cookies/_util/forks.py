"""
The one registry of what a process does around a fork.

Objects register themselves and are held weakly. Before a fork they are called from the highest
:class:`ForkOrder` to the lowest, afterwards from the lowest to the highest, so that an object can
use those of a lower order in its methods.
"""

from __future__ import annotations

import os
import threading
import weakref
from enum import IntEnum
from typing import Any


class ForkOrder(IntEnum):
    """When an object is called, relative to others."""

    LOCK = 0
    STORE = 1
    TRAIL = 2
    APP = 3


class ForkAware:
    """Base of a class whose objects act around a fork; call :func:`register_forks` for each."""

    __slots__ = ("__weakref__",)

    def _before_fork(self) -> None:
        """Prepare for a fork, in the process that forks."""

    def _after_fork_in_parent(self) -> None:
        """Continue in the process that forked, after :meth:`_before_fork`."""

    def _after_fork_in_child(self) -> None:
        """Start over in the child, where only the forking thread exists."""


_registered: dict[ForkOrder, weakref.WeakSet[ForkAware]] = {
    order: weakref.WeakSet() for order in ForkOrder
}
_lock_owners: weakref.WeakSet[Any] = weakref.WeakSet()
#: Held during a fork; one fork at a time.
_forking = threading.Lock()
#: The objects of the present fork, in the order in which they are called before it.
_prepared: list[ForkAware] = []


def register_forks(participant: ForkAware, order: ForkOrder) -> None:
    """Call an object's methods around each fork, for as long as the object exists."""
    _registered[order].add(participant)


def make_lock(owner: object) -> threading.Lock:
    """
    Create a lock that a forked process replaces, to be kept as the owner's ``_lock``.

    A fork copies a lock in its state, and no thread in the child would release one that another
    thread of the parent held. Such a lock guards counts and the like, one operation at a time, so
    a child at worst misses a count of its parent.

    Args:
        owner: An object that needs nothing else after a fork.
    """
    _lock_owners.add(owner)
    return threading.Lock()


def _before() -> None:
    _forking.acquire()
    for order in reversed(ForkOrder):
        for participant in list(_registered[order]):
            participant._before_fork()
            _prepared.append(participant)


def _after_in_parent() -> None:
    while _prepared:
        _prepared.pop()._after_fork_in_parent()
    _forking.release()


def _after_in_child() -> None:
    for owner in list(_lock_owners):
        owner._lock = threading.Lock()
    while _prepared:
        _prepared.pop()._after_fork_in_child()
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
