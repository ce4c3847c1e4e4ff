"""
Read a published declaration back into a policy: ours, or another framework's in the same format.

What is read may come from a stranger's site. It is held to the very rules of a policy, and
:func:`~strict_cookies.declaration.document.build_document` of the result gives the same content
again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from ..errors import PolicyError
from ..policy.cookie import DeclaredCookie
from ..policy.external_origin import ExternalOrigin
from ..policy.policy import CookiePolicy
from ..policy.preference import DeclaredPreference
from ..policy.recipient import Recipient
from ..policy.site import Site
from ..policy.web_storage import DeclaredStorage
from .document import FORMAT, FORMAT_VERSION

T = TypeVar("T")

_SITE_TEXTS = ("name", "controller", "contact", "dpo", "authority", "privacy_url")
#: Longest lifetime that is read, in seconds, so that hostile numbers stay harmless.
_MAX_SECONDS = 10 * 366 * 86_400


def read_declaration(document: Mapping[str, Any], *, source: str = "declaration") -> CookiePolicy:
    """
    Make the policy that a declaration was made from.

    Args:
        document: As parsed from JSON.
        source: Where it came from, for messages.

    Raises:
        PolicyError: It is no declaration in this format, or all that is wrong with its entries.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise PolicyError(
            [f"It is no declaration: format is not {FORMAT!r}. Give a declaration.json."],
            source=source,
        )
    if document.get("format_version") != FORMAT_VERSION:
        raise PolicyError(
            [
                f"format_version is {str(document.get('format_version'))[:20]!r}, but this program "
                f"reads {FORMAT_VERSION}. Use a newer one."
            ],
            source=source,
        )
    mistakes: list[str] = []
    site = _read("site", document.get("site"), _site, mistakes) or Site()
    found: dict[str, Any] = {
        section: [
            made
            for index, entry in enumerate(_list(document, section, mistakes), 1)
            if (made := _read(f"{section} {index}", entry, make, mistakes)) is not None
        ]
        for section, make in _MAKERS.items()
    }
    if mistakes:
        raise PolicyError(mistakes, source=source)
    return CookiePolicy(
        site=site, transport=document.get("transport", "https"), source=source, **found
    )


def _list(document: Mapping[str, Any], section: str, mistakes: list[str]) -> list[Any]:
    entries = document.get(section, [])
    if isinstance(entries, list):
        return entries
    mistakes.append(f"{section} is no list.")
    return []


def _read(
    where: str, entry: object, make: Callable[[Mapping[str, Any]], T], mistakes: list[str]
) -> T | None:
    try:
        if not isinstance(entry, Mapping):
            raise TypeError("it is no object")
        return make(entry)
    except PolicyError as error:
        mistakes += error.mistakes
    except KeyError as error:
        mistakes.append(f"{where}: it lacks {error}.")
    except (TypeError, ValueError, AttributeError) as error:
        mistakes.append(f"{where}: {error}.")
    return None


def _site(entry: Mapping[str, Any]) -> Site:
    texts = {key: entry.get(key, "") for key in _SITE_TEXTS}
    languages, jurisdictions = entry["languages"], entry["jurisdictions"]
    lists = (*_strings(languages), *_strings(jurisdictions))
    if not languages or not all(isinstance(text, str) for text in (*texts.values(), *lists)):
        raise TypeError("one of its texts is no text")
    return Site(
        **texts,
        languages=tuple(languages),
        jurisdictions=tuple(jurisdictions),
        honours_gpc=entry.get("honours_gpc") is True,
    )


def _strings(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("it has something else where a list should be")
    return value


def _why(entry: Mapping[str, Any]) -> dict[str, Any]:
    seconds = entry["lifetime"]["max_age_seconds"]
    if seconds is not None and not 0 <= seconds <= _MAX_SECONDS:
        raise ValueError("its lifetime is out of all bounds")
    return {
        "name": entry["name"],
        "title": entry["title"],
        "purposes": tuple(purpose["id"] for purpose in entry["purposes"]),
        "description": entry["description"],
        "without_it": entry["without_it"],
        "lifetime": None if seconds is None else timedelta(seconds=seconds),
        "not_the_tracker": entry.get("not_the_tracker"),
    }


def _cookie(entry: Mapping[str, Any]) -> DeclaredCookie:
    return DeclaredCookie(
        **_why(entry),
        path=entry["path"],
        domain=entry["domain"],
        samesite=entry["samesite"],
        script_readable=not entry["httponly"],
        partitioned=entry["partitioned"],
    )


def _storage(entry: Mapping[str, Any]) -> DeclaredStorage:
    return DeclaredStorage(**_why(entry), kind=entry["kind"])


def _preference(entry: Mapping[str, Any]) -> DeclaredPreference:
    return DeclaredPreference(
        name=entry["name"],
        title=entry["title"],
        choices=tuple(entry["choices"]),
        default=entry["default"],
        description=entry["description"],
    )


def _recipient(entry: Mapping[str, Any]) -> Recipient:
    return Recipient(
        name=entry["name"],
        role=entry["role"],
        data=entry["data"],
        purpose=entry["purpose"],
        country=tuple(country["code"] for country in entry["countries"]),
        safeguard=entry["safeguard"],
    )


def _origin(entry: Mapping[str, Any]) -> ExternalOrigin:
    return ExternalOrigin(
        origin=entry["origin"],
        kinds=tuple(kind["id"] for kind in entry["kinds"]),
        reason=entry["reason"],
        recipient=entry["recipient"],
        not_the_tracker=entry.get("not_the_tracker"),
    )


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "cookies": _cookie,
    "storage": _storage,
    "preferences": _preference,
    "recipients": _recipient,
    "external_origins": _origin,
}
