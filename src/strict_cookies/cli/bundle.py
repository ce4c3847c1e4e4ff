"""
``strict-cookies verify-bundle``: verify the evidence of an audit, offline.

The exit code is 0 for an intact bundle, 1 for differences, and 2 if the directory is not a bundle.
"""

from __future__ import annotations

from pathlib import Path

import click

from .._util.text import format_count


@click.command("verify-bundle")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option(
    "--manifest-hash",
    metavar="HASH",
    help="The hash that was printed when the bundle was written. Without it, a bundle that was "
    "replaced as a whole passes.",
)
@click.pass_context
def verify_bundle_command(ctx: click.Context, directory: Path, manifest_hash: str | None) -> None:
    """
    Verify that no file of a bundle was changed, removed, added or swapped.

    Works offline. 'sha256sum -c SHA256SUMS' in the directory verifies the same, except for added
    files.
    """
    from ..audit.browser.values import SENSITIVE
    from ..audit.bundle import holds_values, read_manifest_hash, verify_bundle
    from ..errors import BundleError

    try:
        differences = verify_bundle(directory, manifest_hash=manifest_hash)
        current_hash = read_manifest_hash(directory)
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
        count = format_count(len(differences), "difference")
        click.echo(f"The bundle is not intact: {count}.")
        ctx.exit(1)
    click.echo(f"The bundle is intact. Manifest: {current_hash}")
    if manifest_hash is None:
        click.echo(
            "To prove that the bundle is the original one, pass the hash that you noted when it "
            "was written: --manifest-hash HASH."
        )
