"""
What weakens the security headers, and which requirements of OWASP ASVS 5.0 each weakness fails.

``flask cookies check`` and the auditor's report read this one table. A rule sees the resolved
options, so it does not matter which setting switched a protection off.

Source: OWASP Application Security Verification Standard 5.0.0, V3.4 to V3.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from .._util.text import join_words
from ..http.csp import NONE, RUNNING, WIDE, Directives, find_sources
from ..http.presets import CLOSED_CSP, YEAR
from .merge import HeaderOptions
from .options import TELLING_POLICIES

#: Where ``flask cookies check`` warns: for the application and its scopes, for the application's
#: own options only, or nowhere, since the requirement is stricter than this library's defaults.
Warns = Literal["everywhere", "application", "nowhere"]


class Weakness(NamedTuple):
    """What is weak, and what to do; each in whole sentences."""

    message: str
    remedy: str


class HeaderRule(NamedTuple):
    """
    One rule.

    Args:
        find: Yields the weaknesses of resolved options.
        requirements: Ids of the ASVS requirements that a weakness fails; may be empty.
        warns: Where ``flask cookies check`` warns.
    """

    find: Callable[[HeaderOptions], Iterator[Weakness]]
    requirements: tuple[str, ...] = ()
    warns: Warns = "everywhere"


def find_unmet(options: HeaderOptions, requirement: str) -> Weakness | None:
    """Return the first weakness that fails a requirement of ASVS, such as ``"3.4.1"``."""
    for rule in HEADER_RULES:
        if requirement in rule.requirements:
            for weakness in rule.find(options):
                return weakness
    return None


def _find_hsts(options: HeaderOptions) -> Iterator[Weakness]:
    hsts = options.hsts
    if hsts is None:
        yield Weakness(
            "strict_transport_security is 'off', so an attacker can lead browsers to plain http.",
            "Remove strict_transport_security once the site is served over https.",
        )
    elif hsts.max_age < YEAR:
        name = "strict_transport_security_max_age"
        yield Weakness(
            f"{name} is {hsts.max_age}, less than a year ({YEAR}). After that many seconds an "
            "attacker can lead browsers to plain http.",
            f"Remove {name} once the site is served over https.",
        )


def _find_hsts_subdomains(options: HeaderOptions) -> Iterator[Weakness]:
    if options.hsts is not None and not options.hsts.include_subdomains:
        yield Weakness(
            "strict_transport_security_include_subdomains is False, but level 2 requires HSTS on "
            "subdomains.",
            "Remove it once each subdomain is served over https.",
        )


def _find_opt_out(name: str, attribute: str, effect: str) -> Callable[..., Iterator[Weakness]]:
    """Return a rule for a header that is not sent at all."""

    def find(options: HeaderOptions) -> Iterator[Weakness]:
        if not getattr(options, attribute):
            yield Weakness(f"{name} is 'off', so {effect}.", f"Remove {name}.")

    return find


def _find_revealing_referrer(options: HeaderOptions) -> Iterator[Weakness]:
    if options.referrer_policy in TELLING_POLICIES:
        yield Weakness(
            f"referrer_policy is {options.referrer_policy!r}, so other sites see the full URL of "
            "the page that a visitor came from.",
            "Remove referrer_policy.",
        )


def _find_open_resources(options: HeaderOptions) -> Iterator[Weakness]:
    if options.resource_policy == "cross-origin":
        yield Weakness(
            "cross_origin_resource_policy is 'cross-origin', so any site can load any resource of "
            "this one.",
            "Set it only for the paths that other sites load from, in "
            "STRICT_COOKIES_HEADERS_SCOPES.",
        )


def _find_sent_cookies(options: HeaderOptions) -> Iterator[Weakness]:
    if options.admitted and options.embedder_policy is None:
        yield Weakness(
            "cross_origin_embedder_policy is 'off', so browsers send "
            f"{join_words(list(options.admitted))} the cookies that the declaration says they "
            "withhold.",
            "Remove cross_origin_embedder_policy.",
        )


def _find_open_features(options: HeaderOptions) -> Iterator[Weakness]:
    wide = [name for name, allowed in (options.permissions or {}).items() if allowed == "*"]
    if wide:
        yield Weakness(
            f"permissions_policy has {join_words(wide)} as '*', so any site in a frame may use it.",
            "Name the origins that need it.",
        )


def _find_no_csp(options: HeaderOptions) -> Iterator[Weakness]:
    if options.csp is None:
        reports = "; violations are only reported" if options.csp_report_only else ""
        yield Weakness(
            "content_security_policy is 'off', so nothing keeps third parties and injected "
            f"scripts out{reports}.",
            "Remove it, and allow what a page needs from other hosts; 'flask cookies init' lists "
            "it.",
        )


def _governs_scripts(directive: str, policy: Directives) -> bool:
    return directive.startswith("script-src") or (
        directive == "default-src" and "script-src" not in policy
    )


def _find_wide_sources(options: HeaderOptions, *, scripts: bool) -> Iterator[Weakness]:
    policy = options.csp or {}
    for directive, sources in policy.items():
        wide = [source for source in map(str.lower, sources) if source in WIDE]
        if wide and _governs_scripts(directive, policy) is scripts:
            yield Weakness(
                f"content_security_policy {directive} has {join_words(wide)}, so any third party "
                "is allowed.",
                "Name the origins that the site needs.",
            )


def _find_wide_scripts(options: HeaderOptions) -> Iterator[Weakness]:
    return _find_wide_sources(options, scripts=True)


def _find_wide_others(options: HeaderOptions) -> Iterator[Weakness]:
    return _find_wide_sources(options, scripts=False)


def _find_injectable_scripts(options: HeaderOptions) -> Iterator[Weakness]:
    policy = options.csp or {}
    for directive, sources in policy.items():
        risky = [source for source in map(str.lower, sources) if source in RUNNING]
        if risky and _governs_scripts(directive, policy):
            yield Weakness(
                f"content_security_policy {directive} has {join_words(risky)}, so injected text "
                "can run as a script.",
                'Remove it; give your own inline code a nonce="{{ csp_nonce() }}".',
            )


def _find_unlimited_scripts(options: HeaderOptions) -> Iterator[Weakness]:
    if options.csp is not None and not {"default-src", "script-src"} & options.csp.keys():
        yield Weakness(
            "content_security_policy has neither default-src nor script-src, so scripts load from "
            "anywhere.",
            'Add "default-src": "\'self\'".',
        )


def _find_missing_directive(directive: str, effect: str) -> Callable[..., Iterator[Weakness]]:
    """Return a rule for a directive that has no fallback."""

    def find(options: HeaderOptions) -> Iterator[Weakness]:
        if options.csp is not None and directive not in options.csp:
            yield Weakness(
                f"content_security_policy has no {directive}, so {effect}.",
                f'Add "{directive}": "{CLOSED_CSP[directive]}".',
            )

    return find


def _find_plugins(options: HeaderOptions) -> Iterator[Weakness]:
    if options.csp is not None and find_sources(options.csp, "object-src") != (NONE,):
        yield Weakness(
            "content_security_policy object-src is not 'none', so plug-ins load.",
            'Add "object-src": "\'none\'".',
        )


def _find_open_base(options: HeaderOptions) -> Iterator[Weakness]:
    if options.csp is not None and options.csp.get("base-uri", (NONE,)) != (NONE,):
        yield Weakness(
            "content_security_policy base-uri is not 'none', so a <base> element can redirect "
            "relative URLs.",
            'Set "base-uri": "\'none\'".',
        )


def _find_framing(options: HeaderOptions) -> Iterator[Weakness]:
    if options.csp is not None and not ("frame-ancestors" in options.csp or options.frame_options):
        yield Weakness(
            "frame_options is 'off' and content_security_policy has no frame-ancestors, so any "
            "site can show this one in a frame and steer the visitor's clicks.",
            'Add "frame-ancestors": "\'none\'", or name who may frame the site.',
        )


def _find_only_frame_options(options: HeaderOptions) -> Iterator[Weakness]:
    if options.csp is not None and "frame-ancestors" not in options.csp and options.frame_options:
        yield Weakness(
            "content_security_policy has no frame-ancestors; only X-Frame-Options is sent.",
            'Add "frame-ancestors": "\'none\'", or name who may frame the site.',
        )


def _find_no_reports(options: HeaderOptions) -> Iterator[Weakness]:
    if options.csp is not None and not options.report_uri:
        yield Weakness(
            "content_security_policy_report_uri is 'off', so browsers do not report violations.",
            "Remove content_security_policy_report_uri.",
        )


def _find_foreign_code(options: HeaderOptions) -> Iterator[Weakness]:
    if options.csp is None:
        return
    foreign = [
        source
        for directive in ("script-src", "style-src")
        for source in (find_sources(options.csp, directive) or ("*",))
        if not source.startswith("'")
    ]
    if foreign:
        yield Weakness(
            f"{join_words(list(dict.fromkeys(foreign)))} may serve scripts or styles.",
            "Serve them from this host, or show that each has an integrity attribute.",
        )


#: Each rule; ``flask cookies check`` reports their weaknesses in this order.
HEADER_RULES: tuple[HeaderRule, ...] = (
    HeaderRule(_find_hsts, ("3.4.1",)),
    HeaderRule(_find_hsts_subdomains, ("3.4.1",), warns="nowhere"),
    HeaderRule(
        _find_opt_out(
            "x_content_type_options", "nosniff", "a browser may run an upload as a script"
        ),
        ("3.4.4",),
    ),
    HeaderRule(
        _find_opt_out(
            "referrer_policy", "referrer_policy", "each browser decides what other sites learn"
        ),
        ("3.4.5",),
    ),
    HeaderRule(_find_revealing_referrer, ("3.4.5",)),
    HeaderRule(
        _find_opt_out(
            "permissions_policy",
            "permissions",
            "each frame may ask for the camera and the visitor's location",
        )
    ),
    HeaderRule(_find_open_features),
    HeaderRule(
        _find_opt_out(
            "cross_origin_opener_policy",
            "opener_policy",
            "a site that opens this one in a window can still control that window",
        ),
        ("3.4.8",),
    ),
    HeaderRule(
        _find_opt_out(
            "cross_origin_resource_policy",
            "resource_policy",
            "other sites can load this site's resources",
        ),
        ("3.5.8",),
    ),
    HeaderRule(_find_open_resources, ("3.5.8",), warns="application"),
    HeaderRule(
        _find_opt_out(
            "origin_agent_cluster",
            "origin_agent_cluster",
            "sibling hosts may share a process with this one",
        )
    ),
    HeaderRule(_find_sent_cookies),
    HeaderRule(_find_no_csp, ("3.4.3", "3.4.6", "3.4.7", "3.6.1")),
    HeaderRule(_find_wide_scripts, ("3.4.3",)),
    HeaderRule(_find_wide_others),
    HeaderRule(_find_injectable_scripts, ("3.4.3",)),
    HeaderRule(_find_unlimited_scripts, ("3.4.3",)),
    HeaderRule(_find_framing, ("3.4.6",)),
    HeaderRule(_find_only_frame_options, ("3.4.6",), warns="nowhere"),
    HeaderRule(
        _find_missing_directive("base-uri", "an injected <base> can redirect relative URLs"),
        ("3.4.3",),
    ),
    HeaderRule(_find_open_base, ("3.4.3",), warns="nowhere"),
    HeaderRule(_find_plugins, ("3.4.3",), warns="nowhere"),
    HeaderRule(
        _find_missing_directive(
            "form-action", "an injected form can send what visitors type to another site"
        )
    ),
    HeaderRule(_find_no_reports, ("3.4.7",), warns="nowhere"),
    HeaderRule(_find_foreign_code, ("3.6.1",), warns="nowhere"),
)
