"""
Enforce: the cookie firewall for any WSGI application, in both directions.

It may import ``policy`` and everything below it. Nothing here imports Flask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .browser_reports import Report as Report
    from .clear_site_data import erasing_headers as erasing_headers
    from .cross_origin import OriginGuard as OriginGuard
    from .cross_origin import is_cross_origin as is_cross_origin
    from .cross_origin import read_origins as read_origins
    from .faults import BASELINE_HEADERS as BASELINE_HEADERS
    from .https_redirect import HttpsRedirect as HttpsRedirect
    from .interceptors import Interception as Interception
    from .interceptors import Interceptor as Interceptor
    from .middleware import CookieFirewall as CookieFirewall
    from .middleware import FirewallHooks as FirewallHooks
    from .request_cookies import RECEIVED as RECEIVED
    from .request_cookies import ReceivedCookies as ReceivedCookies

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "browser_reports": ("Report",),
        "clear_site_data": ("erasing_headers",),
        "cross_origin": (
            "OriginGuard",
            "is_cross_origin",
            "read_origins",
        ),
        "faults": ("BASELINE_HEADERS",),
        "https_redirect": ("HttpsRedirect",),
        "interceptors": (
            "Interception",
            "Interceptor",
        ),
        "middleware": (
            "CookieFirewall",
            "FirewallHooks",
        ),
        "request_cookies": (
            "RECEIVED",
            "ReceivedCookies",
        ),
    },
)
