"""
How an application's protection stands against single requirements of OWASP ASVS 5.0.

Each check reads the configuration as it is carried out, and gives *met* and how, *not met* and
what to do, or *not ours* and where to look. :mod:`strict_cookies.report.asvs` says which check is whose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple

from .._util.durations import say_duration
from .._util.text import join_words
from ..flask.settings import Settings
from ..headers.options import TELLING_POLICIES
from ..http.cookies import name_prefix
from ..http.csp import NONE, RUNNING, WIDE, find_sources
from ..http.presets import YEAR
from ..policy.purposes import Purpose
from ..sessions.interface import ServerSessionInterface

if TYPE_CHECKING:
    from flask import Flask

    from ..headers.merge import HeaderOptions
    from ..policy.cookie import DeclaredCookie
    from ..policy.policy import CookiePolicy

#: Longest lives that need no reason of the site's own: NIST SP 800-63B-4 section 2.2.3.
MAX_ABSOLUTE = timedelta(hours=24)
MAX_IDLE = timedelta(hours=1)

_LOGIN = {Purpose.SESSION, Purpose.AUTHENTICATION}

State = Literal["met", "not met", "not ours"]


class Outcome(NamedTuple):
    """
    How a requirement stands.

    Args:
        state: ``"met"``, ``"not met"`` or ``"not ours"``.
        text: How; or why not, and what to do; or whose it is, and where to look.
    """

    state: State
    text: str


class Live(NamedTuple):
    """
    An application's protection as it is carried out.

    Args:
        settings: What the configuration says.
        policy: What is declared, the session's cookie included.
        headers: What the options for the headers come to, by where they were set.
        on_server: Whether sessions are kept on the server.
        has_secret: Whether there is a ``SECRET_KEY``.
    """

    settings: Settings
    policy: CookiePolicy
    headers: tuple[tuple[str, HeaderOptions], ...]
    on_server: bool
    has_secret: bool

    @classmethod
    def of(cls, app: Flask) -> Live:
        """
        Read an application; its configuration is frozen by it.

        Raises:
            ConfigurationError: A setting is wrong.
            PolicyError: All that is wrong with the policy.
        """
        protection = app.extensions["strict_cookies"]
        policy = protection.freeze().policy
        return cls(
            settings=Settings.from_app(app),
            policy=policy,
            headers=tuple(protection.talisman.resolve_all()),
            on_server=isinstance(app.session_interface, ServerSessionInterface),
            has_secret=bool(app.config["SECRET_KEY"]),
        )


def _met(text: str) -> Outcome:
    return Outcome("met", text)


def _fails(text: str) -> Outcome:
    return Outcome("not met", text)


def not_ours(whose: str, where: str) -> Callable[[Live], Outcome]:
    """Say whose a requirement is, and where to look."""
    outcome = Outcome("not ours", f"{whose}. {where}")
    return lambda live: outcome


Check = Callable[[Live], Outcome]


def enforced(check: Check) -> Check:
    """Nothing is met that is only recorded."""

    def checked(live: Live) -> Outcome:
        if live.settings.mode == "report-only":
            return _fails("The mode is report-only, so that nothing is held back. Leave it.")
        return check(live)

    return checked


def of_sessions(check: Check) -> Check:
    """Nothing is met that is about sessions on the server where none are kept there."""

    @enforced
    def checked(live: Live) -> Outcome:
        if not live.on_server:
            return _fails(
                "Sessions are not kept on the server: whoever has a copy of the cookie has the "
                "session. Remove STRICT_COOKIES_SESSIONS = 'flask' and other session interfaces."
            )
        return check(live)

    return checked


def on_server(text: str) -> Check:
    """Met where sessions are kept on the server."""
    return of_sessions(lambda live: _met(text))


# V3.3: cookies


def _named(cookies: Iterable[DeclaredCookie]) -> str:
    return join_words([f"'{cookie.name}'" for cookie in cookies])


def _prefix(cookie: DeclaredCookie) -> str:
    return name_prefix(cookie.stem) or ""


@enforced
def secure(live: Live) -> Outcome:
    if live.settings.transport != "https":
        return _fails("The transport is plain-http, so that Secure is not added. Use https.")
    bare = [cookie for cookie in live.policy.cookies if not _prefix(cookie)]
    if bare:
        return _fails(f"No prefix protects {_named(bare)}. Rename to __Host- or __Secure-.")
    return _met("Each cookie leaves with Secure and has a name with a prefix.")


@enforced
def samesite(live: Live) -> Outcome:
    open_ = [
        cookie
        for cookie in live.policy.cookies
        if cookie.samesite == "None" and _LOGIN & set(cookie.purposes)
    ]
    if open_:
        return _fails(f"SameSite is None for {_named(open_)}, which signs people in. Use Lax.")
    return _met("Each cookie leaves with the SameSite that is declared for it, or a stricter one.")


@enforced
def host_prefix(live: Live) -> Outcome:
    bare = [
        cookie
        for cookie in live.policy.cookies
        if cookie.domain is None and not _prefix(cookie).startswith("__Host-")
    ]
    if bare:
        return _fails(f"{_named(bare)} could be planted by a sibling host. Rename to __Host-.")
    return _met("Each cookie that is not declared as shared with sibling hosts has __Host-.")


@enforced
def httponly(live: Live) -> Outcome:
    read = [
        cookie
        for cookie in live.policy.cookies
        if cookie.script_readable and _LOGIN & set(cookie.purposes)
    ]
    if read:
        return _fails(f"Scripts may read {_named(read)}. Remove script_readable.")
    return _met("HttpOnly is added to each cookie that is not declared for scripts.")


@enforced
def size(live: Live) -> Outcome:
    return _met("A cookie above 4096 octets is dropped and told (SC104).")


# V3.4 and V3.5: headers


def everywhere(find: Callable[[HeaderOptions], str], how: str) -> Check:
    """Met where no part of the application has a problem, which ``find`` names."""

    @enforced
    def checked(live: Live) -> Outcome:
        for where, options in live.headers:
            if problem := find(options):
                return _fails(f"{where}: {problem}")
        return _met(how)

    return checked


def _hsts_problem(options: HeaderOptions) -> str:
    if options.hsts is None:
        return "strict_transport_security is OPT_OUT. Remove it."
    if options.hsts.max_age < YEAR:
        return f"HSTS holds for {options.hsts.max_age} s only. Use a year, {YEAR}, or more."
    if not options.hsts.include_subdomains:
        return "HSTS leaves out subdomains, which level 2 asks for."
    return ""


def hsts(live: Live) -> Outcome:
    if live.settings.transport != "https":
        return _fails("The transport is plain-http. Use https.")
    return everywhere(
        _hsts_problem, "Each response over https carries HSTS for a year or more, with subdomains."
    )(live)


def csp_problem(options: HeaderOptions) -> str:
    csp = options.csp
    if csp is None:
        return "content_security_policy is OPT_OUT. Remove it."
    for directive in ("object-src", "base-uri"):
        found = find_sources(csp, directive) if directive == "object-src" else csp.get(directive)
        if found != (NONE,):
            return f"{directive} is not 'none'."
    scripts = find_sources(csp, "script-src")
    if scripts is None:
        return "neither script-src nor default-src limits scripts."
    wide = [source for source in scripts if source.lower() in RUNNING + WIDE]
    return f"script-src has {join_words(wide)}, which lets injected text run." if wide else ""


def frame_problem(options: HeaderOptions) -> str:
    if options.csp is None or "frame-ancestors" not in options.csp:
        return "frame-ancestors is missing from content_security_policy."
    return ""


def referrer_problem(options: HeaderOptions) -> str:
    if options.referrer_policy is None:
        return "referrer_policy is OPT_OUT. Remove it."
    if options.referrer_policy in TELLING_POLICIES:
        return f"referrer_policy is {options.referrer_policy}, which tells others the whole path."
    return ""


def foreign_problem(options: HeaderOptions) -> str:
    foreign = [
        source
        for directive in ("script-src", "style-src")
        for source in (find_sources(options.csp or {}, directive) or ("*",))
        if not source.startswith("'")
    ]
    if foreign:
        return (
            f"{join_words(list(dict.fromkeys(foreign)))} may serve scripts or styles. Keep them on "
            "this host, or show that each has an integrity attribute."
        )
    return ""


@enforced
def origin(live: Live) -> Outcome:
    settings = live.settings
    if settings.cross_origin == "off":
        return _fails("STRICT_COOKIES_CROSS_ORIGIN is off. Use refuse.")
    exempt = len(settings.origin_exempt)
    extra = f" Exempt by exact path: {exempt}." if exempt else ""
    return _met(
        "A request that carries a declared cookie and comes from another origin is refused, by "
        f"Fetch Metadata and Origin.{extra}"
    )


def preload(live: Live) -> Outcome:
    hsts = live.headers[0][1].hsts
    if hsts is None or not hsts.preload:
        return _fails("HSTS has no preload. Set strict_transport_security_preload, then register.")
    return Outcome(
        "not ours", "The site's: preload is sent. Look the domain up at https://hstspreload.org."
    )


# V7


@of_sessions
def limits(live: Live) -> Outcome:
    limits = live.settings.sessions.limits
    told = f"absolute {say_duration(limits.absolute)}, " + (
        "no idle limit" if limits.idle is None else f"idle {say_duration(limits.idle)}"
    )
    if limits.idle is None or limits.idle > MAX_IDLE or limits.absolute > MAX_ABSOLUTE:
        return _fails(
            f"The limits ({told}) are longer than those of NIST SP 800-63B for AAL2. Shorten "
            "STRICT_COOKIES_SESSION_LIFETIME, or write down why."
        )
    return _met(f"The limits are told here ({told}), and are within those of NIST for AAL2.")


@of_sessions
def parallel(live: Live) -> Outcome:
    options = live.settings.sessions
    if options.per_user is None:
        return _fails("Any number is allowed. Set STRICT_COOKIES_SESSION_LIMIT_PER_USER.")
    what = "the oldest ends" if options.at_limit == "evict" else "the login is refused"
    return _met(f"At most {options.per_user} for a user; at one more {what}.")


def back_end(live: Live) -> Outcome:
    if not live.has_secret:
        return _fails("There is no SECRET_KEY, so that there are no sessions. Set one.")
    return _met("Each request's session is verified on the server.")


@of_sessions
def idle(live: Live) -> Outcome:
    idle = live.settings.sessions.limits.idle
    if idle is None:
        return _fails("There is no idle limit. Give STRICT_COOKIES_SESSION_LIFETIME one.")
    return _met(f"A session ends after {say_duration(idle)} without activity, on the server.")


@of_sessions
def absolute(live: Live) -> Outcome:
    absolute = live.settings.sessions.limits.absolute
    return _met(f"A session ends {say_duration(absolute)} after the login, on the server.")
