"""What the pages need to know about sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..._util.app_state import find_state

if TYPE_CHECKING:
    from ...policy.policy import CookiePolicy
    from ...sessions.options import SessionOptions


class SessionState(Protocol):
    """The part of ``app.extensions["strict_cookies"]`` that the pages read."""

    @property
    def policy(self) -> CookiePolicy:
        """The policy, with the session cookie in it."""

    @property
    def session_options(self) -> SessionOptions:
        """The settings of sessions."""


def find_session_state() -> SessionState:
    """Return the state of the current application."""
    state: SessionState = find_state()
    return state
