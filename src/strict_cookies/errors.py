"""
Every exception of the library, one class per thing that the caller can do about it.

Evidence is carried as attributes, so that a caller need not parse a message.
No message holds a cookie value or a session identifier; cookie names do appear.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class StrictCookiesError(Exception):
    """The root of every exception that this library raises on purpose."""


class PolicyError(StrictCookiesError):
    """
    The policy can't be used. Mend each of :attr:`mistakes`; all are listed at once.

    Args:
        mistakes: One sentence each: where, what arrived, what to do.
        source: What was read, for example the path of ``cookies.toml``; None for a policy
            that was built in Python.
    """

    def __init__(self, mistakes: Iterable[str], *, source: str | None = None) -> None:
        self.mistakes = tuple(mistakes)
        self.source = source
        count = len(self.mistakes)
        head = f"{source or 'The policy'} has {count} mistake{'' if count == 1 else 's'}:"
        super().__init__("\n".join((head, *(f"  - {mistake}" for mistake in self.mistakes))))


class ConfigurationError(StrictCookiesError):
    """
    A setting or the order in which the application was put together is wrong.

    Args:
        message: Where, what arrived, what to do.
        reason_id: The stable id, for example ``"SC301"``, explained in the docs; None for
            a plain wrong value.
    """

    def __init__(self, message: str, *, reason_id: str | None = None) -> None:
        self.reason_id = reason_id
        super().__init__(f"{reason_id}: {message}" if reason_id else message)


class FrozenConfigurationError(ConfigurationError):
    """A configuration key of ours was changed after the first request."""


class CookieDroppedError(StrictCookiesError):
    """
    The application emitted a cookie that can't leave; raised only in ``raise`` mode.

    Args:
        message: What was dropped where, and what to do.
        cookie_name: The name as emitted.
        reason_id: The stable id, for example ``"SC101"``.
    """

    def __init__(self, message: str, *, cookie_name: str, reason_id: str) -> None:
        self.cookie_name = cookie_name
        self.reason_id = reason_id
        super().__init__(message)


class WeakenedHeaderError(StrictCookiesError):
    """
    The application wrote a security header weaker than its own options; only in ``raise`` mode.

    Args:
        message: Which header was weakened where, and what to do.
        header_name: For example ``"Referrer-Policy"``.
        reason_id: The stable id, for example ``"SC501"``.
    """

    def __init__(self, message: str, *, header_name: str, reason_id: str) -> None:
        self.header_name = header_name
        self.reason_id = reason_id
        super().__init__(message)


class StoreUnavailableError(StrictCookiesError):
    """
    The session store can't answer: away, full, read-only, locked for too long, or broken.

    Nothing was read or written as far as can be known. Answer 503 and try again later; the store
    recovers by itself. The message says what to mend and holds neither identifier nor value.
    """


class UnchangedDeclarationError(StrictCookiesError):
    """
    The declaration is published already as it stands.

    Args:
        version: The number under which it is.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"The declaration is published already, as version {version}. There is nothing to do "
            "until it changes."
        )


class StoreCorruptError(StoreUnavailableError):
    """What stands where the session store should be is no store of ours, or is damaged."""


class OtherStoreError(StoreUnavailableError):
    """A session is in another store, which is in use where there should be one for all."""


class SessionLimitError(StrictCookiesError):
    """
    A login was refused, because the user has as many sessions as are allowed.

    Say so to the user, who can end one elsewhere; or end some with
    :meth:`~strict_cookies.sessions.control.SessionControl.end_user` and sign him in again.

    Args:
        limit: How many are allowed.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"The user has {limit} session{'' if limit == 1 else 's'} already, as many as "
            "STRICT_COOKIES_SESSION_LIMIT_PER_USER allows. Nobody was signed in: end one of them first."
        )


class UnknownPreferenceError(StrictCookiesError, KeyError):
    """
    A preference was asked for, or set, that no ``[[preference]]`` declares.

    Declare it, or mend the name; the message says which is meant, or which there are.
    """

    __str__ = Exception.__str__


class PreferenceValueError(StrictCookiesError, ValueError):
    """
    A preference was given a value that is none of its choices; the former one stays.

    Tell the visitor which there are. The message does not repeat the value, which a client sent.

    Args:
        name: Of the preference.
        choices: What it takes.
    """

    def __init__(self, name: str, choices: Iterable[str]) -> None:
        self.name = name
        self.choices = tuple(choices)
        super().__init__(
            f"Preference {name!r} was given a value that is none of its choices. Use one of "
            f"{', '.join(map(repr, self.choices))}."
        )


class MalformedReportError(StrictCookiesError):
    """What a client sent as a report is none; nothing of it was kept."""


class BundleError(StrictCookiesError):
    """A folder can't be written as a bundle of evidence, or is none that could be checked."""


class AuditError(StrictCookiesError):
    """An audit could not be made at all: no browser, no site, a journey that can't be read."""


class JourneyError(AuditError):
    """
    A journey can't be used. Mend each of :attr:`mistakes`; all are listed at once.

    Args:
        mistakes: One sentence each: where, what arrived, what to do.
        source: The path of the file.
    """

    def __init__(self, mistakes: Iterable[str], *, source: str) -> None:
        self.mistakes = tuple(mistakes)
        self.source = source
        count = len(self.mistakes)
        head = f"{source} has {count} mistake{'' if count == 1 else 's'}:"
        super().__init__("\n".join((head, *(f"  - {mistake}" for mistake in self.mistakes))))
