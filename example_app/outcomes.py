"""What the library did about unwanted storage, as its signals tell it: names and reasons only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from flask import Flask

from strict_cookies import browser_reported, cookie_dropped, undeclared_cookie_received

#: Most outcomes that are kept; the oldest go first.
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
    What became of one attempt.

    Args:
        reason_id: The library's stable id, for example ``SC101``.
        reason_title: The same in words.
        place: Where it happened, or which script did it, as the library says it.
    """

    reason_id: str
    reason_title: str
    place: str


class OutcomeLog:
    """The latest outcome for each dropped or stray cookie, and kind of storage; thread-safe."""

    def __init__(self, app: Flask) -> None:
        self._lock = threading.Lock()
        self._outcomes: OrderedDict[tuple[str, str], Outcome] = OrderedDict()
        cookie_dropped.connect(self._on_dropped, sender=app)
        undeclared_cookie_received.connect(self._on_stray, sender=app)
        browser_reported.connect(self._on_report, sender=app)

    def dropped(self, cookie_name: str) -> Outcome | None:
        """Tell why the server's own cookie did not leave; None if that was not tried."""
        return self._outcomes.get(("dropped", cookie_name))

    def stray(self, cookie_name: str) -> Outcome | None:
        """Tell why a cookie was cut from a request; None if none arrived."""
        return self._outcomes.get(("stray", cookie_name))

    def refused(self, storage: str) -> Outcome | None:
        """Tell what the guard refused for a kind of storage; None if it reported nothing."""
        return self._outcomes.get(("refused", storage))

    def _on_dropped(
        self, _app: Flask, *, cookie_name: str, reason: Reason, place: str, **_more: object
    ) -> None:
        self._keep("dropped", cookie_name, reason, place)

    def _on_stray(
        self, _app: Flask, *, cookie_name: str, reason: Reason, place: str, **_more: object
    ) -> None:
        self._keep("stray", cookie_name, reason, place)

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
