"""
Compare security headers: is the application's header as strict as the one we would send?

A view may set any security header itself. A header that is as strict or stricter is kept; a weaker
one is reported. The effect in a browser is compared, not the text; if in doubt, the header is
weaker. Results are cached, so that a response costs a look-up.

Source: CSP Level 3 sections 6.7.2 (matching) and 8.1 (several policies); RFC 6797 section 6.1;
Referrer Policy section 3; HTML Living Standard for COOP, COEP and X-Frame-Options; Fetch for CORP.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from .csp import FALLBACKS, LONE_LISTS, NONE, SELF, HostSource, parse_csp, split_host_source
from .permissions_policy import parse_permissions

#: Most pairs of values in the cache.
MAX_REMEMBERED = 512

#: What other sites receive of the URL, then what they receive over plain http: 0 for nothing, 1
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
#: Values from weak to strict; any other value is as weak as none.
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
#: The schemes that a scheme matches by upgrade. Source: CSP Level 3 section 6.7.2.9.
_SCHEMES: Mapping[str, tuple[str, ...]] = {"http": ("http", "https"), "ws": ("ws", "wss")}
#: Directives that are sets of words; fewer are stricter.
_FLAGS = ("sandbox", "require-trusted-types-for", "trusted-types")
#: The directives that are compared: loading, running and sending. The others report or upgrade.
_CHECKED = (*(name for name in FALLBACKS if name != "default-src"), *LONE_LISTS, *_FLAGS)
#: Directives in which keywords, nonces and hashes have an effect.
_INLINE = tuple(name for name in FALLBACKS if name.startswith(("script-src", "style-src")))
#: Source expressions that allow all that a keyword does.
_IMPLIED: Mapping[str, tuple[str, ...]] = {
    SELF: ("*",),
    "'wasm-unsafe-eval'": ("'unsafe-eval'",),
}


class HeaderSet:
    """
    The security headers of one response.

    Args:
        pairs: Names as sent, with their values; only a CSP's name may be duplicate.
        names: The names in lower case.
        nonce: The CSP nonce of this response; empty without one.
    """

    __slots__ = ("names", "nonce", "pairs")

    def __init__(self, pairs: Pairs, names: frozenset[str], nonce: str = "") -> None:
        self.pairs = pairs
        self.names = names
        self.nonce = nonce

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> HeaderSet:
        """Create a set from pairs, without a nonce."""
        pairs = tuple(pairs)
        return cls(pairs, frozenset(name.lower() for name, _ in pairs))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.pairs)

    def find_weaker(self, name: str, lines: Iterable[str]) -> tuple[str, ...]:
        """
        Return in what a response's header is weaker than this set's.

        Args:
            name: The field name, in any case.
            lines: The values of that field in the response.

        Returns:
            Header and directive, for example ``("Content-Security-Policy script-src",)``.
        """
        key = name.lower()
        ours = ", ".join(value for own, value in self.pairs if own.lower() == key)
        theirs = ", ".join(lines)
        if self.nonce:
            ours, theirs = ours.replace(self.nonce, "_"), theirs.replace(self.nonce, "_")
        return find_weaker(key, theirs, ours)


@lru_cache(maxsize=MAX_REMEMBERED)
def find_weaker(key: str, theirs: str, ours: str) -> tuple[str, ...]:
    """
    Return in what one header is weaker than another.

    Args:
        key: The field name, in lower case.
        theirs: The application's value; several lines are joined by commas.
        ours: The value that we would send.

    Returns:
        Header and directive; empty if theirs is at least as strict, or the header is not compared.
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


def _is_hsts_as_strict(theirs: str, ours: str) -> bool:
    return all(map(operator.ge, _parse_hsts(theirs), _parse_hsts(ours)))


def _parse_hsts(value: str) -> tuple[int, bool]:
    """Parse the first line, as a browser does; (0, False) if it is invalid."""
    directives = value.partition(",")[0].split(";")
    ages = [int(match[1]) for part in directives if (match := re.fullmatch(_MAX_AGE, part))]
    subdomains = any(part.strip().lower() == "includesubdomains" for part in directives)
    return (ages[0], subdomains) if len(ages) == 1 else (0, False)


