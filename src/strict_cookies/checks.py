"""
What is wrong or weak in an application's configuration: ``flask cookies check``.

Everything is read from the application as it stands and nothing in it is changed, so the first
request still finds it unfrozen. An *error* stops people or protection; a *warning* is worth
mending before going live; *info* is worth knowing. No message holds a key or a cookie value.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from .entry import texts_of
from .errors import ConfigurationError, PolicyError, StrictCookiesError
from .header_checks import find_weaknesses
from .hosts import is_local, request_host
from .installed import used_cookies
from .middleware import inspect_chain
from .profiles import OPT_OUT
from .reasons import Reason
from .sessions.options import SessionOptions
from .settings import (
    FLASK_SESSION_NAME,
    Settings,
    declare_session,
    find_policy,
    harden_session,
    session_cookie_name,
)
from .wording import join_words

if TYPE_CHECKING:
    from flask import Flask

    from .entry import Entry
    from .policy import CookiePolicy

Severity = Literal["error", "warning", "info"]

#: Fewest octets of a SECRET_KEY that is not called short.
MIN_SECRET_OCTETS = 32

_LISTS = (tuple, list, set, frozenset)

#: What to add where Strict Cookies is missing; four spaces mark code, as in Markdown.
HOW_TO_ADD = """\
Add it where the application is put together, after other middleware:
    from strict_cookies import StrictCookies

    app = Flask(__name__)
    strict = StrictCookies(app)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing that is wrong or weak.

    Args:
        reason: Its stable id; None where a policy or setting can't be read at all, as for
            :class:`~strict_cookies.errors.ConfigurationError`.
        severity: How much it matters.
        message: What was found. Lines after the first that begin with ``"- "`` are a list.
        remedy: What to do. Lines that begin with four spaces are code to copy.
    """

    reason: Reason | None
    severity: Severity
    message: str
    remedy: str

    @property
    def title(self) -> str:
        """The id and what it stands for, in a few words."""
        return str(self.reason) if self.reason else "Strict Cookies can't work like this"


def run_checks(app: Flask) -> list[Finding]:
    """
    Look for what is wrong or weak.

    Args:
        app: After it was put together; it is only read.

    Returns:
        Errors first, then warnings, then infos, by id; empty where nothing was found.
    """
    if "strict_cookies" not in app.extensions:
        return [
            Finding(
                reason=None,
                severity="error",
                message=f"StrictCookies is not added to the application {app.name!r}: nothing is "
                "enforced.",
                remedy=HOW_TO_ADD,
            )
        ]
    return sort_findings(_run(app))


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity, then by id."""
    order = get_args(Severity)
    return sorted(
        findings,
        key=lambda found: (order.index(found.severity), found.reason.id if found.reason else ""),
    )


def explain_error(error: StrictCookiesError) -> Finding:
    """Turn an error that stops an application into a finding; of a policy with every mistake."""
    if isinstance(error, PolicyError):
        count = len(error.mistakes)
        head = f"{error.source or 'The policy'} has {count} mistake{'' if count == 1 else 's'}:"
        return Finding(
            reason=None,
            severity="error",
            message="\n".join((head, *(f"- {mistake}" for mistake in error.mistakes))),
            remedy="Mend each of them; the application does not start before.",
        )
    reason_id = getattr(error, "reason_id", None)
    reason = next((reason for reason in Reason if reason.id == reason_id), None)
    message = str(error).removeprefix(f"{reason_id}: ")
    remedy = "Mend it where the application is put together."
    return Finding(reason=reason, severity="error", message=message, remedy=remedy)


def own_config(app: Flask) -> Mapping[str, Any]:
    """Give an application's own configuration, without what Strict Cookies set in it."""
    protection = app.extensions.get("strict_cookies")
    return app.config if protection is None else protection.config_before()


def current_session_name(app: Flask, policy: CookiePolicy) -> str:
    """
    Tell the session cookie's name at the first request.

    Args:
        app: With or without Strict Cookies.
        policy: The application's own, with the transport that counts.
    """
    config = own_config(app)
    if config.get("STRICT_COOKIES_MODE") == "report-only":
        return str(config["SESSION_COOKIE_NAME"])
    return str(harden_session(config, policy)["SESSION_COOKIE_NAME"])


def _run(app: Flask) -> Iterator[Finding]:
    config = app.config
    policy, enforced = None, None
    try:
        policy = replace(find_policy(app), transport=config["STRICT_COOKIES_TRANSPORT"])
        session = {**config, "SESSION_COOKIE_NAME": current_session_name(app, policy)}
        enforced = declare_session(session, policy)
    except StrictCookiesError as error:
        yield explain_error(error)
    yield from _check_headers(app)
    yield from _check_settings(app)
    yield from _check_chain(app)
    yield from _check_secret_key(config)
    yield from _check_hosts(config)
    if policy is None:
        return
    yield from _check_session(app, policy)
    yield from _check_site(app, policy)
    if enforced is not None:
        yield from _check_texts(enforced)
        yield from _check_extensions(app, enforced)


