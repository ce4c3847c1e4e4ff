"""
Which security headers a page is expected to carry where nobody says otherwise.

Less than what this library sends, since the site may be anybody's: what keeps strangers out of its
pages and its cookies off the network. What is as strict in another way stands, as
:mod:`~strict_cookies.http.compare` judges.

Source: CSP Level 3; RFC 6797; Fetch section 3.6 (nosniff).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..._util.urls import is_local
from ...http.compare import Pairs, find_weaker
from ...http.csp import parse_csp

if TYPE_CHECKING:
    from ...policy.policy import CookiePolicy
    from ..observation import ObservedPage

#: Gives the headers that a page should have, names with values.
Expected = Callable[["ObservedPage"], Pairs]

CSP = "Content-Security-Policy"
HSTS = "Strict-Transport-Security"

#: Each directive that is looked at, with what it may admit at most. Inline styles and images in
#: the page itself reach nobody.
_AT_MOST: Mapping[str, tuple[str, ...]] = {
    "default-src": ("'self'",),
    "script-src": ("'self'",),
    "style-src": ("'self'", "'unsafe-inline'"),
    "img-src": ("'self'", "data:", "blob:"),
    "font-src": ("'self'", "data:"),
    "media-src": ("'self'", "data:", "blob:"),
    "frame-src": ("'self'",),
    "connect-src": ("'self'",),
    "worker-src": ("'self'", "blob:"),
    "object-src": ("'none'",),
    "base-uri": ("'self'",),
    "form-action": ("'self'",),
    "frame-ancestors": ("'self'",),
}

#: Beginnings of sources that admit single scripts and styles, which the page itself names.
_OWN = ("'nonce-", "'sha", "'wasm-unsafe-eval'")


def expect_headers(policy: CookiePolicy | None) -> Pairs:
    """
    Give the headers that any page should have.

    Args:
        policy: Its external origins may be loaded from.
    """
    admitted = {} if policy is None else policy.csp_sources
    csp = "; ".join(
        " ".join((name, *sources, *admitted.get(name, ()))) for name, sources in _AT_MOST.items()
    )
    return (
        (CSP, csp),
        (HSTS, "max-age=31536000"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
    )


def find_weak_headers(page: ObservedPage, expected: Pairs) -> list[tuple[str, tuple[str, ...]]]:
    """
    Compare the headers of one page with what is expected.

    Args:
        page: Visited.
        expected: Names with values.

    Returns:
        Names, each with what is weaker in it; with nothing where the header is missing.
    """
    origin = urlsplit(page.final_url)
    is_html = "html" in page.headers.get("content-type", "html")
    found: list[tuple[str, tuple[str, ...]]] = []
    for name, value in expected:
        key = name.lower()
        if name.lower() == HSTS.lower() and (
            origin.scheme != "https" or is_local(origin.hostname or "")
        ):
            continue
        theirs = page.headers.get(key, "")
        if key == CSP.lower():
            if not is_html:
                continue
            value = _admit_own(value, theirs, origin.netloc)
        weaker = find_weaker(key, theirs, value)
        if weaker:
            found.append((name, weaker if theirs else ()))
    return found


def _admit_own(value: str, theirs: str, netloc: str) -> str:
    """Add to a policy what is a site's own: its host by name, its nonces and hashes."""
    own = dict.fromkeys(
        source
        for policy in parse_csp(theirs)
        for name, sources in policy.items()
        if name.startswith(("script-src", "style-src", "default-src"))
        for source in sources
        if source.lower().startswith(_OWN)
    )
    dynamic = any("'strict-dynamic'" in theirs_one for theirs_one in _script_sources(theirs))
    host = (*(f"{scheme}://{netloc}" for scheme in ("http", "https", "ws", "wss")), netloc)
    parts = []
    for directive in value.split(";"):
        name, *sources = directive.split() or [""]
        if name.startswith(("script-src", "style-src")):
            sources += own
        if dynamic and name == "script-src":
            sources.append("'strict-dynamic'")
        # A browser that knows 'strict-dynamic' ignores the hosts beside it, but not for workers.
        if dynamic and name == "worker-src":
            sources.append("*")
        if "'self'" in sources:
            sources += host
        parts.append(" ".join((name, *sources)))
    return "; ".join(parts)


def _script_sources(field_value: str) -> list[tuple[str, ...]]:
    policies = parse_csp(field_value)
    return [policy.get("script-src", policy.get("default-src", ())) for policy in policies]
