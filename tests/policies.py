"""Short ways to build policies in tests."""

from __future__ import annotations

from datetime import timedelta

from strict_cookies import DeclaredCookie
from strict_cookies.policy.preference import DeclaredPreference
from strict_cookies.policy.web_storage import DeclaredStorage


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


def keep(name, **options):
    """Declare an item of web storage with texts that no test looks at."""
    return DeclaredStorage(
        **{
            "name": name,
            "kind": "local",
            "title": "A title",
            "purposes": ("user_input",),
            "description": "What it does.",
            "without_it": "What fails.",
            "lifetime": timedelta(hours=1),
            **options,
        }
    )


def prefer(name, **options):
    """Declare a preference with texts that no test looks at."""
    return DeclaredPreference(
        **{
            "name": name,
            "title": "A title",
            "choices": ("one", "two"),
            "default": "one",
            "description": "What it changes.",
            **options,
        }
    )
