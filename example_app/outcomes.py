"""What the library did about unwanted cookies, as its signals tell it: names and reasons only."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from flask import Flask

from strict_cookies import cookie_dropped, stray_cookie_seen

#: Most outcomes that are kept; the oldest go first.
LIMIT = 64


class Reason(Protocol):
    """Why the library acted: an id such as ``SC101``, and its title."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What became of one cookie.

    Args:
        reason_id: The library's stable id, for example ``SC101``.
        reason_title: The same in words.
        place: Where it happened, as the library says it.
    """

    reason_id: str
    reason_title: str
    place: str


class OutcomeLog:
    """The latest outcome of each cookie name, for dropped and for stray cookies; thread-safe."""

    def __init__(self, app: Flask) -> None:
        self._lock = threading.Lock()
        self._outcomes: OrderedDict[tuple[str, str], Outcome] = OrderedDict()
        cookie_dropped.connect(self._on_dropped, sender=app)
        stray_cookie_seen.connect(self._on_stray, sender=app)

    def dropped(self, cookie_name: str) -> Outcome | None:
        """Tell why the server's own cookie did not leave; None if that was not tried."""
        return self._outcomes.get(("dropped", cookie_name))

    def stray(self, cookie_name: str) -> Outcome | None:
        """Tell why a cookie was cut from a request; None if none arrived."""
        return self._outcomes.get(("stray", cookie_name))

    def _on_dropped(
        self, _app: Flask, *, cookie_name: str, reason: Reason, place: str, **_more: object
    ) -> None:
        self._keep("dropped", cookie_name, reason, place)

    def _on_stray(
        self, _app: Flask, *, cookie_name: str, reason: Reason, place: str, **_more: object
    ) -> None:
        self._keep("stray", cookie_name, reason, place)

    def _keep(self, kind: str, cookie_name: str, reason: Reason, place: str) -> None:
        """Remember the latest outcome and forget the oldest beyond the limit."""
        outcome = Outcome(reason_id=reason.id, reason_title=reason.title, place=place)
        with self._lock:
            self._outcomes[kind, cookie_name] = outcome
            self._outcomes.move_to_end((kind, cookie_name))
            if len(self._outcomes) > LIMIT:
                self._outcomes.popitem(last=False)
