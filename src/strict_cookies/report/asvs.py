"""
Assess the configuration against OWASP ASVS 5.0, chapters V3 (web frontend) and V7 (sessions).

Each requirement is a row: its id, level and text (in our own words), and a check of the effective
configuration and of what was seen. *Met* is always computed. A requirement that depends on sign-ins
is *not seen* until one is recorded; one that no setting can meet is *out of scope* and names who is
responsible. No requirement is left out, so that a gap is not mistaken for a pass.

Source: OWASP Application Security Verification Standard 5.0.0, V3 and V7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import asvs_checks as checks
from .asvs_checks import (
    EffectiveConfig,
    Outcome,
    State,
    check_headers,
    met_after_login,
    met_on_server,
    out_of_scope,
)


class Requirement(NamedTuple):
    """
    One requirement.

    Args:
        id: For example ``"3.3.1"``.
        level: From 1 to 3.
        text: What it requires, in our own words.
        check: Assesses a configuration.
    """

    id: str
    level: int
    text: str
    check: Callable[[EffectiveConfig], Outcome]


class Assessment(NamedTuple):
    """A requirement, its outcome, and on what that rests."""

    id: str
    level: int
    requirement: str
    state: State
    text: str
    rests_on: str


def assess(config: EffectiveConfig) -> tuple[Assessment, ...]:
    """Assess a configuration against each requirement, in their order."""
    return tuple(
        Assessment(row.id, row.level, row.text, *row.check(config), rests_on(row.id))
        for row in REQUIREMENTS
    )


def rests_on(requirement: str) -> str:
    """Return on what the outcome of a requirement rests, by its id."""
    if requirement in AFTER_LOGIN:
        return "the settings, the order of middleware, and recorded sign-ins"
    if requirement in checks.OBSERVED:
        return "the settings, the order of middleware, and the headers of responses"
    return "the settings, and the order of middleware"


def _site(advice: str) -> Callable[[EffectiveConfig], Outcome]:
    return out_of_scope("the site", advice)


def _site_and_provider(advice: str) -> Callable[[EffectiveConfig], Outcome]:
    return out_of_scope("the site and its identity provider", advice)


#: Requirements that only hold for users who sign in by ``login()`` or Flask-Login.
AFTER_LOGIN = frozenset({"7.1.2", "7.2.4", "7.4.1", "7.4.3", "7.4.5", "7.5.2"})

_DOCS = "Look in the site's security documentation"
_CODE = "Look in the site's templates and scripts"

REQUIREMENTS: tuple[Requirement, ...] = tuple(Requirement(*row) for row in (
    ("3.1.1", 3, "The documentation lists the browser security features that the site needs, and "
     "what happens in a browser without them.",
     _site(f"{_DOCS}; docs/security.md does it for this library.")),
    ("3.2.1", 1, "No response is rendered in the wrong context, such as an upload as a page.",
     _site("Look at how uploads and API responses are served: attachment, sandbox.")),
    ("3.2.2", 1, "Text is inserted into pages as text, not as HTML.", _site(f"{_CODE}.")),
    ("3.2.3", 3, "Scripts are safe from DOM clobbering.", _site(f"{_CODE}.")),
    ("3.3.1", 1, "Cookies are Secure, and their names have the prefix __Secure- or __Host-.",
     checks.check_secure),
    ("3.3.2", 2, "SameSite of each cookie is as strict as its purpose allows.",
     checks.check_samesite),
    ("3.3.3", 2, "Names begin with __Host-, unless the cookie is shared with other hosts.",
     checks.check_host_prefix),
    ("3.3.4", 2, "Scripts can't read session tokens, and only Set-Cookie transfers them.",
     checks.check_httponly),
    ("3.3.5", 3, "Name and value of a cookie have at most 4096 bytes.", checks.check_size),
    ("3.4.1", 1, "HSTS is sent with each response, for at least one year; from level 2 on with "
     "subdomains.", checks.check_hsts),
    ("3.4.2", 1, "Access-Control-Allow-Origin is a fixed value or checked against a list.",
     _site("Look for Access-Control-Allow-Origin; this library does not send it.")),
    ("3.4.3", 2, "A Content-Security-Policy is sent with object-src and base-uri 'none', and "
     "scripts are allowed by list, nonce or hash only.",
     check_headers("3.4.3", "Each response carries a closed policy, with a fresh nonce if the page "
                   "uses one.")),
    ("3.4.4", 2, "X-Content-Type-Options: nosniff is sent with each response.",
     check_headers("3.4.4", "Each response carries it.")),
    ("3.4.5", 2, "A referrer policy hides paths from other sites.",
     check_headers("3.4.5", "Each response carries one that sends no path to other sites.")),
    ("3.4.6", 2, "Each response has frame-ancestors.",
     check_headers("3.4.6", "Each response carries it.")),
    ("3.4.7", 3, "The Content-Security-Policy names a place to report violations to.",
     check_headers("3.4.7", "Browsers report violations to the site itself.")),
    ("3.4.8", 3, "Each document has Cross-Origin-Opener-Policy.",
     check_headers("3.4.8", "Each response carries it.")),
    ("3.5.1", 1, "Cross-origin requests are rejected by sensitive functions (CSRF).",
     checks.check_origin),
    ("3.5.2", 1, "A request can't call sensitive functions without the CORS preflight.",
     checks.check_origin),
    ("3.5.3", 1, "Sensitive functions use no safe method such as GET, or check Sec-Fetch headers.",
     _site("Look at its GET views; is_cross_origin() protects one.")),
    ("3.5.4", 2, "Separate applications have separate host names.",
     out_of_scope("the operator", "Look at what else this host serves, on any port.")),
    ("3.5.5", 2, "Messages between windows are ignored if their origin or syntax is wrong.",
     _site(f"{_CODE} for postMessage.")),
    ("3.5.6", 3, "JSONP is not used.", _site("Look for responses with a callback parameter.")),
    ("3.5.7", 3, "Script files contain no data that require authorization.",
     _site("Look at scripts that views generate.")),
    ("3.5.8", 3, "Authenticated resources, such as images and scripts, are loaded only by "
     "the sites that are meant to load them.",
     check_headers("3.5.8", "Each response carries Cross-Origin-Resource-Policy.")),
    ("3.6.1", 3, "External scripts and styles are versioned and have an integrity attribute.",
     check_headers("3.6.1", "The policy allows no external scripts or styles.")),
    ("3.7.1", 2, "Only supported and secure client-side technologies are used.",
     _site(f"{_CODE} for plug-ins.")),
    ("3.7.2", 2, "Automatic redirects to other hosts are restricted to an allowlist.",
     _site("Look at its redirects; this library redirects only to the trusted host.")),
    ("3.7.3", 3, "Users are warned, and can cancel, before they are sent to a site that the "
     "operator does not control.", _site("Look at its external links.")),
    ("3.7.4", 3, "The domain is in the HSTS preload list.", checks.check_preload),
    ("3.7.5", 3, "In a browser without the required features, the site behaves as documented.",
     _site(f"{_DOCS} for old browsers.")),
    ("7.1.1", 2, "Idle and absolute limits are documented, and deviations from NIST SP 800-63B "
     "are justified.", checks.check_limits),
    ("7.1.2", 2, "The number of concurrent sessions per user, and what happens at the limit, is "
     "documented.", checks.check_parallel_sessions),
    ("7.1.3", 2, "Lifetimes across single sign-on are documented.",
     _site_and_provider(f"{_DOCS}.")),
    ("7.2.1", 1, "Sessions are verified on a trusted server.", checks.check_server_verification),
    ("7.2.2", 1, "Session tokens are generated dynamically; static keys are not used.",
     met_on_server("An identifier is generated for each session.")),
    ("7.2.3", 1, "Session tokens are unique and have at least 128 bits of entropy.",
     met_on_server("An identifier has 256 random bits; the store keeps only its hash.")),
    ("7.2.4", 1, "Each login and reauthentication issues a new token and ends the old one.",
     met_after_login("login(), reauthenticate() and Flask-Login's login issue a new identifier.")),
    ("7.3.1", 2, "A session ends after a period of inactivity.", checks.check_idle_limit),
    ("7.3.2", 2, "A session has an absolute maximum lifetime.", checks.check_absolute_limit),
    ("7.4.1", 1, "A session that has ended can't be used any more.",
     met_after_login("It ends in the store; a late request neither uses nor restores it.")),
    ("7.4.2", 1, "All sessions of a user end when the account is disabled or deleted.",
     _site("Look for a call of sessions.end_user() in the code that disables accounts.")),
    ("7.4.3", 2, "After a change of password or factor, users can end all other sessions.",
     met_after_login("The page of sessions has a button; a view can call sessions.end_others().")),
    ("7.4.4", 2, "Each page that requires a login shows how to log out.",
     _site("Look at its pages.")),
    ("7.4.5", 2, "Administrators can end the sessions of one user or of all users.",
     met_after_login("'flask cookies sessions end' and sessions.end_user() do it.")),
    ("7.5.1", 2, "Changes to authentication data require a recent login.",
     _site("Look at its account pages for @requires_fresh_login().")),
    ("7.5.2", 2, "After a recent login, users can view their sessions and end any of them.",
     met_after_login("The page of sessions does it.")),
    ("7.5.3", 3, "The most sensitive actions require another factor or check.",
     _site("Look there for @requires_fresh_login() or a second factor.")),
    ("7.6.1", 2, "Sessions of the site and of the identity provider live as long as documented.",
     _site_and_provider(f"{_DOCS}.")),
    ("7.6.2", 2, "No session begins without the user's consent or action.",
     _site("Look at its single sign-on; this library begins no session by itself.")),
))  # fmt: skip
