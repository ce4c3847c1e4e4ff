"""
Compare the cookies of one request with the policy: by name, never by value.

The result is for the browser that sent them. Undeclared names are the client's: they are escaped
and truncated, and the limits of the firewall bound their number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from ..._util.text import show
from ...policy.catalogue import find_tracker
from ...policy.entry import texts_by_language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...firewall.request_cookies import ReceivedCookies
    from ...policy.cookie import DeclaredCookie
    from ...policy.policy import CookiePolicy

#: ``"ignored"``: it was duplicate, in two spellings, or malformed, and counts as absent.
Status = Literal["received", "ignored", "missing"]


class DeclaredItem(NamedTuple):
    """
    A declared cookie, and whether it was received.

    Attributes:
        name: As received, escaped and truncated; as declared if it is missing.
        title: By language.
        status: Whether it was received.
    """

    name: str
    title: Mapping[str, str]
    status: Status


class UndeclaredItem(NamedTuple):
    """
    A received cookie that is not declared.

    Attributes:
        name: Escaped and truncated; empty for cookies without a name.
        vendor: Who commonly uses the name; empty if unknown.
    """

    name: str
    vendor: str


class ReceivedItems(NamedTuple):
    """
    The cookies of a request.

    Attributes:
        declared: In the order of the policy; a pattern has one item for each name received.
        undeclared: In the order received.
        complete: Whether these are all; False if the field was longer than the firewall reads.
    """

    declared: tuple[DeclaredItem, ...]
    undeclared: tuple[UndeclaredItem, ...]
    complete: bool

    @property
    def total(self) -> int:
        """The number of different cookies that were received, as far as they were read."""
        declared = sum(item.status != "missing" for item in self.declared)
        return declared + len(self.undeclared)


def compare_received(policy: CookiePolicy, received: ReceivedCookies) -> ReceivedItems:
    """
    Compare received cookies with the policy.

    Args:
        policy: The declared cookies.
        received: The names in the field of one request.
    """
    names: dict[str, list[str]] = {cookie.name: [] for cookie in policy.cookies}
    undeclared: dict[str, UndeclaredItem] = {}
    for name in received.names:
        cookie = policy.find(name) if name else None
        if cookie is None:
            undeclared.setdefault(show(name), _undeclared_item(name))
        else:
            names[cookie.name].append(name)
    language = policy.site.languages[0]
    declared = [
        item
        for cookie in policy.cookies
        for item in _declared_items(cookie, names[cookie.name], received, language)
    ]
    return ReceivedItems(tuple(declared), tuple(undeclared.values()), received.whole)


def _declared_items(
    cookie: DeclaredCookie, names: list[str], received: ReceivedCookies, language: str
) -> list[DeclaredItem]:
    title = texts_by_language(cookie.title, language)
    if not names:
        return [DeclaredItem(cookie.name, title, "missing")]
    return [
        DeclaredItem(show(name), title, "received" if name in received.kept else "ignored")
        for name in names
    ]


def _undeclared_item(name: str) -> UndeclaredItem:
    tracker = find_tracker(name) if name else None
    certain = tracker is not None and not tracker.ambiguous
    return UndeclaredItem(show(name), tracker.vendor if tracker is not None and certain else "")
