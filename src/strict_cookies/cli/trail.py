"""
``flask cookies trail``: show, verify, stamp, prune and export the audit trail; keys; erase users.

``verify`` exits with 0 if the trail is intact, 1 if it is not, and 2 if it can't be verified. An
export is JSON lines, which anyone can verify: see ``docs/verify.md``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from flask.cli import AppGroup

from .._util.text import format_count, printable
from ..checks.settings import why_unsigned
from ..errors import StrictCookiesError
from ..trail.chain import read_saved_head
from ..trail.head_stamper import HeadStamper
from ..trail.options import TrailOptions
from ..trail.signing import describe_rotation, is_signed, load_signer, make_key
from ..trail.timestamp_authority import read_authorities
from ..trail.timestamps import read_timestamps
from ..trail.verification import verify_trail
from .app import find_app_state, load_app, open_app
from .terminal import failure, write_failure

if TYPE_CHECKING:
    from flask import Flask

    from ..trail.audit_trail import AuditTrail
    from ..trail.chain import SavedHead, TrailEntry
    from ..trail.verification import Verification

T = TypeVar("T")

#: Exit code of ``verify`` if the trail can't be verified.
UNKNOWN = 2
#: Longest detail that ``show`` prints, in characters; keys, hashes and signatures are longer.
MAX_DETAIL = 32
NO_TRAIL = "This site keeps no audit trail: STRICT_COOKIES_TRAIL is 'off'. Remove it."


trail_group = AppGroup("trail", help="Show, verify, prune and export the audit trail.")


@contextmanager
def _open_trail(ctx: click.Context, *, code: int = 1) -> Iterator[AuditTrail]:
    """Yield the trail of the command's application, or raise a ClickException."""
    with open_app(ctx, code=code) as (_, state):
        if not state.trail.kept:
            raise failure(NO_TRAIL)
        yield state.trail


@trail_group.command("show", with_appcontext=False)
@click.option("--last", default=20, show_default=True, help="Number of entries, newest last.")
@click.option("--event", metavar="NAME", help="Only entries with this event.")
@click.option("--counts", is_flag=True, help="Show the daily counters instead.")
@click.pass_context
def show_command(ctx: click.Context, last: int, event: str | None, counts: bool) -> None:
    """Show the newest entries, or how often cookies were blocked."""
    with _open_trail(ctx) as trail:
        if counts:
            _print_counts(trail)
            return
        try:
            entries = [entry for entry in trail.entries() if event is None or entry.event == event]
        except ValueError as error:
            raise failure(
                f"An entry can't be read: {error}. Run 'flask cookies trail verify'."
            ) from None
    for entry in entries[-last:] if last > 0 else entries:
        click.echo(printable(_format_entry(entry)))
    if not entries:
        click.echo("No entries.")


@trail_group.command("verify", with_appcontext=False)
@click.option(
    "--since",
    metavar="HEAD",
    help="A head noted earlier: a file, or NUMBER:HASH.",
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The public key (PEM) that must have signed the head and the checkpoints.",
)
@click.option(
    "--tsa-ca",
    "authorities_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The certificates (PEM) of the authorities that must have signed the timestamps.",
)
@click.option(
    "--timestamps",
    "saved_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Timestamps saved earlier: an export.",
)
@click.pass_context
def verify_command(
    ctx: click.Context,
    since: str | None,
    key_file: Path | None,
    authorities_file: Path | None,
    saved_file: Path | None,
) -> None:
    """
    Verify that no entry of the trail was changed, moved or removed.

    The exit code is 0 if the trail is intact, 1 if it is not, and 2 if it can't be verified.
    """
    public_pem = None if key_file is None else _read(key_file)
    noted = None if since is None else _read_head(since, public_pem)
    authorities = None if authorities_file is None else _parse(authorities_file, read_authorities)
    saved = [] if saved_file is None else _parse(saved_file, read_timestamps)
    with _open_trail(ctx, code=UNKNOWN) as trail:
        verification = verify_trail(
            trail,
            since=noted,
            public_pem=public_pem,
            timestamps=saved,
            authorities=authorities,
        )
    _print_verification(verification, noted)
    ctx.exit(1 if verification.problems else UNKNOWN if verification.unknown else 0)


