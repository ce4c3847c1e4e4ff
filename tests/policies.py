"""Short ways to build policies in tests."""

from __future__ import annotations

from strict_cookies import DeclaredCookie


def declare(name, **options):
    """Declare a cookie with texts that no test looks at."""
    return DeclaredCookie(
        **{
            "name": name,
            "title": "A title",
            "purposes": ("session",),
            "description": "What it does.",
            "without_it": "What fails.",
            **options,
        }
    )
