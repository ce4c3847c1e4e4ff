"""
What a site declares: the policy, its entries, and the schema of ``cookies.toml``.

It may import ``http`` and what is below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._util.facade import attach

if TYPE_CHECKING:
    from .cookie import DeclaredCookie as DeclaredCookie
    from .external_origin import ExternalOrigin as ExternalOrigin
    from .policy import CookiePolicy as CookiePolicy
    from .preference import DeclaredPreference as DeclaredPreference
    from .purposes import Purpose as Purpose
    from .recipient import Recipient as Recipient
    from .schema import read_json_schema as read_json_schema
    from .site import Site as Site
    from .web_storage import DeclaredStorage as DeclaredStorage

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "cookie": ("DeclaredCookie",),
        "external_origin": ("ExternalOrigin",),
        "policy": ("CookiePolicy",),
        "preference": ("DeclaredPreference",),
        "purposes": ("Purpose",),
        "recipient": ("Recipient",),
        "schema": ("read_json_schema",),
        "site": ("Site",),
        "web_storage": ("DeclaredStorage",),
    },
)
