"""The part of the application's state that this package reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..firewall.cross_origin import OriginGuard
    from ..policy.policy import CookiePolicy
    from .options import SessionOptions


class SessionState(Protocol):
    """The part of :class:`~strict_cookies.flask.state.AppState` that this package reads."""

    @property
    def policy(self) -> CookiePolicy: ...
    @property
    def session_options(self) -> SessionOptions: ...
    @property
    def origin_guard(self) -> OriginGuard | None: ...
