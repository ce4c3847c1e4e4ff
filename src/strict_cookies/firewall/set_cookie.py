"""
Decide on one ``Set-Cookie`` line by the policy; pure.

The line is read as a browser reads it, never by the key that a view passed. A cookie is dropped, or
written again in canonical form: never weaker than the application asked, never wider than the
policy declares. A line that deletes stores nothing, so it is always sent, without a value, and for
a declared cookie with the attributes of the cookie itself, so that it deletes that cookie.

:func:`decide` returns the verdict. :class:`VerdictCache` returns the same verdicts faster: what an
attribute tail becomes is computed once; values are never cached.

Source: RFC 6265bis sections 4.1, 5.4, 5.6 and 5.7.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from .._util.urls import is_host_name
from ..http.cookies import (
    MAX_ATTRIBUTE_BYTES,
    MAX_LIFETIME,
    MAX_PAIR_BYTES,
    SetCookie,
    format_attributes,
    has_control_character,
    is_plain,
    is_safe_value,
    is_token,
    name_prefix,
    parse_set_cookie,
    path_matches,
    split_pair,
)
from ..policy.catalogue import is_known_tracker
from ..reasons import Reason

if TYPE_CHECKING:
    from ..policy.cookie import DeclaredCookie
    from ..policy.policy import CookiePolicy
    from .recorder import Found

#: Attribute tails that a :class:`VerdictCache` remembers, at most.
MAX_TAILS = 1024

_STRICTNESS = {None: -1, "None": 0, "Lax": 1, "Strict": 2}


class Verdict(NamedTuple):
    """
    What becomes of one line.

    Attributes:
        cookie_name: The bytes that were sent; empty for a nameless cookie.
        line: What is sent; None if the cookie is dropped.
        found: Why it was dropped or hardened, each reason with the name; empty where it passes.
    """

    cookie_name: str
    line: str | None
    found: Found

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons alone."""
        return tuple(reason for reason, _ in self.found)

    @property
    def dropped(self) -> bool:
        """Whether nothing is sent."""
        return self.line is None

    def __repr__(self) -> str:
        """Name and reasons; never the line, which holds the value."""
        action = "drop" if self.dropped else "harden" if self.reasons else "pass"
        ids = " ".join(reason.id for reason in self.reasons)
        return f"<Verdict {action} {self.cookie_name!r}{' ' if ids else ''}{ids}>"


def decide(policy: CookiePolicy, field_value: str, *, now: float | None = None) -> Verdict:
    """
    Return the verdict on one ``Set-Cookie`` field value.

    Args:
        policy: What is declared.
        field_value: One field line, latin-1 decoded (PEP 3333), without the field's name.
        now: Seconds since the epoch; None reads the clock.

    Returns:
        The verdict; its line is in canonical form.

    Source: RFC 6265bis section 5.6 to read, section 4.1.1 to write.
    """
    now = time.time() if now is None else now
    name = split_pair(field_value.partition(";")[0])[0]
    cookie = parse_set_cookie(field_value)
    for refuse in REFUSALS:
        reason = refuse(policy, field_value, cookie, now)
        if reason is not None:
            return Verdict(name, None, ((reason, name),))
    # None is only reached if REFUSALS was shortened: what browsers ignore may then be sent.
    if cookie is None:
        return Verdict(name, field_value, ())
    declared = policy.find(cookie.name)
    hardened = cookie._replace(max_age=cookie.lifetime(now), expires=None)
    reasons = []
    if declared is not None:
        for reason, harden in HARDENINGS:
            stricter = harden(policy, declared, hardened)
            if stricter != hardened:
                reasons.append(reason)
                hardened = stricter
    if _deletes(cookie, now):
        if declared is None:
            hardened = _meet_prefix(policy, hardened)
        tail = format_attributes(hardened._replace(max_age=0, expires=0))
        return Verdict(name, f"{cookie.name}={tail}", ())
    if hardened.max_age is not None:
        hardened = hardened._replace(expires=int(now) + hardened.max_age)
    line = f"{cookie.name}={cookie.value}{format_attributes(hardened)}"
    return Verdict(name, line, tuple((reason, cookie.name) for reason in reasons))


class VerdictCache:
    """
    Decide about lines under one policy, with a cache that is fast enough for each response.

    Gives plain tuples, as a :class:`Verdict` unpacks: to make one takes longer than the look-up.

    Args:
        policy: What is declared.
        clock: Gives seconds since the epoch.
    """

    __slots__ = ("_clock", "_policy", "_tails")

    def __init__(self, policy: CookiePolicy, clock: Callable[[], float] = time.time) -> None:
        self._policy = policy
        self._clock = clock
        #: (name, attributes as emitted) -> (attributes as they leave, what was found).
        self._tails: dict[tuple[str, str], tuple[str, Found]] = {}

    def __call__(self, field_value: str) -> tuple[str, str | None, Found]:
        """Return the verdict on one ``Set-Cookie`` field value; see :class:`Verdict`."""
        pair, _, emitted = field_value.partition(";")
        name, equals, _ = pair.partition("=")
        known = self._tails.get((name, emitted))
        if known is not None and equals and len(pair) <= MAX_PAIR_BYTES and is_plain(pair):
            return name, pair + known[0], known[1]
        verdict = decide(self._policy, field_value, now=self._clock())
        if verdict.line is not None and verdict.cookie_name == name:
            sent = verdict.line.partition(";")[2]
            # A verdict on a date, or with one, is stale a second later; a deletion drops the value.
            if "Expires=" not in sent and "expires" not in emitted.lower():
                if len(self._tails) >= MAX_TAILS:
                    self._tails.clear()
                self._tails[name, emitted] = (f";{sent}", verdict.found)
        return verdict


