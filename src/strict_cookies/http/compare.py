"""
Strictness: is a header that the application wrote at least as strict as ours; pure.

A view may write any of the known security headers itself. Where it is as strict or stricter it
stands; where it is weaker, somebody should know. What is compared is what a browser makes of the
two, not their text; in doubt it counts as weaker. Answers are remembered, so that a response costs
a look-up.

Source: CSP Level 3 sections 6.7.2 (matching) and 8.1 (several policies); RFC 6797 section 6.1;
Referrer Policy section 3; HTML Living Standard for COOP, COEP and X-Frame-Options; Fetch for CORP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from .csp import FALLBACKS, LONE_LISTS, NONE, SELF, parse_csp, split_host_source
from .permissions_policy import parse_permissions

#: Most pairs of values that are remembered.
MAX_REMEMBERED = 512

#: What other sites learn of the address, then what they learn over plain http: 0 for nothing, 1
#: for the origin, 2 for all of it.
_REFERRER = {
    "no-referrer": (0, 0),
    "same-origin": (0, 0),
    "strict-origin": (1, 0),
    "strict-origin-when-cross-origin": (1, 0),
    "": (1, 0),
    "origin": (1, 1),
    "origin-when-cross-origin": (1, 1),
    "no-referrer-when-downgrade": (2, 0),
    "unsafe-url": (2, 2),
}
#: Values from weak to strict; one that is not here is as weak as none.
_RANKS: Mapping[str, tuple[str, ...]] = {
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("sameorigin", "deny"),
    "Cross-Origin-Opener-Policy": (
        "same-origin-allow-popups", "noopener-allow-popups", "same-origin",
    ),
    "Cross-Origin-Resource-Policy": ("cross-origin", "same-site", "same-origin"),
    "Origin-Agent-Cluster": ("?1",),
}  # fmt: skip
Pairs = tuple[tuple[str, str], ...]
Policy = Mapping[str, tuple[str, ...]]

_CSP = "Content-Security-Policy"
_MAX_AGE = r'(?i)\s*max-age\s*=\s*"?([0-9]+)"?\s*'
_NETWORK = ("http", "https", "ws", "wss")
#: What a scheme lets upgrade to. Source: CSP Level 3 section 6.7.2.9.
_SCHEMES: Mapping[str, tuple[str, ...]] = {"http": ("http", "https"), "ws": ("ws", "wss")}
#: Directives that are sets of words, of which fewer are stricter.
_FLAGS = ("sandbox", "require-trusted-types-for", "trusted-types")
#: What is compared: what can load, run or leave. The rest reports, or upgrades.
_CHECKED = (*(name for name in FALLBACKS if name != "default-src"), *LONE_LISTS, *_FLAGS)
#: Directives in which keywords, nonces and hashes count.
_INLINE = tuple(name for name in FALLBACKS if name.startswith(("script-src", "style-src")))
#: Source expressions that allow more than the keyword does.
_IMPLIED: Mapping[str, tuple[str, ...]] = {
    SELF: ("*",),
    "'wasm-unsafe-eval'": ("'unsafe-eval'",),
}


class HeaderSet:
    """
    The security headers of one response.

    Args:
        pairs: Names as they are sent, with their values; no name but a CSP's occurs twice.
        names: Theirs, in lower case.
        nonce: What is in the values for this request only.
    """

    __slots__ = ("names", "nonce", "pairs")

    def __init__(self, pairs: Pairs, names: frozenset[str], nonce: str = "") -> None:
        self.pairs = pairs
        self.names = names
        self.nonce = nonce

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> HeaderSet:
        """Make a set whose names are worked out."""
        pairs = tuple(pairs)
        return cls(pairs, frozenset(name.lower() for name, _ in pairs))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def find_weaker(self, name: str, theirs: Iterable[str]) -> tuple[str, ...]:
        """
        Compare what a response has of a header with what this set has.

        Args:
            name: In any case.
            theirs: Each line of the response.

        Returns:
            What is weaker, for example ``("Content-Security-Policy script-src",)``.
        """
        key = name.lower()
        ours = ", ".join(value for own, value in self.pairs if own.lower() == key)
        said = ", ".join(theirs)
        if self.nonce:
            ours, said = ours.replace(self.nonce, "_"), said.replace(self.nonce, "_")
        return find_weaker(key, said, ours)


@lru_cache(maxsize=MAX_REMEMBERED)
def find_weaker(key: str, theirs: str, ours: str) -> tuple[str, ...]:
    """
    Name what is weaker in one header than in another.

    Args:
        key: The field name, in lower case.
        theirs: What the application wrote; several lines are joined by commas.
        ours: What would have been sent.

    Returns:
        Empty where theirs is at least as strict, or the header is none that is compared.
    """
    if key == _CSP.lower():
        return tuple(f"{_CSP} {directive}" for directive in _weaker_directives(theirs, ours))
    name, is_as_strict = _COMPARED.get(key, ("", None))
    return () if is_as_strict is None or is_as_strict(theirs, ours) else (name,)


def _compare_ranks(name: str) -> Callable[[str, str], bool]:
    ranks = _RANKS[name]

    def rank(value: str) -> int:
        words = {word.partition(";")[0].strip().lower() for word in value.split(",")}
        word = words.pop()
        return ranks.index(word) if word in ranks and not words else -1

    return lambda theirs, ours: rank(theirs) >= rank(ours)


def _hsts(theirs: str, ours: str) -> bool:
    return all(map(lambda own, said: said >= own, _read_hsts(ours), _read_hsts(theirs)))


def _read_hsts(value: str) -> tuple[int, bool]:
    """Read the first line, as a browser does; (0, False) where it is none."""
    directives = value.partition(",")[0].split(";")
    ages = [int(found[1]) for part in directives if (found := re.fullmatch(_MAX_AGE, part))]
    below = any(part.strip().lower() == "includesubdomains" for part in directives)
    return (ages[0], below) if len(ages) == 1 else (0, False)


def _referrer(theirs: str, ours: str) -> bool:
    return all(map(lambda own, said: said <= own, _read_referrer(ours), _read_referrer(theirs)))


def _read_referrer(value: str) -> tuple[int, int]:
    """Read the last policy that is known, as a browser does."""
    words = [word.strip().lower() for word in value.split(",")]
    return _REFERRER[next((word for word in reversed(words) if word in _REFERRER), "")]


def _permissions(theirs: str, ours: str) -> bool:
    said = parse_permissions(theirs)
    return all(
        "*" in allowed or (name in said and said[name] <= allowed)
        for name, allowed in parse_permissions(ours).items()
    )


def _embedder(theirs: str, ours: str) -> bool:
    """Neither value is the stricter one: each keeps back what the other lets go."""
    return theirs.partition(";")[0].strip() == ours.partition(";")[0].strip()


_COMPARED: Mapping[str, tuple[str, Callable[[str, str], bool]]] = {
    name.lower(): (name, compare)
    for name, compare in (
        *((name, _compare_ranks(name)) for name in _RANKS),
        ("Strict-Transport-Security", _hsts),
        ("Referrer-Policy", _referrer),
        ("Permissions-Policy", _permissions),
        ("Cross-Origin-Embedder-Policy", _embedder),
    )
}


# Content-Security-Policy


def _weaker_directives(theirs: str, ours: str) -> list[str]:
    """List the directives of ours that theirs allows more than, each once."""
    said = parse_csp(theirs)
    return list(
        dict.fromkeys(
            governing
            for own in parse_csp(ours)
            for name in _CHECKED
            if (governing := _find_governing(own, name)) is not None
            and not any(_restricts(policy, name, own[governing]) for policy in said)
        )
    )


def _find_governing(policy: Policy, name: str) -> str | None:
    """Find the directive that a policy governs something by: itself, or what it falls back on."""
    return next((found for found in (name, *FALLBACKS.get(name, ())) if found in policy), None)


def _restricts(policy: Policy, name: str, own: tuple[str, ...]) -> bool:
    """Whether a policy allows nothing in a directive but what these sources allow."""
    governing = _find_governing(policy, name)
    if governing is None:
        return False
    said = policy[governing]
    if name == "require-trusted-types-for":
        return set(own) <= set(said)
    if name in _FLAGS:
        return set(map(str.lower, own)).issuperset(map(str.lower, said))
    allowed = _find_effective(own, name)
    return all(
        any(_allows(one, source) for one in allowed) for source in _find_effective(said, name)
    )


def _find_effective(sources: tuple[str, ...], name: str) -> list[str]:
    """List the sources that do something, without those that others void."""
    if name not in _INLINE:
        return [source for source in sources if source[:1] != "'" or source.lower() == SELF]
    lowered = [source.lower() for source in sources]
    dynamic = "'strict-dynamic'" in lowered
    marked = dynamic or any(word.startswith(("'nonce-", "'sha")) for word in lowered)
    void = {NONE, "'report-sample'"} | ({"'unsafe-inline'"} if marked else set())
    return [
        source
        for source, word in zip(sources, lowered, strict=True)
        if word not in void and not (dynamic and (word == SELF or word[:1] != "'"))
    ]


def _allows(own: str, said: str) -> bool:
    """Whether one source expression allows all that another does; no where that is in doubt."""
    if said[:1] == "'":
        word = said.lower()
        if word.startswith(("'nonce-", "'sha")):
            return own == said or (word[:2] == "'s" and own.lower() == "'unsafe-inline'")
        return own.lower() in (word, *_IMPLIED.get(word, ()))
    mine, its = split_host_source(own), split_host_source(said)
    scheme = said.lower().removesuffix(":") if its is None else its[0]
    if own == "*":
        return scheme in (*_NETWORK, "")
    if mine is None:
        return scheme in _find_schemes(own.lower().removesuffix(":"))
    return its is not None and _covers_host(mine, its)


def _find_schemes(scheme: str) -> tuple[str, ...]:
    return _SCHEMES.get(scheme, (scheme,))


def _covers_host(own: tuple[str, str, str, str], said: tuple[str, str, str, str]) -> bool:
    schemes = _find_schemes(own[0]) if own[0] else ("", "https")
    host, port, path = own[1:]
    return (
        said[0] in schemes
        and (host in ("*", said[1]) or (host[:2] == "*." and said[1].endswith(host[1:])))
        and port in ("*", said[2])
        and (path in ("", said[3]) or (path[-1:] == "/" and said[3].startswith(path)))
    )
