"""
Put together the trail of one Flask application, and what it listens to.

Sign-ins and the like are recorded where they happen, before the response leaves; what the firewall
sees is counted beside the requests.
"""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flask import current_app

from .._util.keys import SessionKeys
from ..signals import declaration_published, role_denied, sessions_ended, signed_in, signed_out
from .audit_trail import AuditTrail, NoTrail
from .compiled import record_change
from .maintenance import TrailMaintenance, maintain

if TYPE_CHECKING:
    from blinker import NamedSignal
    from flask import Flask

    from ..archive.base import Archive
    from ..flask.settings import Settings
    from .counts import CountSource
    from .options import TrailOptions

#: Seconds within which one user's being denied one page is one event.
DENIED_EVERY = 60.0
#: Most users and pages of which that is remembered.
MAX_DENIED = 1024

Trail = AuditTrail | NoTrail


def prepare_trail(app: Flask, options: TrailOptions, archive: Archive) -> Trail:
    """
    Make the trail; nothing is opened before it is used.

    Args:
        app: With its final configuration.
        options: Read from it.
        archive: Of the application.
    """
    if not options.kept:
        return NoTrail()
    secret = app.config["SECRET_KEY"]
    fallbacks = app.config["SECRET_KEY_FALLBACKS"] or ()
    keys = SessionKeys(secret, fallbacks).derive("trail people") if secret else ()
    return AuditTrail(
        archive,
        people_keys=keys,
        key=options.key,
        retention=options.retention,
    )


class TrailObserver:
    """
    Record what happens in an application.

    Args:
        app: The application.
        trail: Where to record it.
        counts: What the firewall counted in this process.
        parts: Gives the settings by part, as they were compiled.
    """

    def __init__(
        self,
        app: Flask,
        trail: AuditTrail,
        counts: CountSource,
        parts: Callable[[], Mapping[str, Mapping[str, object]]],
    ) -> None:
        self._trail = trail
        self._counts = counts
        self._parts = parts
        self._testing = app.testing
        self._maintenance: TrailMaintenance | None = None
        self._denied: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Begin in this process: at its first request, and again after a fork."""
        self._lock = threading.Lock()
        self._trail.counts.follow(self._counts)
        self._maintenance = TrailMaintenance(self._trail, self.compare)
        if not self._testing:
            # A test has no thread that outlives it; it calls flush() and compare() itself.
            maintain(self._maintenance)

    def compare(self) -> None:
        """Record what is not as it was when it was recorded last."""
        for part, settings in self._parts().items():
            record_change(self._trail.archive, self._trail.record, part, settings)

    def record(self, signal: NamedSignal, facts: Mapping[str, Any]) -> None:
        """
        Record what a signal reports; other signals are ignored.

        Args:
            signal: The signal, before any of its receivers is called.
            facts: Its keyword arguments.
        """
        if signal is signed_in:
            self._trail.record(
                "signed-in", user=facts["user_id"], level=facts["aal"], again=facts["again"]
            )
        elif signal is signed_out:
            self._trail.record("signed-out", user=facts["user_id"])
        elif signal is sessions_ended:
            self._trail.record("sessions-ended", user=facts["user_id"], count=facts["count"])
        elif signal is role_denied:
            self._record_denied(facts["user_id"], facts["place"])
        elif signal is declaration_published:
            version = facts["version"]
            self._trail.record(
                "policy-published", version=version.number, hash=version.document["hash"]
            )

    def _record_denied(self, user_id: str | int, place: str) -> None:
        """Record it once a minute for each user and page, so that no client can fill the trail."""
        now, kind = time.monotonic(), (str(user_id), place)
        with self._lock:
            if now - self._denied.get(kind, -DENIED_EVERY) < DENIED_EVERY:
                return
            if len(self._denied) >= MAX_DENIED:
                self._denied.clear()
            self._denied[kind] = now
        self._trail.record("role-denied", user=user_id, place=place)


def describe_settings(
    settings: Settings, *, headers: object, policy_hash: str
) -> dict[str, dict[str, object]]:
    """
    Give what was compiled, by part and name.

    Args:
        settings: The application's.
        headers: The options of an ordinary response.
        policy_hash: Of the declaration's content.
    """
    sessions = settings.sessions
    return {
        "policy": {"declaration": policy_hash},
        "headers": _fields(headers),
        # A store is told by its kind: its address may hold a password.
        "sessions": {**_fields(sessions), "store": _kind_of(sessions.store)},
        "protection": {
            name: value
            for name, value in _fields(settings).items()
            if name not in ("sessions", "talisman", "trail")
        },
        "trail": {
            "retention": settings.trail.retention,
            "signed": settings.trail.key is not None,
        },
    }


def _fields(record: Any) -> dict[str, object]:
    """Give what a named tuple or a data class holds."""
    if isinstance(record, tuple):
        return record._asdict()  # type: ignore[attr-defined, no-any-return]
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _kind_of(store: object) -> str:
    if store is None or isinstance(store, str):
        text = str(store)
        return text.partition(":")[0] if ":" in text else text
    return type(store).__qualname__


def erase_user(user_id: str | int) -> bool:
    """
    Delete what links a user to the audit trail, for good.

    What the trail says of him stays, so that its chain stays whole, but nobody can find out any
    more that it was him. End his sessions too: ``sessions.end_user(user_id)``.

    Args:
        user_id: As it was given to :func:`login`.

    Returns:
        Whether the trail knew him.

    Raises:
        StoreUnavailableError: Nothing was deleted.
        RuntimeError: There is no application context.
    """
    trail: Trail = current_app.extensions["strict_cookies"].trail
    return trail.erase_user(user_id) if trail.kept else False
