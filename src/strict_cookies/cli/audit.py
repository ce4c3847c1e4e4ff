"""
The commands ``strict-cookies audit``, for any site, and ``flask cookies audit``, for your own.

The exit code is 0 if nothing was found, 1 if something was found, and 2 if the audit failed.
``strict-cookies audit`` does not need Flask. The packages of the audit are imported when it starts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import AuditError
from .audit_options import audit_options
from .audit_run import AuditedSite, run_audit
from .audited_app import expect_own_headers, find_routes
from .bundle import verify_bundle_command

if TYPE_CHECKING:
    from ..audit.observation import Observation
    from ..policy.policy import CookiePolicy


@click.group()
@click.version_option(package_name="strict-cookies")
def program() -> None:
    """Audit what a site stores in browsers, with a real browser."""


program.add_command(verify_bundle_command)


@program.command("audit")
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option(
    "--against-declaration",
    is_flag=True,
    help="Compare with the declaration that the site publishes.",
)
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Compare with this cookies.toml.",
)
@audit_options
@click.pass_context
def audit_command(
    ctx: click.Context,
    /,
    urls: tuple[str, ...],
    against_declaration: bool,
    policy: Path | None,
    **options: Any,
) -> None:
    """
    Visit a site with a real browser, and report what it stores.

    The exit code is 0 if nothing was found, 1 if something was found, 2 if the audit failed.
    """
    if against_declaration and policy is not None:
        raise click.UsageError("Use --against-declaration or --policy, not both.")

    def find_policy(observation: Observation) -> CookiePolicy | None:
        if against_declaration:
            return read_declared(observation)
        if policy is None:
            return None
        from ..policy.policy import CookiePolicy

        return CookiePolicy.load(policy)

    site = AuditedSite(urls=urls, find_policy=find_policy, find_declaration=against_declaration)
    ctx.exit(run_audit(ctx, site, options))


@click.command("audit")
@click.argument("urls", metavar="[URL]...", nargs=-1)
@audit_options
@click.pass_context
def app_audit_command(ctx: click.Context, /, urls: tuple[str, ...], **options: Any) -> None:
    """
    Visit this site with a real browser, and compare it with the policy.

    The site must be running. URL defaults to https://STRICT_COOKIES_CANONICAL_HOST.
    The exit code is 0 if nothing was found, 1 if something was found, 2 if the audit failed.
    """
    from .app import find_app_state, load_app

    app = load_app(ctx)
    state = find_app_state(app)
    host = app.config["STRICT_COOKIES_CANONICAL_HOST"]
    if not urls and not host:
        raise click.UsageError(
            "Give the URL at which the site runs, or set STRICT_COOKIES_CANONICAL_HOST."
        )
    policy = state.freeze().policy
    site = AuditedSite(
        urls=urls or (f"https://{host}",),
        find_policy=lambda _: policy,
        known_routes=find_routes(app),
        archive=state.archive,
        expected=expect_own_headers(app),
    )
    code = run_audit(ctx, site, options)
    state.trail.record("audit-run", exit_code=code)
    ctx.exit(code)


def read_declared(observation: Observation) -> CookiePolicy:
    """
    Read the declaration that a site publishes.

    Raises:
        AuditError: No declaration was found.
        PolicyError: The declaration is invalid.
    """
    from ..declaration.reading import read_declaration

    if observation.declaration is None:
        raise AuditError(
            "No declaration of the site was found. The audit looks for rel="
            '"cookie-declaration" in Link headers and on pages. '
            "Use --policy, or omit --against-declaration."
        )
    return read_declaration(
        observation.declaration, source=observation.declaration_url or "declaration"
    )