@trail_group.command("timestamp", with_appcontext=False)
@click.pass_context
def timestamp_command(ctx: click.Context) -> None:
    """Have the head stamped by the authority at STRICT_COOKIES_TRAIL_TIMESTAMPS."""
    with open_app(ctx) as (_, state):
        trail, url = state.trail, state.compiled.settings.trail.timestamps
        if not trail.kept:
            raise failure(NO_TRAIL)
        if url is None:
            raise failure(
                "There is no timestamp authority: STRICT_COOKIES_TRAIL_TIMESTAMPS is not set. Set "
                "it to the URL of one."
            )
        stamp = HeadStamper(trail, url).stamp()
    if stamp is None:
        click.echo("Nothing was recorded since the last timestamp.")
        return
    click.echo(
        f"Entry {stamp.number} was stamped at {stamp.time:%Y-%m-%d %H:%M:%S} UTC.\n"
        "Keep a copy elsewhere: 'flask cookies trail export' contains it."
    )


@trail_group.command("prune", with_appcontext=False)
@click.pass_context
def prune_command(ctx: click.Context) -> None:
    """Remove entries older than STRICT_COOKIES_TRAIL_RETENTION; the rest stays verifiable."""
    with _open_trail(ctx) as trail:
        count = trail.prune()
        days = trail.retention.days
    click.echo(
        f"{format_count(count, 'entry', 'entries', zero='No')} older than {days} days removed."
    )


@trail_group.command("key", with_appcontext=False)
@click.option("--rotate", is_flag=True, help="Replace the current key by a new one.")
@click.pass_context
def key_command(ctx: click.Context, rotate: bool) -> None:
    """Create the key that signs heads, in the file named by STRICT_COOKIES_TRAIL_KEY."""
    path = _key_path(load_app(ctx))
    if not rotate and path.exists() and _record_key(ctx, path):
        click.echo(f"{path} exists already. The trail now records it as this site's key.")
        return
    try:
        public = _rotate_key(ctx, path) if rotate else _create_key(ctx, path)
    except FileExistsError:
        raise failure(
            f"{path} exists and was not changed. Use --rotate to replace the key."
        ) from None
    except OSError as error:
        raise write_failure(path, error) from None
    click.echo(
        f"Wrote {path}, which only this user can read. Keep a copy separate from the store.\n"
        "From now on heads are signed. Note the public key elsewhere, too:\n\n"
        f"{public}",
        nl=False,
    )


@trail_group.command("erase-user", with_appcontext=False)
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.pass_context
def erase_user_command(ctx: click.Context, user: str, yes: bool) -> None:
    """Erase a user from the trail. USER is the id passed to login()."""
    with _open_trail(ctx) as trail:
        if not yes:
            click.confirm(
                f"Erase user '{printable(user)}' from the trail? This can't be undone.", abort=True
            )
        is_erased = trail.erase_user(user)
    if is_erased:
        click.echo("Erased. The entries remain, but can no longer be linked to the user.")
    else:
        click.echo(f"The trail has no user '{printable(user)}'.")


def _format_entry(entry: TrailEntry) -> str:
    details = " ".join(
        f"{name}={str(value)[:MAX_DETAIL]}{'...' if len(str(value)) > MAX_DETAIL else ''}"
        for name, value in sorted(entry.details.items())
    )
    timestamp = f"{entry.timestamp:%Y-%m-%d %H:%M:%S}"
    return f"{entry.number:>6}  {timestamp}  {entry.event:<16}  {details}".rstrip()


def _print_counts(trail: AuditTrail) -> None:
    counts = trail.counts.read()
    if not counts:
        click.echo("No counts.")
    for row in counts:
        click.echo(f"{row.day}  {row.reason}  {row.times:>8}  {printable(row.name)}")


