"""
What visitors have chosen, stored in the session and deleted with it.

Reading stores nothing and sets no cookie. Only names and values that ``[[preference]]`` declares
are accepted; a stored value that is no longer declared is ignored.

Source: WP194 section 3.6, user interface customisation within the session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flask import session

from .._util.app_state import find_state
from .._util.suggest import did_you_mean
from .._util.text import show
from ..errors import PreferenceValueError, UnknownPreferenceError

if TYPE_CHECKING:
    from ..policy.preference import DeclaredPreference
    from .state import SessionState

#: The one key of the session that holds all of them.
SESSION_KEY = "_strict_cookies_preferences"


class Preferences(Mapping[str, str]):
    """
    Declared preferences, with what was chosen or else the default.

    Args:
        declared: Gives what may be chosen.
        kept: Gives where it is kept.
    """

    def __init__(
        self,
        declared: Callable[[], tuple[DeclaredPreference, ...]],
        kept: Callable[[], MutableMapping[str, Any]],
    ) -> None:
        self._declared = declared
        self._kept = kept

    def __repr__(self) -> str:
        """Return no value."""
        return "<Preferences>"

    @property
    def declared(self) -> Mapping[str, DeclaredPreference]:
        """The entries of the policy by their names, for forms that offer the choices."""
        return MappingProxyType({entry.name: entry for entry in self._declared()})

    def __getitem__(self, name: str) -> str:
        entry = self._find(name)
        chosen = self._chosen().get(name)
        return chosen if isinstance(chosen, str) and chosen in entry.choices else entry.default

    def __iter__(self) -> Iterator[str]:
        return iter(self.declared)

    def __len__(self) -> int:
        return len(self._declared())

    def __setitem__(self, name: str, value: str) -> None:
        self.update({name: value})

    def __delitem__(self, name: str) -> None:
        """Reset a preference to its default."""
        self._find(name)
        chosen = self._chosen()
        if name in chosen:
            self._keep({key: value for key, value in chosen.items() if key != name})

    def update(self, chosen: Mapping[str, str] | None = None, /, **more: str) -> None:
        """
        Keep several choices at once, or none of them where one is refused.

        Args:
            chosen: Names and values.
            more: Further preferences by name.

        Raises:
            UnknownPreferenceError: A name is not declared.
            PreferenceValueError: A value is not one of the choices.
        """
        new = {**(chosen or {}), **more}
        for name, value in new.items():
            choices = self._find(name).choices
            if not isinstance(value, str) or value not in choices:
                raise PreferenceValueError(name, choices)
        if any(self[name] != value for name, value in new.items()):
            # What has left the policy meanwhile goes with the first change.
            self._keep({name: self[name] for name in self if name in self._chosen()} | new)

    def clear(self) -> None:
        """Reset all preferences to their defaults."""
        if self._chosen():
            del self._kept()[SESSION_KEY]

    def _find(self, name: str) -> DeclaredPreference:
        entries = self._declared()
        found = next((entry for entry in entries if entry.name == name), None)
        if found is None:
            raise UnknownPreferenceError(_say_unknown(name, [entry.name for entry in entries]))
        return found

    def _chosen(self) -> Mapping[str, Any]:
        kept = self._kept().get(SESSION_KEY)
        return kept if isinstance(kept, Mapping) else {}

    def _keep(self, chosen: dict[str, Any]) -> None:
        if chosen:
            self._kept()[SESSION_KEY] = chosen
        else:
            self.clear()


def _say_unknown(name: object, names: list[str]) -> str:
    known = ", ".join(map(repr, names)) or "none"
    hint = did_you_mean(str(name), names, otherwise=f"Declared are: {known}.")
    return f"Preference '{show(str(name))}' is not declared in [[preference]]. {hint}"


def _find_declared() -> tuple[DeclaredPreference, ...]:
    state: SessionState = find_state()
    return state.policy.preferences


#: Those of the request at hand, as ``preferences`` in templates.
preferences = Preferences(_find_declared, lambda: session)
preferences.__doc__ = (
    "What the visitor of the request at hand has chosen: a mapping of declared names to values."
)
