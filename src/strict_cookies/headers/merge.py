"""
Options of several places laid over each other, and checked as a whole; pure.

A later layer wins, option by option; within ``content_security_policy`` directive by directive and
within ``permissions_policy`` name by name. What comes out has no contradictions left.

Source: RFC 6797 and hstspreload.org for HSTS; CSP Level 3 section 6.4.2 for what frame-ancestors
makes of X-Frame-Options.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ..errors import ConfigurationError
from ..http.csp import (
    NONE,
    SELF,
    Directives,
    add_sources,
    check_combination,
    replace_directives,
    validate_directives,
)
from ..http.presets import DEFAULT, OPT_OUT, PROFILES, YEAR
from .options import HOST_WIDE, Layer

#: Directives that get a nonce where the policy has them and nothing in them would make it dead.
_NONCED = ("script-src", "style-src")
#: What the browser fetches without CORS, so that COEP can keep cookies from it.
_WITHOUT_CORS = ("script-src", "script-src-elem", "style-src", "style-src-elem", "img-src",
                 "font-src")  # fmt: skip


class HeaderOptions(NamedTuple):
    """
    What the headers of one kind of response say; None for a header that is not sent.

    Args:
        csp: The enforced policy.
        csp_report_only: A second policy that is only reported.
        nonce_in: Directives of either that get a nonce.
        report_uri: Where browsers report to, a path on this site.
        hsts: The value of Strict-Transport-Security.
        permissions: Allowlists by feature.
        admitted: Origins of the policy from which pages load without CORS.
    """

    csp: Directives | None
    csp_report_only: Directives | None
    nonce_in: tuple[str, ...]
    report_uri: str | None
    frame_options: str | None
    hsts: Hsts | None
    referrer_policy: str | None
    permissions: Mapping[str, str] | None
    nosniff: bool
    opener_policy: str | None
    resource_policy: str | None
    embedder_policy: str | None
    origin_agent_cluster: bool
    admitted: tuple[str, ...]


class Hsts(NamedTuple):
    """Strict-Transport-Security: for how many seconds, and for whom."""

    max_age: int
    include_subdomains: bool
    preload: bool


def resolve(
    layers: Iterable[Layer],
    *,
    extra_sources: Directives | None = None,
    reports: str | None = None,
) -> HeaderOptions:
    """
    Lay checked layers over the default profile and check what comes out.

    Args:
        layers: The application's own first, the most specific last.
        extra_sources: Origins that the policy declares, by directive. They are added to the
            application's policy, so that a more specific layer can still close a directive.
        reports: Where browsers report to unless a layer says otherwise.

    Raises:
        ConfigurationError: Layers contradict each other, or an option is dead.
    """
    extra = extra_sources or {}
    found = _Found()
    found.take_profile(DEFAULT.options)
    where = "STRICT_COOKIES_HEADERS"
    for number, (where, options) in enumerate(layers):
        if "profile" in options:
            found.take_profile(PROFILES[options["profile"]].options, host_wide=number == 0)
        found.take(options, where)
        if number == 0 and found.csp is not None:
            found.csp = add_sources(found.csp, extra)
    return _finish(found, extra, reports, where)


class _Found:
    """What the layers so far come to."""

    def __init__(self) -> None:
        self.plain: dict[str, Any] = {}
        self.csp: Directives | None = None
        self.permissions: Mapping[str, str] | None = None
        #: The last profile's, to begin with again where a layer between had switched it off.
        self._csp: Directives = {}
        self._permissions: Mapping[str, str] = {}

    def take_profile(self, options: Mapping[str, Any], *, host_wide: bool = True) -> None:
        """Take over what a profile has; its policies replace those before."""
        self.plain |= {
            name: value for name, value in options.items() if host_wide or name not in HOST_WIDE
        }
        if "content_security_policy" in options:
            self.csp = self._csp = validate_directives(
                options["content_security_policy"], "profile"
            )
        if "permissions_policy" in options:
            self.permissions = self._permissions = options["permissions_policy"]

    def take(self, options: Mapping[str, Any], where: str) -> None:
        """Lay a layer's own options over what was found."""
        self.plain |= options
        if "content_security_policy" in options:
            given = options["content_security_policy"]
            base = self._csp if self.csp is None else self.csp
            self.csp = (
                None
                if given == OPT_OUT
                else replace_directives(base, validate_directives(given, ""))
            )
        if "content_security_policy_add" in options:
            if self.csp is None:
                raise ConfigurationError(
                    f"{where}: content_security_policy_add adds to nothing, because "
                    "content_security_policy is 'off'. Remove either."
                )
            added = validate_directives(options["content_security_policy_add"], "")
            self.csp = add_sources(self.csp, added)
        if "permissions_policy" in options:
            own = options["permissions_policy"]
            below = self._permissions if self.permissions is None else self.permissions
            laid = {} if own == OPT_OUT else {**below, **own}
            self.permissions = {
                name: allowed for name, allowed in laid.items() if allowed != OPT_OUT
            } or None


