"""
What a browser sent with one request, held against the policy: names only, never a value.

It is for that browser alone. Undeclared names are whatever a client wrote: they are escaped and
cut, and their number is bounded by what the firewall reads.
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

#: ``"ignored"``: it came twice, in two spellings or damaged, and counts as absent.
Status = Literal["sent", "ignored", "missing"]


class DeclaredItem(NamedTuple):
    """
    A declared cookie, and whether it came.

    Attributes:
        name: As it came, escaped and cut; as declared where it did not.
        title: By language.
        status: What became of it.
    """

    name: str
    title: Mapping[str, str]
    status: Status


class UndeclaredItem(NamedTuple):
    """
    A cookie that came and is not declared.

    Attributes:
        name: Escaped and cut; empty where the browser keeps cookies without a name.
        vendor: Who is commonly behind a name like that; empty where nobody is known.
    """

    name: str
    vendor: str


class Sent(NamedTuple):
    """
    What a request brought.

    Attributes:
        declared: In the policy's order; a pattern stands once for each name that came.
        strays: In the order sent.
        whole: Whether that is all; else the field was longer than this site reads.
    """

    declared: tuple[DeclaredItem, ...]
    strays: tuple[UndeclaredItem, ...]
    whole: bool

    @property
    def total(self) -> int:
        """How many different cookies came, as far as they were read."""
        came = sum(item.status != "missing" for item in self.declared)
        return came + len(self.strays)


def compare_sent(policy: CookiePolicy, arrived: ReceivedCookies) -> Sent:
    """
    Hold what came against what is declared.

    Args:
        policy: What is declared.
        arrived: The names of one request's field.
    """
    found: dict[str, list[str]] = {cookie.name: [] for cookie in policy.cookies}
    strays: dict[str, UndeclaredItem] = {}
    for name in arrived.names:
        declared = policy.find(name) if name else None
        if declared is None:
            strays.setdefault(show(name), _stray(name))
        else:
            found[declared.name].append(name)
    language = policy.site.languages[0]
    items = [
        item
        for cookie in policy.cookies
        for item in _items(cookie, found[cookie.name], arrived, language)
    ]
    return Sent(tuple(items), tuple(strays.values()), arrived.whole)


def _items(
    cookie: DeclaredCookie, names: list[str], arrived: ReceivedCookies, language: str
) -> list[DeclaredItem]:
    title = texts_by_language(cookie.title, language)
    if not names:
        return [DeclaredItem(cookie.name, title, "missing")]
    return [
        DeclaredItem(show(name), title, "sent" if name in arrived.kept else "ignored")
        for name in names
    ]


def _stray(name: str) -> UndeclaredItem:
    tracker = find_tracker(name) if name else None
    known = tracker is not None and not tracker.ambiguous
    return UndeclaredItem(show(name), tracker.vendor if tracker is not None and known else "")
