"""
The only assembly: the Flask extension, its settings and its state.

It may import everything but the commands, ``checks``, ``scan`` and ``testing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .extension import StrictCookies as StrictCookies
    from .settings import Settings as Settings
    from .state import AppState as AppState
    from .state import get_state as get_state

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "extension": ("StrictCookies",),
        "settings": ("Settings",),
        "state": (
            "AppState",
            "get_state",
        ),
    },
)