def _check_settings(app: Flask) -> Iterator[Finding]:
    config = app.config
    if config["STRICT_COOKIES_MODE"] == "report-only":
        yield Finding(
            reason=Reason.REPORT_ONLY,
            severity="warning",
            message="STRICT_COOKIES_MODE is 'report-only': undeclared cookies leave and arrive as "
            "before, and are only logged.",
            remedy=Reason.REPORT_ONLY.remedy,
        )
    if config["STRICT_COOKIES_TRANSPORT"] == "plain-http":
        yield Finding(
            reason=Reason.PLAIN_HTTP,
            severity="warning",
            message="STRICT_COOKIES_TRANSPORT is 'plain-http': Secure is not added, so "
            "that whoever sees the network can take over a session.",
            remedy=Reason.PLAIN_HTTP.remedy,
        )
    if config["STRICT_COOKIES_HTTPS"] == "off" and config["STRICT_COOKIES_TRANSPORT"] == "https":
        yield Finding(
            reason=Reason.PROTECTION_OFF,
            severity="warning",
            message="STRICT_COOKIES_HTTPS is 'off': whoever comes over plain http stays there, and "
            "can't stay signed in.",
            remedy="Remove STRICT_COOKIES_HTTPS unless the proxy in front redirects.",
        )
    if config["STRICT_COOKIES_CROSS_ORIGIN"] == "off":
        yield Finding(
            reason=Reason.PROTECTION_OFF,
            severity="warning",
            message="STRICT_COOKIES_CROSS_ORIGIN is 'off': other sites can send forms and open "
            "WebSockets in a visitor's name, as far as SameSite lets them.",
            remedy="Remove it, and name what others may address in STRICT_COOKIES_ORIGIN_EXEMPT or "
            "STRICT_COOKIES_TRUSTED_ORIGINS.",
        )
    if config["STRICT_COOKIES_SESSIONS"] == "flask":
        yield Finding(
            reason=Reason.PROTECTION_OFF,
            severity="warning",
            message="STRICT_COOKIES_SESSIONS is 'flask': a session is readable by whoever has the "
            "cookie, a copy of it works on after a logout, and nobody can end it from elsewhere.",
            remedy="Remove it. STRICT_COOKIES_MOVE_SESSIONS_UNTIL keeps everybody signed in then.",
        )
    if config["STRICT_COOKIES_SESSION_BINDING"] == "off":
        yield Finding(
            reason=Reason.PROTECTION_OFF,
            severity="warning",
            message="STRICT_COOKIES_SESSION_BINDING is 'off': nobody is told where a session moves "
            "to another kind of browser, as a stolen one may.",
            remedy="Remove it; the default, 'log', signs nobody out.",
        )
    if config["STRICT_COOKIES_TRAIL"] == OPT_OUT:
        yield Finding(
            reason=Reason.PROTECTION_OFF,
            severity="warning",
            message=f"STRICT_COOKIES_TRAIL is {OPT_OUT!r}: nothing shows afterwards who signed in, "
            "or when the policy and its settings changed.",
            remedy="Remove it; the trail names nobody, and is in the file of the sessions.",
        )
    elif config["STRICT_COOKIES_TRAIL_KEY"] is None:
        yield Finding(
            reason=Reason.UNSIGNED_TRAIL,
            severity="info",
            message="STRICT_COOKIES_TRAIL_KEY is not set: the head of the audit trail at "
            f"{config['STRICT_COOKIES_URL_PREFIX']}/trail-head is not signed.",
            remedy=Reason.UNSIGNED_TRAIL.remedy,
        )
    with suppress(ConfigurationError):
        until = SessionOptions.from_config(config).move_until
        if until is not None and until < time.time():
            yield Finding(
                reason=Reason.MOVE_IS_OVER,
                severity="info",
                message="STRICT_COOKIES_MOVE_SESSIONS_UNTIL is past: Flask's own sessions are not "
                "taken over any more, but their cookie is still declared.",
                remedy=Reason.MOVE_IS_OVER.remedy,
            )
    if config["STRICT_COOKIES_SWEEP"] == "off":
        yield Finding(
            reason=Reason.SWEEP_OFF,
            severity="info",
            message="STRICT_COOKIES_SWEEP is 'off': trackers' cookies that were set before stay in "
            "the browser until they expire. They are still cut from each request.",
            remedy=Reason.SWEEP_OFF.remedy,
        )


