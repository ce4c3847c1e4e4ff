"""
Findings about the steps of a journey: failed steps, and data left after a logout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...policy.purposes import Purpose
from .cookies import cookie_label
from .finding import Finding, FindingKind
from .storage import find_storage, storage_label

if TYPE_CHECKING:
    from ...policy.cookie import DeclaredCookie
    from ...policy.policy import CookiePolicy
    from ...policy.web_storage import DeclaredStorage
    from ..observation import Observation

#: Prefix of the names of steps after which no data of a login may be left.
LOGOUT = "logout"

_LOGIN = {Purpose.SESSION, Purpose.AUTHENTICATION}


def compare_steps(observation: Observation, policy: CookiePolicy | None) -> Iterator[Finding]:
    """Report failed steps, and data left after a logout."""
    foreign_cookies = {
        cookie_label(cookie.name, cookie.domain, cookie.path)
        for cookie in observation.cookies
        if cookie.third_party
    }
    foreign_storage = {storage_label(item) for item in observation.storage if item.third_party}
    for step in observation.steps:
        if step.problem is not None:
            yield Finding(
                kind=FindingKind.STEP_FAILED, subject=step.name, detail=step.problem, step=step.name
            )
        elif step.name.startswith(LOGOUT):
            for label in step.cookies_left:
                if label not in foreign_cookies:
                    yield from _check_left(label, _cookie_entry(label, policy), step.name)
            for label in step.storage_left:
                if label not in foreign_storage:
                    yield from _check_left(label, _storage_entry(label, policy), step.name)


def _check_left(
    label: str, entry: DeclaredCookie | DeclaredStorage | None, step: str
) -> Iterator[Finding]:
    """Report an item that is left after a logout, unless it serves another purpose than login."""
    if entry is None or not _LOGIN.isdisjoint(entry.purposes):
        kind, detail = FindingKind.LEFT_AFTER_LOGOUT, "It is still in the browser after logout."
        # The page after a logout often has a form, which starts an anonymous session.
        if entry is not None and Purpose.SESSION in entry.purposes:
            kind = FindingKind.SESSION_AFTER_LOGOUT
            detail = "The audit can't tell whether it is a new, anonymous session."
        yield Finding(kind=kind, subject=label, detail=detail, step=step)


def _cookie_entry(label: str, policy: CookiePolicy | None) -> DeclaredCookie | None:
    return None if policy is None else policy.find(label.rpartition(" @ ")[0])


def _storage_entry(label: str, policy: CookiePolicy | None) -> DeclaredStorage | None:
    kind, _, name = label.rpartition(" @ ")[0].partition(" ")
    return find_storage(kind, name, policy)
