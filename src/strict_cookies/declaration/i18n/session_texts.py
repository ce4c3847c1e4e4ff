"""
The texts for visitors of the session cookies that the library declares itself.

An entry with the cookie's name in ``cookies.toml`` replaces them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from ..._util.text import N_
from .language import translate_to_all


class CookieTexts(NamedTuple):
    """The texts of a cookie, by language tag; the fields are those of a declared cookie."""

    title: Mapping[str, str]
    description: Mapping[str, str]
    without_it: Mapping[str, str]


@cache
def session_texts() -> CookieTexts:
    """Return the texts of Flask's session cookie."""
    return CookieTexts(
        *translate_to_all(
            N_("Session"),
            N_(
                "Keeps the pages you visit together, so that the site knows you are signed in and "
                "what you chose during this visit."
            ),
            N_("You could not sign in, and the site would forget each step immediately."),
        )
    )


@cache
def former_session_texts() -> CookieTexts:
    """Return the texts of the cookie that held the session before sessions were migrated."""
    return CookieTexts(
        *translate_to_all(
            N_("Former session"),
            N_(
                "Contained your session before the site began to keep sessions on its server. It "
                "is read once and then deleted from your browser."
            ),
            N_("You would have to sign in again."),
        )
    )
