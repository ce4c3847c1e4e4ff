"""
The third parties of the declaration: recipients of data, and origins that the browser contacts.

Whether a browser sends a third party's own cookies depends on the kind of request, and the texts
here claim no more than that. ``Cross-Origin-Embedder-Policy: credentialless`` withholds them from
requests without CORS, in browsers that support it. It does not apply to frames, connections and
forms, nor to elements with ``crossorigin="use-credentials"``.

Source: measured in Chromium 156 with third-party cookies allowed; HTML Standard, section
"Cross-origin embedder policies"; CSS Fonts Level 4 section 4.9; CLDR for the names of countries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from .._util.text import N_
from ..policy.countries import HOME
from ..policy.external_origin import EXTERNAL_ORIGIN, KINDS
from ..policy.recipient import RECIPIENT
from .i18n.language import find_language

if TYPE_CHECKING:
    from ..policy.external_origin import ExternalOrigin
    from ..policy.policy import CookiePolicy
    from ..policy.recipient import Recipient

#: Whether requests carry the other site's own cookies.
Cookies = Literal["never", "withheld", "possible"]

_COOKIES_TEXTS: dict[Cookies, str] = {
    "never": N_("Fetched without cookies, unless the page asks for them."),
    "withheld": N_(
        "Fetched without cookies, unless the page asks for them, by browsers that support it "
        "(Chrome, Edge, Firefox). Safari does not, so the other site may receive and store its own "
        "cookies there."
    ),
    "possible": N_("The other site may receive and store its own cookies."),
}


class _Kind(NamedTuple):
    label: str
    #: With ``credentialless``; without it, ``withheld`` becomes ``possible``.
    cookies: Cookies
    #: A further sentence for visitors.
    note: str = ""


_KINDS = {
    "script": _Kind(
        N_("Scripts"),
        "withheld",
        N_(
            "A script from there runs with the rights of this site's own: it can read the page, "
            "and what this site stores for scripts."
        ),
    ),
    "style": _Kind(N_("Style sheets"), "withheld"),
    "image": _Kind(N_("Images"), "withheld"),
    "font": _Kind(N_("Fonts"), "never"),
    "frame": _Kind(
        N_("Pages in a frame"),
        "possible",
        N_(
            "If the page marks the frame as credentialless, Chrome and Edge don't send the "
            "cookies that it has, and discard new ones."
        ),
    ),
    "connect": _Kind(N_("Connections by this site's scripts"), "possible"),
    "form": _Kind(N_("Forms that are sent there"), "possible", N_("What you enter is sent there.")),
}


def may_set_cookies(policy: CookiePolicy) -> bool:
    """Return whether a third party may receive or store its own cookies in some browser."""
    return any(
        _KINDS[kind].cookies != "never"
        for origin in policy.external_origins
        for kind in origin.kinds
    )


def describe_origins(policy: CookiePolicy, *, withheld: bool) -> list[dict[str, Any]]:
    """
    Return the document's list of external origins.

    Args:
        withheld: Whether pages are sent with ``Cross-Origin-Embedder-Policy: credentialless``.
    """
    return [_origin(origin, policy, withheld) for origin in policy.external_origins]


def describe_recipients(policy: CookiePolicy) -> list[dict[str, Any]]:
    """Return the document's list of recipients."""
    return [_recipient(recipient, policy) for recipient in policy.recipients]


def _origin(origin: ExternalOrigin, policy: CookiePolicy, withheld: bool) -> dict[str, Any]:
    return {
        **EXTERNAL_ORIGIN.to_json(origin, policy.site.languages[0]),
        "kinds": [_kind(kind, withheld) for kind in KINDS if kind in origin.kinds],
    }


def _kind(kind: str, withheld: bool) -> dict[str, str]:
    cookies = _KINDS[kind].cookies
    if cookies == "withheld" and not withheld:
        cookies = "possible"
    return {
        "id": kind,
        "label": _KINDS[kind].label,
        "directive": KINDS[kind],
        "cookies": cookies,
        "cookies_text": _COOKIES_TEXTS[cookies],
        "note": _KINDS[kind].note,
    }


def _recipient(recipient: Recipient, policy: CookiePolicy) -> dict[str, Any]:
    english = find_language("en")
    return {
        **RECIPIENT.to_json(recipient, policy.site.languages[0]),
        "countries": [
            {
                "code": code,
                "name": english.country(code),
                "outside_eea_and_uk": code not in HOME,
            }
            for code in recipient.country
        ],
        "origins": [
            one.origin for one in policy.external_origins if one.recipient == recipient.name
        ],
    }
