"""
Parse, validate and merge Content-Security-Policies.

A policy is a mapping of directive names, in lower case, to tuples of source expressions. An
application's policy is validated by the grammar and by the behaviour of browsers: an unknown
directive, a keyword without effect, or two that cancel each other raise an error that says how to
fix it. A browser would report them in visitors' consoles only, or not.

Source: Content Security Policy Level 3, sections 2.2 (policies), 2.3.1 (source lists), 6.1 to 6.4
(directives), 6.7.2 (matching) and 6.8 (fallbacks).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .._util.suggest import did_you_mean
from ..errors import ConfigurationError
from .presets import OPT_OUT

Directives = Mapping[str, tuple[str, ...]]

NONE = "'none'"
SELF = "'self'"

#: What a missing fetch directive falls back on, in this order.
FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "default-src": (),
    "script-src": ("default-src",),
    "script-src-elem": ("script-src", "default-src"),
    "script-src-attr": ("script-src", "default-src"),
    "style-src": ("default-src",),
    "style-src-elem": ("style-src", "default-src"),
    "style-src-attr": ("style-src", "default-src"),
    "child-src": ("default-src",),
    "connect-src": ("default-src",),
    "font-src": ("default-src",),
    "frame-src": ("child-src", "default-src"),
    "img-src": ("default-src",),
    "manifest-src": ("default-src",),
    "media-src": ("default-src",),
    "object-src": ("default-src",),
    "worker-src": ("child-src", "script-src", "default-src"),
}
#: Source lists without a fallback.
LONE_LISTS = ("base-uri", "form-action", "frame-ancestors")
UPGRADE = "upgrade-insecure-requests"
_OTHERS = ("require-trusted-types-for", "sandbox", "trusted-types", UPGRADE)
_KNOWN = (*FALLBACKS, *LONE_LISTS, *_OTHERS)
#: Directives that browsers ignore in a report-only policy.
ENFORCED_ONLY = ("sandbox", UPGRADE)

#: Directives without effect, or set by another option, with what to do instead.
_DEAD = {
    "block-all-mixed-content": f"Use {UPGRADE}",
    "navigate-to": "Remove it: no browser implemented it",
    "plugin-types": 'Use "object-src": "\'none\'"',
    "prefetch-src": "Use default-src",
    "referrer": "Use the option referrer_policy",
    "reflected-xss": "Remove it: browsers removed it",
    "report-to": "Use the option content_security_policy_report_uri",
    "report-uri": "Use the option content_security_policy_report_uri",
    "require-sri-for": "Remove it: browsers removed it",
}

_INLINE = ("'unsafe-inline'", "'report-sample'")
_SCRIPT = (
    *_INLINE, "'unsafe-hashes'", "'strict-dynamic'", "'unsafe-eval'", "'wasm-unsafe-eval'",
    "'trusted-types-eval'", "'inline-speculation-rules'",
)  # fmt: skip
#: Keywords in addition to 'self' and 'none', by the directives in which they have an effect.
_KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "default-src": _SCRIPT,
    "script-src": _SCRIPT,
    "script-src-elem": (*_INLINE, "'strict-dynamic'", "'inline-speculation-rules'"),
    "script-src-attr": (*_INLINE, "'unsafe-hashes'"),
    "style-src": (*_INLINE, "'unsafe-hashes'"),
    "style-src-elem": _INLINE,
    "style-src-attr": (*_INLINE, "'unsafe-hashes'"),
}
_EVERY_KEYWORD = (SELF, NONE, *_SCRIPT)
#: Sources that admit any host.
WIDE = ("*", "http:", "https:", "ws:", "wss:")
#: Sources that let injected code run.
RUNNING = ("'unsafe-inline'", "'unsafe-eval'", "data:", "blob:")
#: Directives in which a nonce has an effect.
NONCE_DIRECTIVES = ("default-src", "script-src", "script-src-elem", "style-src", "style-src-elem")

#: Flags of ``sandbox``. Source: HTML Living Standard, section "Sandboxing".
_SANDBOX = tuple(
    f"allow-{name}"
    for name in (
        "downloads", "forms", "modals", "orientation-lock", "pointer-lock", "popups",
        "popups-to-escape-sandbox", "presentation", "same-origin", "scripts",
        "storage-access-by-user-activation", "top-navigation",
        "top-navigation-by-user-activation", "top-navigation-to-custom-protocols",
    )
)  # fmt: skip

_NETWORK_SCHEMES = ("http", "https", "ws", "wss")
_LOCAL_SCHEMES = ("data", "blob", "filesystem", "mediastream")
_SCHEME_SOURCE = r"([A-Za-z][A-Za-z0-9+.-]*):"
_HOST_SOURCE = (
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://)?"
    r"(?P<host>\*|(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.?)"
    r"(?::(?P<port>[0-9]+|\*))?"
    r"(?P<path>/(?:[A-Za-z0-9._~!$&'()*+=:@/-]|%[0-9A-Fa-f]{2})*)?"
)
_HASH = r"(?i)'(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})'"
_NONCE = r"(?i)'nonce-[A-Za-z0-9+/_-]+={0,2}'"
_TRUSTED_TYPES = r"[A-Za-z0-9#=_/@.%-]+|\*|'allow-duplicates'|'none'"
_VISIBLE = r"[\x20-\x7e]*"
_WORD = r"[A-Za-z0-9-]+"


def hash_source(text: str) -> str:
    """
    Return the source expression that lets one inline script or style run.

    Args:
        text: The text between the tags, verbatim.

    Returns:
        ``"'sha256-...'"``, for script-src or style-src.
    """
    # OpenSSL takes more memory than all other imports of a plain WSGI application.
    import base64
    import hashlib

    # HTML turns each line break into a line feed before the text is hashed.
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def validate_directives(given: object, where: str) -> dict[str, tuple[str, ...]]:
    """
    Validate a mapping of directives to sources.

    Args:
        given: Sources are a text, separated by spaces, or a list; ``OPT_OUT`` removes a directive;
            a directive without a value has an empty text.
        where: Begins each message.

    Returns:
        Sources by directive in lower case; ``(OPT_OUT,)`` for a directive to remove.

    Raises:
        ConfigurationError: The first mistake.
    """
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"{where} is not a mapping of directives to sources. "
            'Write {"default-src": "\'self\'", ...}.'
        )
    read: dict[str, tuple[str, ...]] = {}
    for name, value in given.items():
        directive = _read_name(name, where)
        if directive in read:
            raise ConfigurationError(f"{where} has {directive} more than once. Keep one.")
        place = f"{where} {directive}"
        sources = _read_sources(value, place)
        if sources != (OPT_OUT,):
            _check_value(directive, sources, place)
        read[directive] = sources
    return read


def _read_name(name: object, where: str) -> str:
    directive = name.lower() if isinstance(name, str) else ""
    if directive in _KNOWN:
        return directive
    if directive in _DEAD:
        raise ConfigurationError(f"{where} has {directive}. {_DEAD[directive]}.")
    known = f"Known: {', '.join(_KNOWN)}."
    hint = did_you_mean(directive.replace("_", "-"), _KNOWN, otherwise=known)
    raise ConfigurationError(f"{where}: {name!r} is not a directive that browsers know. {hint}")


def _read_sources(value: object, place: str) -> tuple[str, ...]:
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ConfigurationError(
            f"{place} is a {type(value).__name__}. Write its sources as a text or a list; "
            "'off' removes the directive."
        )
    for part in parts:
        if ";" in part or "," in part or not re.fullmatch(_VISIBLE, part):
            raise ConfigurationError(
                f"{place}: {part!r} would begin another directive, or is not visible ASCII. "
                "Remove ';', ',', line breaks and other characters."
            )
    return tuple(" ".join(parts).split())


def _check_value(directive: str, sources: tuple[str, ...], place: str) -> None:
    if directive in _OTHERS:
        _check_other(directive, sources, place)
        return
    if not sources:
        raise ConfigurationError(
            f"{place} is empty, which allows nothing. Write \"'none'\", or 'off' to remove the "
            "directive."
        )
    lowered = [source.lower() for source in sources]
    if NONE in lowered and len(sources) > 1:
        raise ConfigurationError(f"{place} has 'none' and other sources. Keep one of the two.")
    for source in sources:
        problem = _source_problem(source, directive)
        if problem:
            raise ConfigurationError(f"{place}: {source!r} {problem}")


def _check_other(directive: str, sources: tuple[str, ...], place: str) -> None:
    if directive == UPGRADE:
        wrong, write = bool(sources), 'Write ""'
    elif directive == "require-trusted-types-for":
        wrong, write = sources != ("'script'",), "Write \"'script'\""
    elif directive == "trusted-types":
        wrong = not sources or not all(re.fullmatch(_TRUSTED_TYPES, source) for source in sources)
        write = "Write names of policies, or \"'none'\""
    else:
        wrong = any(flag.lower() not in _SANDBOX for flag in sources)
        write = f'Write "" or some of {", ".join(_SANDBOX)}'
    if wrong:
        raise ConfigurationError(f"{place} is {' '.join(sources)!r}. {write}.")


def _source_problem(source: str, directive: str) -> str | None:
    """Return what is wrong with a source expression in a directive, and what to do."""
    lowered = source.lower()
    if f"'{lowered}'" in _EVERY_KEYWORD:
        return f"is a keyword without its quotes. Write \"'{lowered}'\"."
    if lowered in _NETWORK_SCHEMES + _LOCAL_SCHEMES:
        return f"is a scheme without its colon. Write {lowered + ':'!r}."
    if "'" in source:
        return _quoted_problem(lowered, source, directive)
    scheme = re.fullmatch(_SCHEME_SOURCE, lowered)
    if scheme:
        return _scheme_problem(scheme[1])
    host = re.fullmatch(_HOST_SOURCE, source)
    if host is None or (host["path"] or "").startswith("//"):
        return "is not a valid source expression. Write for example 'https://cdn.example.com'."
    if host["scheme"] and host["scheme"].lower() not in _NETWORK_SCHEMES:
        return f"has the scheme {host['scheme']!r}. Use {', '.join(_NETWORK_SCHEMES)}."
    return None


def _quoted_problem(lowered: str, source: str, directive: str) -> str | None:
    if lowered in (SELF, NONE):
        return None
    if re.fullmatch(_NONCE, lowered):
        return (
            "is the same in every response. Use content_security_policy_nonce_in and csp_nonce()."
        )
    digest = re.fullmatch(_HASH, source)
    known = _KEYWORDS.get(directive, ())
    if digest:
        if not known:
            return "has no effect here: hashes are for scripts and styles. Remove it."
        encoded = digest[2].rstrip("=")
        if len(encoded) != -(-int(digest[1][3:]) // 6):
            return f"is not a valid {digest[1]}. Create it with strict_cookies.http.hash_source()."
        return None
    if lowered in known:
        return None
    if lowered in _EVERY_KEYWORD:
        where = [name for name, words in _KEYWORDS.items() if lowered in words]
        return f"has no effect here. Remove it; it is for {', '.join(where)}."
    words = [keyword.strip("'") for keyword in _EVERY_KEYWORD]
    hint = did_you_mean(lowered.strip("'"), words, otherwise="Remove it.")
    return f"is not a keyword. {hint}"


def _scheme_problem(scheme: str) -> str | None:
    if scheme == "javascript":
        return "lets injected code run. Remove it."
    known = [f"{one}:" for one in (*_NETWORK_SCHEMES, *_LOCAL_SCHEMES)]
    # Applications have their own schemes; one that resembles a common scheme is a typo.
    hint = "" if f"{scheme}:" in known else did_you_mean(f"{scheme}:", known, cutoff=0.7)
    return f"is not a known scheme. {hint}" if hint else None


def check_combination(directives: Directives, nonce_in: Iterable[str], where: str) -> None:
    """
    Refuse sources that cancel each other.

    Args:
        directives: Those of one policy.
        nonce_in: The directives that get a nonce.
        where: Begins each message.

    Raises:
        ConfigurationError: The first such sources.

    Source: sections 6.7.3.2 ('unsafe-inline' with nonces and hashes) and 6.7.1.1
    ('strict-dynamic').
    """
    nonced = set(nonce_in)
    for directive, sources in directives.items():
        lowered = [source.lower() for source in sources]
        hashed = any(re.fullmatch(_HASH, source) for source in sources)
        marked = directive in nonced or hashed
        place = f"{where} {directive}"
        if "'unsafe-inline'" in lowered and (marked or "'strict-dynamic'" in lowered):
            raise ConfigurationError(
                f"{place}: 'unsafe-inline' has no effect together with a nonce, a hash or "
                "'strict-dynamic'. Remove it, or remove the directive from "
                "content_security_policy_nonce_in."
            )
        if "'unsafe-hashes'" in lowered and not hashed:
            raise ConfigurationError(
                f"{place}: 'unsafe-hashes' has no effect without a hash. Add one with "
                "strict_cookies.http.hash_source(), or remove it."
            )
        if "'strict-dynamic'" not in lowered:
            continue
        if not marked:
            raise ConfigurationError(
                f"{place}: 'strict-dynamic' lets nothing run without a nonce or a hash. Add the "
                "directive to content_security_policy_nonce_in."
            )
        void = [source for source in sources if source.lower() == SELF or source[:1] != "'"]
        if void:
            raise ConfigurationError(
                f"{place}: 'strict-dynamic' cancels {', '.join(void)}. Remove one of the two."
            )


def replace_directives(base: Directives, given: Directives) -> dict[str, tuple[str, ...]]:
    """Return directives with others replaced; ``(OPT_OUT,)`` removes one."""
    merged = {**base, **given}
    return {name: sources for name, sources in merged.items() if sources != (OPT_OUT,)}


def add_sources(base: Directives, added: Directives) -> dict[str, tuple[str, ...]]:
    """
    Return a policy that also allows some sources.

    A fetch directive that the policy lacks begins with the sources of its fallback, so that a page
    loses none. A directive that nothing restricts needs no source.
    """
    merged = dict(base)
    for directive, sources in added.items():
        present = find_sources(base, directive)
        if present is not None:
            kept = [source for source in present if source.lower() != NONE]
            merged[directive] = tuple(dict.fromkeys((*kept, *sources)))
    return merged


def find_sources(directives: Directives, directive: str) -> tuple[str, ...] | None:
    """Return the sources that apply to a directive, fallbacks included; None if any is allowed."""
    for name in (directive, *FALLBACKS.get(directive, ())):
        if name in directives:
            return directives[name]
    return None


def parse_csp(field_value: str) -> list[dict[str, tuple[str, ...]]]:
    """
    Parse a header as a browser does; never raise.

    Returns:
        Each policy of the list, all of which apply; of a duplicate directive the first.

    Source: section 2.2.2.
    """
    policies = []
    for serialized in field_value.split(","):
        policy: dict[str, tuple[str, ...]] = {}
        for token in serialized.split(";"):
            name, *sources = token.split() or [""]
            if re.fullmatch(_WORD, name):
                policy.setdefault(name.lower(), tuple(sources))
        if policy:
            policies.append(policy)
    return policies


class HostSource(NamedTuple):
    """The parts of a host source, empty if absent; scheme and host in lower case."""

    scheme: str
    host: str
    port: str
    path: str


def split_host_source(source: str) -> HostSource | None:
    """Return the parts of a host source; None for other source expressions."""
    match = re.fullmatch(_HOST_SOURCE, source)
    if match is None:
        return None
    scheme, host, port, path = (match[part] or "" for part in ("scheme", "host", "port", "path"))
    return HostSource(scheme.lower(), host.lower().removesuffix("."), port, path)
