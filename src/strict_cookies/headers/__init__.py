"""
Secure: the security headers, compiled from options that are named as in Flask-Talisman.

It may import ``policy`` and everything below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .options import OPT_OUT as OPT_OUT
    from .talisman import HeaderContext as HeaderContext
    from .talisman import StrictTalisman as StrictTalisman

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "options": ("OPT_OUT",),
        "talisman": (
            "HeaderContext",
            "StrictTalisman",
        ),
    },
)
