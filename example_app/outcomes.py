"""What the library did about unwanted storage, from its signals: names and reasons only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from flask import Flask

from strict_cookies import browser_reported, cookie_dropped, undeclared_cookie_received

#: The maximum number of outcomes; the oldest are dropped first.
LIMIT = 64


class Reason(Protocol):
    """Why the library acted: an id such as ``SC101``, and its title."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...


class Report(Protocol):
    """What a browser reported: its kind, the kind of storage, and the script."""

    @property
    def kind(self) -> str: ...
    @property
    def directive(self) -> str: ...
    @property
    def blocked(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    The outcome of one attempt.

    Args:
        reason_id: The library's stable id, for example ``SC101``.
        reason_title: The same in words.
        place: Where it happened, or which script did it, as the library reports it.
    """

    reason_id: str
    reason_title: str
    place: str


class OutcomeLog:
    """The latest outcome by dropped or undeclared cookie, and by kind of storage; thread-safe."""

    def __init__(self, app: Flask) -> None:
        self._lock = threading.Lock()
        self._outcomes: OrderedDict[tuple[str, str], Outcome] = OrderedDict()
        cookie_dropped.connect(self._on_dropped, sender=app)
        undeclared_cookie_received.connect(self._on_undeclared, sender=app)
        browser_reported.connect(self._on_report, sender=app)

    def dropped(self, cookie_name: str) -> Outcome | None:
        """Return why a cookie of the server was not sent; None if it was not set."""
        return self._outcomes.get(("dropped", cookie_name))

    def undeclared(self, cookie_name: str) -> Outcome | None:
        """Return why a cookie was removed from a request; None if none was received."""
        return self._outcomes.get(("undeclared", cookie_name))

    def refused(self, storage: str) -> Outcome | None:
        """Return what the guard refused for a kind of storage; None if it reported nothing."""
        return self._outcomes.get(("refused", storage))

    def _on_dropped(
        self, _app: Flask, *, cookie_name: str, reason: Reason, place: str, **_more: object
    ) -> None:
        self._keep("dropped", cookie_name, reason, place)

    def _on_undeclared(
        self, _app: Flask, *, cookie_name: str, reason: Reason, place: str, **_more: object
    ) -> None:
        self._keep("undeclared", cookie_name, reason, place)

    def _on_report(self, _app: Flask, *, reason: Reason, report: Report, **_more: object) -> None:
        if report.kind == "guard":
            self._keep("refused", report.directive, reason, report.blocked)

    def _keep(self, kind: str, name: str, reason: Reason, place: str) -> None:
        """Remember the latest outcome and forget the oldest beyond the limit."""
        outcome = Outcome(reason_id=reason.id, reason_title=reason.title, place=place)
        with self._lock:
            self._outcomes[kind, name] = outcome
            self._outcomes.move_to_end((kind, name))
            if len(self._outcomes) > LIMIT:
                self._outcomes.popitem(last=False)
