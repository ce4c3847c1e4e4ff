"""
Write a first ``cookies.toml``.

The file declares the cookies that the application's extensions are known to set, explains each key,
and loads without changes. The application itself is only read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .._util.durations import read_duration
from .._util.text import join_words, printable
from ..checks.extensions import UsedCookie, used_cookies
from ..errors import PolicyError
from ..policy.cookie import DeclaredCookie
from ..policy.draft import suggest_origin, write_first_policy
from ..policy.policy import CookiePolicy
from ..scan.markup import ViolationKind

if TYPE_CHECKING:
    from flask import Flask

    from ..scan.app import ScanResult
    from ..scan.markup import Violation

#: Most files that are named for one external origin.
MAX_FILES_NAMED = 3


def write_policy(app: Flask, scan: ScanResult) -> tuple[str, int]:
    """
    Write a first ``cookies.toml``.

    Args:
        app: With or without Strict Cookies.
        scan: The scan of its templates and static files; an entry for each external origin is
            written as a comment.

    Returns:
        The text, which is a valid policy, and the number of cookies that it declares.
    """
    parts = [write_first_policy()]
    declared = 0
    session_names = {str(app.config["SESSION_COOKIE_NAME"])}
    for cookie in used_cookies(app):
        if cookie.name in session_names:
            continue
        comment = [f"Set by {cookie.known.set_by}."]
        if cookie.known.note:
            comment.append(cookie.known.note)
        entry = cookie.entry.splitlines()
        mistakes = _find_mistakes(cookie)
        declared += not mistakes
        if mistakes:
            comment += ["It can't be declared like this:", *mistakes]
            entry = [f"# {printable(line)}" for line in entry]
        parts.append("\n".join((*(f"# {line}" for line in comment), *entry)) + "\n")
    parts += ["\n".join(f"# {line}" for line in lines) + "\n" for lines in _list_origins(scan)]
    text = "\n".join(parts)
    CookiePolicy.parse(text)
    return text, declared


def _list_origins(scan: ScanResult) -> Iterator[list[str]]:
    """Yield the lines of an entry for each external origin, or advice if it is a tracker."""
    by_origin: dict[str, list[Violation]] = {}
    for violation in scan.of(ViolationKind.EXTERNAL):
        by_origin.setdefault(violation.subject, []).append(violation)
    if by_origin:
        yield [
            "Pages load from the origins below, which the Content-Security-Policy blocks.",
            "If the site truly needs one, fill in its entry and remove the # signs.",
        ]
    for origin, violations in sorted(by_origin.items()):
        files = list(dict.fromkeys(violation.file for violation in violations))
        if len(files) > MAX_FILES_NAMED:
            files = [*files[:MAX_FILES_NAMED], f"{len(files) - MAX_FILES_NAMED} more"]
        loaded = list(dict.fromkeys(violation.loaded for violation in violations))
        comment = f"{origin}, found in {join_words(files)} ({join_words(loaded)})."
        yield [comment, *suggest_origin(origin, loaded)]


def _find_mistakes(cookie: UsedCookie) -> list[str]:
    """Return why a cookie can't be declared under the name that the application gave it."""
    known = cookie.known
    try:
        DeclaredCookie(
            name=cookie.name,
            title=known.title,
            purposes=known.purposes,  # type: ignore[arg-type]
            description=known.description,
            without_it=known.without_it,
            lifetime=None if known.lifetime == "session" else read_duration(known.lifetime),
            domain=cookie.domain,
            script_readable=known.script_readable,
        )
    except PolicyError as error:
        return [printable(mistake) for mistake in error.mistakes]
    return []
