"""
Read a received ``Cookie`` field: what the application may see, and what was found.

Only declared cookies are kept. A declared name that occurs twice, or in another spelling of its
prefix, counts as absent, because one of the two may be forged. A clean field is left as it is, byte
for byte. A client's text is never remembered here: findings contain a name only if the policy, the
catalogue or the application knows it.

Source: RFC 6265bis sections 4.2 and 5.8; what other readers make of a field: facts of the tests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from .._util.text import OTHER
from ..http.cookies import MAX_FIELD_BYTES, MAX_PAIRS, PLAIN_IN_PAIR, is_safe_value, name_prefix
from ..policy.catalogue import find_certain_tracker, tracker_initials
from ..policy.policy import CookiePolicy
from ..reasons import Reason
from .recorder import Found

#: Looking a member up on its class costs as much as splitting a pair.
_AMBIGUOUS = Reason.AMBIGUOUS
_MALFORMED_PAIR = Reason.MALFORMED_PAIR
_UNDECLARED = Reason.UNDECLARED_RECEIVED
_TRACKER_RECEIVED = Reason.TRACKER_RECEIVED
_UNKNOWN = (Reason.UNDECLARED_RECEIVED, OTHER)
#: Most trackers' names that are remembered, under any pattern of the catalogue.
MAX_KNOWN = 1024
#: Longest of them, in characters.
MAX_KNOWN_LENGTH = 64
#: Set in the environ of a request to a page that shows a browser the cookies it sent, if
#: some were removed: a :class:`ReceivedCookies`.
RECEIVED = "strict_cookies.received"
#: What becomes of a field that is not clean: what the application may see, empty where nothing is
#: left; at least one reason with a declared or known name, or ``other``; names that may be expired
#: in the browser. A plain tuple: a named one takes as long to make as a pair to read.
Reading = tuple[str, Found, list[str]]


class ReceivedCookies(NamedTuple):
    """
    The names in a field, for the browser that sent it only.

    Attributes:
        names: Each name once, in the order sent, at most
            :data:`~strict_cookies.http.cookies.MAX_PAIRS`; an empty one stands for all that came
            without a name. They are a client's: escape them.
        kept: Those of them that the application may see.
        whole: Whether the field was within its bounds; else only its beginning is here.
    """

    names: tuple[str, ...]
    kept: frozenset[str]
    whole: bool


class CookieReader:
    """
    Read fields for one policy.

    Args:
        policy: What is declared.
        dropped: Names of cookies of this application that were dropped; it may grow.
        expires_all: Whether any undeclared cookie may be expired, or only trackers and those names.
    """

    __slots__ = (
        "_declares",
        "_dropped",
        "_expires_all",
        "_find",
        "_has_patterns",
        "_heads",
        "_most_names",
        "_names",
    )

    def __init__(
        self, policy: CookiePolicy, dropped: Collection[str] = (), *, expires_all: bool = False
    ) -> None:
        self._declares = policy.declares
        #: Declared names with None, and known trackers' names with their finding; no other name is
        #: ever kept.
        self._names: dict[str, tuple[Reason, str] | None] = dict.fromkeys(policy.exact)
        self._most_names = len(self._names) + MAX_KNOWN
        self._has_patterns = len(self._names) < len(policy.cookies)
        self._find = policy.find
        #: How names begin that are worth a closer look; those with a prefix are.
        self._heads = tracker_initials() | {"__"}
        self._dropped = dropped
        self._expires_all = expires_all

    def __call__(self, field: str) -> Reading | None:
        """
        Read one field.

        Args:
            field: As in the WSGI environ: bytes, latin-1 decoded.

        Returns:
            None where the application may see it as it is.
        """
        if len(field) > MAX_FIELD_BYTES:
            return self._refuse(field)
        pairs = field.split("; ")
        # Only plain ASCII apart from these semicolons and spaces: no pair needs a closer look.
        if not field.isascii() or (
            field.encode().translate(None, PLAIN_IN_PAIR) != b"; " * (len(pairs) - 1)
        ):
            pairs = [_check_pair(pair) for pair in field.split(";", MAX_PAIRS)]
        if len(pairs) > MAX_PAIRS:
            return self._refuse(field)
        kept: dict[str, str] = {}
        malformed: list[tuple[Reason, str]] = []
        found = self._sort(pairs, kept, malformed)
        return self._settle(kept, malformed, *found)

    def _sort(
        self, pairs: list[str], kept: dict[str, str], malformed: list[tuple[Reason, str]]
    ) -> tuple[list[str], dict[tuple[Reason, str], None], list[str]]:
        """
        Sort pairs into ``kept`` and ``malformed``.

        Returns:
            The undeclared names, the findings on known trackers, and the trackers' names.
        """
        names, has_patterns, declares = self._names, self._has_patterns, self._declares
        findings: dict[tuple[Reason, str], None] = {}
        to_expire: list[str] = []
        undeclared: list[str] = []
        for pair in pairs:
            name, equals, _ = pair.partition("=")
            if name in names:
                finding = names[name]
            elif has_patterns and declares(name):
                finding = None
            else:
                if pair:
                    undeclared.append(name)
                continue
            if finding is None:
                if not equals:
                    malformed.append((_MALFORMED_PAIR, name))
                elif name in kept:
                    malformed.append((_AMBIGUOUS, name))
                else:
                    kept[name] = pair
            else:
                findings[finding] = None
                to_expire.append(name)
        return undeclared, findings, to_expire

    def _settle(
        self,
        kept: dict[str, str],
        malformed: list[tuple[Reason, str]],
        undeclared: list[str],
        findings: dict[tuple[Reason, str], None],
        to_expire: list[str],
    ) -> Reading | None:
        """Return what is kept, the findings and the names to expire; None if nothing was found."""
        if not (undeclared or findings or malformed):
            return None
        heads, dropped = self._heads, self._dropped
        unknown: list[str] = []
        for name in undeclared:
            if name[:2] in heads or name in dropped:
                finding = self._look_closer(name, kept, malformed, to_expire)
                if finding is not None:
                    findings[finding] = None
                    to_expire.append(name)
                    continue
            unknown.append(name)
        if unknown:
            findings[_UNKNOWN] = None
            if self._expires_all:
                to_expire += unknown
        for reason, name in malformed:
            findings[reason, self._entry(name)] = None
            if reason is _AMBIGUOUS:
                kept.pop(name, None)
                to_expire.append(name)
        return "; ".join(kept.values()), tuple(findings), to_expire

    def name_received(self, field: str) -> ReceivedCookies:
        """
        Name what a field has, without its values.

        Args:
            field: As WSGI hands it over.
        """
        reading = self(field)
        seen = field if reading is None else reading[0]
        pairs = field[:MAX_FIELD_BYTES].split(";", MAX_PAIRS)
        whole = len(field) <= MAX_FIELD_BYTES and len(pairs) <= MAX_PAIRS
        if not whole:
            # The last one may be cut, or have all the rest behind it.
            del pairs[-1]
        names = [self._name_of(pair) for pair in pairs if pair.strip(" \t")]
        kept = frozenset(pair.partition("=")[0].strip(" \t") for pair in seen.split(";") if pair)
        return ReceivedCookies(tuple(dict.fromkeys(names)), kept, whole)

    def _name_of(self, pair: str) -> str:
        """Name a pair; one without ``=`` is a value that lost its name, unless it is declared."""
        name, equals, _ = pair.partition("=")
        name = name.strip(" \t")
        return name if equals or self._declares(name) else ""

    def _look_closer(
        self,
        name: str,
        kept: Iterable[str],
        malformed: list[tuple[Reason, str]],
        to_expire: list[str],
    ) -> tuple[Reason, str] | None:
        """Return the finding on an undeclared name if it is a tracker's or was dropped here."""
        for duplicate in _other_spellings(name, kept):
            malformed.append((_AMBIGUOUS, duplicate))
            to_expire.append(name)
        entry = find_certain_tracker(name)
        if entry is None:
            return (_UNDECLARED, name) if name in self._dropped else None
        finding = (_TRACKER_RECEIVED, entry)
        if len(self._names) < self._most_names and len(name) <= MAX_KNOWN_LENGTH:
            self._names[name] = finding
        return finding

    def _refuse(self, field: str) -> Reading:
        """Take a field above its bounds for empty; expire the undeclared names it begins with."""
        names = [
            part.partition("=")[0].strip(" \t")
            for part in field[:MAX_FIELD_BYTES].split(";", MAX_PAIRS)
        ]
        undeclared = [name for name in dict.fromkeys(names) if not self._declares(name)]
        return "", ((Reason.FIELD_TOO_LARGE, OTHER),), undeclared

    def _entry(self, name: str) -> str:
        """Name as in the policy: what stands for a pattern's star is the client's."""
        declared = self._find(name)
        return OTHER if declared is None else declared.name


def _check_pair(pair: str) -> str:
    """Trim a pair; leave out ``=`` and value where a reader might end the value elsewhere."""
    name, equals, value = pair.partition("=")
    name, value = name.strip(" \t"), value.strip(" \t")
    return f"{name}={value}" if equals and is_safe_value(value) else name or equals


def _other_spellings(name: str, kept: Iterable[str]) -> list[str]:
    """
    List the kept cookies of which a name is another spelling, prefix included.

    No honest server spells a prefix in two ways. Source: RFC 6265bis section 5.4.
    """
    lowered = name.lower()
    return [
        duplicate
        for duplicate in kept
        if duplicate.lower() == lowered and name_prefix(duplicate) is not None
    ]
