"""
What the library stores about sessions, why, and for how long, according to the options.

What the application puts into a session is for the application to declare.

Source: GDPR Articles 5(1)(e) and 13(2)(a).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from .._util.durations import say_duration
from .._util.text import N_
from .end_markers import NOTICE_SECONDS
from .limits import PURGE_AFTER
from .options import SessionOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """
    One thing that is kept.

    Args:
        what: In words for visitors.
        why: Why it is kept, as a text for translation.
        rule: Likewise, how long, with times as ``%(name)s``.
        times: Durations and days of it.
    """

    what: str
    why: str
    rule: str
    times: Mapping[str, timedelta | date] = field(default_factory=dict)

    @property
    def how_long(self) -> str:
        """The rule with its times, in English."""
        return self.rule % {
            name: say_duration(time) if isinstance(time, timedelta) else time.isoformat()
            for name, time in self.times.items()
        }


def describe_kept(options: SessionOptions) -> tuple[Kept, ...]:
    """
    List what is stored; nothing if Flask's own session is used.

    Rows that are due are removed gradually while the site is used, or by
    ``flask cookies sessions purge``.

    Args:
        options: The application's.
    """
    return () if options.is_flask else tuple(_describe(options))


def _describe(options: SessionOptions) -> Iterator[Kept]:
    after = timedelta(seconds=PURGE_AFTER)
    yield from _describe_rows(options, after)
    yield Kept(
        what=N_("A note that a session has ended, by a hash of its number."),
        why=N_("So that a request in progress can't bring it back."),
        rule=N_("Removed %(after)s after the end."),
        times={"after": timedelta(seconds=NOTICE_SECONDS) + after},
    )
    if options.move_until is not None:
        yield Kept(
            what=N_("A hash of the session that your browser kept before the site did."),
            why=N_("So that it is migrated only once."),
            rule=N_("Removed after %(day)s."),
            times={"day": (datetime.fromtimestamp(options.move_until, UTC) + after).date()},
        )


def _describe_rows(options: SessionOptions, after: timedelta) -> Iterator[Kept]:
    """Describe what a session's row contains."""
    rows = [
        (
            N_("A hash of the session's number, and what the site remembers during the session."),
            N_("To know which pages belong together."),
        ),
        (
            N_("Who is signed in, with roles and the level of the sign-in."),
            N_("To know who may do what."),
        ),
        (
            N_("When the session began, and to the minute when it was last used."),
            N_("To end it in time, and so that you can tell which of your sessions is which."),
        ),
        (
            N_(
                "Browser and platform, such as “Firefox on Windows”, or what you called the "
                "device; no version and no address."
            ),
            N_("So that you can tell which of your sessions is which."),
        ),
    ]
    if options.binding != "off":
        rows.append(
            (
                N_("A keyed hash of browser and platform."),
                N_("To notice if another kind of browser uses the session."),
            )
        )
    rule = N_("Removed %(after)s after the session has ended; it lasts %(longest)s at most.")
    times = {"after": after, "longest": options.limits.absolute}
    for what, why in rows:
        yield Kept(what=what, why=why, rule=rule, times=times)
