"""
The exceptions of the library, one class for each reaction that a caller can have.

Details are attributes, so that a caller need not parse a message. Messages contain cookie names,
but never a cookie value or a session identifier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class StrictCookiesError(Exception):
    """The base class of all exceptions that this library raises deliberately."""


class PolicyError(StrictCookiesError):
    """
    The policy is invalid. :attr:`mistakes` lists everything that must be fixed.

    Args:
        mistakes: One sentence each: where, which value, what to do.
        source: The source of the policy, for example the path of ``cookies.toml``; None for a
            policy that was built in Python.
    """

    def __init__(self, mistakes: Iterable[str], *, source: str | None = None) -> None:
        self.mistakes = tuple(mistakes)
        self.source = source
        super().__init__(_list_mistakes(source or "The policy", self.mistakes))


class ConfigurationError(StrictCookiesError):
    """
    A setting is wrong, or the application was set up in the wrong order.

    Args:
        message: Where, which value, what to do.
        reason_id: The stable id, for example ``"SC301"``, explained in the docs; None for an
            invalid value.
    """

    def __init__(self, message: str, *, reason_id: str | None = None) -> None:
        self.reason_id = reason_id
        super().__init__(f"{reason_id}: {message}" if reason_id else message)


class FrozenConfigurationError(ConfigurationError):
    """A ``STRICT_COOKIES_`` configuration key was changed after the first request."""


class CookieDroppedError(StrictCookiesError):
    """
    The application set a cookie that can't be sent; raised only in ``raise`` mode.

    Args:
        message: What was dropped, where, and what to do.
        cookie_name: The name as the application set it.
        reason_id: The stable id, for example ``"SC101"``.
    """

    def __init__(self, message: str, *, cookie_name: str, reason_id: str) -> None:
        self.cookie_name = cookie_name
        self.reason_id = reason_id
        super().__init__(message)


class WeakenedHeaderError(StrictCookiesError):
    """
    The application set a security header weaker than its own options; only in ``raise`` mode.

    Args:
        message: Which header was weakened, where, and what to do.
        header_name: For example ``"Referrer-Policy"``.
        reason_id: The stable id, for example ``"SC501"``.
    """

    def __init__(self, message: str, *, header_name: str, reason_id: str) -> None:
        self.header_name = header_name
        self.reason_id = reason_id
        super().__init__(message)


class StoreUnavailableError(StrictCookiesError):
    """
    The session store is unavailable: unreachable, full, read-only, locked for too long, or broken.

    As far as can be known, nothing was read or written. Respond with 503 and let the client retry;
    the store recovers by itself. The message says what to fix and contains no identifier or value.
    """


class UnchangedDeclarationError(StrictCookiesError):
    """
    The declaration has not changed since it was last published.

    Args:
        version: The number of the published version.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"The declaration has not changed since version {version}. There is nothing to publish."
        )


class StoreCorruptError(StoreUnavailableError):
    """The session store is damaged, or its file or database belongs to another program."""


class OtherStoreError(StoreUnavailableError):
    """A session belongs to another store that is in use, although all servers must share one."""


class SessionLimitError(StrictCookiesError):
    """
    A login was refused because the user already has the maximum number of sessions.

    Tell the user, who can end a session on another device; or end some with
    :meth:`~strict_cookies.sessions.control.SessionControl.end_user` and sign the user in again.

    Args:
        limit: The maximum.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        plural = "" if limit == 1 else "s"
        super().__init__(
            f"The user already has {limit} session{plural}, the maximum that "
            "STRICT_COOKIES_SESSION_LIMIT_PER_USER allows. The login was refused: end a session "
            "first."
        )


class UnknownPreferenceError(StrictCookiesError, KeyError):
    """
    A preference was read or set that no ``[[preference]]`` declares.

    Declare it, or fix the name; the message suggests a name or lists the declared ones.
    """

    __str__ = Exception.__str__


class PreferenceValueError(StrictCookiesError, ValueError):
    """
    A preference was set to a value that is not one of its choices; the previous one is kept.

    Show the visitor the choices. The message does not contain the value, which a client sent.

    Args:
        name: The name of the preference.
        choices: Its valid values.
    """

    def __init__(self, name: str, choices: Iterable[str]) -> None:
        self.name = name
        self.choices = tuple(choices)
        super().__init__(
            f"Preference {name!r} was set to a value that is not one of its choices. Use one of "
            f"{', '.join(map(repr, self.choices))}."
        )


class MalformedReportError(StrictCookiesError):
    """The payload is not a valid browser report and was discarded."""


class BundleError(StrictCookiesError):
    """An evidence bundle can't be written to a directory, or the directory contains none."""


class AuditError(StrictCookiesError):
    """An audit could not run: no browser, an unreachable site, or an unreadable journey."""


class JourneyError(AuditError):
    """
    A journey is invalid. :attr:`mistakes` lists everything that must be fixed.

    Args:
        mistakes: One sentence each: where, which value, what to do.
        source: The path of the file.
    """

    def __init__(self, mistakes: Iterable[str], *, source: str) -> None:
        self.mistakes = tuple(mistakes)
        self.source = source
        super().__init__(_list_mistakes(source, self.mistakes))


def _list_mistakes(source: str, mistakes: tuple[str, ...]) -> str:
    """Format the message of an exception that lists mistakes."""
    count = len(mistakes)
    head = f"{source} has {count} mistake{'' if count == 1 else 's'}:"
    return "\n".join((head, *(f"  - {mistake}" for mistake in mistakes)))
