"""What the report needs of an application's state, which a directory above this one defines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Set

    from ..archive.base import Archive
    from ..firewall.middleware import CookieFirewall
    from ..headers.talisman import StrictTalisman
    from ..policy.policy import CookiePolicy
    from ..sessions.options import SessionOptions
    from ..trail.app_trail import Trail


class ReportedSettings(Protocol):
    """The settings that the report assesses; see :mod:`strict_cookies.flask.settings`."""

    @property
    def mode(self) -> str:
        """``STRICT_COOKIES_MODE``, resolved."""

    @property
    def transport(self) -> str:
        """``STRICT_COOKIES_TRANSPORT``."""

    @property
    def cross_origin(self) -> str:
        """``STRICT_COOKIES_CROSS_ORIGIN``."""

    @property
    def origin_exempt(self) -> Set[str]:
        """``STRICT_COOKIES_ORIGIN_EXEMPT``."""

    @property
    def sessions(self) -> SessionOptions:
        """The options of sessions."""


class ReportedState(Protocol):
    """The state of an application; see :class:`strict_cookies.flask.state.AppState`."""

    def freeze(self) -> CookieFirewall:
        """Compile the configuration and freeze it."""

    @property
    def settings(self) -> ReportedSettings:
        """The settings."""

    @property
    def policy(self) -> CookiePolicy:
        """The policy, the session cookie included."""

    @property
    def talisman(self) -> StrictTalisman:
        """The compiled security headers."""

    @property
    def archive(self) -> Archive:
        """Where report links and the last audit are stored."""

    @property
    def trail(self) -> Trail:
        """The audit trail."""

    def find_bypasses(self) -> list[str]:
        """Return why requests are not checked, one sentence each."""

    def document(self) -> dict[str, Any]:
        """Return the declaration."""
