"""
The security headers that any page should have.

They are less strict than those of this library, because the audited site may not use it. Equally
strict alternatives are accepted, see :mod:`~strict_cookies.http.compare`.

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

#: Returns the headers that a page should have, as names with values.
Expected = Callable[["ObservedPage"], Pairs]

CSP = "Content-Security-Policy"
HSTS = "Strict-Transport-Security"

#: The directives that are checked, with the widest sources allowed. Inline styles and data: images
#: send no request.
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

#: Prefixes of sources that allow single scripts and styles, which the page itself names.
_OWN = ("'nonce-", "'sha", "'wasm-unsafe-eval'")


def expect_headers(policy: CookiePolicy | None) -> Pairs:
    """
    Return the headers that any page should have.

    Args:
        policy: Its external origins are allowed; None for none.
    """
    allowed = {} if policy is None else policy.csp_sources
    csp = "; ".join(
        " ".join((name, *sources, *allowed.get(name, ()))) for name, sources in _AT_MOST.items()
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
        page: A visited page.
        expected: Names with values.

    Returns:
        Names of weak headers, each with its weak parts; with no parts if the header is missing.
    """
    origin = urlsplit(page.final_url)
    is_html = "html" in page.headers.get("content-type", "html")
    weak: list[tuple[str, tuple[str, ...]]] = []
    for name, value in expected:
        key = name.lower()
        if name.lower() == HSTS.lower() and (
            origin.scheme != "https" or is_local(origin.hostname or "")
        ):
            continue
        actual = page.headers.get(key, "")
        if key == CSP.lower():
            if not is_html:
                continue
            value = _allow_own(value, actual, origin.netloc)
        weaker = find_weaker(key, actual, value)
        if weaker:
            weak.append((name, weaker if actual else ()))
    return weak


def _allow_own(value: str, actual: str, netloc: str) -> str:
    """Add the site's own sources to an expected CSP: its host name, its nonces and hashes."""
    own = dict.fromkeys(
        source
        for policy in parse_csp(actual)
        for name, sources in policy.items()
        if name.startswith(("script-src", "style-src", "default-src"))
        for source in sources
        if source.lower().startswith(_OWN)
    )
    dynamic = any("'strict-dynamic'" in sources for sources in _script_sources(actual))
    host = (*(f"{scheme}://{netloc}" for scheme in ("http", "https", "ws", "wss")), netloc)
    parts = []
    for directive in value.split(";"):
        name, *sources = directive.split() or [""]
        if name.startswith(("script-src", "style-src")):
            sources += own
        if dynamic and name == "script-src":
            sources.append("'strict-dynamic'")
        # With 'strict-dynamic', browsers ignore the hosts next to it, except for workers.
        if dynamic and name == "worker-src":
            sources.append("*")
        if "'self'" in sources:
            sources += host
        parts.append(" ".join((name, *sources)))
    return "; ".join(parts)


def _script_sources(field_value: str) -> list[tuple[str, ...]]:
    policies = parse_csp(field_value)
    return [policy.get("script-src", policy.get("default-src", ())) for policy in policies]
