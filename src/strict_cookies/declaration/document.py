"""
The cookie declaration as a document: plain data, made from the policy that is enforced.

The page and every export are views of this one object. Nothing in it is a legal verdict: it says
what the site states and under which exemption it relies on, for a reader to compare.

Source: Planet49 (CJEU C-673/17) paragraph 81 for what must be told; WP194 for the scenarios.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from ..durations import say_duration
from ..grammar import name_prefix

if TYPE_CHECKING:
    from ..cookie import DeclaredCookie
    from ..entry import Text
    from ..policy import CookiePolicy
    from ..purposes import Purpose

#: Version of the document's form; it grows when a field changes its meaning.
FORMAT_VERSION = 1


def build_document(policy: CookiePolicy, *, enforced: bool = True) -> dict[str, Any]:
    """
    Make the declaration of a policy.

    Args:
        policy: With the session cookie in it.
        enforced: Whether the firewall carries its verdicts out; False in report-only mode.

    Returns:
        Only dicts, lists, texts, numbers, booleans and None. ``hash`` is the SHA-256 of the
        canonical JSON (keys sorted, no spaces, UTF-8) of all the rest.
    """
    site = policy.site
    document: dict[str, Any] = {
        "format": "strict-cookies-declaration",
        "format_version": FORMAT_VERSION,
        "site": {
            "name": site.name,
            "controller": site.controller,
            "contact": site.contact,
            "dpo": site.dpo,
            "authority": site.authority,
            "privacy_url": site.privacy_url,
            "languages": list(site.languages),
            "jurisdictions": list(site.jurisdictions),
        },
        "enforced": enforced,
        "consent_asked": False,
        "statement": "No item was found that needs consent, under the purposes that the site "
        "states.",
        "third_party_cookies": False,
        "cookies": [_cookie(cookie, policy) for cookie in policy.cookies],
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    document["hash"] = f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
    return document


def _cookie(cookie: DeclaredCookie, policy: CookiePolicy) -> dict[str, Any]:
    language = policy.site.languages[0]
    lifetime = cookie.lifetime
    return {
        "name": cookie.name,
        "pattern": cookie.is_pattern,
        "storage": "http cookie",
        "title": _texts(cookie.title, language),
        "purposes": [_purpose(purpose) for purpose in cookie.purposes],
        "description": _texts(cookie.description, language),
        "without_it": _texts(cookie.without_it, language),
        "lifetime": {
            "session": lifetime is None,
            "max_age_seconds": None if lifetime is None else int(lifetime.total_seconds()),
            "text": say_duration(lifetime),
        },
        "party": "first",
        "third_party_access": False,
        "domain": cookie.domain,
        "path": cookie.path,
        "secure": policy.transport == "https",
        "httponly": not cookie.script_readable,
        "samesite": cookie.samesite,
        "partitioned": cookie.partitioned,
        "prefix": name_prefix(cookie.name),
    }


def _purpose(purpose: Purpose) -> dict[str, str]:
    return {
        "id": purpose.value,
        "label": purpose.label,
        "criterion": purpose.criterion,
        "wp194_scenario": purpose.scenario,
    }


def _texts(text: Text, language: str) -> dict[str, str]:
    return {language: text} if isinstance(text, str) else dict(text)