def _refuse_ignored(
    policy: CookiePolicy, field_value: str, cookie: SetCookie | None, now: float
) -> Reason | None:
    """Refuse what a browser would ignore: it can only be a mistake or an attack."""
    if cookie is not None:
        return None
    if has_control_character(field_value):
        return Reason.CONTROL_CHARACTER
    return Reason.TOO_LARGE if any(split_pair(field_value.partition(";")[0])) else Reason.NAMELESS


def _refuse_undeclared(
    policy: CookiePolicy, field_value: str, cookie: SetCookie | None, now: float
) -> Reason | None:
    """Refuse what would store something that no entry declares."""
    if cookie is None or policy.find(cookie.name) is not None:
        return None
    if not cookie.name:
        return Reason.NAMELESS
    if not is_token(cookie.name):
        return Reason.MALFORMED_NAME
    if _deletes(cookie, now):
        return None
    return Reason.TRACKER if is_known_tracker(cookie.name) else Reason.UNDECLARED


def _refuse_long_attribute(
    policy: CookiePolicy, field_value: str, cookie: SetCookie | None, now: float
) -> Reason | None:
    """Refuse what a browser would store with a wider scope than was asked for."""
    for attribute in field_value.split(";")[1:]:
        if len(attribute.partition("=")[2].strip(" \t")) > MAX_ATTRIBUTE_BYTES:
            return Reason.LONG_ATTRIBUTE
    return None


def _refuse_unsafe_value(
    policy: CookiePolicy, field_value: str, cookie: SetCookie | None, now: float
) -> Reason | None:
    """Refuse a value that other readers truncate when it comes back."""
    if cookie is None or is_safe_value(cookie.value) or _deletes(cookie, now):
        return None
    return Reason.UNSAFE_VALUE


def _deletes(cookie: SetCookie, now: float) -> bool:
    lifetime = cookie.lifetime(now)
    return lifetime is not None and lifetime <= 0


def _add_secure(policy: CookiePolicy, declared: DeclaredCookie, cookie: SetCookie) -> SetCookie:
    return cookie._replace(secure=cookie.secure or policy.transport == "https")


def _add_httponly(policy: CookiePolicy, declared: DeclaredCookie, cookie: SetCookie) -> SetCookie:
    return cookie._replace(httponly=cookie.httponly or not declared.script_readable)


def _set_samesite(policy: CookiePolicy, declared: DeclaredCookie, cookie: SetCookie) -> SetCookie:
    strict_enough = _STRICTNESS[cookie.samesite] >= _STRICTNESS[declared.samesite]
    return cookie if strict_enough else cookie._replace(samesite=declared.samesite)


def _set_path(policy: CookiePolicy, declared: DeclaredCookie, cookie: SetCookie) -> SetCookie:
    prefix = name_prefix(cookie.name) or ""
    narrow = cookie.path is not None and path_matches(cookie.path, declared.path)
    if narrow and not prefix.startswith("__Host-"):
        return cookie
    return cookie._replace(path=declared.path)


def _set_domain(policy: CookiePolicy, declared: DeclaredCookie, cookie: SetCookie) -> SetCookie:
    shared, domain = declared.domain, cookie.domain
    if shared and domain and is_host_name(domain) and f".{domain}".endswith(f".{shared}"):
        return cookie
    return cookie._replace(domain=None)


def _cap_lifetime(policy: CookiePolicy, declared: DeclaredCookie, cookie: SetCookie) -> SetCookie:
    if cookie.max_age is None or declared.lifetime is None:
        return cookie._replace(max_age=None)
    longest = min(int(declared.lifetime.total_seconds()), MAX_LIFETIME)
    return cookie._replace(max_age=min(cookie.max_age, longest))


def _set_partitioned(
    policy: CookiePolicy, declared: DeclaredCookie, cookie: SetCookie
) -> SetCookie:
    return cookie._replace(partitioned=declared.partitioned)


#: What keeps a line from sent. Each takes the policy, the line, the cookie that a browser reads
#: from it, and the time.
REFUSALS: tuple[Callable[[CookiePolicy, str, SetCookie | None, float], Reason | None], ...] = (
    _refuse_ignored,
    _refuse_undeclared,
    _refuse_long_attribute,
    _refuse_unsafe_value,
)

#: What makes a declared cookie as strict as its entry, with the reason given where it does.
HARDENINGS: tuple[
    tuple[Reason, Callable[[CookiePolicy, DeclaredCookie, SetCookie], SetCookie]], ...
] = (
    (Reason.SECURE_ADDED, _add_secure),
    (Reason.HTTPONLY_ADDED, _add_httponly),
    (Reason.SAMESITE_SET, _set_samesite),
    (Reason.PATH_SET, _set_path),
    (Reason.DOMAIN_SET, _set_domain),
    (Reason.LIFETIME_SHORTENED, _cap_lifetime),
    (Reason.PARTITIONED_SET, _set_partitioned),
)


def _meet_prefix(policy: CookiePolicy, cookie: SetCookie) -> SetCookie:
    """
    Add what browsers require to delete a name with a prefix.

    Name, domain and path say which cookie is meant and otherwise stay as sent.
    """
    prefix = name_prefix(cookie.name) or ""
    domain = cookie.domain if is_host_name(cookie.domain or "") else None
    cookie = cookie._replace(
        domain=domain,
        secure=cookie.secure or policy.transport == "https",
        httponly=cookie.httponly or "Http-" in prefix,
    )
    return cookie._replace(domain=None, path="/") if prefix.startswith("__Host-") else cookie