def _check_chain(app: Flask) -> Iterator[Finding]:
    protection = app.extensions["strict_cookies"]
    trusted = app.config["STRICT_COOKIES_TRUSTED_MIDDLEWARE"]
    trusted = trusted if isinstance(trusted, _LISTS) else ()
    proxies = app.config["STRICT_COOKIES_TRUSTED_PROXIES"]
    for reason, problem in inspect_chain(
        app.wsgi_app,
        protection,
        protection.inner,
        trusted,
        own_fix=isinstance(proxies, int) and proxies > 0,
    ):
        yield Finding(reason=reason, severity="error", message=f"{problem}.", remedy=reason.remedy)


def _check_secret_key(config: Mapping[str, Any]) -> Iterator[Finding]:
    key = config["SECRET_KEY"]
    remedy = (
        "Set one of 32 random octets or more, and keep it out of the source code. This prints "
        "one:\n    python -c 'import secrets; print(secrets.token_hex())'"
    )
    if not key:
        yield Finding(
            reason=Reason.WEAK_SECRET_KEY,
            severity="error",
            message="SECRET_KEY is not set: Flask can't sign its session, so nobody can sign in.",
            remedy=remedy,
        )
    keys = [("SECRET_KEY", key)] if key else []
    fallbacks = config.get("SECRET_KEY_FALLBACKS") or ()
    keys += [(f"SECRET_KEY_FALLBACKS[{index}]", old) for index, old in enumerate(fallbacks)]
    for name, value in keys:
        octets = value.encode("utf-8", "replace") if isinstance(value, str) else value
        if not isinstance(octets, bytes):
            yield Finding(
                reason=Reason.WEAK_SECRET_KEY,
                severity="error",
                message=f"{name} is a {type(value).__name__}, no text or bytes.",
                remedy=remedy,
            )
        elif len(octets) < MIN_SECRET_OCTETS:
            yield Finding(
                reason=Reason.WEAK_SECRET_KEY,
                severity="warning",
                message=f"{name} has {len(octets)} octets, fewer than {MIN_SECRET_OCTETS}: whoever "
                "guesses it can sign in as anybody.",
                remedy=remedy,
            )


def _check_hosts(config: Mapping[str, Any]) -> Iterator[Finding]:
    if not config.get("TRUSTED_HOSTS"):
        redirects = config["STRICT_COOKIES_HTTPS"] == "redirect"
        unpinned = redirects and config["STRICT_COOKIES_CANONICAL_HOST"] is None
        yield Finding(
            reason=Reason.NO_PINNED_HOST,
            severity="warning",
            message="TRUSTED_HOSTS is not set: the application believes any Host header, also when "
            "it writes links into mails and redirects."
            + (" Plain http is not redirected to https." if unpinned else ""),
            remedy="Set it to the names that the site is reached by:\n"
            '    TRUSTED_HOSTS = ["erp.example.com"]',
        )
    server = config.get("SERVER_NAME")
    if (
        server
        and config["PREFERRED_URL_SCHEME"] == "http"
        and config["STRICT_COOKIES_TRANSPORT"] == "https"
        and not is_local(request_host({"HTTP_HOST": server}))
    ):
        yield Finding(
            reason=Reason.HTTP_ADDRESS,
            severity="error",
            message=f"SERVER_NAME is {server!r} and PREFERRED_URL_SCHEME is 'http': on plain http "
            "a browser refuses the Secure session cookie, so that signing in ends at the sign-in "
            "page again and again.",
            remedy="Serve HTTPS and say so; behind a proxy that ends TLS set "
            "STRICT_COOKIES_TRUSTED_PROXIES too. To try "
            "it without HTTPS, open http://localhost.\n"
            '    PREFERRED_URL_SCHEME = "https"',
        )


def _check_session(app: Flask, policy: CookiePolicy) -> Iterator[Finding]:
    name = current_session_name(app, policy)
    # In report-only mode the name stays until the mode goes, which is told already.
    if name.startswith("__Host-") or app.config["STRICT_COOKIES_MODE"] == "report-only":
        return
    causes = _missing_prefix(app, policy)
    yield Finding(
        reason=Reason.SESSION_WITHOUT_PREFIX,
        severity="warning",
        message=f"The session cookie is {name!r}. Without __Host- a sibling host or a plain http "
        "page can plant another in its place. Cause:\n"
        + "\n".join(f"- {found}" for found, _ in causes),
        remedy=" ".join(remedy for _, remedy in causes),
    )


