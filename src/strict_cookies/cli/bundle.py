"""
``strict-cookies verify-bundle``: check the evidence of an audit, offline.

The exit code is 0 where all is as it was written, 1 where something is not, and 2 where the folder
is no bundle that could be checked.
"""

from __future__ import annotations

from pathlib import Path

import click


@click.command("verify-bundle")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--manifest-hash",
    metavar="HASH",
    help="The hash that was printed when the bundle was written: without it, a bundle that was "
    "written anew passes.",
)
@click.pass_context
def verify_bundle_command(ctx: click.Context, directory: Path, manifest_hash: str | None) -> None:
    """
    Check that nothing in a bundle was changed, removed, added or put in another order.

    Nothing is asked of any other machine. 'sha256sum -c SHA256SUMS' in the folder does the same
    but for what was added.
    """
    from ..audit.browser.values import SENSITIVE
    from ..audit.bundle import holds_values, read_manifest_hash, verify_bundle
    from ..errors import BundleError

    try:
        differences = verify_bundle(directory, manifest_hash=manifest_hash)
        found_hash = read_manifest_hash(directory)
        is_sensitive = holds_values(directory)
    except BundleError as error:
        click.echo(f"Error: {error}", err=True)
        ctx.exit(2)
    if is_sensitive:
        click.secho(f"Sensitive: {SENSITIVE}.", fg="red", bold=True)
    for difference in differences:
        head = click.style(difference.kind.ljust(9), fg="red", bold=True)
        click.echo(f"{head} {difference.name}: {difference.detail}")
    if differences:
        count = len(differences)
        click.echo(f"The bundle is not as it was written: {count} difference{'s' * (count > 1)}.")
        ctx.exit(1)
    click.echo(f"The bundle is whole. Manifest: {found_hash}")
    if manifest_hash is None:
        click.echo(
            "That it is the one that was written, only the hash that was noted then can show: "
            "--manifest-hash."
        )
