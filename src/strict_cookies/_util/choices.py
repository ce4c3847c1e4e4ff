"""Options whose value is one of a few."""

from __future__ import annotations

from typing import get_args

from ..errors import ConfigurationError


def check_choice(name: str, value: object, choices: object) -> None:
    """
    Refuse a value that is not one of a ``Literal``'s.

    Raises:
        ConfigurationError: Names the setting, the value and the choices.
    """
    known = get_args(choices)
    if value not in known:
        raise ConfigurationError(f"{name} is {value!r}. Use one of {', '.join(map(repr, known))}.")