def _missing_prefix(app: Flask, policy: CookiePolicy) -> list[tuple[str, str]]:
    """Say what keeps a __Host- prefix from the session cookie, each with what to do."""
    config = app.config
    name = current_session_name(app, policy)
    causes = []
    if FLASK_SESSION_NAME in policy.exact and name == FLASK_SESSION_NAME:
        causes.append(
            (
                f"{policy.source or 'the policy'} declares {FLASK_SESSION_NAME!r}",
                "Remove that entry; the session cookie is declared by the library.",
            )
        )
    elif name not in (FLASK_SESSION_NAME, session_cookie_name(config, policy.transport)):
        causes.append(
            (
                f"SESSION_COOKIE_NAME is {name!r}",
                "Remove SESSION_COOKIE_NAME, or begin it with __Host-Http-.",
            )
        )
    if policy.transport != "https":
        causes.append(
            (
                f"STRICT_COOKIES_TRANSPORT is {policy.transport!r}",
                "Remove STRICT_COOKIES_TRANSPORT.",
            )
        )
    domain, path = config["SESSION_COOKIE_DOMAIN"], config["SESSION_COOKIE_PATH"]
    if domain:
        causes.append(
            (
                f"SESSION_COOKIE_DOMAIN is {domain!r}",
                "Remove SESSION_COOKIE_DOMAIN unless sibling hosts must share the session.",
            )
        )
    root = config["APPLICATION_ROOT"]
    key, value = ("SESSION_COOKIE_PATH", path) if path else ("APPLICATION_ROOT", root)
    if value != "/":
        causes.append(
            (
                f"{key} is {value!r}",
                "Set SESSION_COOKIE_PATH = '/' unless another application on this host must not "
                "receive the session.",
            )
        )
    return causes


def _check_site(app: Flask, policy: CookiePolicy) -> Iterator[Finding]:
    if policy.source is None and app.config["STRICT_COOKIES_POLICY"] is None:
        yield Finding(
            reason=Reason.NO_POLICY_FILE,
            severity="info",
            message=f"There is no cookies.toml in {app.root_path}: Flask's session cookie alone is "
            "declared.",
            remedy=Reason.NO_POLICY_FILE.remedy,
        )
    missing = [
        key for key in ("name", "controller", "contact") if not getattr(policy.site, key).strip()
    ]
    if missing:
        yield Finding(
            reason=Reason.SITE_INCOMPLETE,
            severity="warning",
            message=f"[site] lacks {join_words(missing)}, which visitors must be told.",
            remedy=f"Fill in {join_words(missing)} under [site] in "
            f"{policy.source or 'cookies.toml'}.",
        )


def _check_texts(policy: CookiePolicy) -> Iterator[Finding]:
    entries: tuple[Entry, ...] = (
        *policy.cookies,
        *policy.storage,
        *policy.preferences,
        *policy.recipients,
        *policy.external_origins,
    )
    gaps = [
        f"- {entry.identity}: {', '.join(gap)}"
        for entry in entries
        if (gap := _missing_texts(entry, policy.site.languages))
    ]
    if gaps:
        yield Finding(
            reason=Reason.TEXT_MISSING,
            severity="warning",
            message="\n".join(("Visitors read these texts in another language:", *gaps)),
            remedy='Write them in cookies.toml as description.de = "...", for example; for the '
            "session cookie, in a language that its texts lack, add an entry of its name.",
        )


def _missing_texts(entry: Entry, languages: tuple[str, ...]) -> list[str]:
    texts = ((key, getattr(entry, key)) for key in entry.TEXTS)
    return [
        f"{key}.{language}"
        for key, text in texts
        if text is not None
        for language in languages
        if language not in texts_of(text, languages[0])
    ]


def _check_extensions(app: Flask, policy: CookiePolicy) -> Iterator[Finding]:
    for cookie in used_cookies(app):
        if policy.find(cookie.name) is None:
            code = "\n".join(f"    {line}" for line in cookie.entry.splitlines())
            yield Finding(
                reason=Reason.KNOWN_EXTENSION,
                severity="warning",
                message=f"{cookie.known.set_by} sets {cookie.name!r}, which is not declared and so "
                "does not leave.",
                remedy="If the application uses it, add to cookies.toml the lines below; otherwise "
                f"do nothing.\n{code}",
            )


def _check_headers(app: Flask) -> Iterator[Finding]:
    protection = app.extensions["strict_cookies"]
    try:
        talisman = protection.make_talisman(Settings.from_app(app))
    except ConfigurationError as error:
        yield explain_error(error)
        return
    for problem, remedy in find_weaknesses(talisman.resolve_all()):
        yield Finding(
            reason=Reason.PROTECTION_OFF, severity="warning", message=problem, remedy=remedy
        )
