"""
Check an application's configuration against single requirements of OWASP ASVS 5.0.

Each check reads the effective configuration and what was seen, and returns *met* and how, *not met*
and what to do, *not seen* if it depends on sign-ins and none was recorded, or *out of scope* and
who is responsible. :mod:`strict_cookies.report.asvs` assigns the checks to the
requirements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from .._util.durations import say_duration
from .._util.text import join_words
from ..headers.rules import find_unmet
from ..http.cookies import name_prefix
from ..policy.purposes import Purpose
from ..reasons import Reason
from ..sessions.interface import ServerSessionInterface
from .evidence import DAYS, Evidence, describe_sightings, observe

if TYPE_CHECKING:
    from flask import Flask

    from ..headers.merge import HeaderOptions
    from ..policy.cookie import DeclaredCookie
    from ..policy.policy import CookiePolicy
    from .state import ReportedSettings, ReportedState

#: Longest lifetimes that need no justification. Source: NIST SP 800-63B-4 section 2.2.3.
MAX_ABSOLUTE = timedelta(hours=24)
MAX_IDLE = timedelta(hours=1)

#: Headers, and directives written ``"Header directive"``, that fail a requirement if they were seen
#: weaker than configured, by its id.
OBSERVED: Mapping[str, tuple[str, ...]] = {
    "3.4.1": ("Strict-Transport-Security",),
    "3.4.3": tuple(
        f"Content-Security-Policy {directive}"
        for directive in (
            "default-src", "script-src", "script-src-elem", "script-src-attr", "object-src",
            "base-uri",
        )
    ),
    "3.4.4": ("X-Content-Type-Options",),
    "3.4.5": ("Referrer-Policy",),
    "3.4.6": ("Content-Security-Policy frame-ancestors",),
    # A weaker policy is one of a view's own, which need not name a place for reports.
    "3.4.7": ("Content-Security-Policy",),
    "3.4.8": ("Cross-Origin-Opener-Policy",),
    "3.5.8": ("Cross-Origin-Resource-Policy",),
    "3.6.1": tuple(
        f"Content-Security-Policy {directive}"
        for directive in ("default-src", "script-src", "script-src-elem", "style-src",
                          "style-src-elem")
    ),
}  # fmt: skip

_LOGIN = {Purpose.SESSION, Purpose.AUTHENTICATION}

State = Literal["met", "not met", "not seen", "out of scope"]


class Outcome(NamedTuple):
    """
    The result of one check.

    Args:
        state: ``"met"``, ``"not met"``, ``"not seen"`` or ``"out of scope"``.
        text: How it is met; why it is not met or not seen, and what to do; or who is responsible,
            and where to look.
    """

    state: State
    text: str


class EffectiveConfig(NamedTuple):
    """
    The configuration that an application enforces.

    Args:
        settings: The settings.
        policy: The policy, the session cookie included.
        headers: The resolved header options by the place that set them; the application's own
            first.
        on_server: Whether sessions are kept on the server.
        has_secret: Whether ``SECRET_KEY`` is set.
        evidence: What was seen while the application ran.
    """

    settings: ReportedSettings
    policy: CookiePolicy
    headers: tuple[tuple[str, HeaderOptions], ...]
    on_server: bool
    has_secret: bool
    evidence: Evidence = Evidence()

    @classmethod
    def of(
        cls, app: Flask, state: ReportedState, evidence: Evidence | None = None
    ) -> EffectiveConfig:
        """
        Read an application's configuration, which this freezes, and what was seen in it.

        Raises:
            ConfigurationError: A setting is wrong.
            PolicyError: The policy is wrong; the error lists every mistake.
        """
        policy = state.freeze().policy
        return cls(
            settings=state.settings,
            policy=policy,
            headers=tuple(state.talisman.resolve_all()),
            on_server=isinstance(app.session_interface, ServerSessionInterface),
            has_secret=bool(app.config["SECRET_KEY"]),
            evidence=observe(state) if evidence is None else evidence,
        )


Check = Callable[[EffectiveConfig], Outcome]


def _met(text: str) -> Outcome:
    return Outcome("met", text)


def _not_met(text: str) -> Outcome:
    return Outcome("not met", text)


def out_of_scope(responsible: str, advice: str) -> Check:
    """Return a check that names who is responsible for a requirement, and where to look."""
    outcome = Outcome("out of scope", f"Responsible: {responsible}. {advice}")
    return lambda config: outcome


def if_enforced(check: Check) -> Check:
    """Fail a check in the mode ``report-only``, and if requests bypass the firewall."""

    def checked(config: EffectiveConfig) -> Outcome:
        if config.settings.mode == "report-only":
            return _not_met(
                "STRICT_COOKIES_MODE is 'report-only', which blocks nothing. Remove it."
            )
        if config.evidence.bypasses:
            return _not_met(" ".join(config.evidence.bypasses))
        return check(config)

    return checked


def if_on_server(check: Check) -> Check:
    """Fail a check if sessions are not kept on the server."""

    @if_enforced
    def checked(config: EffectiveConfig) -> Outcome:
        if not config.on_server:
            return _not_met(
                "Sessions are not kept on the server, so a copied cookie remains valid after "
                "logout. Remove STRICT_COOKIES_SESSIONS = 'flask' and other session interfaces."
            )
        return check(config)

    return checked


def met_on_server(text: str) -> Check:
    """Return a check that is met if sessions are kept on the server."""
    return if_on_server(lambda config: _met(text))


def if_signed_in(check: Check) -> Check:
    """Return a check that is *not seen*, in the place of *met*, until a sign-in is recorded."""

    def checked(config: EffectiveConfig) -> Outcome:
        outcome, last = check(config), config.evidence.last_login
        if outcome.state != "met":
            return outcome
        if last is None:
            why = (
                "No sign-in by login() or Flask-Login was recorded"
                if config.evidence.is_recorded
                else "Sign-ins are not recorded, since STRICT_COOKIES_TRAIL is 'off'"
            )
            return Outcome(
                "not seen",
                f"{why}. A user who is only noted in the session gets no new identifier, and is "
                "not listed. Call login() in the view that signs users in.",
            )
        return _met(f"{outcome.text} The last sign-in was recorded on {last}.")

    return checked


def met_after_login(text: str) -> Check:
    """Return a check that is met if sessions are kept on the server and users sign in to them."""
    return if_signed_in(met_on_server(text))


# V3.3: cookies


def _quote_names(cookies: Iterable[DeclaredCookie]) -> str:
    return join_words([f"'{cookie.name}'" for cookie in cookies])


def _prefix(cookie: DeclaredCookie) -> str:
    return name_prefix(cookie.stem) or ""


@if_enforced
def check_secure(config: EffectiveConfig) -> Outcome:
    if config.settings.transport != "https":
        return _not_met(
            "STRICT_COOKIES_TRANSPORT is 'plain-http', so Secure is not added. Remove it."
        )
    bare = [cookie for cookie in config.policy.cookies if not _prefix(cookie)]
    if bare:
        return _not_met(
            f"Names without a prefix: {_quote_names(bare)}. Begin them with __Host- or __Secure-."
        )
    return _met("Each cookie is sent with Secure and has a name prefix.")


@if_enforced
def check_samesite(config: EffectiveConfig) -> Outcome:
    unrestricted = [
        cookie
        for cookie in config.policy.cookies
        if cookie.samesite == "None" and _LOGIN & set(cookie.purposes)
    ]
    if unrestricted:
        return _not_met(
            f"SameSite is None for {_quote_names(unrestricted)}, used to sign in. Use Lax."
        )
    return _met("Each cookie is sent with its declared SameSite value or a stricter one.")


@if_enforced
def check_host_prefix(config: EffectiveConfig) -> Outcome:
    bare = [
        cookie
        for cookie in config.policy.cookies
        if cookie.domain is None and not _prefix(cookie).startswith("__Host-")
    ]
    if bare:
        return _not_met(
            f"A sibling host can set {_quote_names(bare)}. Begin each name with __Host-."
        )
    return _met("Each cookie that is not shared with sibling hosts has a __Host- name.")


@if_enforced
def check_httponly(config: EffectiveConfig) -> Outcome:
    readable = [
        cookie
        for cookie in config.policy.cookies
        if cookie.script_readable and _LOGIN & set(cookie.purposes)
    ]
    if readable:
        return _not_met(f"Scripts can read {_quote_names(readable)}. Remove script_readable.")
    return _met("HttpOnly is added to each cookie that is not declared script-readable.")


@if_enforced
def check_size(config: EffectiveConfig) -> Outcome:
    return _met("A cookie larger than 4096 bytes is dropped and logged (SC104).")


# V3.4 to V3.6: headers


def check_headers(requirement: str, how: str) -> Check:
    """
    Return a check that is met if no scope of the application weakens the headers.

    Args:
        requirement: Its id; see :data:`strict_cookies.headers.rules.HEADER_RULES`.
        how: The text if it is met.
    """

    @if_enforced
    def checked(config: EffectiveConfig) -> Outcome:
        for place, options in config.headers:
            weakness = find_unmet(options, requirement)
            if weakness is not None:
                return _not_met(f"{place}: {weakness.message} {weakness.remedy}")
        weakened = config.evidence.find_weakened(OBSERVED[requirement])
        if weakened:
            return _not_met(
                f"Weaker than configured: {describe_sightings(weakened)}. "
                f"{Reason.WEAKER_HEADER.remedy}"
            )
        return _met(f"{how} No weaker one was seen in the last {DAYS} days.")

    return checked


@if_enforced
def check_hsts(config: EffectiveConfig) -> Outcome:
    if config.settings.transport != "https":
        return _not_met("STRICT_COOKIES_TRANSPORT is 'plain-http'. Remove it.")
    return check_headers(
        "3.4.1", "Each https response carries HSTS for at least one year, with subdomains."
    )(config)


@if_enforced
def check_preload(config: EffectiveConfig) -> Outcome:
    hsts = config.headers[0][1].hsts
    if hsts is None or not hsts.preload:
        return _not_met(
            "HSTS is sent without preload. Set strict_transport_security_preload, then register "
            "the domain at https://hstspreload.org."
        )
    return Outcome(
        "out of scope",
        "Responsible: the site. preload is sent; look the domain up at https://hstspreload.org.",
    )


@if_enforced
def check_origin(config: EffectiveConfig) -> Outcome:
    if config.settings.cross_origin == "off":
        return _not_met("STRICT_COOKIES_CROSS_ORIGIN is 'off'. Remove it.")
    exempt = len(config.settings.origin_exempt)
    extra = f" Exempt by exact path: {exempt}." if exempt else ""
    return _met(
        "A cross-origin request that carries a declared cookie is refused, by Fetch Metadata and "
        f"Origin.{extra}"
    )


# V7: sessions


@if_on_server
def check_limits(config: EffectiveConfig) -> Outcome:
    limits = config.settings.sessions.limits
    values = f"absolute {say_duration(limits.absolute)}, " + (
        "no idle limit" if limits.idle is None else f"idle {say_duration(limits.idle)}"
    )
    if limits.idle is None or limits.idle > MAX_IDLE or limits.absolute > MAX_ABSOLUTE:
        return _not_met(
            f"The limits ({values}) exceed those of NIST SP 800-63B for AAL2. Shorten "
            "STRICT_COOKIES_SESSION_LIFETIME, or document the reason."
        )
    return _met(f"The limits ({values}) are within those of NIST SP 800-63B for AAL2.")


@if_signed_in
@if_on_server
def check_parallel_sessions(config: EffectiveConfig) -> Outcome:
    options = config.settings.sessions
    if options.per_user is None:
        return _not_met(
            "The number of sessions is not limited. Set STRICT_COOKIES_SESSION_LIMIT_PER_USER."
        )
    action = "ends the oldest session" if options.at_limit == "evict" else "is refused"
    return _met(f"A user may have {options.per_user} sessions; one more login {action}.")


@if_enforced
def check_server_verification(config: EffectiveConfig) -> Outcome:
    if not config.has_secret:
        return _not_met("SECRET_KEY is not set, so there are no sessions. Set it.")
    return _met("The server verifies the session of each request.")


@if_on_server
def check_idle_limit(config: EffectiveConfig) -> Outcome:
    idle = config.settings.sessions.limits.idle
    if idle is None:
        return _not_met("There is no idle limit. Set one in STRICT_COOKIES_SESSION_LIFETIME.")
    return _met(f"The server ends a session after {say_duration(idle)} without activity.")


@if_on_server
def check_absolute_limit(config: EffectiveConfig) -> Outcome:
    absolute = config.settings.sessions.limits.absolute
    return _met(f"The server ends a session {say_duration(absolute)} after the login.")
