"""
Check an application's configuration for problems and weaknesses: ``flask cookies check``.
from ..flask.state import get_state

The application is only read, so its configuration is not frozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .._util.app_state import EXTENSION
from .._util.text import join_words
from ..errors import ConfigurationError, StrictCookiesError
from ..flask.config import find_policy
from ..flask.middleware_order import inspect_chain
from ..flask.session_cookie import (
    FLASK_SESSION_NAME,
    declare_session,
    harden_session,
    session_cookie_name,
)
from ..flask.settings import Settings
from ..flask.state import get_state
from ..policy.entry import texts_by_language
from ..reasons import Reason
from .extensions import used_cookies
from .finding import Finding, explain_error, sort_findings
from .headers import find_weaknesses
from .settings import check_settings

if TYPE_CHECKING:
    from flask import Flask

    from ..policy.entry import Entry
    from ..policy.policy import CookiePolicy

_LISTS = (tuple, list, set, frozenset)

#: How to add Strict Cookies; four spaces mark code, as in Markdown.
HOW_TO_ADD = """\
Add it where you create the application, after other middleware:
    from strict_cookies import StrictCookies

    app = Flask(__name__)
    strict = StrictCookies(app)"""


def run_checks(app: Flask) -> list[Finding]:
    """
    Return the problems and weaknesses of an application's configuration.

    Args:
        app: Completely set up; it is only read.

    Returns:
        Errors, then warnings, then infos, each by id.
    """
    if EXTENSION not in app.extensions:
        return [
            Finding(
                reason=None,
                severity="error",
                message=f"StrictCookies was not added to the application {app.name!r}, so nothing "
                "is enforced.",
                remedy=HOW_TO_ADD,
            )
        ]
    return sort_findings(_run(app))


def own_config(app: Flask) -> Mapping[str, Any]:
    """Return an application's configuration without the changes by Strict Cookies."""
    state = app.extensions.get(EXTENSION)
    return app.config if state is None else state.config_before()


def current_session_name(app: Flask, policy: CookiePolicy) -> str:
    """
    Return the name that the session cookie has from the first request on.

    Args:
        app: With or without Strict Cookies.
        policy: The application's own policy, with the effective transport.
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
    yield from check_settings(config, app.instance_path)
    yield from _check_chain(app)
    if policy is None:
        return
    yield from _check_session(app, policy)
    yield from _check_site(app, policy)
    if enforced is not None:
        yield from _check_texts(enforced)
        yield from _check_extensions(app, enforced)


def _check_chain(app: Flask) -> Iterator[Finding]:
    state = get_state(app)
    trusted = app.config["STRICT_COOKIES_TRUSTED_MIDDLEWARE"]
    trusted = trusted if isinstance(trusted, _LISTS) else ()
    proxies = app.config["STRICT_COOKIES_TRUSTED_PROXIES"]
    for reason, problem in inspect_chain(
        app.wsgi_app,
        state,
        state.inner,
        trusted,
        own_fix=isinstance(proxies, int) and proxies > 0,
    ):
        yield Finding(reason=reason, severity="error", message=f"{problem}.", remedy=reason.remedy)


def _check_session(app: Flask, policy: CookiePolicy) -> Iterator[Finding]:
    name = current_session_name(app, policy)
    # In report-only mode the name does not change; another finding reports the mode.
    if name.startswith("__Host-") or app.config["STRICT_COOKIES_MODE"] == "report-only":
        return
    causes = _missing_prefix(app, policy)
    yield Finding(
        reason=Reason.SESSION_WITHOUT_PREFIX,
        severity="warning",
        message=f"The session cookie is named {name!r}. Without __Host- a sibling host or an "
        "attacker on plain http can replace it. Cause:\n"
        + "\n".join(f"- {cause}" for cause, _ in causes),
        remedy=" ".join(remedy for _, remedy in causes),
    )


def _missing_prefix(app: Flask, policy: CookiePolicy) -> list[tuple[str, str]]:
    """Return why the session cookie has no __Host- prefix, each with a remedy."""
    config = app.config
    name = current_session_name(app, policy)
    causes = []
    if FLASK_SESSION_NAME in policy.exact and name == FLASK_SESSION_NAME:
        causes.append(
            (
                f"{policy.source or 'the policy'} declares {FLASK_SESSION_NAME!r}",
                "Remove that entry; the library declares the session cookie.",
            )
        )
    elif name not in (FLASK_SESSION_NAME, session_cookie_name(config, policy.transport)):
        causes.append(
            (
                f"SESSION_COOKIE_NAME is {name!r}",
                "Remove SESSION_COOKIE_NAME, or use a name that begins with __Host-Http-.",
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
            message=f"There is no cookies.toml in {app.root_path}, so only Flask's session cookie "
            "is declared.",
            remedy=Reason.NO_POLICY_FILE.remedy,
        )
    missing = [
        key for key in ("name", "controller", "contact") if not getattr(policy.site, key).strip()
    ]
    if missing:
        yield Finding(
            reason=Reason.SITE_INCOMPLETE,
            severity="warning",
            message=f"[site] has no {join_words(missing)}, which visitors need to know.",
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
            message="\n".join(("Visitors see these texts in another language:", *gaps)),
            remedy='Translate them in cookies.toml, for example description.de = "...". For the '
            "session cookie, add an entry with its name.",
        )


def _missing_texts(entry: Entry, languages: tuple[str, ...]) -> list[str]:
    texts = ((key, getattr(entry, key)) for key in entry.TEXTS)
    return [
        f"{key}.{language}"
        for key, text in texts
        if text is not None
        for language in languages
        if language not in texts_by_language(text, languages[0])
    ]


def _check_extensions(app: Flask, policy: CookiePolicy) -> Iterator[Finding]:
    for cookie in used_cookies(app):
        if policy.find(cookie.name) is None:
            code = "\n".join(f"    {line}" for line in cookie.entry.splitlines())
            yield Finding(
                reason=Reason.KNOWN_EXTENSION,
                severity="warning",
                message=f"{cookie.known.set_by} sets {cookie.name!r}, which is not declared and is "
                "therefore dropped.",
                remedy="If the application uses it, add these lines to cookies.toml; otherwise do "
                f"nothing.\n{code}",
            )


def _check_headers(app: Flask) -> Iterator[Finding]:
    try:
        talisman = get_state(app).compile_headers(Settings.from_app(app))
    except ConfigurationError as error:
        yield explain_error(error)
        return
    for problem, remedy in find_weaknesses(talisman.resolve_all()):
        yield Finding(
            reason=Reason.PROTECTION_OFF, severity="warning", message=problem, remedy=remedy
        )
