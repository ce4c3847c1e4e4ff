"""What a login says about its user."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .._util.text import show
from .record import Record, UserId

#: Short, so that nothing of a user gets into the trail by it.
_METHOD = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class SessionEndedError(Exception):
    """The session that was to be renewed has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLogin:
    """
    Who signs in, and how.

    Args:
        user_id: A string or a number, not empty.
        roles: What the user may do; a string is one role.
        aal: The authenticator assurance level of this login, 1 to 3.
        device: A label to show instead of what the browser says about itself.
        fresh: Whether the user has just authenticated.
        method: How, as a word of RFC 8176.
        renews: Whether it only renews the user's session, and begins none if that has ended.

    Raises:
        ValueError: The user, the level or the method is not valid.
    """

    user_id: UserId
    roles: Iterable[str] = ()
    aal: int = 1
    device: str | None = None
    fresh: bool = True
    method: str | None = None
    renews: bool = False

    def __post_init__(self) -> None:
        user_id = self.user_id
        if isinstance(user_id, bool) or not isinstance(user_id, (str, int)) or user_id == "":
            kind = type(user_id).__name__
            raise ValueError(
                f"The user of a login is of type {kind} or empty. Use a string or a number."
            )
        if self.aal not in (1, 2, 3):
            raise ValueError(f"The level of a login is {self.aal!r}. Use 1, 2 or 3.")
        if self.method is not None and not _METHOD.fullmatch(self.method):
            raise ValueError(
                "The method of a login is not a short word. Use one of RFC 8176, such as 'pwd'."
            )
        roles = (self.roles,) if isinstance(self.roles, str) else tuple(self.roles)
        object.__setattr__(self, "roles", roles)

    def describe(self, visitor: Record, absolute: int) -> Record:
        """
        Return a visitor's record as that of the user.

        Args:
            visitor: The record of a session that begins now.
            absolute: Seconds that a session at this level lasts at most.
        """
        return visitor._replace(
            user_id=self.user_id,
            roles=tuple(self.roles),
            aal=self.aal,
            authenticated_at=visitor.begun_at if self.fresh else 0,
            deadline=visitor.begun_at + absolute,
            device=show(self.device) if self.device else visitor.device,
        )
