"""
Read a published declaration back into a policy: ours, or another framework's in the same format.

A declaration may come from any site. It must obey the rules of a policy, and
:func:`~strict_cookies.declaration.document.build_document` returns the same content for the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import PolicyError
from ..policy.policy import CookiePolicy
from ..policy.schema import ENTRY_SECTIONS
from ..policy.site import SITE, Site
from .document import FORMAT, FORMAT_VERSION

if TYPE_CHECKING:
    from ..policy.section import Section


def read_declaration(document: Mapping[str, Any], *, source: str = "declaration") -> CookiePolicy:
    """
    Return the policy that a declaration publishes.

    Args:
        document: As parsed from JSON.
        source: Where it came from, for messages.

    Raises:
        PolicyError: It is not a declaration in this format; or every mistake in its entries.
    """
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise PolicyError(
            [f"It is not a declaration: format is not {FORMAT!r}. Give a declaration.json."],
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
    site: Site = _read("site", document.get("site"), SITE, mistakes) or Site()
    entries: dict[str, list[Any]] = {}
    for section in ENTRY_SECTIONS.values():
        name = section.argument
        read = [
            _read(f"{name} {number}", published, section, mistakes)
            for number, published in enumerate(_list(document, name, mistakes), 1)
        ]
        entries[name] = [entry for entry in read if entry is not None]
    if mistakes:
        raise PolicyError(mistakes, source=source)
    return CookiePolicy(
        site=site,
        transport=document.get("transport", "https"),
        source=source,
        **entries,  # type: ignore[arg-type]
    )


def _list(document: Mapping[str, Any], section: str, mistakes: list[str]) -> list[Any]:
    entries = document.get(section, [])
    if isinstance(entries, list):
        return entries
    mistakes.append(f"{section} is not a list.")
    return []


def _read(where: str, published: object, section: Section, mistakes: list[str]) -> Any:
    try:
        if not isinstance(published, Mapping):
            raise TypeError("it is not an object")
        return section.from_json(published)
    except PolicyError as error:
        mistakes += error.mistakes
    except KeyError as error:
        mistakes.append(f"{where}: it lacks {error}.")
    except (TypeError, ValueError, AttributeError) as error:
        mistakes.append(f"{where}: {error}.")
    return None
