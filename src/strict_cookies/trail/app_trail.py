"""
The trail of a Flask application: open it, record what happens in the application, erase users.

Sign-ins and the like are recorded when they happen, before the response is sent; what the firewall
sees is counted, and the maintenance thread writes the counters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .._util.app_state import find_state
from .._util.forks import make_lock
from .._util.keys import SessionKeys
from ..signals import declaration_published, role_denied, sessions_ended, signed_in, signed_out
from .audit_trail import AuditTrail, NoTrail
from .counts import SIGNED_IN
from .head_stamper import HeadStamper
from .maintenance import TrailMaintenance, maintain
from .settings_changes import record_change

if TYPE_CHECKING:
    from blinker import NamedSignal
    from flask import Flask

    from ..archive.base import Archive
    from .counts import CountSource
    from .options import TrailOptions

#: Seconds within which repeated denials of one page to one user are recorded once.
DENIED_EVERY = 60.0
#: The maximum number of pairs of user and page for which that is remembered.
MAX_DENIED = 1024

Trail = AuditTrail | NoTrail


def open_trail(app: Flask, options: TrailOptions, archive: Archive) -> Trail:
    """Create the trail of an application with its final configuration; nothing is opened yet."""
    if not options.kept:
        return NoTrail()
    has_secret = bool(app.config["SECRET_KEY"])
    return AuditTrail(
        archive,
        pseudonym_keys=SessionKeys.of(app).derive("trail pseudonyms") if has_secret else (),
        key=options.key,
        creates_key=options.creates_key,
        retention=options.retention,
    )


class AppRecorder:
    """
    Record in the trail what happens in an application.

    ``counts`` returns what the firewall counted in this process, ``parts`` the compiled settings;
    ``timestamps`` is the URL of the authority that stamps heads.
    """

    def __init__(
        self,
        app: Flask,
        trail: AuditTrail,
        counts: CountSource,
        parts: Callable[[], Mapping[str, Mapping[str, object]]],
        timestamps: str | None = None,
    ) -> None:
        self._trail = trail
        self._counts = counts
        self._parts = parts
        self._stamper = None if timestamps is None else HeadStamper(trail, timestamps)
        self._testing = app.testing
        self._maintenance: TrailMaintenance | None = None
        self._denied: dict[tuple[str, str], float] = {}
        self._sign_ins = 0
        self._lock = make_lock(self)

    def start(self) -> None:
        """Start in this process: at its first request, and again after a fork."""
        self._trail.counts.follow(self._read_counts)
        self._maintenance = TrailMaintenance(self._trail, self.compare_settings, self._stamper)
        if not self._testing:
            # No thread may outlive a test; tests call flush() and compare_settings() themselves.
            maintain(self._maintenance)

    def compare_settings(self) -> None:
        """Record which settings have changed since they were last recorded."""
        for part, settings in self._parts().items():
            record_change(self._trail.archive, self._trail.record, part, settings)

    def record(self, signal: NamedSignal, facts: Mapping[str, Any]) -> None:
        """Record what a signal reports, before its receivers are called; ignore other signals."""
        if signal is signed_in:
            with self._lock:
                self._sign_ins += 1
            self._trail.record(
                "signed-in",
                user=facts["user_id"],
                level=facts["aal"],
                again=facts["again"],
                method=facts["method"],
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

    def _read_counts(self) -> Mapping[tuple[str, str], int]:
        """Return what was counted in this process: by the firewall, and sign-ins."""
        return {**self._counts(), (SIGNED_IN, ""): self._sign_ins}

    def _record_denied(self, user_id: str | int, place: str) -> None:
        """Record it once a minute for each user and page, so that no user can fill the trail."""
        now, kind = time.monotonic(), (str(user_id), place)
        with self._lock:
            if now - self._denied.get(kind, -DENIED_EVERY) < DENIED_EVERY:
                return
            if len(self._denied) >= MAX_DENIED:
                self._denied.clear()
            self._denied[kind] = now
        self._trail.record("role-denied", user=user_id, place=place)


def erase_user(user_id: str | int) -> bool:
    """
    Permanently delete what links a user to the audit trail.

    The entries about the user remain, so that the chain stays intact, but they can no longer be
    attributed to the user. End the user's sessions too: ``sessions.end_user(user_id)``.

    Args:
        user_id: The argument of :func:`login`.

    Returns:
        Whether the trail had a pseudonym for the user.

    Raises:
        StoreUnavailableError: Nothing was deleted.
        ConfigurationError: StrictCookies was not added to the application.
        RuntimeError: There is no application context.
    """
    trail: Trail = find_state().trail
    return trail.erase_user(user_id) if trail.kept else False