def _is_referrer_as_strict(theirs: str, ours: str) -> bool:
    return all(map(operator.le, _parse_referrer(theirs), _parse_referrer(ours)))


def _parse_referrer(value: str) -> tuple[int, int]:
    """Return what the last known policy reveals; that is the one a browser applies."""
    words = [word.strip().lower() for word in value.split(",")]
    return _REFERRER[next((word for word in reversed(words) if word in _REFERRER), "")]


def _are_permissions_as_strict(theirs: str, ours: str) -> bool:
    allowlists = parse_permissions(theirs)
    return all(
        "*" in allowed or (name in allowlists and allowlists[name] <= allowed)
        for name, allowed in parse_permissions(ours).items()
    )


def _is_embedder_as_strict(theirs: str, ours: str) -> bool:
    """Return whether both are the same: each value blocks what the other allows."""
    return theirs.partition(";")[0].strip() == ours.partition(";")[0].strip()


_COMPARED: Mapping[str, tuple[str, Callable[[str, str], bool]]] = {
    name.lower(): (name, compare)
    for name, compare in (
        *((name, _compare_ranks(name)) for name in _RANKS),
        ("Strict-Transport-Security", _is_hsts_as_strict),
        ("Referrer-Policy", _is_referrer_as_strict),
        ("Permissions-Policy", _are_permissions_as_strict),
        ("Cross-Origin-Embedder-Policy", _is_embedder_as_strict),
    )
}


# Content-Security-Policy


def _weaker_directives(theirs: str, ours: str) -> list[str]:
    """Return the directives of ours in which theirs allows more, without duplicates."""
    policies = parse_csp(theirs)
    return list(
        dict.fromkeys(
            governing
            for own in parse_csp(ours)
            for name in _CHECKED
            if (governing := _find_governing(own, name)) is not None
            and not any(_restricts(policy, name, own[governing]) for policy in policies)
        )
    )


def _find_governing(policy: Policy, name: str) -> str | None:
    """Return the directive of a policy that applies: the one of that name, or a fallback."""
    return next((one for one in (name, *FALLBACKS.get(name, ())) if one in policy), None)


def _restricts(policy: Policy, name: str, own: tuple[str, ...]) -> bool:
    """Return whether a policy allows only what these sources allow in a directive."""
    governing = _find_governing(policy, name)
    if governing is None:
        return False
    theirs = policy[governing]
    if name == "require-trusted-types-for":
        return set(own) <= set(theirs)
    if name in _FLAGS:
        return set(map(str.lower, own)).issuperset(map(str.lower, theirs))
    allowed = _find_effective(own, name)
    return all(
        any(_allows(one, source) for one in allowed) for source in _find_effective(theirs, name)
    )


def _find_effective(sources: tuple[str, ...], name: str) -> list[str]:
    """Return the sources that have an effect, without those that others cancel."""
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


def _allows(own: str, other: str) -> bool:
    """Return whether one source expression allows all that another does; False if in doubt."""
    if other[:1] == "'":
        word = other.lower()
        if word.startswith(("'nonce-", "'sha")):
            return own == other or (word[:2] == "'s" and own.lower() == "'unsafe-inline'")
        return own.lower() in (word, *_IMPLIED.get(word, ()))
    own_parts, other_parts = split_host_source(own), split_host_source(other)
    scheme = other.lower().removesuffix(":") if other_parts is None else other_parts.scheme
    if own == "*":
        return scheme in (*_NETWORK, "")
    if own_parts is None:
        return scheme in _find_schemes(own.lower().removesuffix(":"))
    return other_parts is not None and _covers_host(own_parts, other_parts)


def _find_schemes(scheme: str) -> tuple[str, ...]:
    return _SCHEMES.get(scheme, (scheme,))


def _covers_host(own: HostSource, other: HostSource) -> bool:
    schemes = _find_schemes(own.scheme) if own.scheme else ("", "https")
    host, path = own.host, own.path
    return (
        other.scheme in schemes
        and (host in ("*", other.host) or (host[:2] == "*." and other.host.endswith(host[1:])))
        and own.port in ("*", other.port)
        and (path in ("", other.path) or (path[-1:] == "/" and other.path.startswith(path)))
    )
