"""
What is weak in the options for the security headers: part of ``flask cookies check``.

The options are read as they come together, so that it makes no difference by which of them a
protection was taken away. What a part of the application weakens is told for that part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .._util.text import join_words
from ..headers.merge import HeaderOptions
from ..headers.options import TELLING_POLICIES
from ..http.csp import RUNNING, WIDE, Directives
from ..http.presets import CLOSED_CSP, YEAR


def find_weaknesses(options: Iterable[tuple[str, HeaderOptions]]) -> Iterator[tuple[str, str]]:
    """
    Name each protection that the options take away.

    Args:
        options: What they come to, by where they were set; the application's own first.

    Yields:
        What was found, and what to do; once, for the first place that it holds for.
    """
    told: set[tuple[str, str]] = set()
    for number, (where, resolved) in enumerate(options):
        for problem, remedy in _find(resolved, is_part=number > 0):
            if (problem, remedy) not in told:
                told.add((problem, remedy))
                yield f"{where}: {problem}", remedy


def _find(options: HeaderOptions, *, is_part: bool) -> Iterator[tuple[str, str]]:
    yield from _find_hsts(options)
    for value, name, effect in (
        (options.nosniff, "x_content_type_options", "a browser may run an upload as a script"),
        (options.referrer_policy, "referrer_policy", "each browser decides what others learn"),
        (options.permissions, "permissions_policy", "each frame may ask for camera and place"),
        (options.opener_policy, "cross_origin_opener_policy", "a site that opens this one in a "
         "window keeps a hand on it"),
        (options.resource_policy, "cross_origin_resource_policy", "other sites can load what is "
         "meant for this one"),
        (options.origin_agent_cluster, "origin_agent_cluster", "sibling hosts may share a process "
         "with this one"),
    ):  # fmt: skip
        if not value:
            yield f"{name} is OPT_OUT, so that {effect}.", f"Remove {name}."
    if options.referrer_policy in TELLING_POLICIES:
        yield (
            f"referrer_policy is {options.referrer_policy!r}, so that other sites are told which "
            "page a visitor came from.",
            "Remove referrer_policy.",
        )
    if options.resource_policy == "cross-origin" and not is_part:
        yield (
            "cross_origin_resource_policy is 'cross-origin', so that any site can load anything "
            "from this one.",
            "Set it for the paths that others load from only, in STRICT_COOKIES_HEADERS_SCOPES.",
        )
    if options.admitted and options.embedder_policy is None:
        yield (
            "cross_origin_embedder_policy is OPT_OUT, so that browsers send "
            f"{join_words(list(options.admitted))} the cookies that the declaration says they "
            "keep back.",
            "Remove cross_origin_embedder_policy.",
        )
    wide = [name for name, allowed in (options.permissions or {}).items() if allowed == "*"]
    if wide:
        yield (
            f"permissions_policy has {join_words(wide)} as '*', so that any site in a frame may "
            "use it.",
            "Name the origins that need it.",
        )
    if options.csp is None:
        yield (
            "content_security_policy is OPT_OUT, so that nothing keeps third parties and injected "
            f"scripts out{' but reports' if options.csp_report_only else ''}.",
            "Remove it, and name what a page needs beyond its own host; 'flask cookies init' lists "
            "it.",
        )
    else:
        yield from _find_open(options.csp, bool(options.frame_options))


def _find_hsts(options: HeaderOptions) -> Iterator[tuple[str, str]]:
    hsts = options.hsts
    if hsts is None:
        yield (
            "strict_transport_security is OPT_OUT, so that browsers may be led to plain http.",
            "Remove strict_transport_security once the site is served over https.",
        )
    elif hsts.max_age < YEAR:
        name = "strict_transport_security_max_age"
        yield (
            f"{name} is {hsts.max_age}, so that browsers may be led to plain http after that many "
            "seconds.",
            f"Remove {name} once the site is served over https.",
        )


def _find_open(policy: Directives, frame_options: bool) -> Iterator[tuple[str, str]]:
    for directive, sources in policy.items():
        lowered = [source.lower() for source in sources]
        wide = [source for source in lowered if source in WIDE]
        if wide:
            yield (
                f"content_security_policy {directive} has {join_words(wide)}, so that any third "
                "party is let in.",
                "Name the origins that the site needs.",
            )
        runs = directive.startswith("script-src") or (
            directive == "default-src" and "script-src" not in policy
        )
        risky = [source for source in lowered if runs and source in RUNNING]
        if risky:
            yield (
                f"content_security_policy {directive} has {join_words(risky)}, so that injected "
                "text can run as a script.",
                'Remove it; give your own inline code a nonce="{{ csp_nonce() }}".',
            )
    if not {"default-src", "script-src"} & policy.keys():
        yield (
            "content_security_policy has neither default-src nor script-src, so that scripts load "
            "from anywhere.",
            'Add "default-src": "\'self\'".',
        )
    if "frame-ancestors" not in policy and not frame_options:
        yield (
            "frame_options is OPT_OUT and content_security_policy has no frame-ancestors, so that "
            "any site can show this one in a frame and steer the visitor's clicks.",
            'Add "frame-ancestors": "\'none\'", or name who may frame it.',
        )
    for directive, effect in (
        ("base-uri", "an injected <base> can redirect every relative address"),
        ("form-action", "an injected form can send what visitors type to another site"),
    ):
        if directive not in policy:
            yield (
                f"content_security_policy has no {directive}, so that {effect}.",
                f'Add "{directive}": "{CLOSED_CSP[directive]}".',
            )
