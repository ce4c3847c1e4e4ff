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
from ..entry import texts_of
from ..grammar import name_prefix
from ..storage import STORAGE_NAMES
from .third_parties import describe_origins, describe_recipients, may_set_cookies

if TYPE_CHECKING:
    from datetime import timedelta

    from ..cookie import DeclaredCookie
    from ..policy import CookiePolicy
    from ..preference import DeclaredPreference
    from ..purposes import Purpose
    from ..storage import DeclaredStorage

#: Version of the document's form; it grows when a field changes its meaning.
FORMAT_VERSION = 1

_STATEMENT = "No item was found that needs consent, under the purposes that the site states."
_STATEMENT_WITH_THIRD_PARTIES = (
    "Among what this site itself stores, no item was found that needs consent, under the purposes "
    "that the site states."
)


def build_document(
    policy: CookiePolicy, *, enforced: bool = True, credentialless: bool = True
) -> dict[str, Any]:
    """
    Make the declaration of a policy.

    Args:
        policy: With the session cookie in it.
        enforced: Whether the firewall carries its verdicts out; False in report-only mode, in which
            no other header is sent either.
        credentialless: Whether ``Cross-Origin-Embedder-Policy: credentialless`` is sent where an
            external origin is admitted.

    Returns:
        Only dicts, lists, texts, numbers, booleans and None. ``third_party_cookies`` is whether a
        third party that the policy admits may receive or store cookies of its own in some browser.
        ``hash`` is the SHA-256 of the canonical JSON (keys sorted, no spaces, UTF-8) of the rest.
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
        "statement": _STATEMENT_WITH_THIRD_PARTIES if may_set_cookies(policy) else _STATEMENT,
        "third_party_cookies": may_set_cookies(policy),
        "cookies": [_cookie(cookie, policy) for cookie in policy.cookies],
        "storage": [_storage(storage, policy) for storage in policy.storage],
        "preferences": [_preference(one, policy) for one in policy.preferences],
        "external_origins": describe_origins(policy, withheld=enforced and credentialless),
        "recipients": describe_recipients(policy),
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    document["hash"] = f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"
    return document


def _cookie(cookie: DeclaredCookie, policy: CookiePolicy) -> dict[str, Any]:
    return {
        "name": cookie.name,
        "pattern": cookie.is_pattern,
        "storage": "http cookie",
        **_why(cookie, policy),
        "lifetime": {
            "session": cookie.lifetime is None,
            "max_age_seconds": _seconds(cookie.lifetime),
            "text": say_duration(cookie.lifetime),
        },
        "party": "first",
        "third_party_access": cookie.script_readable and _admits_scripts(policy),
        "domain": cookie.domain,
        "path": cookie.path,
        "secure": policy.transport == "https",
        "httponly": not cookie.script_readable,
        "samesite": cookie.samesite,
        "partitioned": cookie.partitioned,
        "prefix": name_prefix(cookie.name),
    }


def _storage(storage: DeclaredStorage, policy: CookiePolicy) -> dict[str, Any]:
    lifetime = storage.lifetime
    return {
        "name": storage.name,
        "pattern": storage.is_pattern,
        "storage": STORAGE_NAMES[storage.kind],
        "kind": storage.kind,
        **_why(storage, policy),
        "lifetime": {
            "session": lifetime is None,
            "max_age_seconds": _seconds(lifetime),
            "text": "until the tab closes" if lifetime is None else say_duration(lifetime),
            # No browser ends the other kinds by itself.
            "ended_by": "browser" if lifetime is None else "site",
        },
        "party": "first",
        "third_party_access": _admits_scripts(policy),
    }


def _preference(preference: DeclaredPreference, policy: CookiePolicy) -> dict[str, Any]:
    language = policy.site.languages[0]
    return {
        "name": preference.name,
        "title": texts_of(preference.title, language),
        "description": texts_of(preference.description, language),
        "choices": list(preference.choices),
        "default": preference.default,
        "kept": "session",
    }


def _why(item: DeclaredCookie | DeclaredStorage, policy: CookiePolicy) -> dict[str, Any]:
    language = policy.site.languages[0]
    return {
        "title": texts_of(item.title, language),
        "purposes": [_purpose(purpose) for purpose in item.purposes],
        "description": texts_of(item.description, language),
        "without_it": texts_of(item.without_it, language),
    }


def _admits_scripts(policy: CookiePolicy) -> bool:
    """Tell whether a third party's script may run in a page, where it can read as our own can."""
    return "script-src" in policy.csp_sources


def _seconds(lifetime: timedelta | None) -> int | None:
    return None if lifetime is None else int(lifetime.total_seconds())


def _purpose(purpose: Purpose) -> dict[str, str]:
    return {
        "id": purpose.value,
        "label": purpose.label,
        "criterion": purpose.criterion,
        "wp194_scenario": purpose.scenario,
    }
