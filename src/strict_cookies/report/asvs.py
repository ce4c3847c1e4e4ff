"""
Settings held against OWASP ASVS 5.0, chapters V3 (web frontend) and V7 (sessions).

Each requirement is data: what it asks, in our own words, and a function of the configuration as it
is carried out. *Met* is worked out from that and never claimed; *not ours* says whose it is, and
where to look. No requirement is left out, so that nobody takes a gap for a pass.

Source: OWASP Application Security Verification Standard 5.0.0, V3 and V7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from . import asvs_checks as checks
from .asvs_checks import Live, Outcome, State, enforced, everywhere, not_ours, on_server


class Requirement(NamedTuple):
    """
    One requirement.

    Args:
        id: For example ``"3.3.1"``.
        level: From 1 to 3.
        asks: What it asks, in our own words.
        check: How it stands.
    """

    id: str
    level: int
    asks: str
    check: Callable[[Live], Outcome]


class Assessed(NamedTuple):
    """A requirement with its outcome."""

    id: str
    level: int
    asks: str
    state: State
    text: str


def assess(live: Live) -> tuple[Assessed, ...]:
    """Hold a configuration against each requirement, in their order."""
    return tuple(Assessed(one.id, one.level, one.asks, *one.check(live)) for one in REQUIREMENTS)


_DOCS = "Look in the site's security documentation"
_CODE = "Look in the site's templates and scripts"

REQUIREMENTS: tuple[Requirement, ...] = tuple(Requirement(*row) for row in (
    ("3.1.1", 3, "Documentation says which browser features the site's security needs, and what "
     "happens in a browser without them.",
     not_ours("The site's", f"{_DOCS}; docs/security.md tells it for this library.")),
    ("3.2.1", 1, "No response is shown as something that it is not meant to be, such as an upload "
     "as a page.",
     not_ours("The site's", "Look at how uploads and answers of its API are served: attachment, "
               "sandbox.")),
    ("3.2.2", 1, "Text is put into pages as text, never as HTML.", not_ours("The site's",
     f"{_CODE}.")),
    ("3.2.3", 3, "Scripts don't trust names that markup in the page can define.",
     not_ours("The site's", f"{_CODE}.")),
    ("3.3.1", 1, "Cookies are Secure, and their names have a prefix that says so.", checks.secure),
    ("3.3.2", 2, "Each cookie's SameSite is as strict as its purpose allows.", checks.samesite),
    ("3.3.3", 2, "Names begin with __Host-, unless a cookie is meant for sibling hosts.",
     checks.host_prefix),
    ("3.3.4", 2, "Scripts can't read session tokens, which travel in Set-Cookie alone.",
     checks.httponly),
    ("3.3.5", 3, "A cookie's name and value have 4096 octets at most.", checks.size),
    ("3.4.1", 1, "HSTS on each response, for a year or more; from level 2 on with subdomains.",
     enforced(checks.hsts)),
    ("3.4.2", 1, "Other origins read answers only where a fixed list allows them.",
     not_ours("The site's", "Look for Access-Control-Allow-Origin; this library sends none.")),
    ("3.4.3", 2, "A Content-Security-Policy with object-src and base-uri 'none', and scripts by "
     "list, nonce or hash only.", everywhere(checks.csp_problem, "Each response carries the closed "
     "policy, and a nonce of its own where a page needs one.")),
    ("3.4.4", 2, "X-Content-Type-Options: nosniff on each response.",
     everywhere(lambda options: "" if options.nosniff else "x_content_type_options is OPT_OUT.",
                 "Each response carries it.")),
    ("3.4.5", 2, "A referrer policy keeps paths from other sites.",
     everywhere(checks.referrer_problem,
                "Each response carries one that tells no path to others.")),
    ("3.4.6", 2, "frame-ancestors says on each response who may frame it.",
     everywhere(checks.frame_problem, "Each response carries it.")),
    ("3.4.7", 3, "The Content-Security-Policy names where violations are reported to.",
     everywhere(lambda options: "" if options.report_uri and options.csp else
                 "reports are switched off.", "Browsers report to the site itself.")),
    ("3.4.8", 3, "Cross-Origin-Opener-Policy on each document.",
     everywhere(lambda options: "" if options.opener_policy else
                 "cross_origin_opener_policy is OPT_OUT.", "Each response carries it.")),
    ("3.5.1", 1, "What matters is done only where the site's own pages ask for it.", checks.origin),
    ("3.5.2", 1, "No request gets around the browser's preflight.", checks.origin),
    ("3.5.3", 1, "What matters is never done by GET, or only where Sec-Fetch headers prove who "
     "asks.", not_ours("The site's", "Look at its GET views; is_cross_origin() guards one.")),
    ("3.5.4", 2, "Separate applications have host names of their own.",
     not_ours("The operator's", "Look at what else is served from this host, on any port.")),
    ("3.5.5", 2, "Messages between windows count only with a known origin and a valid form.",
     not_ours("The site's", f"{_CODE} for postMessage.")),
    ("3.5.6", 3, "There is no JSONP.", not_ours("The site's", "Look for answers with a callback "
     "parameter.")),
    ("3.5.7", 3, "Scripts hold no data that need a login.", not_ours("The site's", "Look at "
     "scripts that views write.")),
    ("3.5.8", 3, "Pictures, scripts and documents behind a login are loaded only by those meant "
     "to.", everywhere(
         lambda options: "" if options.resource_policy in ("same-origin", "same-site") else
         "cross_origin_resource_policy lets every site in.",
         "Cross-Origin-Resource-Policy on each response.")),
    ("3.6.1", 3, "Scripts and styles from elsewhere are fixed in version and checked by their "
     "hash.", everywhere(checks.foreign_problem, "The policy lets none in from elsewhere.")),
    ("3.7.1", 2, "Only techniques that browsers still support and keep secure.",
     not_ours("The site's", f"{_CODE} for plug-ins.")),
    ("3.7.2", 2, "Automatic redirects to other hosts go to listed ones only.",
     not_ours("The site's", "Look at its redirects; the library's go to the pinned host.")),
    ("3.7.3", 3, "People are told, and can go back, before they leave for a site outside the "
     "operator's control.", not_ours("The site's", "Look at its links to elsewhere.")),
    ("3.7.4", 3, "The site's domain is in browsers' HSTS preload list.", enforced(checks.preload)),
    ("3.7.5", 3, "In a browser without the features it needs the site does what it documents.",
     not_ours("The site's", f"{_DOCS} for old browsers.")),
    ("7.1.1", 2, "Idle and absolute limits are documented, and deviations from NIST SP 800-63B "
     "have a reason.", checks.limits),
    ("7.1.2", 2, "How many sessions a user may have, and what happens at one more, is documented.",
     checks.parallel),
    ("7.1.3", 2, "Lifetimes across single sign-on are documented.",
     not_ours("The site's and its identity provider's", f"{_DOCS}.")),
    ("7.2.1", 1, "Sessions are verified on a server that can be trusted.",
     enforced(checks.back_end)),
    ("7.2.2", 1, "Tokens are made for each session, not fixed keys.",
     on_server("Each session has an identifier of its own, made for it.")),
    ("7.2.3", 1, "Session tokens are unique and hold 128 bits of good randomness or more.",
     on_server("An identifier is 256 bits of the system's generator; the store has its hash.")),
    ("7.2.4", 1, "Each login, and each repeated one, gets a new token and ends the old one.",
     on_server("login() and reauthenticate(), and Flask-Login's login, change the identifier.")),
    ("7.3.1", 2, "A session ends after a time without activity.", checks.idle),
    ("7.3.2", 2, "A session ends after a time in any case.", checks.absolute),
    ("7.4.1", 1, "After its end a session is good for nothing.",
     on_server("It ends in the store; a late request neither uses nor revives it.")),
    ("7.4.2", 1, "Who is locked out or deleted loses all sessions.",
     not_ours("The site's", "Look for a call of sessions.end_user() where accounts end.")),
    ("7.4.3", 2, "After a change of password or factor people can end all other sessions.",
     on_server("The page of sessions has a button for it, and the site sessions.end_others().")),
    ("7.4.4", 2, "Each page behind a login shows how to sign out.",
     not_ours("The site's", "Look at its pages.")),
    ("7.4.5", 2, "Administrators can end the sessions of one user, or all.",
     on_server("'flask cookies sessions end' does it, and sessions.end_user().")),
    ("7.5.1", 2, "Changes of what a login rests on want a full login just before.",
     not_ours("The site's", "Look at its account pages for @requires_fresh_login().")),
    ("7.5.2", 2, "People see their sessions and, freshly signed in, end any of them.",
     on_server("The page of sessions does it.")),
    ("7.5.3", 3, "The most sensitive actions want one more proof.",
     not_ours("The site's", "Look there for @requires_fresh_login() or a second factor.")),
    ("7.6.1", 2, "Sessions of site and identity provider live as long as documented.",
     not_ours("The site's and its identity provider's", f"{_DOCS}.")),
    ("7.6.2", 2, "No session begins without the user's consent or action.",
     not_ours("The site's", "Look at its single sign-on; the library begins none unasked.")),
))  # fmt: skip
