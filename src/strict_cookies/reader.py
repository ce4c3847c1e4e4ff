"""
Read an arriving ``Cookie`` field: what the application may see of it, and what was found in it.

Only declared cookies are kept. A declared name that occurs twice, or in a second spelling beside a
prefix, counts as absent, since nobody can tell which one is forged. A clean field is left as it
is, byte for byte. What comes from a client is never remembered here; of a stray the findings hold
a name only where policy, catalogue or the application itself know it.

Source: RFC 6265bis sections 4.2 and 5.8; what other readers make of a field: facts of the tests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from .catalogue import find_certain_tracker
from .grammar import (
    MAX_FIELD_OCTETS,
    MAX_PAIRS,
    is_plain,
    is_safe_value,
    name_prefix,
)
from .ledger import OTHER, Found
from .policy import CookiePolicy
from .reasons import Reason

#: Looking a member up on its class costs as much as splitting a pair.
_AMBIGUOUS = Reason.AMBIGUOUS
_MALFORMED_PAIR = Reason.MALFORMED_PAIR
_STRAY = Reason.STRAY
_TRACKER_ARRIVED = Reason.TRACKER_ARRIVED
_UNKNOWN_STRAY = (Reason.STRAY, OTHER)
#: A named tuple's own constructor takes a third of the time.
_new = tuple.__new__


class Reading(NamedTuple):
    """
    What becomes of a field that is not clean.

    Attributes:
        field: What the application may see; empty where nothing is left.
        findings: Reasons with a declared or known name, or ``other``; at least one.
        sweepable: Names that may be expired in the browser.
    """

    field: str
    findings: Found
    sweepable: list[str]

    def __repr__(self) -> str:
        """Reasons alone: the field holds values."""
        return f"<Reading {' '.join(reason.id for reason, _ in self.findings)}>"


class CookieReader:
    """
    Read fields for one policy.

    Args:
        policy: What is declared.
        tried: Names that the application tried to set in vain; may grow.
        sweeps_all: Whether every stray may be swept, or only trackers and those names.
    """

    __slots__ = ("_declares", "_find", "_sweeps_all", "_tried")

    def __init__(
        self, policy: CookiePolicy, tried: Collection[str] = (), *, sweeps_all: bool = False
    ) -> None:
        self._declares = policy.declares
        self._find = policy.find
        self._tried = tried
        self._sweeps_all = sweeps_all

    def __call__(self, field: str) -> Reading | None:
        """
        Read one field.

        Args:
            field: As WSGI hands it over: octets, latin-1 decoded.

        Returns:
            None where the application may see it as it is.
        """
        if len(field) > MAX_FIELD_OCTETS:
            return self._refuse(field)
        # What browsers write has one space behind each semicolon and none elsewhere.
        text = field.replace("; ", ";")
        pairs = text.split(";", MAX_PAIRS)
        if len(pairs) > MAX_PAIRS:
            return self._refuse(field)
        declares = self._declares
        kept: dict[str, str] = {}
        strays: list[str] = []
        spoilt: list[tuple[Reason, str]] = []
        if not is_plain(text):
            pairs = [_check_pair(pair) for pair in pairs]
        for pair in pairs:
            name, equals, _ = pair.partition("=")
            if declares(name):
                if not equals:
                    spoilt.append((_MALFORMED_PAIR, name))
                elif name in kept:
                    spoilt.append((_AMBIGUOUS, name))
                else:
                    kept[name] = pair
            elif pair:
                strays.append(name)
        if not (strays or spoilt):
            return None
        findings, sweepable = self._sort_strays(strays, kept, spoilt)
        for reason, name in spoilt:
            findings.append((reason, self._entry(name)))
            if reason is _AMBIGUOUS:
                kept.pop(name, None)
                sweepable.append(name)
        found = tuple(dict.fromkeys(findings))
        return _new(Reading, ("; ".join(kept.values()), found, sweepable))

    def _sort_strays(
        self, strays: list[str], kept: Iterable[str], spoilt: list[tuple[Reason, str]]
    ) -> tuple[list[tuple[Reason, str]], list[str]]:
        """Tell of strays by name only where it is known; list what may be swept."""
        findings: list[tuple[Reason, str]] = []
        sweepable: list[str] = []
        unknown = False
        for name in strays:
            finding = find_certain_tracker(name)
            if finding is not None:
                sweepable.append(name)
                findings.append((_TRACKER_ARRIVED, finding))
            elif name in self._tried:
                sweepable.append(name)
                findings.append((_STRAY, name))
            else:
                unknown = True
                if self._sweeps_all:
                    sweepable.append(name)
            if name[:2] == "__":
                for twin in _other_spellings(name, kept):
                    sweepable.append(name)
                    spoilt.append((_AMBIGUOUS, twin))
        if unknown:
            findings.append(_UNKNOWN_STRAY)
        return findings, sweepable

    def _refuse(self, field: str) -> Reading:
        """Take a field above its bounds for empty; expire the undeclared names it begins with."""
        names = [
            part.partition("=")[0].strip(" \t")
            for part in field[:MAX_FIELD_OCTETS].split(";", MAX_PAIRS)
        ]
        strays = [name for name in dict.fromkeys(names) if not self._declares(name)]
        return Reading("", ((Reason.FIELD_TOO_LARGE, OTHER),), strays)

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
    List the kept cookies of which a stray is another spelling, prefix included.

    Nobody honest spells a prefix in two ways. Source: RFC 6265bis section 5.4.
    """
    lowered = name.lower()
    return [twin for twin in kept if twin.lower() == lowered and name_prefix(twin) is not None]
