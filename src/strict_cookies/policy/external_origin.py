"""
One external origin that a page of the site may load from, connect to, frame or send forms to.

Only such an entry opens the Content-Security-Policy, for the kinds that it names, and the
declaration prints it. A host that the catalogue knows as a tracker's is refused unless the entry
says why it is something else.

Source: CSP Level 3 sections 2.3.1 (host-source) and 6.7.2.8 (how hosts match).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from .._util.suggest import did_you_mean
from .._util.urls import is_local
from .catalogue import find_tracker_host
from .entry import TEXT_WANTED, Entry, Text, Types
from .section import NOT_EMPTY, Key, Published, Section, ids_of, list_of, not_the_tracker_key
from .value_types import STRING, STRINGS, TEXT, any_case

#: What a browser requests from an origin, and the directive that admits it.
KINDS: Mapping[str, str] = {
    "script": "script-src",
    "style": "style-src",
    "image": "img-src",
    "font": "font-src",
    "frame": "frame-src",
    "connect": "connect-src",
    "form": "form-action",
}

#: The largest port number. RFC 6335 section 6.
MAX_PORT = 65_535

_DEFAULT_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}
_SECURE = {"http": "https", "ws": "wss"}
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ORIGIN = (
    rf"(https?|wss?)://((?=[^:/]{{1,253}}(?:[:/]|\Z)){_LABEL}(?:\.{_LABEL})*)(?::([1-9][0-9]{{0,4}}))?"
    r"(?=[/?#]|\Z)"
)
#: A host that browsers parse as an address: its last label is a number.
_ADDRESS = r"\w+://(?:\[|(?:[^/:]*\.)?(?:0x[0-9a-f]*|[0-9]+)(?:[:/?#]|\Z))"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalOrigin(Entry):
    """
    An origin that the browser itself contacts.

    Args:
        origin: Scheme, host and, unless it is the scheme's default, port:
            ``"https://cdn.example"``. ``https`` or ``wss``; plain ``http`` and ``ws`` for this
            machine only.
        kinds: One or more of :data:`KINDS`. A ``wss`` origin is for ``"connect"`` alone.
        reason: Why the site needs it, for visitors.
        recipient: The name of the :class:`~strict_cookies.policy.recipient.Recipient` that
            operates it.
        not_the_tracker: Why the host is not that of the known tracker with its name.

    Raises:
        PolicyError: Every mistake in the entry.
    """

    LABEL: ClassVar[str] = "External origin"
    UNIQUE_BY: ClassVar[tuple[str, ...]] = ("origin",)
    TEXTS: ClassVar[tuple[str, ...]] = ("reason",)
    TYPES: ClassVar[Types] = (
        (("origin", "recipient"), (str,), "text"),
        (("kinds",), (str, tuple, list, set, frozenset), f"a tuple of {', '.join(KINDS)}"),
        (TEXTS, (str, Mapping), TEXT_WANTED),
        (("not_the_tracker",), (str, type(None)), "text or None"),
    )

    origin: str
    kinds: tuple[str, ...]
    reason: Text
    recipient: str
    not_the_tracker: str | None = None

    def _find_mistakes(self) -> list[str]:
        given: str | Iterable[str] = self.kinds
        kinds = (given,) if isinstance(given, str) else tuple(given)
        self._set("kinds", tuple(dict.fromkeys(kinds)))
        mistakes = [
            f"kind {kind!r} is not known. Known: {', '.join(KINDS)}."
            for kind in kinds
            if kind not in KINDS
        ]
        if not kinds:
            mistakes.append(f"kinds is empty. Name at least one of {', '.join(KINDS)}.")
        try:
            self._set("origin", normalise_origin(self.origin))
        except ValueError as error:
            return [f"origin is {self.origin!r}: {error}", *mistakes]
        others = [kind for kind in self.kinds if kind != "connect"]
        if self.origin.startswith("ws") and others and not mistakes:
            mistakes.append(
                f"kinds has {others[0]!r}, but a WebSocket is for connect alone. "
                'Use kinds = ["connect"].'
            )
        tracker = find_tracker_host(self.host)
        if tracker is not None and not (self.not_the_tracker or "").strip():
            mistakes.append(
                f"this is a host commonly associated with {tracker.vendor} ({tracker.category}), "
                "which is not strictly necessary. Remove the entry and what loads from it; if it "
                'is something else, say so: not_the_tracker = "why".'
            )
        return mistakes

    @property
    def host(self) -> str:
        """The host without its port, lower case."""
        return self.origin.partition("://")[2].partition(":")[0]


def normalise_origin(text: str) -> str:
    """
    Normalise an origin for a Content-Security-Policy.

    Args:
        text: Scheme, host and an optional port.

    Returns:
        Lower case, without the scheme's default port.

    Raises:
        ValueError: A policy can't name it safely; the message says what to do.
    """
    origin = text.lower()
    if "*" in origin:
        raise ValueError("a star would admit unknown hosts. Name each host in an entry of its own.")
    if not origin.isascii():
        raise ValueError("it is not ASCII. Write the host in punycode (xn--...).")
    match = re.match(_ORIGIN, origin)
    if match and int(match[3] or 0) > MAX_PORT:
        match = None
    if re.match(_ADDRESS, origin) and (match is None or match[2] != "127.0.0.1"):
        raise ValueError("a Content-Security-Policy can't name an address. Use the host's name.")
    if match is None or match.end() < len(origin):
        problem = "it is not an origin" if match is None else "it has more than an origin"
        raise ValueError(
            f"{problem}. Write scheme and host alone, for example 'https://cdn.example.com'."
        )
    scheme, host, port = match.groups()
    if scheme in _SECURE and not is_local(host):
        raise ValueError(
            f"a network attacker could change what is loaded over {scheme}. Use {_SECURE[scheme]}://{host}."
        )
    return f"{scheme}://{host}{f':{port}' if port and port != _DEFAULT_PORTS[scheme] else ''}"


def csp_sources(origins: Iterable[ExternalOrigin]) -> Mapping[str, tuple[str, ...]]:
    """
    Return the origins that each directive of a Content-Security-Policy admits.

    Returns:
        A read-only mapping, in the order of :data:`KINDS` and of the entries, without directives
        that admit none.
    """
    origins = tuple(origins)
    sources = {
        directive: tuple(dict.fromkeys(one.origin for one in origins if kind in one.kinds))
        for kind, directive in KINDS.items()
    }
    return MappingProxyType({name: admitted for name, admitted in sources.items() if admitted})


def unknown_recipient(name: str, names: Collection[str]) -> str:
    """Return the message about an external origin whose recipient is not declared."""
    hint = did_you_mean(name, names, otherwise="Add the entry that says who gets data there.")
    return f"recipient is {name!r}, but no [[recipient]] has that name. {hint}"


#: The section ``[[external_origin]]``.
EXTERNAL_ORIGIN = Section(
    kind=ExternalOrigin,
    argument="external_origins",
    intro="Pages load from this host alone, and from the origins that are declared here.",
    keys={
        "origin": Key(
            type=STRING,
            summary="Scheme, host and, unless it is the scheme's default, port.",
            details="Plain `http` and `ws` are for this machine only, such as a development "
            "server at `http://localhost:5173`.\n"
            "The host of a [known tracker](policy.md#known-trackers) is refused.",
            example='"https://tiles.example.com"',
            required=True,
            limits={
                "pattern": f"^({any_case('http')}[Ss]?|{any_case('ws')}[Ss]?)://[^/?#*]+$",
            },
            published=Published(schema={"type": "string", "pattern": "^(https?|wss?)://"}),
        ),
        "kinds": Key(
            type=STRINGS,
            summary="What the browser may request from it.",
            details="Each is admitted by [one directive](policy.md#external_origin).\n"
            "A `wss` origin is for `connect` alone.",
            example='["image"]',
            required=True,
            words=KINDS,
            list_limits=NOT_EMPTY,
            placeholder=("connect",),
            published=Published(schema=list_of("kind"), composed=True, from_json=ids_of),
        ),
        "reason": Key(
            type=TEXT,
            summary="Why the site needs it, in a sentence for visitors.",
            example='"Maps are drawn from images of the maps provider."',
            required=True,
        ),
        "recipient": Key(
            type=STRING,
            summary="The name of the [[recipient]] that operates it.",
            example='"Maps Ltd"',
            required=True,
            limits={"pattern": r"\S"},
        ),
        "not_the_tracker": not_the_tracker_key(
            '"Our own tag server"\norigin = "https://www.google-analytics.com"',
            "Why the host is not that of the known tracker with its name.",
            "See [known trackers](policy.md#known-trackers).",
        ),
    },
    hints=dict.fromkeys(("domain", "host", "url"), 'Write origin = "https://...".'),
)
