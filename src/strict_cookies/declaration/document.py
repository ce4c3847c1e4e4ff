"""
The cookie declaration as a document: plain data, built from the policy that is enforced.

The page and every export are views of this one object. Nothing in it is a legal verdict: it
contains what the site states and which exemption it relies on, for a reader to compare. The
library's own texts in it are English; an id or a number with the same meaning is next to each.

Source: Planet49 (CJEU C-673/17) paragraph 81 for what users must be informed of; WP194 for the
scenarios.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .._util.durations import say_duration
from .._util.text import N_
from ..http.cookies import name_prefix
from ..policy.cookie import COOKIE
from ..policy.preference import PREFERENCE
from ..policy.purposes import Purpose
from ..policy.site import SITE
from ..policy.web_storage import STORAGE, STORAGE_NAMES
from .law import has_data_rights, legal_of
from .processing import COUNTERS, PROCESSING, Processing
from .third_parties import describe_origins, describe_recipients, may_set_cookies

if TYPE_CHECKING:
    from datetime import timedelta

    from ..policy.cookie import DeclaredCookie
    from ..policy.policy import CookiePolicy
    from ..policy.preference import DeclaredPreference
    from ..policy.web_storage import DeclaredStorage
    from .publication import PublicationStatus

FORMAT = "strict-cookies-declaration"
#: The version of the format; it increases when a field changes its meaning.
FORMAT_VERSION = 1

#: How long something is kept, if not for a fixed time.
_UNTIL = {
    "restart": N_("Until the server restarts"),
    "session": N_("As long as your session"),
    "site": N_("As the site's privacy notice says"),
}
UNTIL_TAB_CLOSES = N_("Until the tab closes")
UNTIL_BROWSER_CLOSES = N_("Until the browser closes")

NO_CONSENT = N_("No item was found that needs consent, under the purposes that the site states.")
NO_CONSENT_EXCEPT_THIRD_PARTIES = N_(
    "Among the items that this site itself stores, none was found that needs "
    "consent, under the purposes that the site states."
)
ENFORCED = N_(
    "The list is generated from the same policy that the server enforces: the server "
    "sends no cookie that is not on it, and removes one that it receives before the "
    "application reads it."
)
RECORDED = N_(
    "The list is generated from the server's cookie policy. At present the server "
    "only records what differs from it and does not prevent it yet."
)
CHECKED = N_(
    "When the site started, a program checked each duration against the limit of its "
    "purpose, and each name against those of known trackers. The operator is "
    "responsible for stating the purposes correctly; nothing here is a legal verdict."
)
PUBLISHED_FOR = N_(
    "We publish it for transparency and, where personal data are involved, under our data "
    "protection duties."
)
DELETION = N_(
    "You can delete or block what this site stores in your browser's settings. Each "
    "item says what no longer works then. What is kept until the browser closes may "
    "stay longer if the browser is set to restore the last session."
)
OBJECTION = N_(
    "You may object to items that serve the appearance of the site or your "
    "preferences: delete them, or leave the choice as it is. That is free of charge "
    "and changes nothing else."
)
RIGHTS = N_(
    "Where personal data are involved, you may ask for access, correction, erasure and "
    "restriction, and you may object. You may also complain to a supervisory authority."
)
HONOURS_GPC = N_("The site states that it honours the Global Privacy Control signal (Sec-GPC).")


def build_document(
    policy: CookiePolicy,
    *,
    enforced: bool = True,
    credentialless: bool = True,
    processing: Iterable[Processing] = (COUNTERS,),
    status: PublicationStatus | None = None,
) -> dict[str, Any]:
    """
    Return the declaration of a policy.

    Args:
        policy: The policy, with the session cookie in it.
        enforced: Whether the firewall enforces it; False in report-only mode, in which no other
            header is sent either.
        credentialless: Whether pages are sent with ``Cross-Origin-Embedder-Policy:
            credentialless``.
        processing: What the protection itself stores.
        status: Version, effective date and history; None if no versions are kept.

    Returns:
        Only dicts, lists, strings, numbers, booleans and None. ``third_party_cookies`` is whether
        a third party that the policy allows may receive or store its own cookies in some browser.
        ``hash`` is that of :func:`hash_content`.
    """
    site = policy.site
    document: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "site": SITE.to_json(site, site.languages[0]),
        "enforced": enforced,
        "transport": policy.transport,
        "consent_asked": False,
        "third_party_cookies": may_set_cookies(policy),
        "statements": _statements(policy, enforced=enforced),
        "cookies": [_cookie(cookie, policy) for cookie in policy.cookies],
        "storage": [_storage(storage, policy) for storage in policy.storage],
        "preferences": [_preference(one, policy) for one in policy.preferences],
        "external_origins": describe_origins(policy, withheld=enforced and credentialless),
        "recipients": describe_recipients(policy),
        "processing": [_processing(one) for one in processing],
    }
    document["hash"] = hash_content(document)
    document["edition"] = None if status is None else status.to_json()
    return document


def hash_content(document: Mapping[str, Any]) -> str:
    """
    Return the SHA-256 of a document's content.

    Returns:
        ``sha256:`` and hexadecimal digits: of the canonical JSON (keys sorted, no spaces, UTF-8)
        of everything except ``hash`` and ``edition``.
    """
    content = {key: value for key, value in document.items() if key not in ("hash", "edition")}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(canonical.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _statements(policy: CookiePolicy, *, enforced: bool) -> dict[str, str | None]:
    """Return the statements about all items together; None for one that does not apply."""
    site = policy.site
    items: list[DeclaredCookie | DeclaredStorage] = [*policy.cookies, *policy.storage]
    may_object = "UK" in site.jurisdictions and any(
        Purpose.PREFERENCES in item.purposes for item in items
    )
    return {
        "no_consent": NO_CONSENT_EXCEPT_THIRD_PARTIES if may_set_cookies(policy) else NO_CONSENT,
        "enforcement": ENFORCED if enforced else RECORDED,
        "checked": CHECKED,
        "published_for": PUBLISHED_FOR,
        "deletion": DELETION,
        "objection": OBJECTION if may_object else None,
        "rights": RIGHTS if has_data_rights(site.jurisdictions) else None,
        "gpc": HONOURS_GPC if site.honours_gpc else None,
    }


def _cookie(cookie: DeclaredCookie, policy: CookiePolicy) -> dict[str, Any]:
    by_scripts = ["script"] if cookie.script_readable else []
    lifetime = cookie.lifetime
    return {
        **COOKIE.to_json(cookie, policy.site.languages[0]),
        **_reliance(cookie, policy),
        "pattern": cookie.is_pattern,
        "storage": "http cookie",
        "lifetime": {
            "session": lifetime is None,
            "max_age_seconds": _seconds(lifetime),
            "text": say_duration(lifetime),
            "ended_by": "browser",
            "starts_anew_when_set_again": lifetime is not None,
        },
        "set_by": ["server", *by_scripts],
        "read_by": ["server", *by_scripts],
        **_third_parties(policy, readable=cookie.script_readable),
        "secure": policy.transport == "https",
        "prefix": name_prefix(cookie.name),
    }


def _storage(storage: DeclaredStorage, policy: CookiePolicy) -> dict[str, Any]:
    lifetime = storage.lifetime
    return {
        **STORAGE.to_json(storage, policy.site.languages[0]),
        **_reliance(storage, policy),
        "pattern": storage.is_pattern,
        "storage": STORAGE_NAMES[storage.kind],
        "lifetime": {
            "session": lifetime is None,
            "max_age_seconds": _seconds(lifetime),
            "text": "until the tab closes" if lifetime is None else say_duration(lifetime),
            # Browsers never delete the other kinds by themselves.
            "ended_by": "browser" if lifetime is None else "site",
            "starts_anew_when_set_again": lifetime is not None,
        },
        "set_by": ["script"],
        "read_by": ["script"],
        **_third_parties(policy, readable=True),
    }


def _preference(preference: DeclaredPreference, policy: CookiePolicy) -> dict[str, Any]:
    return {**PREFERENCE.to_json(preference, policy.site.languages[0]), "kept": "session"}


def _reliance(item: DeclaredCookie | DeclaredStorage, policy: CookiePolicy) -> dict[str, Any]:
    law = policy.site.jurisdictions
    return {
        "purposes": [_purpose(purpose, law) for purpose in item.purposes],
        "remarks": _remarks(item) if has_data_rights(law) else [],
    }


@lru_cache(maxsize=256)
def _purpose(purpose: Purpose, jurisdictions: tuple[str, ...]) -> dict[str, Any]:
    return {
        "id": purpose.value,
        "label": purpose.label,
        "legal": legal_of(purpose, jurisdictions),
    }


def _remarks(item: DeclaredCookie | DeclaredStorage) -> list[str]:
    """Return ids of what a reader should know if an exemption is disputed."""
    remarks = []
    if Purpose.SECURITY in item.purposes:
        # WP194 scenario 3 is about the user's own security; authorities disagree on the rest.
        remarks.append("site_must_justify")
    if Purpose.PREFERENCES in item.purposes and item.lifetime is not None:
        remarks.append("rests_on_choice")
    return remarks


def _third_parties(policy: CookiePolicy, *, readable: bool) -> dict[str, Any]:
    """Return who else can read an item: third-party scripts have the rights of the site's own."""
    names = [
        origin.recipient
        for origin in policy.external_origins
        if readable and "script" in origin.kinds
    ]
    return {
        "party": "first",
        "third_party_access": bool(names),
        "third_parties": list(dict.fromkeys(names)),
    }


def _processing(one: Processing) -> dict[str, Any]:
    texts = PROCESSING[one.kind]
    return {
        "id": one.kind,
        "title": {"en": texts.title},
        "data": texts.data,
        "purpose": texts.purpose,
        "kept": {
            "until": one.until,
            "seconds": _seconds(one.kept),
            "text": say_duration(one.kept) if one.kept else _UNTIL[one.until],
        },
    }


def _seconds(lifetime: timedelta | None) -> int | None:
    return None if lifetime is None else int(lifetime.total_seconds())
