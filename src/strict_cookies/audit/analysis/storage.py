"""
Compare web storage, IndexedDB, caches and service workers with the declared storage.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..._util.urls import host_of
from ...policy.catalogue import find_certain_tracker, find_tracker_host
from ..redaction import redact_pages
from .cookies import describe_tracker
from .finding import Finding, FindingKind

if TYPE_CHECKING:
    from ...policy.policy import CookiePolicy
    from ...policy.web_storage import DeclaredStorage
    from ..observation import Observation, ObservedStorage


def compare_storage(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Compare each stored item."""
    for item in observation.storage:
        host = host_of(item.origin) or item.origin
        owner = find_tracker_host(host) if item.third_party else None
        if owner is not None:
            kind = FindingKind.TRACKER_STORAGE
            detail = f"{host} is commonly associated with {owner.vendor} ({owner.category})."
        elif item.third_party:
            kind = FindingKind.THIRD_PARTY_STORAGE
            detail = f"It belongs to {item.origin}, which is another site."
        elif find_storage(item.kind, item.name, policy) is not None:
            continue
        elif find_certain_tracker(item.name) is not None:
            kind, detail = FindingKind.TRACKER_STORAGE, describe_tracker(item.name)
        else:
            kind = FindingKind.UNDECLARED_STORAGE
            detail = "The site has no declaration." if policy is None else "No entry declares it."
            if item.kind == "service worker":
                detail += " Service workers can't be declared: they stay until they are removed."
        yield Finding(
            kind=kind,
            subject=storage_label(item),
            detail=detail,
            pages=redact_pages(item.seen_on),
            step=item.step,
            setter=item.setter,
        )


def storage_label(item: ObservedStorage) -> str:
    """Return the label of an item, as in ``ObservedStep.storage_left``."""
    return f"{item.kind} {item.name} @ {item.origin}"


def find_storage(kind: str, name: str, policy: CookiePolicy | None) -> DeclaredStorage | None:
    """Return the entry that declares an item: an exact name, else the longest pattern."""
    if policy is None:
        return None
    matches = [
        entry
        for entry in policy.storage
        if entry.kind == kind
        and (
            name.startswith(entry.stem) and find_certain_tracker(name) is None
            if entry.is_pattern
            else entry.name == name
        )
    ]
    return max(matches, key=lambda entry: (not entry.is_pattern, len(entry.stem)), default=None)


def find_unseen_storage(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Report declared storage that was not seen."""
    if policy is None:
        return
    items = {
        id(find_storage(item.kind, item.name, policy))
        for item in observation.storage
        if not item.third_party
    }
    for entry in policy.storage:
        if id(entry) not in items:
            yield Finding(
                kind=FindingKind.STORAGE_NOT_SEEN,
                subject=f"{entry.kind} {entry.name}",
                detail="It is declared, but no page or step wrote it.",
            )
