"""
The one dispatcher of signals: record the event first, then call each receiver on its own.

A receiver belongs to the application. It may raise, hang or call back into the library, so callers
hold no lock of the library here, and one receiver's exception keeps nothing from the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from ..reasons import Reason
from .faults import log_fault

if TYPE_CHECKING:
    from blinker import NamedSignal

#: Records an event, by its signal and the facts that the signal carries.
EventRecorder = Callable[["NamedSignal", Mapping[str, Any]], object]
#: Counts or logs a fault of an observer.
FaultHandler = Callable[[Reason, BaseException], object]


def notify(
    signal: NamedSignal,
    sender: object,
    facts: Mapping[str, Any],
    *,
    record: EventRecorder | None = None,
    on_fault: FaultHandler = log_fault,
) -> None:
    """
    Record an event, then send its signal; no exception leaves this function.

    Args:
        signal: The signal to send.
        sender: Its sender.
        facts: Its keyword arguments.
        record: Records the event, before any receiver is called.
        on_fault: Called with ``SC903`` and the exception for each observer that raised one.
    """
    if record is not None:
        try:
            record(signal, facts)
        except Exception as error:  # noqa: BLE001 - observers never change a response
            on_fault(Reason.OBSERVER_FAULT, error)
    if not signal.receivers or signal.is_muted:
        return
    for receiver in signal.receivers_for(sender):
        try:
            if iscoroutinefunction(receiver):
                raise TypeError("A receiver of a signal can't be a coroutine function.")
            receiver(sender, **facts)
        except Exception as error:  # noqa: BLE001 - observers never change a response
            on_fault(Reason.OBSERVER_FAULT, error)