def _print_verification(verification: Verification, noted: SavedHead | None) -> None:
    checked = "verified" if verification.stamped.is_verified else "not verified: use --tsa-ca"
    for stamp in verification.stamped.stamps:
        click.echo(
            f"stamped  entry {stamp.number} at {stamp.time:%Y-%m-%d %H:%M:%S} UTC ({checked})"
        )
    if verification.stamped.is_verified and not verification.stamped.stamps:
        click.echo("stamped  no entry: there is no valid timestamp")
    for problem in verification.problems:
        click.echo(click.style("wrong   ", fg="red", bold=True) + problem)
    if verification.unknown:
        click.echo(click.style("unknown ", fg="yellow", bold=True) + verification.unknown)
    entries = format_count(verification.checked, "entry", "entries", zero="No")
    if verification.problems:
        click.echo(
            f"The trail is not intact. {entries} read, up to number {verification.last.number}."
        )
        return
    now = datetime.now(UTC)
    click.echo(
        f"The trail is intact: {entries} up to number {verification.last.number}, all read at "
        f"{now:%Y-%m-%d %H:%M} UTC."
    )
    if verification.first.number:
        click.echo(
            f"Entries up to number {verification.first.number} were removed, with a checkpoint."
        )
    if noted is not None and not verification.unknown:
        click.echo(f"It still contains the noted head, number {noted.number}.")
    if noted is None:
        click.echo("Without --since, removed entries at its end can't be detected.")
    if not verification.signed:
        click.echo("Heads are not signed, so write access to the store is enough to forge them.")
    click.echo(f"Note its head elsewhere: {verification.last}")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise failure(
            f"{path} can't be read: {problem}. Check the path and its permissions.", code=UNKNOWN
        ) from None


def _parse(path: Path, parse: Callable[[str], T]) -> T:
    try:
        return parse(_read(path))
    except (ValueError, StrictCookiesError) as error:
        raise failure(f"{path}: {error}.", code=UNKNOWN) from None


def _read_head(since: str, public_pem: str | None) -> SavedHead:
    path = Path(since)
    is_file = path.is_file()
    text = _read(path) if is_file else since
    try:
        saved = read_saved_head(text)
    except ValueError as error:
        raise failure(f"--since {since!r}: {error}.", code=UNKNOWN) from None
    if public_pem is not None and is_file and not is_signed(json.loads(text), public_pem):
        raise failure(f"{path} is not signed by the key given by --key.", code=UNKNOWN)
    return saved


def _key_path(app: Flask) -> Path:
    find_app_state(app)
    try:
        options = TrailOptions.from_config(app.config, app.instance_path, check_key=False)
    except StrictCookiesError as error:
        raise failure(f"{error}") from None
    if not options.kept:
        raise failure(NO_TRAIL)
    if options.key is None:
        raise failure(
            f"There is no key: {why_unsigned(app.config)}. Set STRICT_COOKIES_TRAIL_KEY to a path "
            "outside the directories of the store and the program, such as '/etc/shop/trail.pem', "
            "and run this again."
        )
    return options.key


def _create_key(ctx: click.Context, path: Path) -> str:
    signer = make_key(path)
    with _open_trail(ctx) as trail:
        trail.adopt_key(signer)
    return signer.public_pem


def _record_key(ctx: click.Context, path: Path) -> bool:
    """Record an existing key if the trail has none; return whether it was recorded."""
    with _open_trail(ctx) as trail:
        signer = load_signer(path)
        is_known = any(point.get("signature") for point in trail.checkpoints()) or any(
            entry.event in ("key-made", "key-rotated") for entry in trail.entries()
        )
        if not is_known:
            trail.adopt_key(signer)
    return not is_known


def _rotate_key(ctx: click.Context, path: Path) -> str:
    new_path = path.with_name(f"{path.name}.new")
    with _open_trail(ctx) as trail:
        old = load_signer(path)
        # Left by an interrupted rotation.
        new_path.unlink(missing_ok=True)
        new = make_key(new_path)
        if trail.record("key-rotated", **describe_rotation(old, new)) is None:
            new_path.unlink()
            raise StrictCookiesError(
                "The trail can't be written, so the key was not replaced. Run 'flask cookies "
                "check'."
            )
        os.replace(new_path, path)
    return new.public_pem