def _finish(found: _Found, extra: Directives, reports: str | None, where: str) -> HeaderOptions:
    """Check what the layers come to as a whole."""
    plain = found.plain
    csp = found.csp or None
    tried = plain.get("content_security_policy_report_only", OPT_OUT)
    csp_report_only = None if tried == OPT_OUT else validate_directives(tried, "")
    nonce_in = _find_nonce_in(plain, (csp, csp_report_only), where)
    for policy, name in (
        (csp, "content_security_policy"),
        (csp_report_only, "content_security_policy_report_only"),
    ):
        check_combination(policy or {}, nonce_in, f"{where}: {name}")
    report_uri = plain.get("content_security_policy_report_uri", reports)
    if csp is None and csp_report_only is None:
        if "content_security_policy_report_uri" in plain and report_uri != OPT_OUT:
            raise ConfigurationError(
                f"{where}: content_security_policy_report_uri has no policy to report on. "
                "Remove it."
            )
        report_uri = None
    admitted = tuple(sorted({origin for name in _WITHOUT_CORS for origin in extra.get(name, ())}))
    return HeaderOptions(
        csp=csp,
        csp_report_only=csp_report_only,
        nonce_in=nonce_in,
        report_uri=_or_none(report_uri),
        frame_options=_find_frame_options(plain, csp or {}, where),
        hsts=_find_hsts(plain, where),
        referrer_policy=_or_none(plain["referrer_policy"]),
        permissions=found.permissions,
        nosniff=plain.get("x_content_type_options") != OPT_OUT,
        opener_policy=_or_none(plain["cross_origin_opener_policy"]),
        resource_policy=_or_none(plain["cross_origin_resource_policy"]),
        embedder_policy=_find_embedder_policy(plain, admitted, where),
        origin_agent_cluster=plain.get("origin_agent_cluster") != OPT_OUT,
        admitted=admitted,
    )


def _or_none(value: str | None) -> str | None:
    return None if value == OPT_OUT else value


def _find_nonce_in(
    plain: Mapping[str, Any], policies: tuple[Directives | None, ...], where: str
) -> tuple[str, ...]:
    """Find the directives that get a nonce: those that were named, or those that take one."""
    named = plain.get("content_security_policy_nonce_in")
    found = []
    for directive in _NONCED if named is None else named:
        stands = [policy[directive] for policy in policies if policy and directive in policy]
        lowered = {source.lower() for sources in stands for source in sources}
        if named is None and "'unsafe-inline'" in lowered:
            continue
        if stands and NONE not in lowered:
            found.append(directive)
        elif named is not None:
            raise ConfigurationError(
                f"{where}: content_security_policy_nonce_in has {directive!r}, which "
                f"content_security_policy {'closes' if stands else 'has not'}. Name its sources "
                "there, or take it out here."
            )
    return tuple(dict.fromkeys(found))


def _find_frame_options(plain: Mapping[str, Any], csp: Directives, where: str) -> str | None:
    """Return the equivalent of frame-ancestors for old browsers; DENY if there is none."""
    own = plain.get("frame_options")
    ancestors = csp.get("frame-ancestors")
    said = tuple(source.lower() for source in ancestors or (NONE,))
    same = "DENY" if said == (NONE,) else "SAMEORIGIN" if said == (SELF,) else None
    if own is None or own == OPT_OUT:
        return None if own == OPT_OUT else same
    if ancestors is not None and own != same:
        raise ConfigurationError(
            f"{where}: frame_options is {own!r}, but content_security_policy frame-ancestors is "
            f"{' '.join(ancestors)!r}, and browsers follow that. Remove frame_options; it is "
            "worked out from frame-ancestors."
        )
    return str(own)


def _find_hsts(plain: Mapping[str, Any], where: str) -> Hsts | None:
    found = Hsts(
        max_age=plain["strict_transport_security_max_age"],
        include_subdomains=plain["strict_transport_security_include_subdomains"],
        preload=plain["strict_transport_security_preload"],
    )
    if plain.get("strict_transport_security") == OPT_OUT:
        return None
    if found.preload and not (found.include_subdomains and found.max_age >= YEAR):
        raise ConfigurationError(
            f"{where}: strict_transport_security_preload needs "
            "strict_transport_security_include_subdomains, and a "
            f"strict_transport_security_max_age of {YEAR} or more (hstspreload.org)."
        )
    return found


def _find_embedder_policy(
    plain: Mapping[str, Any], origins: tuple[str, ...], where: str
) -> str | None:
    """
    Keep cookies from admitted third parties where a browser can.

    Source: HTML Living Standard, section "Cross-origin embedder policies"; measured: with
    require-corp a third party's cookies move before the response is refused.
    """
    own = plain.get("cross_origin_embedder_policy")
    if own is None:
        return "credentialless" if origins else None
    if own == "require-corp" and origins:
        raise ConfigurationError(
            f"{where}: cross_origin_embedder_policy is 'require-corp', which lets cookies move to "
            f"{', '.join(origins)} before it refuses anything. Remove it; 'credentialless' is sent "
            "where the policy has such origins."
        )
    return _or_none(own)
