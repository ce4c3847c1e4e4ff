"""
A policy in words for a terminal: what ``flask cookies show`` prints of it.

Plain data, so that the command only lays it out: groups with a heading, in them an entry each with
its title and rows of label and text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .._util.durations import say_duration
from ..policy.entry import text_in
from ..policy.external_origin import KINDS
from ..policy.web_storage import STORAGE_NAMES

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..policy.cookie import DeclaredCookie
    from ..policy.entry import Text
    from ..policy.external_origin import ExternalOrigin
    from ..policy.policy import CookiePolicy
    from ..policy.preference import DeclaredPreference
    from ..policy.recipient import Recipient
    from ..policy.web_storage import DeclaredStorage

    Rows = list[tuple[str, str]]


class Shown(NamedTuple):
    """One entry: its title, and what is declared of it."""

    title: str
    rows: Rows


class Group(NamedTuple):
    """Entries of one kind under a heading that counts them."""

    heading: str
    entries: list[Shown]


def describe_policy(policy: CookiePolicy, own_names: Collection[str], source: str) -> list[Group]:
    """
    Say what is declared.

    Args:
        policy: With the session cookie in it.
        own_names: The names of the cookies that the application itself declares.
        source: Where it declares them.

    Returns:
        The cookies, and each other kind that has an entry, in the order of the declaration.
    """
    language = policy.site.languages[0]
    groups = [
        Group(
            _count(policy.cookies, "cookie is declared.", "cookies are declared."),
            [
                _cookie(
                    cookie,
                    policy,
                    source if cookie.name in own_names else "built in, for Flask's session",
                )
                for cookie in policy.cookies
            ],
        ),
        Group(
            _count(
                policy.storage,
                "item of web storage is declared.",
                "items of web storage are declared.",
            ),
            [_storage(one, language) for one in policy.storage],
        ),
        Group(
            _count(policy.preferences, "preference is declared.", "preferences are declared."),
            [_preference(one, language) for one in policy.preferences],
        ),
        Group(
            _count(
                policy.external_origins,
                "external origin is admitted.",
                "external origins are admitted.",
            ),
            [_origin(one, language) for one in policy.external_origins],
        ),
        Group(
            _count(policy.recipients, "recipient is named.", "recipients are named."),
            [_recipient(one, language) for one in policy.recipients],
        ),
    ]
    return [groups[0], *(group for group in groups[1:] if group.entries)]


def _count(entries: Collection[object], one: str, several: str) -> str:
    return f"{len(entries)} {one if len(entries) == 1 else several}"


def _cookie(cookie: DeclaredCookie, policy: CookiePolicy, declared: str) -> Shown:
    attributes = ["Secure"] if policy.transport == "https" else ["no Secure"]
    attributes.append("no HttpOnly (scripts may read it)" if cookie.script_readable else "HttpOnly")
    attributes.append(f"SameSite={cookie.samesite}")
    if cookie.partitioned:
        attributes.append("Partitioned")
    return Shown(
        text_in(cookie.title, policy.site.languages[0]),
        [
            ("Name", _name(cookie)),
            ("Purposes", _purposes(cookie)),
            ("Lifetime", say_duration(cookie.lifetime)),
            ("Attributes", ", ".join(attributes)),
            ("Path", cookie.path),
            ("Domain", cookie.domain or "this host only"),
            ("Declared", declared),
        ],
    )


def _storage(storage: DeclaredStorage, language: str) -> Shown:
    lifetime = storage.lifetime
    return Shown(
        text_in(storage.title, language),
        [
            ("Name", _name(storage)),
            ("Kind", STORAGE_NAMES[storage.kind]),
            ("Purposes", _purposes(storage)),
            (
                "Lifetime",
                "until the tab closes"
                if lifetime is None
                else f"{say_duration(lifetime)}, by the site's own script",
            ),
        ],
    )


def _preference(preference: DeclaredPreference, language: str) -> Shown:
    return Shown(
        text_in(preference.title, language),
        [
            ("Name", preference.name),
            ("Choices", ", ".join(preference.choices)),
            ("Default", preference.default),
            ("Kept", "in the session"),
        ],
    )


def _origin(origin: ExternalOrigin, language: str) -> Shown:
    return Shown(
        origin.origin,
        [
            ("Kinds", ", ".join(kind for kind in KINDS if kind in origin.kinds)),
            ("Reason", text_in(origin.reason, language)),
            ("Recipient", origin.recipient),
        ],
    )


def _recipient(recipient: Recipient, language: str) -> Shown:
    def say(text: Text) -> str:
        return text_in(text, language)

    return Shown(
        recipient.name,
        [
            ("Role", say(recipient.role)),
            ("Data", say(recipient.data)),
            ("Purpose", say(recipient.purpose)),
            ("Country", ", ".join(recipient.country)),
            (
                "Safeguard",
                "none needed" if recipient.safeguard is None else say(recipient.safeguard),
            ),
        ],
    )


def _name(item: DeclaredCookie | DeclaredStorage) -> str:
    return f"{item.name}{' (a pattern)' if item.is_pattern else ''}"


def _purposes(item: DeclaredCookie | DeclaredStorage) -> str:
    return ", ".join(purpose.label for purpose in item.purposes)
