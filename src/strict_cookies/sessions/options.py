"""The session settings of ``app.config``, checked and turned into one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple, cast, get_args

from .._util.durations import read_duration
from ..errors import ConfigurationError
from .limits import PRESETS, AtLimit, Binding, Limits

#: Keeps Flask's own session.
FLASK = "flask"


class SessionOptions(NamedTuple):
    """
    What the application's configuration says of sessions.

    Args:
        store: What :func:`~strict_cookies.sessions.stores.open.open_store` takes; ``"flask"`` for
            Flask's own session.
        limits: How long a session lives.
        per_user: Most sessions of a user; None for any number.
        at_limit: What happens to one more.
        binding: What happens where another browser shows an identifier.
        move_until: Whole seconds since the epoch, until when Flask's own sessions are taken over;
            None for not at all.
        login_view: The endpoint that visitors are sent to; None for a 401.
        no_store: Whether no cache stores a response that read a signed-in user's session.
        copy_keys: Keys of the session that users' own copies have; the others are only named there.
    """

    store: object = None
    limits: Limits = PRESETS["aal2"]
    per_user: int | None = None
    at_limit: AtLimit = "evict"
    binding: Binding = "log"
    move_until: int | None = None
    login_view: str | None = None
    no_store: bool = False
    copy_keys: tuple[str, ...] = ()

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> SessionOptions:
        """
        Read ``app.config``.

        Raises:
            ConfigurationError: A value is not understood.
        """
        binding = config["STRICT_COOKIES_SESSION_BINDING"]
        if binding not in get_args(Binding):
            known = ", ".join(map(repr, get_args(Binding)))
            raise ConfigurationError(
                f"STRICT_COOKIES_SESSION_BINDING is {binding!r}. Use one of {known}."
            )
        login_view = config["STRICT_COOKIES_LOGIN_VIEW"]
        if login_view is not None and not isinstance(login_view, str):
            raise ConfigurationError(
                f"STRICT_COOKIES_LOGIN_VIEW is of type {type(login_view).__name__}. Give an "
                "endpoint such as 'auth.login', or None."
            )
        no_store = config["STRICT_COOKIES_SESSION_NO_STORE"]
        if not isinstance(no_store, bool):
            raise ConfigurationError(
                f"STRICT_COOKIES_SESSION_NO_STORE is of type {type(no_store).__name__}. Use True "
                "or False."
            )
        per_user, at_limit = _read_per_user(config["STRICT_COOKIES_SESSION_LIMIT_PER_USER"])
        return cls(
            store=config["STRICT_COOKIES_SESSIONS"],
            limits=_shorten(
                _read_limits(config["STRICT_COOKIES_SESSION_LIFETIME"]),
                config.get("PERMANENT_SESSION_LIFETIME"),
            ),
            per_user=per_user,
            at_limit=at_limit,
            binding=cast("Binding", binding),
            move_until=_read_end(config["STRICT_COOKIES_SESSION_MIGRATION_UNTIL"]),
            login_view=login_view,
            no_store=no_store,
            copy_keys=_read_keys(config["STRICT_COOKIES_SESSION_COPY_INCLUDE"]),
        )

    @property
    def is_flask(self) -> bool:
        """Whether Flask's own session stays."""
        return isinstance(self.store, str) and self.store == FLASK


def leaves_sessions(config: Mapping[str, Any]) -> bool:
    """Return whether a configuration leaves sessions to Flask."""
    store = config["STRICT_COOKIES_SESSIONS"]
    is_flask = isinstance(store, str) and store == FLASK
    return is_flask or bool(config["STRICT_COOKIES_MODE"] == "report-only")


def _read_keys(given: object) -> tuple[str, ...]:
    if not isinstance(given, (tuple, list, set, frozenset)) or not all(
        isinstance(key, str) for key in given
    ):
        raise ConfigurationError(
            f"STRICT_COOKIES_SESSION_COPY_INCLUDE is of type {type(given).__name__}. Write a list "
            'of session keys such as ["cart"].'
        )
    return tuple(given)


def _read_limits(given: object) -> Limits:
    key = "STRICT_COOKIES_SESSION_LIFETIME"
    if isinstance(given, str) and given in PRESETS:
        return PRESETS[given]
    if not isinstance(given, Mapping) or not {"absolute"} <= set(given) <= {"absolute", "idle"}:
        shown = repr(given) if isinstance(given, str) else f"of type {type(given).__name__}"
        raise ConfigurationError(
            f"{key} is {shown}. Use {', '.join(map(repr, PRESETS))}, or "
            '{"absolute": "12 hours", "idle": "30 minutes"}, idle or not.'
        )
    try:
        idle = given.get("idle")
        return Limits(
            absolute=_read_duration(given["absolute"]),
            idle=None if idle is None else _read_duration(idle),
        )
    except ValueError as error:
        raise ConfigurationError(f"{key}: {error}") from None


def _shorten(limits: Limits, permanent: object) -> Limits:
    """Shorten the idle limit to Flask's own lifetime, which counts from the last request."""
    if isinstance(permanent, int) and not isinstance(permanent, bool):
        permanent = timedelta(seconds=permanent)
    longest = limits.absolute if limits.idle is None else limits.idle
    if not isinstance(permanent, timedelta) or not timedelta(seconds=1) <= permanent < longest:
        return limits
    return Limits(absolute=limits.absolute, idle=permanent)


def _read_duration(given: object) -> timedelta:
    if isinstance(given, timedelta):
        return given
    return read_duration(str(given))


def _read_per_user(given: object) -> tuple[int | None, AtLimit]:
    if given is None:
        return None, "evict"
    number, at_limit = (
        given if isinstance(given, (tuple, list)) and len(given) == 2 else (given, "evict")
    )
    if (
        isinstance(number, bool)
        or not isinstance(number, int)
        or number < 1
        or at_limit not in get_args(AtLimit)
    ):
        raise ConfigurationError(
            f"STRICT_COOKIES_SESSION_LIMIT_PER_USER is {given!r}. Write a number such as 3, which "
            'ends the oldest session at one login more, or (3, "deny"), which refuses the login.'
        )
    return number, cast("AtLimit", at_limit)


def _read_end(given: object) -> int | None:
    """Read the last day of a migration, which is included, or a time."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
        if isinstance(given, str) and len(given) == len("2027-03-31"):
            moment = date.fromisoformat(given)
        if isinstance(moment, datetime):
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
        elif isinstance(moment, date):
            moment = datetime.combine(moment, time.max, tzinfo=UTC)
        else:
            raise TypeError
        return int(moment.timestamp())
    except (TypeError, ValueError):
        raise ConfigurationError(
            f"STRICT_COOKIES_SESSION_MIGRATION_UNTIL is {given!r}. Write the last day, such as "
            "'2027-03-31'."
        ) from None
