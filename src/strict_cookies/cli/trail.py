"""
``flask cookies trail``: show, verify, prune and export the audit trail; keys, and erased users.

``verify`` exits with 0 where the trail is whole, 1 where something is wrong with it, and 2 where
that could not be told. An export is JSON lines that a stranger can verify: see ``docs/verify.md``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup

from .._util.text import printable
from ..errors import StrictCookiesError
from .app import find_protection, load_app, protection_of
from .terminal import failure, say_count

if TYPE_CHECKING:
    from flask import Flask

    from ..trail.audit_trail import AuditTrail
    from ..trail.chain import Point, TrailEntry
    from ..trail.verification import Verification

#: Exit code of ``verify`` where nothing could be told.
UNKNOWN = 2
#: Characters of a detail that ``show`` prints; keys, hashes and signatures are longer.
DIGITS = 32
_NO_TRAIL = "This site keeps no trail: STRICT_COOKIES_TRAIL is 'OPT_OUT'. Remove it to keep one."


trail_group = AppGroup("trail", help="Show, verify, prune and export the audit trail.")


@contextmanager
def _trail_of(ctx: click.Context, *, code: int = 1) -> Iterator[AuditTrail]:
    """Give the trail, and say in words what stops it."""
    with protection_of(ctx, code=code) as (_, protection):
        if not protection.trail.kept:
            raise failure(_NO_TRAIL)
        yield protection.trail


@trail_group.command("show", with_appcontext=False)
@click.option("--last", default=20, show_default=True, help="How many entries, newest last.")
@click.option("--event", metavar="NAME", help="Only entries of this event.")
@click.option("--counts", is_flag=True, help="Show the daily counters instead.")
@click.pass_context
def show_command(ctx: click.Context, last: int, event: str | None, counts: bool) -> None:
    """Show what happened, or how often cookies were held back."""
    with _trail_of(ctx) as trail:
        if counts:
            _print_counts(trail)
            return
        try:
            entries = [entry for entry in trail.entries() if event is None or entry.event == event]
        except ValueError as error:
            raise failure(f"An entry can't be read: {error}. Run 'verify'.") from None
    for entry in entries[-last:] if last > 0 else entries:
        click.echo(printable(_say_entry(entry)))
    if not entries:
        click.echo("Nothing is recorded yet.")


@trail_group.command("verify", with_appcontext=False)
@click.option(
    "--since",
    metavar="HEAD",
    help="A head that was noted before: a file, or its NUMBER:HASH.",
)
@click.option(
    "--key",
    "key_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The public key (PEM) that must have signed the head and the checkpoints.",
)
@click.pass_context
def verify_command(ctx: click.Context, since: str | None, key_file: Path | None) -> None:
    """
    Verify that nothing in the trail was changed, moved or cut off.

    The exit code is 0 where it is whole, 1 where it is not, and 2 where that can't be told.
    """
    from ..trail.verification import verify_trail

    public_pem = None if key_file is None else _read(key_file)
    noted = None if since is None else _read_head(since, public_pem)
    with _trail_of(ctx, code=UNKNOWN) as trail:
        found = verify_trail(trail, since=noted, public_pem=public_pem)
    _print_verification(found, noted)
    ctx.exit(1 if found.problems else UNKNOWN if found.unknown else 0)


@trail_group.command("prune", with_appcontext=False)
@click.pass_context
def prune_command(ctx: click.Context) -> None:
    """Remove what is older than STRICT_COOKIES_TRAIL_RETENTION; the chain stays verifiable."""
    with _trail_of(ctx) as trail:
        count = trail.prune()
        days = trail.retention.days
    click.echo(f"{say_count(count, 'entry', 'entries')} older than {days} days removed.")


@trail_group.command("export", with_appcontext=False)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write; by default to the terminal.",
)
@click.pass_context
def export_command(ctx: click.Context, output: Path | None) -> None:
    """Write checkpoints, entries and the head as JSON lines, for others to verify."""
    try:
        with _trail_of(ctx) as trail, click.open_file(str(output or "-"), "wb") as file:
            for line in _export(trail):
                file.write(line + b"\n")
    except OSError as error:
        raise failure(f"{output} can't be written: {error.strerror}. Mend its folder.") from None


@trail_group.command("key", with_appcontext=False)
@click.option("--rotate", is_flag=True, help="Hand over from the present key to a new one.")
@click.pass_context
def key_command(ctx: click.Context, rotate: bool) -> None:
    """Make the key that signs heads, in the file that STRICT_COOKIES_TRAIL_KEY names."""
    path = _key_path(load_app(ctx))
    if not rotate and path.exists() and _note_key(ctx, path):
        click.echo(f"{path} was there already; the trail says now that it is this site's key.")
        return
    try:
        public = _rotate(ctx, path) if rotate else _make(ctx, path)
    except FileExistsError:
        raise failure(
            f"{path} is there already and was left alone. Use --rotate for another key."
        ) from None
    except OSError as error:
        raise failure(f"{path} can't be written: {error.strerror}. Mend its folder.") from None
    click.echo(
        f"Wrote {path}, which only this user can read. Keep a copy where the store is not.\n"
        "Heads are signed from now on. Note the public key somewhere else, too:\n\n"
        f"{public}",
        nl=False,
    )


@trail_group.command("erase-user", with_appcontext=False)
@click.argument("user")
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.pass_context
def erase_user_command(ctx: click.Context, user: str, yes: bool) -> None:
    """Delete what links a user to the trail. USER is the id as it was given to login()."""
    with _trail_of(ctx) as trail:
        if not yes:
            click.confirm(
                f"Delete for good what links user '{printable(user)}' to the trail?", abort=True
            )
        found = trail.erase_user(user)
    if found:
        click.echo("Done. The entries stay, and nobody can tell any more whose they were.")
    else:
        click.echo(f"The trail does not know user '{printable(user)}'.")


def _unknown(message: str) -> click.ClickException:
    """Make an exception of what leaves it open whether the trail is whole."""
    error = failure(message)
    error.exit_code = UNKNOWN  # type: ignore[misc]
    return error


def _say_entry(entry: TrailEntry) -> str:
    details = " ".join(
        f"{name}={str(value)[:DIGITS]}{'...' if len(str(value)) > DIGITS else ''}"
        for name, value in sorted(entry.details.items())
    )
    moment = f"{entry.moment:%Y-%m-%d %H:%M:%S}"
    return f"{entry.number:>6}  {moment}  {entry.event:<16}  {details}".rstrip()


def _print_counts(trail: AuditTrail) -> None:
    counts = trail.counts.read()
    if not counts:
        click.echo("Nothing was counted yet.")
    for row in counts:
        click.echo(f"{row.day}  {row.reason}  {row.times:>8}  {printable(row.name)}")


def _print_verification(found: Verification, noted: Point | None) -> None:
    for problem in found.problems:
        click.echo(click.style("wrong   ", fg="red", bold=True) + problem)
    if found.unknown:
        click.echo(click.style("unknown ", fg="yellow", bold=True) + found.unknown)
    entries = say_count(found.checked, "entry", "entries")
    if found.problems:
        click.echo(f"The trail is not whole. {entries} read, up to number {found.last.number}.")
        return
    now = datetime.now(UTC)
    click.echo(
        f"The trail is whole: {entries}, up to number {found.last.number}, all of them read at "
        f"{now:%Y-%m-%d %H:%M} UTC."
    )
    if found.first.number:
        click.echo(f"Entries up to number {found.first.number} were removed, with a checkpoint.")
    if noted is not None and not found.unknown:
        click.echo(f"It still holds the head that was noted: number {noted.number}.")
    if noted is None:
        click.echo("Without --since, nobody can tell whether its tail was cut off.")
    if not found.signed:
        click.echo("Heads are not signed: STRICT_COOKIES_TRAIL_KEY is not set.")
    click.echo(f"Its head, to note elsewhere: {found.last}")


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "it is no text"
        raise _unknown(f"{path} can't be read: {problem}. Mend its path or mode.") from None


def _read_head(since: str, public_pem: str | None) -> Point:
    import json

    from ..trail.chain import read_point
    from ..trail.signing import is_signed

    path = Path(since)
    is_file = path.is_file()
    text = _read(path) if is_file else since
    try:
        point = read_point(text)
    except ValueError as error:
        raise _unknown(f"--since {since!r}: {error}.") from None
    if public_pem is not None and is_file and not is_signed(json.loads(text), public_pem):
        raise _unknown(f"{path} is not signed by the key that was given.")
    return point


def _export(trail: AuditTrail) -> Iterator[bytes]:
    from ..trail.chain import canonical

    # First, so that the entries go at least as far.
    head = trail.make_head()
    for checkpoint in trail.checkpoints():
        yield canonical(checkpoint)
    for row in trail.rows():
        if row.number <= head["number"]:
            yield row.data
    yield canonical(head)


def _key_path(app: Flask) -> Path:
    from ..trail.options import TrailOptions

    find_protection(app)
    try:
        options = TrailOptions.from_config(app.config, app.instance_path, check_key=False)
    except StrictCookiesError as error:
        raise failure(f"{error}") from None
    if not options.kept:
        raise failure(_NO_TRAIL)
    if options.key is None:
        raise failure(
            "STRICT_COOKIES_TRAIL_KEY is not set. Set it to a path outside the folder of the store "
            "and of the program, such as '/etc/shop/trail.pem', and run this again."
        )
    return options.key


def _make(ctx: click.Context, path: Path) -> str:
    from ..trail.signing import make_key

    signer = make_key(path)
    with _trail_of(ctx) as trail:
        trail.record("key-made", new_key=signer.public_hex)
    return signer.public_pem


def _note_key(ctx: click.Context, path: Path) -> bool:
    """Record a key that was put in place by other means, where none was recorded before."""
    from ..trail.signing import load_signer

    with _trail_of(ctx) as trail:
        signer = load_signer(path)
        is_known = any(point.get("signature") for point in trail.checkpoints()) or any(
            entry.event in ("key-made", "key-rotated") for entry in trail.entries()
        )
        if not is_known:
            trail.record("key-made", new_key=signer.public_hex)
    return not is_known


def _rotate(ctx: click.Context, path: Path) -> str:
    from ..trail.signing import describe_rotation, load_signer, make_key

    fresh = path.with_name(f"{path.name}.new")
    with _trail_of(ctx) as trail:
        old = load_signer(path)
        # Left by a rotation that was broken off.
        fresh.unlink(missing_ok=True)
        new = make_key(fresh)
        if trail.record("key-rotated", **describe_rotation(old, new)) is None:
            fresh.unlink()
            raise StrictCookiesError("The trail could not be written. The key stays as it was.")
        os.replace(fresh, path)
    return new.public_pem
